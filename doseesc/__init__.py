"""Design and simulate Phase 1 dose-escalation trials, up to the arms of Phase 2.

>>> import doseesc
>>> from designs import BOIN
>>> paths = doseesc.enumerate_paths(BOIN(target=0.25, n_doses=3, max_n=18))
>>> paths.characteristics([0.10, 0.25, 0.45]).selected.shape
(4,)

Everything heavy is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doseesc.exact import enumerate_paths
    from doseesc.montecarlo import simulate
    from doseesc.scenario import load
    from doseesc.study import run

__all__ = ["__version__", "enumerate_paths", "load", "run", "simulate"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    # One import per name, so that `import doseesc` stays instant and the type checkers still see the real functions.
    if name == "load":
        from doseesc.scenario import load

        return load
    if name == "run":
        from doseesc.study import run

        return run
    if name == "simulate":
        from doseesc.montecarlo import simulate

        return simulate
    if name == "enumerate_paths":
        from doseesc.exact import enumerate_paths

        return enumerate_paths
    raise AttributeError(f"module 'doseesc' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
