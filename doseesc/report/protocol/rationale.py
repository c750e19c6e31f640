"""Why this design: what it does beside the others, and how its target stands to the study's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from designs import target_above_floor
from doseesc.report.protocol.open_points import open_paragraph, open_point
from doseesc.report.protocol.sections import section
from doseesc.report.protocol.text_blocks import Block, paragraphs
from doseesc.report.words import across_scenarios, untried_sentences, untried_words, verdict_words, weights_words
from doseesc.wording import in_a_row

if TYPE_CHECKING:
    from designs import Design
    from doseesc.conduct import Trial
    from doseesc.results import Results
    from doseesc.study import Study

_NAMED = 4  # designs whose figures are said beside the trial's; more are in a table only
_SAME = 5e-4


def rationale_blocks(results: Results, trial: Trial) -> Iterator[Block]:
    """Yield the section on why the trial is designed as it is."""
    yield section("4.2")
    yield from paragraphs(
        _in_brief(results, trial.name) if _untold(results, trial.name) else "",
        untried_words(results, trial.name),
        *_compared(results),
        target_sentence(results.study, trial.name),
        _others(results.study, trial.name),
    )
    yield open_paragraph(f"clinical and practical reasons for {trial.name}, for the target and for the DLT window")


def target_sentence(study: Study, name: str) -> str:
    """Say how a design's target stands to the study's; nothing where they are the same."""
    design, target = study.designs[name], _percent(study.target)
    if design.target is None:
        return (
            f"{name} has no target of its own: its rules are numbers of patients and DLTs. The study's target of "
            f"{target} is what its choice is judged by."
        )
    if abs(design.target - study.target) < 1e-9:
        return ""
    own = _percent(design.target)
    background = study.observation[0].background if study.observation else 0.0
    judged = f"Which dose is right is judged by the study's {target} all the same."
    if background and abs(target_above_floor(study.target, background) - design.target) < _SAME:
        return (
            f"{name} aims at {own}, not at the study's {target}: it meets every event that looks like a DLT, and "
            f"{_percent(background)} of patients have one without the drug. A dose at which the drug causes DLTs "
            f"in {target} then shows 1 - (1 - {background:g}) (1 - {study.target:g}) = {own}. {judged}"
        )
    return f"{name} aims at {own}, not at the study's {target}. {judged} " + open_point(
        f"why the design aims at {own} where the study's target is {target}"
    )


def _percent(share: float) -> str:
    """Return a target with all its digits, since a difference in the last is what is spoken of."""
    return f"{100 * share:.4g} %"


def _others(study: Study, name: str) -> str:
    """Say which of the designs compared aim elsewhere."""
    other = {
        each: design.target
        for each, design in study.designs.items()
        if each != name and design.target is not None and _differs(design, study)
    }
    if not other:
        return ""
    named = in_a_row([f"{each} at {_percent(target)}" for each, target in other.items()])
    return f"Of the designs compared, {named} {'aims' if len(other) == 1 else 'aim'}, not {_percent(study.target)}."


def _differs(design: Design, study: Study) -> bool:
    return design.target is not None and abs(design.target - study.target) >= 1e-9


def _untold(results: Results, name: str) -> bool:
    """Tell whether the comparison does not say what a design does: of one alone, or one that does not lead."""
    return len(results.verdict.standing.designs) == 1 or name not in results.verdict.leaders.designs


def _in_brief(results: Results, name: str) -> str:
    summaries = {each.design: each for each in across_scenarios(results)}
    own = summaries.pop(name)
    others = ", ".join(f"{100 * each.correct:.1f} % with {each.design}" for each in summaries.values())
    against = f" (it is {others})" if 0 < len(summaries) <= _NAMED else ""
    evaluable = "evaluable patients" if results.study.observation else "patients"
    weights = weights_words(results)
    counting = f", {weights}" if weights else ""
    return (
        f"{name} selects the true MTD, or rightly none, in {100 * own.correct:.1f} % of trials on average over "
        f"{len(results.study.truths)} scenarios{counting}{against}, and in {100 * own.worst_correct:.1f} % in the "
        f"worst of them, {own.worst_scenario}. It selects a dose above the MTD in {100 * own.overdose:.1f} % and "
        f"treats {own.patients_above:.1f} of {own.patients:.1f} {evaluable} above it."
    )


def _compared(results: Results) -> list[str]:
    """Return in paragraphs what the comparison of the designs comes to; none where there is one."""
    if len(results.verdict.standing.designs) == 1:
        return []
    words, said = verdict_words(results), untried_sentences(results)
    price = (each for each in words.price if each not in said)  # which is told of the trial's own design
    table = "The figures of every design, over the scenarios and in each, are in section 10.11."
    return [" ".join((words.headline, *price)), " ".join(words.flips), f"{words.criterion} {table}"]
