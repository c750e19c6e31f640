"""The tables of what a run prints: the designs, the scenarios, and the doses of Phase 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from designs.rules.base import counted
from doseesc.report.terminal.lines import Cell, cut, line, wrapped
from doseesc.report.words import (
    across_scenarios,
    attainable_in_brief,
    criterion_words,
    design_times,
    duration_words,
    given_words,
    power_words,
    programme_success,
    programme_words,
    true_mtd_words,
    weights_words,
)
from doseesc.results import arm_doses, fraction_words
from doseesc.truth import tied_levels
from doseesc.wording import percent, plain_words

if TYPE_CHECKING:
    from doseesc.results import Results

_NAME = 24  # columns of a name at most
_COLUMN = 9  # of a design beside others
_LABEL = 20  # of a scenario at least
_LONG_TITLE = 44
_LEADS = "bold green"
_NONE = "-"
_ABOVE = "n above"
_SHORT_DURATION = "duration"
_HEADS = (  # heads with their columns; where there is no room a head gives way to the next, the last first
    (("correct %", 11), ("correct %", 10)),
    (("of best %", 11), ("of best", 9)),
    (("worst %", 15), ("worst %", 14)),
    (("above MTD %", 13), ("above MTD", 10)),
    (("patients", 10), ("patients", 9)),
    (("treated above", 15), ("treated above", 14), (_ABOVE, 8)),
    (("median duration", 17), (_SHORT_DURATION, 12)),
)
_GIVE_WAY = (6, 3, 1, 5, 2, 0, 4, 5)
_OF_BEST, _WORST, _DURATION = 1, 2, 6  # their places


def design_table(results: Results, width: int, most: int) -> list[Text]:
    """Return one line per design with the means over scenarios."""
    summaries = across_scenarios(results)
    times = {each.design: each for each in design_times(results)}
    leaders = results.verdict.leaders.designs
    order = {name: place for place, name in enumerate(_first(results, most))}
    shown = sorted((each for each in summaries if each.design in order), key=lambda each: order[each.design])
    names = min(max(len(plain_words(each.design)) for each in shown), _NAME)
    known = results.attainable is not None and results.attainable.value is not None
    worst = [f"{percent(each.worst_correct)} in {cut(plain_words(each.worst_scenario), 8)}" for each in shown]
    given = _heads(width - names - 4, 1 + max(map(len, worst)), bool(times), known)
    beside = _OF_BEST in given
    heads = [head for head, _ in given.values()]
    widths = [names + 4, *(columns for _, columns in given.values())]
    found = [line(["", *heads], widths)]
    for each, lowest in zip(shown, worst, strict=True):
        style = _LEADS if each.design in leaders and len(summaries) > 1 else ""
        cells: list[Cell | str] = [
            Cell("  " + cut(plain_words(each.design), _NAME), style, left=True),
            Cell(percent(each.correct), style),
            *([_NONE if each.of_attainable is None else f"{100 * each.of_attainable:.0f}"] if beside else []),
            lowest,
            percent(each.overdose),
            f"{each.patients:.1f}",
            f"{each.patients_above:.1f}",
        ]
        if times:
            cells.append(duration_words(times[each.design].median) if each.design in times else _NONE)
        found.append(line(cells, widths))
    meanings = [f"{_ABOVE}: patients treated above the MTD."] if _ABOVE in heads else []
    if _SHORT_DURATION in heads:
        meanings.append("Duration: median.")
    meanings.append(_criterion(results, plain_words(attainable_in_brief(results, shares=known and not beside))))
    return found + _left_out(results, len(shown)) + wrapped(" ".join(meanings), "dim")


def _heads(room: int, worst: int, timed: bool, known: bool) -> dict[int, tuple[str, int]]:
    """Return the heads of the table of designs with their columns, by their place, as long as there is room for."""
    for beside in (True, False) if known else (False,):
        names = {
            place: list(each)
            for place, each in enumerate(_HEADS)
            if (beside or place != _OF_BEST) and (timed or place != _DURATION)
        }
        for giving_way in (None, *_GIVE_WAY):
            if giving_way in names and len(names[giving_way]) > 1:
                del names[giving_way][0]
            found = {place: each[0] for place, each in names.items()}
            found[_WORST] = (found[_WORST][0], max(found[_WORST][1], worst))
            if sum(columns for _, columns in found.values()) <= room:
                return found
    return found


def _criterion(results: Results, best: str) -> str:
    """Say briefly by what the designs are judged: in full where that is not their mean correct selection."""
    own, verdict = results.verdict.standing, results.verdict
    whole = f" {best[:1].upper()}{best[1:]}" if best else ""
    if own.worst_case or own.price or own.error.any() or len(own.designs) < 2 or len(own.scenarios) < 2:
        return criterion_words(results) + whole
    points = percent(verdict.margin).removesuffix(".0")
    equal = f"within {points} point{'' if points == '1' else 's'}: level"
    said = f"Means of {len(own.scenarios)} scenarios, {weights_words(results)}; {equal}"
    return f"{said}; {best}" if best[:1].islower() else f"{said}.{whole}"


def scenario_table(results: Results, width: int) -> tuple[list[Text], list[Text]]:
    """Return one line per scenario with how often each design selects the true MTD, and which designs had no room."""
    study = results.study
    mtds = {name: _mtd(results, name) for name in study.truths}
    described = {each.name: f"{plain_words(each.name)}  {plain_words(each.description)}" for each in study.scenarios}
    mtd = max(len("true MTD"), *(len(each) for each in mtds.values())) + 2
    benchmark = ["benchmark"] if results.benchmark else []
    beside = _beside(results, width - _LABEL - mtd - 11 * len(benchmark))
    room = width - mtd - 11 * len(benchmark) - sum(map(_column, beside))
    title = "Correct selection, %"
    label = min(max(len(title) + 3, *(len(each) + 3 for each in described.values())), max(room, _LABEL))
    widths = [label, mtd, *(_column(name) for name in beside), *(11 for _ in benchmark)]
    if label < len(title) + 2:
        title = "Correct, %"
    title += "  (all tables: --full)" if label > _LONG_TITLE else ""
    heads = [Cell(title, "bold", left=True), Cell("true MTD", left=True)]
    found = [line([*heads, *(cut(plain_words(name), _NAME) for name in beside), *benchmark], widths)]
    for scenario in study.truths:
        shares = [percent(float(results.cells[scenario, name].best.correct_selection)) for name in beside]
        right = results.benchmark_correct(scenario)
        met = ["none" if not study.true_mtd(study.truths[scenario]) or right is None else percent(right)] * len(
            benchmark
        )
        first = Cell("  " + cut(described[scenario].rstrip(), label - 3), left=True)
        found.append(line([first, Cell(mtds[scenario], left=True), *shares, *met], widths))
    return found, _left_out(results, len(beside))


def phase2_table(results: Results, width: int) -> list[Text]:
    """Return one line per dose that may be the MTD: the arms of Phase 2, and how often it comes to that."""
    study, own = results.study, results.verdict.standing
    arms = [arm for arm in study.phase2_arms if arm.fraction is not None]
    if not arms:
        return []
    doses = [dose for dose in arm_doses(study, next(iter(study.truths))) if dose.amount is not None]
    cells = {(dose.mtd_level, dose.arm): f"{dose.amount:g} {given_words(results, dose)}" for dose in doses}
    heads = [" = ".join(dict.fromkeys((plain_words(arm.name), fraction_words(arm)))) for arm in arms]
    labels = ["none", *(plain_words(label) for label in study.dose_labels)]
    widths = [max(map(len, labels)) + 11]
    for arm, head in zip(arms, heads, strict=True):
        widths.append(max(len(head), *(len(cells[level, arm.name]) for level in range(1, len(labels)))) + 3)
    beside = _beside(results, width - sum(widths))
    designs = [_column(name) for name in beside]
    told = _programme(results, width - sum(designs))
    widths[-1] += max(len(told) - sum(widths), 0)
    widths += designs
    unit = f" ({plain_words(study.doses.unit)})" if study.doses.unit else ""
    found = wrapped(f"Phase 2 doses{unit}, and how often each MTD is selected, %", "bold")
    found.append(
        line([*(Cell(each, left=True) for each in ("", *heads)), *(plain_words(each) for each in beside)], widths)
    )
    for level in (*range(1, len(labels)), 0):
        words = [cells[level, arm.name] for arm in arms] if level else ["does not open", *("" for _ in arms[1:])]
        shares = [
            percent(float(own.weights @ [results.cells[each, name].best.selected[level] for each in own.scenarios]))
            for name in beside
        ]
        found.append(line([*(Cell(each, left=True) for each in (f"  MTD {labels[level]}", *words)), *shares], widths))
    if told:
        succeeds = programme_success(results)
        shares = [percent(succeeds[name]) for name in beside]
        spans = [len(arms) + 1, *(1 for _ in beside)]
        found.append(line([Cell(told, left=True), *shares], widths, spans))
        return found
    programme = programme_words(results)
    return [*found, *wrapped(programme)] if programme else found


def _programme(results: Results, room: int) -> str:
    """Return the name of the row that tells how often the whole programme succeeds; nothing where it has no room."""
    power = power_words(results)
    names = [f"  By formula: Phase 2 {power}, programme success", f"  formula: {power}, programme success"]
    return next((name for name in names if power and len(name) <= room), "")


def _mtd(results: Results, scenario: str) -> str:
    """Name the true MTD, and say where other doses are as near the target."""
    study, truth = results.study, results.study.truths[scenario]
    tied = tied_levels(truth, study.target, study.true_mtd_rule.rule, study.true_mtd_rule.margin).sum() > 1
    return plain_words(true_mtd_words(study, truth)) + (" (tie)" if tied else "")


def _first(results: Results, most: int) -> list[str]:
    """Return the designs told one by one, in the order of the study: all, or of many the best."""
    best = results.verdict.leaders.by_score[:most]
    return [name for name in results.study.names if name in best]


def _beside(results: Results, room: int) -> list[str]:
    """Return the designs that have room beside one another, at least one: all, or of many the best."""
    best: list[str] = []
    for name in results.verdict.leaders.by_score:
        if best and sum(map(_column, (*best, name))) > room:
            break
        best.append(name)
    return [name for name in results.study.names if name in best]


def _column(name: str) -> int:
    return max(_COLUMN, min(len(plain_words(name)), _NAME) + 2)


def _left_out(results: Results, shown: int) -> list[Text]:
    more = len(results.study.names) - shown
    return wrapped(f"  and {counted(more, 'more design')}, less often right: --full", "dim") if more else []
