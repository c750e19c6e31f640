"""The sentences of conduct: what to do now, for whom to wait and until when, and what was made of whom.

JSON, terminal and library say the same, so they are made here and not where lines are laid out.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from designs import Reason
from designs.rules.base import counted
from doseesc.conduct.follow_up import Exits, Patient, known_on
from doseesc.conduct.patients import Patients
from doseesc.conduct.standing import Advice, Entered
from doseesc.conduct.watch import Moment, Watch
from doseesc.named_doses import Doses
from doseesc.wording import in_a_row

_NAMED = 4  # patients named one by one


def day_words(day: datetime.date, beside: datetime.date | None = None) -> str:
    """Return a day as people write it; without its year where that of ``beside`` is the same.

    Examples
    --------
    >>> day_words(datetime.date(2026, 12, 4), datetime.date(2026, 11, 29))
    '4 December'
    """
    year = "" if beside is not None and beside.year == day.year else f" {day.year}"
    return f"{day.day} {day:%B}{year}"


def people(ids: Sequence[str]) -> str:
    """Name patients.

    Examples
    --------
    >>> people(["007"]), people(["1", "2", "3"])
    ('patient 007', 'patients 1, 2 and 3')
    """
    named = list(ids) if len(ids) <= _NAMED else [*ids[: _NAMED - 1], f"{len(ids) - _NAMED + 1} others"]
    return f"patient{'s' if len(named) > 1 else ''} {in_a_row(named)}"


def treat_words(advice: Advice, doses: Doses) -> str:
    """Say whom to treat at what dose."""
    patients = "patient" if advice.cohort_size == 1 else f"{advice.cohort_size} patients"
    return f"Treat the next {patients} at {doses.words(advice.level)}"


def short_words(advice: Advice, doses: Doses, mtd: int | None = None) -> str:
    """Say in a word or two what follows: a dose, to wait, or to stop."""
    if advice.level == 0:
        return "stop" if mtd is None else f"stop, {f'MTD {doses.name(mtd)}' if mtd else 'no dose'}"
    return "wait" if advice.waits else doses.name(advice.level)


def stop_words(doses: Doses, mtds: Sequence[int], watch: Watch | None) -> str:
    """Say that the trial ends, and with what MTD; ``mtds`` are all that it may still turn out to be."""
    if watch is not None and watch.open and len(mtds) != 1:
        ends = [each for each in map(watch.window_end, watch.open) if each is not None]
        until = f" (until {day_words(max(ends), watch.date)})" if ends else ""
        whom = people([each.id for each in watch.open])
        return f"Treat nobody else; the MTD hangs on {whom}, still pending{until}"
    mtd = mtds[0]
    return f"Stop the trial: {f'the MTD is {doses.words(mtd)}' if mtd else 'no dose can be recommended'}"


def wait_words(watch: Watch) -> str:
    """Say for whom to wait, until when, and what follows."""
    doses = watch.trial.doses
    if not watch.open:
        return f"Wait: {people([each.id for each in watch.patients])} left in the window, and no outcome will be known"
    overdue = [each for each in watch.open if each.remaining == 0]
    if len(overdue) == len(watch.open):
        return _overdue_words(watch, overdue)
    whom = people([each.id for each in watch.open])
    last, first = watch.latest, watch.earliest
    results = {short_words(each.then, doses, each.mtd) for each in watch.outcomes}
    if len(results) == 1:
        return f"Wait for {whom}{_until(last, watch)}; then {results.pop()}, whatever the outcome"
    if len(watch.open) == 1:
        patient = watch.open[0]
        said = _followed(patient, watch)
        without = "" if first is None or first.then is None else f"if no DLT {_by(first, watch)}: {_then(watch, first)}"
        with_dlt = short_words(watch.outcomes[-1].then, doses, watch.outcomes[-1].mtd)
        return f"Wait for {whom}, {said}; {without}{'; ' if without else ''}with a DLT: {with_dlt}"
    said = f"Wait for {whom}{_until(last, watch)}"
    if first is None or first.then is None or first.then.waits:
        return said
    others = dict.fromkeys(
        short_words(each.then, doses, each.mtd) for each in watch.outcomes if any(count > 0 for count in each.dlts)
    )
    return f"{said}; if no DLT {_by(first, watch)}: {_then(watch, first)}; with DLTs: {' or '.join(others)}"


def _overdue_words(watch: Watch, overdue: Sequence[Entered]) -> str:
    whom = people([each.id for each in overdue])
    if len(watch.outcomes) == 2:
        no, yes = (short_words(each.then, watch.trial.doses, each.mtd) for each in watch.outcomes)
        what = f"; without a DLT: {no}; with one: {yes}" if no != yes else f"; {no} either way"
    else:
        what = ""
    return f"Wait for the overdue outcome of {whom}{what}"


def _followed(patient: Entered, watch: Watch) -> str:
    return f"followed {patient.days:g} of {watch.standing.window_days or 0:g} days"


def _then(watch: Watch, moment: Moment) -> str:
    if moment.then is None:
        return "another decision"
    at_end = watch.outcomes[0] if watch.outcomes and watch.outcomes[0].then[:2] == moment.then[:2] else None
    return short_words(moment.then, watch.trial.doses, None if at_end is None else at_end.mtd)


def _by(moment: Moment, watch: Watch) -> str:
    if moment.date is not None:
        return f"by {day_words(moment.date, watch.date)}"
    return "now" if moment.days == 0 else f"in {'another day' if moment.days == 1 else f'{moment.days} more days'}"


def _until(moment: Moment | None, watch: Watch) -> str:
    if moment is None:
        return ""
    if moment.date is not None:
        return f" until {day_words(moment.date, watch.date)} at the latest"
    return f", at most {counted(moment.days, 'day')}"


def outcome_table(watch: Watch) -> tuple[list[str], list[tuple[tuple[str, ...], str]]]:
    """Say what every number of further DLTs leads to; neighbours with the same answer stand together.

    Returns
    -------
    list of str
        Heads of the groups of patients pending, such as ``["DLTs at low", "medium"]``; one alone has none.
    list of (tuple of str, str)
        The numbers of DLTs in each, such as ``("any", "0–1")``, and the answer.
    """
    groups = watch.groups
    answers = {each.dlts: _whole_words(each.then, watch, each.mtd) for each in watch.outcomes}
    idle = [place for place in range(len(groups)) if _never_matters(answers, place)]
    lines: list[tuple[tuple[int, ...], int, str]] = []
    last = max((place for place in range(len(groups)) if place not in idle), default=-1)
    for dlts, then in answers.items():
        if any(dlts[place] for place in idle):
            continue
        alike = (
            lines
            and lines[-1][2] == then
            and all(dlts[place] == lines[-1][0][place] for place in range(len(groups)) if place != last)
        )
        if alike:
            lines[-1] = (lines[-1][0], dlts[last], then)
        else:
            lines.append((dlts, dlts[last] if last >= 0 else 0, then))
    rows = []
    for dlts, most, then in lines:
        spans = [str(count) for count in dlts]
        if last >= 0 and most != dlts[last]:
            spans[last] = f"{dlts[last]}–{most}"
        rows.append((tuple("any" if place in idle else span for place, span in enumerate(spans)), then))
    if len(groups) == 1:
        return [], [((_dlts(spans[0]),), then) for spans, then in rows]
    names = [watch.trial.doses.name(each.level) + _COHORTS[each.last_cohort] for each in groups]
    return [f"DLTs at {names[0]}" if names else "", *names[1:]], rows


_COHORTS = {None: "", True: ", last cohort", False: ", earlier"}


def _dlts(span: str) -> str:
    return f"{span} {'DLT' if span == '1' else 'DLTs'}"


def _never_matters(answers: Mapping[tuple[int, ...], str], place: int) -> bool:
    """Say whether the number of DLTs in one group changes no answer."""
    return all(then == answers[(*dlts[:place], 0, *dlts[place + 1 :])] for dlts, then in answers.items())


def _whole_words(then: Advice, watch: Watch, mtd: int) -> str:
    doses = watch.trial.doses
    if then.level == 0 or then.waits:
        return short_words(then, doses, mtd)
    current = watch.standing.patients[-1].level
    step = "escalate to" if then.level > current else "de-escalate to" if then.level < current else "stay at"
    if then.reason is Reason.COMPLETE_COHORT:
        step = "complete the cohort at"
    return f"{step} {doses.name(then.level)}, {counted(then.cohort_size, 'patient')}"


def beyond_notes(patients: int, max_n: int) -> tuple[str, ...]:
    """Return what should be known of data of more patients than the design has.

    Examples
    --------
    >>> beyond_notes(27, 18)
    ('the data hold 27 patients, 9 more than max_n = 18, with which the design ends',)
    >>> beyond_notes(18, 18)
    ()
    """
    if patients <= max_n:
        return ()
    return (
        f"the data hold {patients:,} patients, {patients - max_n:,} more than max_n = {max_n:,}, "
        "with which the design ends",
    )


def follow_up_notes(patients: Patients, exits: Exits, weighs: bool = False) -> tuple[str, ...]:
    """Say what was made of patients of whom the file does not settle what counts."""
    notes = list(patients.notes)
    window, day = patients.window_days, patients.date
    if window is None or not patients.dated:
        left = [each.id for each in patients.patients if each.status]
        if left:
            notes.append(f"status of {people(left)} is not looked at: no DLT window or no dates are known")
        return tuple(notes)
    not_final: list[str] = []
    overdue: list[str] = []
    unsaid: list[str] = []
    for each in patients.patients:
        left_after, seen = each.left_after(window), each.days_until(each.last_seen)
        known = known_on(each, day, window, exits, weighs=weighs)
        if left_after is not None:
            notes.append(_left_words(each, left_after, window, exits, weighs))
        elif known.dlt is None and known.remaining == 0:
            (overdue if seen is None or seen < window else unsaid).append(each.id)
        elif each.dlt is False and known.dlt is None:
            not_final.append(each.id)
    if not_final:
        notes.append(f"no DLT is not final within the window of {window:g} days: {people(not_final)} pending")
    if overdue:
        what = "outcome is" if len(overdue) == 1 else "outcomes are"
        notes.append(
            f"the window of {people(overdue)} is over and the {what} overdue; until entered, no follow-up is taken for "
            "granted beyond  last_seen"
        )
    if unsaid:
        was, counts = ("was", "counts") if len(unsaid) == 1 else ("were", "count")
        notes.append(
            f"{people(unsaid)} {was} seen after the DLT window, but  dlt  is empty: {counts} as not followed until it "
            "says yes or no"
        )
    return tuple(notes)


def _left_words(patient: Patient, left: float, window: float, exits: Exits, weighs: bool) -> str:
    did = {"died": "died", "lost": "was lost", "withdrawn": "withdrew"}[patient.status]
    name = "deaths" if patient.status == "died" else "losses"
    policy = exits.deaths if patient.status == "died" else exits.losses
    made = {
        "replaced": "not evaluable, to be replaced",
        "all_count": "counts as a DLT",
        "dlt_free": "counts as a patient without a DLT",
        "pending": "pending until the death is judged in the column dlt",
        "weight_frozen": "stays pending, followed until that day",
    }[exits.of(patient, weighs)]
    basis = f"the study's  {name}: {policy}"
    if exits.assumed:
        basis = f"by default; the study's observation: may say otherwise in  {name}:"
    return f"patient {patient.id} {did} on day {left:g} of {window:g} without a DLT: {made} ({basis})"
