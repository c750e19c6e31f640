"""The 3+3 design in its three usual variants: the A+B design with a = b = 3 and c = d = e = 1.

Treat three patients.  No DLT: go up.  One DLT: treat three more at the same level; one DLT in six: go up.  Two or
more DLTs: the level is too toxic.  The variants, ``"six_at_mtd"``, ``"deescalation"`` and ``"escalation_only"``, are
those of :mod:`designs.a_plus_b`; packages differ silently in them, which changes the results at the top level.

Storer (1989), *Biometrics* 45:925-937; Korn et al. (1994), *Statistics in Medicine* 13:1799-1806.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from designs.a_plus_b import APlusB
from designs.checks import shown


@dataclass(frozen=True, kw_only=True)
class ThreePlusThree(APlusB):
    """The 3+3 design; it has no target.

    Parameters
    ----------
    n_doses : int
        Number of dose levels.
    variant : {"six_at_mtd", "deescalation", "escalation_only"}
        Six patients needed at any MTD, the top level included; the level below a too toxic one is filled up to six,
        but the top level needs only three; or no de-escalation at all.
    max_n : int, optional
        Most patients; by default six per level, which never cuts a trial short.
    cohort_size : int
        Must be 3.
    start_level, rules
        As for :class:`designs.Design`.

    Examples
    --------
    >>> from designs import Tally
    >>> design = ThreePlusThree(n_doses=3)
    >>> decision = design.decide(Tally.parse(["1NNN", "1NNT", "1NTT", "1NNN 2NTT"], n_doses=3))
    >>> decision.level, [reason.name for reason in decision.reason]
    (array([2, 1, 0, 1]), ['ESCALATE', 'STAY', 'NO_SAFE_DOSE', 'DEESCALATE'])
    """

    references = (
        "Storer (1989), Biometrics 45:925-937",
        "Korn et al. (1994), Statistics in Medicine 13:1799-1806",
    )

    a: int = field(default=3, init=False)
    b: int = field(default=3, init=False)
    c: int = field(default=1, init=False)
    d: int = field(default=1, init=False)
    e: int = field(default=1, init=False)

    def __post_init__(self) -> None:
        if self.cohort_size not in (0, 3):
            raise ValueError(f"cohort_size must be 3 in a 3+3 design, not {shown(self.cohort_size)}")
        super().__post_init__()
