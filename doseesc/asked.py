"""The questions of planning under the names of their commands, as ``doseesc`` offers them at the top.

In their folder the names belong to the files.
"""

from doseesc.planning import run_ensemble as ensemble
from doseesc.planning import worst_cases as worst_case

__all__ = ["ensemble", "worst_case"]
