"""What a calibration makes as large as possible, in words."""

from __future__ import annotations

from doseesc.planning import Objective


def score_words(objective: Objective) -> str:
    """Say what the score is, in percent."""
    truths = f"{len(objective.truths)} truths" if len(objective.truths) > 1 else "the truth"
    if objective.criterion == "minimum":
        return f"smallest P(correct selection) over {truths}, %"
    if objective.criterion == "penalised":
        return f"mean P(correct) − {objective.penalty:g} × P(overdose selection) over {truths}, %"
    return f"mean P(correct selection) over {truths}, %" if len(objective.truths) > 1 else "P(correct selection), %"
