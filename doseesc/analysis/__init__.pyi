from .borrowed import Borrowed as Borrowed
from .fit import fit as fit
from .fitted import Fit as Fit
from .fitted import Gridded as Gridded
from .fitted import Sampled as Sampled
from .inputs import ReportedDose as ReportedDose
from .inputs import tally_at as tally_at
from .model_choice import analysis_words as analysis_words
