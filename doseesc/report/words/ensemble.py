"""An ensemble in a sentence: which design is right most often over random curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.wording import in_a_row, percent, plain_words

if TYPE_CHECKING:
    from doseesc.planning import EnsembleResults


def ensemble_answer(ensemble: EnsembleResults) -> str:
    """Say which design is right most often over the curves, or which are level, and how sure that is of each curve."""
    correct = {name: ensemble.mean(name) for name in ensemble.figures}
    order = sorted(correct, key=lambda name: -correct[name])
    margin = ensemble.study.comparison.margin
    level = [name for name in order if correct[order[0]] - correct[name] <= margin + 1e-9]
    shares = {name: f"{percent(correct[name])} %" for name in order}
    best = order[0]
    low = percent(ensemble.quantile(best, "correct_selection", 0.05))
    worst = f"in the worst 5 % of curves {plain_words(best)} is right in at most {low} %"
    if len(order) == 1:
        return f"{plain_words(best)} selects the true MTD in {shares[best]} of trials on average; {worst}."
    if len(level) > 1:
        named = in_a_row([f"{plain_words(name)} ({shares[name]})" for name in level])
        return f"No design is ahead over random curves: {named} are level; {worst}."
    second = order[1]
    return (
        f"{plain_words(best)} selects the true MTD most often over random curves: {shares[best]} of trials, against "
        f"{shares[second]} with {plain_words(second)}; {worst}."
    )
