"""What the dose levels of a study are called, in every sentence that is printed."""

from __future__ import annotations

from dataclasses import dataclass

from doseesc.wording import amount_words, levels_named

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
