from .borrowed import Borrowed as Borrowed
from .fit import Fit as Fit
from .fit import fit as fit
from .inputs import ReportedDose as ReportedDose
