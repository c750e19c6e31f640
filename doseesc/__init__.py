"""Design and simulate Phase 1 dose-escalation trials, up to the arms of Phase 2.

>>> import doseesc
>>> from designs import BOIN
>>> paths = doseesc.enumerate_paths(BOIN(target=0.25, n_doses=3, max_n=18))
>>> paths.characteristics([0.10, 0.25, 0.45]).selected.shape
(4,)

Everything heavy is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doseesc.conduct.decision_table import decision_table
    from doseesc.conduct.recommendation import recommend
    from doseesc.conduct.replay import replay
    from doseesc.engines.exact import enumerate_paths
    from doseesc.engines.montecarlo import simulate
    from doseesc.results.reading import read
    from doseesc.runs.run_study import run
    from doseesc.study.study import load

__all__ = ["__version__", "decision_table", "enumerate_paths", "load", "read", "recommend", "replay", "run", "simulate"]

__version__ = "0.1.0"


_HOMES = MappingProxyType(
    {
        "decision_table": "doseesc.conduct.decision_table",
        "enumerate_paths": "doseesc.engines.exact",
        "load": "doseesc.study.study",
        "read": "doseesc.results.files",
        "recommend": "doseesc.conduct.recommendation",
        "replay": "doseesc.conduct.replay",
        "run": "doseesc.runs.run_study",
        "simulate": "doseesc.engines.montecarlo",
    }
)


def __getattr__(name: str) -> object:
    # Looked up when first used, so that `import doseesc` stays instant and type checkers still see the functions.
    if name not in _HOMES:
        raise AttributeError(f"module 'doseesc' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
