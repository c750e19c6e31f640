"""The Phase 2 arms for the terminal: which doses each MTD leads to, and what that means in each scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from doseesc.report.terminal.lines import Cell, cut, line, wrapped
from doseesc.report.words import given_words
from doseesc.results import ArmDose, Phase2Summary, arm_doses, fraction_words, summarise_phase2
from doseesc.wording import percent, percent_words, plain_words

if TYPE_CHECKING:
    from doseesc.results import Results
    from doseesc.study import Arm, Study

_LONGEST = 14  # columns of a name


def phase2_lines(results: Results) -> list[Text]:
    """Return the lines about Phase 2; none for a study without Phase 2 arms."""
    summaries = summarise_phase2(results.study, results.cells)
    if not summaries or not any(arm.fraction is not None for arm in results.study.phase2_arms):
        return []
    return [*_dose_lines(results), Text(), *_scenario_lines(results, summaries)]


def _active(study: Study) -> list[Arm]:
    return [arm for arm in study.phase2_arms if not arm.control]


def _dose_lines(results: Results) -> list[Text]:
    """Return the doses of the arms for each MTD: the same in every scenario."""
    study = results.study
    arms = _active(study)
    heads = [" = ".join(dict.fromkeys((plain_words(arm.name), fraction_words(arm)))) for arm in arms]
    labels = [plain_words(label) for label in study.dose_labels]
    unit = f" ({plain_words(study.doses.unit)})" if study.doses.unit else ""
    doses = arm_doses(study, next(iter(study.truths)))
    longest = max(len(_dose_words(results, dose)) + 3 for dose in doses if dose.amount is not None)
    widths = [max(12, *(len(label) + 5 for label in labels)), *(max(len(head) + 3, 24, longest) for head in heads)]
    found = [Text(f"Phase 2 doses{unit}", "bold"), line([Cell(each, left=True) for each in ("  MTD", *heads)], widths)]
    for level, label in enumerate(labels, start=1):
        given = {dose.arm: dose for dose in doses if dose.mtd_level == level}
        cells = [_dose_words(results, given[arm.name]) for arm in arms]
        found.append(line([Cell(each, left=True) for each in (f"  {label}", *cells)], widths))
    none = [Cell("  none", left=True), Cell("Phase 2 does not open", left=True)]
    return [*found, line(none, widths[:2])]


def _dose_words(results: Results, dose: ArmDose) -> str:
    asked, given = f"{dose.asked_amount:g}", f"{dose.amount:g}"
    instead = "" if asked == given else f" instead of {asked}"
    return f"{given} ({given_words(results, dose)}{instead})"


def _scenario_lines(results: Results, summaries: list[Phase2Summary]) -> list[Text]:
    """Return one line per scenario and design: what Phase 2 they lead to."""
    study = results.study
    arms = _active(study)
    top = max(range(len(arms)), key=lambda place: arms[place].fraction or 0.0)
    columns = [
        [
            "P(DLT)",
            *(["untested"] if any((each.arms[place].never_given or 0.0) >= 0.0005 for each in summaries) else []),
        ]
        for place in range(len(arms))
    ]
    limit = percent_words(study.unsafe_above)
    columns[top].append(f"> {limit}")
    names = [min(max(map(len, words)), _LONGEST) + 2 for words in (study.truths, study.names)]
    widths = [names[0] + 2, names[1], 7, *(11 for each in columns for _ in each), 12]
    over: list[Cell | str] = ["", "", "Phase 2"]
    for arm, each in zip(arms, columns, strict=True):
        over += [*("" for _ in each[1:]), cut(plain_words(arm.name), 10)]
    under = ["", "", "opens", *(head for each in columns for head in each), "unbounded"]
    found = [Text("Phase 2 by scenario and design, %", "bold"), line([*over, "MTD"], widths), line(under, widths)]
    before = None
    for summary in summaries:
        first = "" if summary.scenario == before else "  " + cut(summary.scenario, _LONGEST)
        before = summary.scenario
        cells: list[Cell | str] = [Cell(first, left=True), Cell(cut(summary.design, _LONGEST), left=True)]
        cells.append(percent(summary.opens))
        for arm_summary, heads in zip(summary.arms, columns, strict=True):
            values = {
                "P(DLT)": "-" if arm_summary.dlt_probability is None else percent(arm_summary.dlt_probability),
                "untested": percent(arm_summary.never_given or 0.0),
            }
            cells += [values.get(head, percent(arm_summary.too_toxic)) for head in heads]
        found.append(line([*cells, percent(summary.unbounded)], widths))
    meanings = [
        "P(DLT): the arm's true one, expected where Phase 2 opens; the rest is % of Phase 1 trials",
        f"> {limit}: it is above that",
        *(["untested: nobody in Phase 1 was given that dose"] if any("untested" in each for each in columns) else []),
        "unbounded: the MTD is only the highest dose tested, with no toxicity to bound it",
    ]
    return found + wrapped(" · ".join(meanings), "dim")
