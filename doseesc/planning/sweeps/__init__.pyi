from .sweep import SweepError as SweepError
from .sweep import run_plan as run_plan
from .sweep import sweep as sweep
