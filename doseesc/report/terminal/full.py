"""All tables of a run: a block per scenario, the designs compared over all of them, and the Phase 2 arms.

Plain text where the output is not a terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from doseesc.report.terminal.arm_analysis import arm_analysis_lines
from doseesc.report.terminal.arms import phase2_lines
from doseesc.report.terminal.heading import assumed_words, precision_words, study_line
from doseesc.report.terminal.lines import WIDTH, Cell, cut, ends, line, wrapped
from doseesc.report.terminal.observation_policies import attribution_lines
from doseesc.report.terminal.scenario_block import BlockLayout, scenario_block
from doseesc.report.terminal.time import time_lines
from doseesc.report.words import (
    DesignSummary,
    across_scenarios,
    attainable_words,
    benchmark_words,
    best_designs,
    observed_words,
    ties_words,
    verdict_words,
    weights_words,
)
from doseesc.wording import percent, percent_words, plain_words

if TYPE_CHECKING:
    from doseesc.results import Results

_BEST = " best"
_ROOM = " " * len(_BEST)


def full_lines(results: Results, width: int = WIDTH) -> list[Text]:
    """Return all tables about a run's results, with the columns that there is room for."""
    layout = BlockLayout.of(results, width)
    found = [*_header(results), Text()]
    for scenario in results.study.truths:
        found += [*scenario_block(results, scenario, layout), Text()]
    found += [*_legend(results, layout), Text(), *_across(results)]
    price = attribution_lines(results, width)
    for part in (time_lines(results), price, phase2_lines(results), arm_analysis_lines(results)):
        found += [Text(), *part] if part else []
    return found


def scenario_lines(results: Results, scenario: str, width: int = WIDTH) -> list[Text]:
    """Return the table of one scenario, and how it is read."""
    layout = BlockLayout.of(results, width)
    return [*scenario_block(results, scenario, layout), Text(), *_legend(results, layout)]


def _header(results: Results) -> list[Text]:
    simulated = any(cell.simulated for cell in results.cells.values())
    how = f"{results.n_trials:,} trials each · seed {results.seed}" if simulated else "exact, nothing simulated"
    second = ends(assumed_words(results), f"{how} · {results.elapsed:.1f} s")
    return [*study_line(results), *second, *_observed(results)]


def _observed(results: Results) -> list[Text]:
    """Say how patients are observed, and what the tables then hold."""
    if results.policies is None:
        return []
    given = results.study.observation[0]
    words = observed_words(given, results.study.dlt_window_days)
    text = (
        f"observed as {plain_words(given.name)}: {words} (assumed, not registered); DLTs are those counted, patients "
        "those evaluable, true P(DLT) and true MTD the drug's own"
    )
    return wrapped(text)


def _legend(results: Results, layout: BlockLayout) -> list[Text]:
    study = results.study
    limit = percent_words(study.target + study.true_mtd_rule.margin)
    rule = {
        "nearest": f"the dose nearest the target, none if even the lowest exceeds {limit}",
        "highest_below": f"the highest dose not above {limit}",
    }[study.true_mtd_rule.rule]
    meanings = [f"* true MTD: {rule}", "correct: % of trials that select it"]
    ties = ties_words(study)
    ties += f" (true_mtd: {{ties: {study.true_mtd_rule.ties}}})" if ties else ""
    if "simulated" in layout.ratings:
        simulated_only = any(cell.exact is None for cell in results.cells.values())
        marked = " but for designs marked ~" if simulated_only else ""
        meanings.append(f"simulated: the same (patients: n), ± 1 SE; the other columns are exact{marked}")
    if "above" in layout.ratings:
        meanings.append("above: % that select a dose above it (patients: % treated above it)")
    if results.benchmark:
        meanings.append(f"benchmark: {benchmark_words(results)}")
        if results.benchmark_observed:
            meanings.append("drug alone: the same without any other event")
    if attainable_words(results):
        meanings.append(attainable_words(results, "of best").rstrip("."))
    if "efficiency" in layout.ratings:
        meanings.append("effic.: correct, in % of the benchmark's; none: where no dose is right")
    said = (" · ".join(meanings), *([ties] if ties else []), precision_words(results), *results.notes)
    return [each for words in said for each in wrapped(words, "dim")]


def _across(results: Results) -> list[Text]:
    """Return the answer: the designs over all scenarios, the best marked, and the verdict."""
    summaries = across_scenarios(results)
    count, weights = len(results.study.truths), weights_words(results)
    title = "The one scenario" if count == 1 else f"All {count} scenarios, {weights}"
    names = min(max(len(plain_words(each.design)) for each in summaries), 24)
    known = results.attainable is not None and results.attainable.value is not None
    columns = (16, 11, 19, 15, 20) if known else (16, 22, 16, 22)
    widths = [max(names + 4, 10), *columns]
    room = "" if len(summaries) == 1 else _ROOM
    heads: list[Cell | str] = [
        "",
        "correct %" + room,
        *(["of best %"] if known else []),
        "lowest correct %",
        "above %" + room,
        "patients above" + room,
    ]
    found = [Text(title, "bold"), line(heads, widths)]
    for each in summaries:
        cells: list[Cell | str] = [
            _best(percent(each.correct), each, summaries, "correct"),
            *(["-" if each.of_attainable is None else f"{100 * each.of_attainable:.0f}"] if known else []),
            f"{percent(each.worst_correct)} in {cut(plain_words(each.worst_scenario), 10)}",
            _best(percent(each.overdose), each, summaries, "overdose"),
            _best(f"{each.patients_above:.1f} of {each.patients:.1f}", each, summaries, "patients_above"),
        ]
        found.append(line([Cell("  " + cut(plain_words(each.design), 24), left=True), *cells], widths))
    words = verdict_words(results)
    found += wrapped(words.headline, "bold")
    for sentence in (*words.price, *words.flips):
        found += wrapped(sentence)
    return found + wrapped(words.criterion, "dim")


def _best(text: str, summary: DesignSummary, summaries: list[DesignSummary], figure: str) -> Cell:
    """Mark the best of several designs, with room for the mark kept beside the others."""
    if len(summaries) == 1:
        return Cell(text)
    best = summary.design in best_designs(summaries, figure)
    return Cell(text + (_BEST if best else _ROOM), "bold green" if best else "")
