"""What a calibration makes as large as possible, in words."""

from __future__ import annotations

from doseesc.planning import Judge


def score_words(judge: Judge) -> str:
    """Say what the score is, in percent."""
    truths = f"{len(judge.truths)} truths" if len(judge.truths) > 1 else "the truth"
    if judge.criterion == "minimum":
        return f"smallest P(correct selection) over {truths}, %"
    if judge.criterion == "penalised":
        return f"mean P(correct) − {judge.penalty:g} × P(overdose selection) over {truths}, %"
    return f"mean P(correct selection) over {truths}, %" if len(judge.truths) > 1 else "P(correct selection), %"
