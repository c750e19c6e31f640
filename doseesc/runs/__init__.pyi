from .comparison import ChangedFigure as ChangedFigure
from .comparison import Comparison as Comparison
from .comparison import compare as compare
from .example_trials import example_trials as example_trials
from .example_trials import typical_scenario as typical_scenario
from .run_study import run as run
from .timed_trials import TimedTrial as TimedTrial
from .timed_trials import timed_trials as timed_trials
