"""The dose level that a value in a file means: a label, or an amount with or without its unit."""

from __future__ import annotations

from doseesc.errors import show, suggestion
from doseesc.named_doses import Doses


def level_meant(text: str, doses: Doses) -> tuple[int | None, tuple[str, str] | None]:
    """Return the level, or what is wrong with the text and what to write instead.

    Examples
    --------
    >>> doses = Doses(("low", "high"), (2, 8), "mg")
    >>> level_meant("8 mg", doses), level_meant("lwo", doses)
    ((2, None), (None, ('is lwo, no dose', 'did you mean  low?')))
    """
    known = "the doses are  " + ", ".join(doses.words(level + 1) for level in range(len(doses.labels)))
    if not text:
        return None, ("is empty", known)
    label = doses.labels.index(text) + 1 if text in doses.labels else None
    amount, has_unit = _amount(text, doses.unit)
    amounts = doses.amounts or ()
    by_amount = amounts.index(amount) + 1 if amount in amounts else None
    if label is not None and by_amount is not None and label != by_amount and not has_unit:
        return None, (
            f"is {show(text)}, which is both the label of level {label} and the amount of level {by_amount}",
            f"write the amount with its unit:  {doses.amount(label)}  or  {doses.amount(by_amount)}"
            if doses.unit
            else "give the doses labels that are no numbers",
        )
    level = by_amount if has_unit else label or by_amount
    if level is not None:
        return level, None
    if amount is not None:
        return None, (f"is {show(text)}, a dose that is no level", known)
    guess = suggestion(text, doses.labels)
    return None, (f"is {show(text)}, no dose", guess if guess.startswith("did you mean") else known)


def _amount(text: str, unit: str) -> tuple[float | None, bool]:
    """Return the amount that a text means, and whether its unit was given."""
    has_unit = bool(unit) and text.endswith(unit)
    number = text.removesuffix(unit).rstrip().removesuffix("x").rstrip() if has_unit else text
    try:
        return float(number), has_unit
    except ValueError:
        return None, has_unit
