"""The decision table of a protocol, for every design.

A design that decides from patients, DLTs and patients pending at each dose has its table of letters.  Of every other
design the protocol shows every decision of the first cohorts, and the decisions at each dose where no lower dose had a
DLT.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, product

import numpy as np

from designs import CohortSizeRule, PartialCohortRule, ProposalRule, Tally
from doseesc.conduct import MOST_LETTERED, SHOWN, DecisionTable, Trial, last_telling, letter_table
from doseesc.engines import Pathways, TooManyPathways, pathways
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import PageTable, Value
from doseesc.report.words import follow_up_cells, follow_up_heads

_MOST_COLUMNS = 12
_MOST_ROWS = 40
_MOST_COHORTS = 4
_MOST_NODES = 5_000
_COHORTS_AT_DOSE = 3
_NO_BREAK = "\N{NO-BREAK SPACE}"
_BY_ORDER = f"see{_NO_BREAK}order"
_ARROWS = {-1: "↓", 0: "→", 1: "↑"}


def decision_blocks(trial: Trial) -> Iterator[Block]:
    """Yield the section on decisions."""
    yield Block("minor", "Decisions")
    table = letter_table(trial)
    if table is not None:
        yield from _letter_blocks(table) if table.follow_up is None else _follow_up_blocks(table)
        yield from (Block("bullet", f"{letter}: {meaning}") for letter, meaning in table.legend.items())
        return
    paths = _first_cohorts(trial)
    why = "The dose of the next cohort depends on the data at all doses. "
    if trial.design.max_n > MOST_LETTERED:
        why = f"A table for {trial.design.max_n:,} patients would be too large. "
    yield from paragraphs(
        f"{why}All decisions of the first {_cohorts_words(paths)} follow, rules included; later ones are computed in "
        "the same way from all data so far."
    )
    yield from captioned(_transition_table(trial, paths))
    if _has_even_cohorts(trial) and trial.design.cohort_size < trial.design.max_n:
        yield from captioned(_clear_table(trial))


def uses_pathways(trial: Trial) -> bool:
    """Whether the section shows dose-transition pathways."""
    return letter_table(trial) is None


def _letter_blocks(table: DecisionTable) -> Iterator[Block]:
    cells = table.cells or {}
    sizes = _patients_shown(table.trial, list(cells))
    groups = [sizes[start : start + _MOST_COLUMNS] for start in range(0, len(sizes), _MOST_COLUMNS)]
    for place, group in enumerate(groups):
        more = f", {group[0]} to {group[-1]} patients" if len(groups) > 1 else ""
        caption = f"Decisions by patients (columns) and DLTs (rows) at the current dose{more}"
        last = last_telling(cells[n] for n in group)
        rows = [
            (
                Value(f"{dlts} or more" if dlts == last < max(group) else str(dlts), "", dlts),
                *(Value(SHOWN.get(cells[n][dlts], cells[n][dlts]) if dlts <= n else "") for n in group),
            )
            for dlts in range(last + 1)
        ]
        name = "decisions" if place == 0 else f"decisions {place + 1}"
        yield from captioned(PageTable(name, caption, "", ("DLTs", *(f"{n}" for n in group)), rows))


def _follow_up_blocks(table: DecisionTable) -> Iterator[Block]:
    """Yield the table over patients pending, of which that of letters is the part with nobody pending."""
    shown, heads = (
        _patients_shown(table.trial, sorted({row.n for row in table.follow_up or ()})),
        follow_up_heads(table),
    )
    rows = [tuple(map(Value, follow_up_cells(row)[: len(heads)])) for row in table.follow_up or () if row.n in shown]
    limits = ", with limits on their follow-up" if table.statistic else ""
    caption = f"Decisions by patients, known DLTs and patients pending at the current dose{limits}"
    yield from captioned(PageTable("decisions", caption, "", heads, rows, 3))


def _patients_shown(trial: Trial, sizes: list[int]) -> list[int]:
    """Leave out, where there are many, numbers of patients that whole cohorts cannot add up to."""
    if len(sizes) <= _MOST_COLUMNS or not _has_even_cohorts(trial):
        return sizes
    return [n for n in sizes if n % trial.design.cohort_size == 0]


def _has_even_cohorts(trial: Trial) -> bool:
    """Whether no rule makes cohorts of another size than the design's."""
    rules = trial.design.all_rules()
    return not any(isinstance(rule, CohortSizeRule | PartialCohortRule | ProposalRule) for rule in rules)


def _first_cohorts(trial: Trial) -> Pathways:
    """Look as many cohorts ahead as a table can show."""
    for cohorts in range(_MOST_COHORTS, 1, -1):
        try:
            found = pathways(trial.design, cohorts, node_limit=_MOST_NODES)
        except TooManyPathways:
            continue
        if len(_deciding(found)) <= _MOST_ROWS:
            return found
    return pathways(trial.design, 1)


def _deciding(paths: Pathways) -> list[int]:
    """Return the nodes after which another cohort is looked at, in the order of the histories."""
    nodes = [int(node) for node in np.flatnonzero(~paths.stopped & (paths.depth < paths.n_cohorts))]
    history = paths.route(np.array(nodes))
    return [node for _, node in sorted(zip((tuple(paths.dlts[row[row >= 0]]) for row in history), nodes, strict=True))]


def _transition_table(trial: Trial, paths: Pathways) -> PageTable:
    design, doses = trial.design, trial.doses
    most = int(paths.decision.cohort_size.max())
    rows = []
    for node in _deciding(paths):
        route = [int(each) for each in paths.route(np.array([node]))[0] if each >= 0]
        history = []
        for before, after in pairwise(route):
            size = int(paths.decision.cohort_size[before])
            history.append(f"{doses.name(int(paths.decision.level[before]))}: {int(paths.dlts[after])}/{size}")
        history += [""] * (_cohorts(paths) - 1 - len(history))
        level, size = int(paths.decision.level[node]), int(paths.decision.cohort_size[node])
        outcomes = [_next_words(trial, paths, int(child)) for child in paths.children(node)]
        outcomes += [""] * (most + 1 - len(outcomes))
        count = "" if size == design.cohort_size else f" ({size})"
        rows.append(tuple(Value(text) for text in (*history, f"{doses.name(level)}{count}", *outcomes)))
    sizes = {int(paths.decision.cohort_size[node]) for node in _deciding(paths)}
    usual = design.cohort_size
    other = f" A number in brackets is a cohort that is not of {usual}." if sizes - {usual} else ""
    heads = [f"cohort {place}" for place in range(1, _cohorts(paths))]
    outcome_heads = [f"after {dlts} DLT{'' if dlts == 1 else 's'}" for dlts in range(most + 1)]
    return PageTable(
        "transitions",
        f"Dose transitions over the first {_cohorts_words(paths)}",
        "Each row is a history of DLTs/patients by cohort, the dose of the next cohort, and the dose that follows "
        "each outcome of it. ↑ escalate, → stay, ↓ de-escalate; stop: the trial ends, with the MTD that is named or "
        f"with none.{other}",
        (*heads, "next cohort at", *outcome_heads),
        rows,
        max(len(heads), 1),
    )


def _cohorts(paths: Pathways) -> int:
    """Return how many cohorts the longest history has; all may stop before those looked ahead to."""
    return int(paths.depth.max())


def _cohorts_words(paths: Pathways) -> str:
    return "cohort" if _cohorts(paths) == 1 else f"{_cohorts(paths)} cohorts"


def _next_words(trial: Trial, paths: Pathways, node: int) -> str:
    level = int(paths.decision.level[node])
    if level == 0:
        mtd = int(paths.selected[node])
        return f"stop, MTD {trial.doses.name(mtd)}" if mtd else "stop, no MTD"
    return f"{_ARROWS[int(np.sign(level - int(paths.tally.level[node])))]} {trial.doses.name(level)}"


def _clear_table(trial: Trial) -> PageTable:
    """Return the decisions at each dose where each lower one was cleared by a cohort without a DLT."""
    design, doses = trial.design, trial.doses
    size = design.cohort_size
    places = [
        (level, given)
        for level in range(design.start_level, design.n_doses + 1)
        for given in range(1, _COHORTS_AT_DOSE + 1)
        if size * (given + level - design.start_level) < design.max_n
    ]
    found = _letters_at(trial, places)
    most = size * max((given for _, given in places), default=0)
    rows = [
        (
            Value(doses.name(level), "", level),
            Value(str(size * given), "", size * given),
            *(Value(_cell(found.get((level, given, dlts), {}))) for dlts in range(most + 1)),
        )
        for level, given in places
    ]
    last = last_telling([each.text for each in row[2:] if each.text] for row in rows)
    or_more = " or more" if last < most else ""
    heads = [f"{dlts}{or_more if dlts == last else ''} DLT{'' if dlts == 1 else 's'}" for dlts in range(last + 1)]
    return PageTable(
        "clear",
        "Decisions at each dose where no lower dose had a DLT",
        f"Each lower dose was given to one cohort of {size} without a DLT. E escalate, S stay, D "
        f"de-escalate, X the trial stops without a dose, M the trial stops with an MTD.{_order_words(found.values())}",
        ("dose", "patients at it", *heads),
        [row[: last + 3] for row in rows],
        2,
    )


def _cell(letters: Mapping[int, str]) -> str:
    """Return what to do by the DLTs of the last cohort: a letter or, where it depends on them, one for each.

    Examples
    --------
    >>> cells = {0: "E", 1: "E"}, {0: "E", 1: "S", 2: "S"}, {0: "S", 1: "", 2: "D"}
    >>> [_cell(each).replace(_NO_BREAK, " ") for each in cells]
    ['E', '0: E, 1-2: S', '0: S, 1: see order, 2: D']
    """
    if len(set(letters.values())) <= 1:
        return next((letter or _BY_ORDER for letter in letters.values()), "")
    groups: list[tuple[int, int, str]] = []
    for dlts, letter in sorted(letters.items()):
        if groups and groups[-1][2] == letter:
            groups[-1] = (groups[-1][0], dlts, letter)
        else:
            groups.append((dlts, dlts, letter))
    return ", ".join(
        f"{first}{f'-{last}' if last > first else ''}:{_NO_BREAK}{letter or _BY_ORDER}"
        for first, last, letter in groups
    )


def _order_words(cells: Iterable[Mapping[int, str]]) -> str:
    """Say how cells are read whose decision the order of the cohorts makes; nothing where there is none."""
    shown = [_cell(each) for each in cells]
    words = ""
    if any(":" in each for each in shown):
        words += (
            " Where the DLTs of the last cohort decide, they stand before the letter: with  0: E, 1-2: S  the dose is "
            "raised if the last cohort had no DLT, and kept if it had one or two."
        )
    if any(_BY_ORDER in each for each in shown):
        words += " See order: the order of the cohorts before decides, too; the decision is computed from it."
    return words


def _letters_at(trial: Trial, places: list[tuple[int, int]]) -> dict[tuple[int, int, int], dict[int, str]]:
    """Return by level, cohorts there and DLTs in them the letter for each number of DLTs in the last cohort.

    The letter is "" where the order of the cohorts before makes a difference, too.  Orders that the design itself does
    not lead to, since it would have left the dose before, count only where there is no other.
    """
    design, size = trial.design, trial.design.cohort_size
    keys, histories = [], []
    for level, given in places:
        cleared = [f"{lower}{'N' * size}" for lower in range(design.start_level, level)]
        for split in product(range(size + 1), repeat=given):
            keys.append((level, split))
            histories.append(" ".join([*cleared, *(f"{level}{'T' * y}{'N' * (size - y)}" for y in split)]))
    tally = Tally.parse(histories, design.n_doses)
    tally = Tally(tally.n, tally.dlt, tally.level, {name: tally.recall(name) for name in design.needed_memory})
    following, mtd = design.decide(tally).level, design.select(tally)
    letters: dict[tuple[int, tuple[int, ...]], str] = {}
    for (place, split), level, selected in zip(keys, following, mtd, strict=True):
        way = "E" if level > place else "D" if level < place else "S"
        letters[place, split] = ("M" if selected else "X") if level == 0 else way
    found: dict[tuple[int, int, int], dict[int, str]] = {}
    for led in (True, False):
        before = set(found)
        for (place, split), letter in letters.items():
            key = place, len(split), sum(split)
            stays = all(letters[place, split[:cohorts]] == "S" for cohorts in range(1, len(split)))
            if stays == led and key not in before:
                cell = found.setdefault(key, {})
                cell[split[-1]] = letter if cell.get(split[-1], letter) == letter else ""
    return found
