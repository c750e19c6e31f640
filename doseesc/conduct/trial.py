"""One design of a study with the words for its doses: what conduct, replay and decision tables work on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from designs import Design, Weighted
from designs.checks import require_positive
from doseesc.conduct.follow_up import Exits
from doseesc.wording import amount_words, did_you_mean, levels_named, meant

if TYPE_CHECKING:
    from doseesc.study import Study

_SHORT = 16  # characters of an amount that may stand for a dose's name


@dataclass(frozen=True)
class Doses:
    """What the dose levels are called.

    Attributes
    ----------
    labels : tuple of str
    amounts : tuple of float or None
        None where only the levels are known.
    unit : str
    """

    labels: tuple[str, ...]
    amounts: tuple[float, ...] | None = None
    unit: str = ""

    def name(self, level: int) -> str:
        """Return a level's name in a few words: its label, made plain where it is only a number.

        Examples
        --------
        >>> [Doses(labels, (2, 4), "mg").name(2) for labels in (("low", "high"), ("1", "2"), ("2", "4"))]
        ['high', 'level 2', '4 mg']
        """
        label = self.labels[level - 1]
        if self.labels == tuple(str(each + 1) for each in range(len(self.labels))):
            return f"level {label}"
        if self._repeats_amount(level):
            amount = self.amount(level)
            return amount if self.unit and len(amount) <= _SHORT else f"dose {label}"
        return label

    def amount(self, level: int) -> str:
        """Return a level's amount with its unit, "" where amounts are not known.

        Examples
        --------
        >>> Doses(("low", "high"), (2, 8), "1e8 particles per day").amount(2)
        '8 x 1e8 particles per day'
        >>> Doses(("low", "high"), (0.5, 2.5), "mg").amount(2)
        '2.5 mg'
        """
        if self.amounts is None:
            return ""
        return amount_words(self.amounts[level - 1], self.unit)

    def words(self, level: int) -> str:
        """Return a level's name and, where it says more, its amount.

        Examples
        --------
        >>> Doses(("low", "high"), (2, 8), "mg").words(2), Doses(("2", "8"), (2, 8), "mg").words(2)
        ('high (8 mg)', '8 mg')
        """
        name, amount = self.name(level), self.amount(level)
        if self._repeats_amount(level):
            return amount if self.unit else name
        return f"{name} ({amount})" if amount not in ("", name) else name

    def in_words(self, sentence: str) -> str:
        """Return a sentence of a design or rule with names of doses in place of level numbers, where they have names.

        Examples
        --------
        >>> [Doses(labels).in_words("The trial stops at level 2.") for labels in (("low", "high"), ("1", "2"))]
        ['The trial stops at high.', 'The trial stops at level 2.']
        """
        return levels_named(sentence, [self.name(level + 1) for level in range(len(self.labels))])

    def _repeats_amount(self, level: int) -> bool:
        if self.amounts is None:
            return False
        if self.labels[level - 1] == self.amount(level):
            return True
        try:
            return float(self.labels[level - 1]) == self.amounts[level - 1]
        except ValueError:
            return False


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
    """

    name: str
    design: Design
    doses: Doses
    target: float | None
    window_days: float | None = None
    exits: Exits = field(default_factory=Exits)

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
    doses = Doses(study.dose_labels, study.doses.amounts, study.doses.unit)
    target = study.target if chosen.target is None else chosen.target
    return Trial(name, chosen, doses, target, *watched(study))


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
