"""One design of a study with the words for its doses: what conduct, replay and decision tables work on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from designs import Design, Weighted
from designs.checks import require_positive
from doseesc.conduct.follow_up import Exits
from doseesc.named_doses import Doses
from doseesc.wording import did_you_mean, meant

if TYPE_CHECKING:
    from doseesc.engines import Stagger
    from doseesc.study import Study


@dataclass(frozen=True)
class Trial:
    """A design under its name, with the words for its doses and the study's target.

    Attributes
    ----------
    name : str
    design : Design
    doses : Doses
    target : float or None
        The study's; a rule-based design has none of its own.
    window_days : float or None
        Days during which a patient is watched for DLTs, where known.
    exits : Exits
        What is made of patients who leave within them.
    backfilled : bool
        Whether the study's trials of the design are played with backfill, of which a record says nothing.
    stagger : Stagger or None
        Days that the study lets pass between the patients of a cohort.
    """

    name: str
    design: Design
    doses: Doses
    target: float | None
    window_days: float | None = None
    exits: Exits = field(default_factory=Exits)
    backfilled: bool = False
    stagger: Stagger | None = None

    @property
    def weighs(self) -> bool:
        """Whether the design weighs pending patients by their follow-up."""
        return isinstance(self.design.pending, Weighted)

    @property
    def weighs_likelihood(self) -> bool:
        """Whether they count in the design's estimates, too."""
        return self.weighs and self.design.weighs_pending == "likelihood"


def trial_of(study: Study | Design, design: str | Design | None = None, window_days: float | None = None) -> Trial:
    """Return the trial meant by a study and one of its designs, or by a design alone, which has no window of its own.

    Raises
    ------
    ValueError
        If the study has no design of that name, or has several and none is named.
    """
    if isinstance(study, Design):
        if design is not None and design is not study:
            raise ValueError("design must be left out where a design is given instead of a study")
        labels = tuple(str(level) for level in range(1, study.n_doses + 1))
        if window_days is not None:
            require_positive("window_days", window_days)
        return Trial(type(study).__name__, study, Doses(labels), study.target, window_days)
    if window_days is not None:
        raise ValueError("window_days must be left out where a study is given, which has its own")
    name, chosen = _chosen(study, design)
    target = study.target if chosen.target is None else chosen.target
    calendar = study.calendar_for(name)
    backfilled = calendar is not None and calendar.backfill is not None
    stagger = None if calendar is None else calendar.stagger
    return Trial(name, chosen, study.named_doses, target, *watched(study), backfilled=backfilled, stagger=stagger)


def watched(study: Study) -> tuple[float, Exits]:
    """Return for how many days a study's patients are watched for DLTs, and what is made of those who leave."""
    if not study.observation:
        return float(study.dlt_window_days), Exits()
    own = study.observation[0]  # of several, the first is the study's
    exits = Exits(own.deaths, own.losses, own.unattributed or "dlt_free", assumed=False)
    return own.days(study.dlt_window_days), exits


def _chosen(study: Study, design: str | Design | None) -> tuple[str, Design]:
    if isinstance(design, Design):
        if design.n_doses != study.n_doses:
            raise ValueError(f"design has {design.n_doses} doses, the study {study.n_doses}")
        return type(design).__name__, design
    designs = study.designs
    if design is None:
        if len(designs) > 1:
            raise ValueError(f"design must be named, one of {', '.join(designs)}")
        return next(iter(designs.items()))
    name = meant(design, designs)
    if name is None:
        hint = did_you_mean(design, designs)
        raise ValueError(f"design {design!r} is not in the study; {hint}it has {', '.join(designs)}")
    return name, designs[name]
