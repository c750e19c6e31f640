"""The best possible design in words: what it is worth, how near other designs come, and where they decide otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from designs import AdmissibilityRule, Rule, Tally
from doseesc.planning import Calibration, Differences, OptimalDesign, PolicyTable
from doseesc.study import BareTrial, Study, Utility
from doseesc.wording import in_a_row, percent, plain_words


def worth_words(value: float, utility: Utility) -> str:
    """Return a utility as people read it: a probability in percent, anything else as a number."""
    return f"{percent(value)} %" if in_percent(utility) else f"{value:.4f}"


def in_percent(utility: Utility) -> bool:
    """Tell whether a utility is a probability: that of correct selection, without prices."""
    return utility.gain == "correct" and not (utility.per_patient or utility.per_patient_above_mtd or utility.per_dlt)


def calibrated_words(calibration: Calibration, attainable: float) -> str:
    """Say how near the best candidate of a calibration comes to the best policy, and the design as it is."""
    best, now = float(calibration.score[calibration.best]), calibration.design_score
    of = "" if attainable <= 0 else f": {100 * best / attainable:.0f} % of it, and {100 * now / attainable:.0f} % now"
    return (
        f"the best possible design scores {percent(attainable)} on these truths, of which the best candidate reaches "
        f"{percent(best)}{of}"
    )


def question_words(utility: Utility, prior: str, rules: Sequence[Rule]) -> str:
    """Say what is made as large as possible, under which truths, and what must be kept to."""
    kept = in_a_row([type(rule).__name__ for rule in rules]) if rules else "no rule"
    return f"Utility: {utility.words}. Prior: {prior}. Constraints: {kept}."


def nearest_words(optimum: OptimalDesign) -> str:
    """Say what the best possible design is worth, and how near to it the designs of the study come."""
    utility = optimum.utility
    said = f"The best possible design is worth {worth_words(optimum.value, utility)}"
    if in_percent(utility):
        said = f"The best possible design is right in {worth_words(optimum.value, utility)} of trials"
    order = sorted(optimum.rivals, key=lambda name: -optimum.rivals[name].value)
    if not order or optimum.value <= 0:
        return f"{said}."
    shares = [
        (f"{100 * optimum.share(each):.0f} %", worth_words(optimum.rivals[each].value, utility)) for each in order
    ]
    (share, worth), *others = shares
    first = f"{plain_words(order[0])} reaches {share} of it ({worth})"
    rest = [f"{plain_words(name)} {share} ({worth})" for name, (share, worth) in zip(order[1:], others, strict=True)]
    return f"{said}; {in_a_row([first, *rest])}."


def held_out_words(optimum: OptimalDesign) -> str:
    """Say what the optimum is worth on truths that it is not made for, and what twice as many truths brought."""
    best, utility = optimum.best, optimum.utility
    said = (
        f"On {optimum.held_out.words}, for which it is not made, it is worth {worth_words(best.held_out_mean, utility)}"
    )
    if optimum.half is None:
        return f"{said}; its prior is a list of truths, which no larger one replaces."
    change = best.held_out_mean - optimum.half.held_out_mean
    points = f"{100 * change:+.1f} points" if in_percent(utility) else f"{change:+.4f}"
    own, others = worth_words(optimum.half.value, utility), worth_words(optimum.half.held_out_mean, utility)
    return (
        f"{said}. Made for {len(optimum.prior.half().truths):,} of its curves it is worth {own} on these and {others} "
        f"on the others: doubling them changed the latter by {points}."
    )


def advantage_words(optimum: OptimalDesign, name: str) -> str:
    """Say by how much it beats a design on truths that it is not made for."""
    gain, error = optimum.advantage(name)
    if in_percent(optimum.utility):
        return f"{100 * gain:+.1f} ± {100 * error:.1f} points against {plain_words(name)}"
    return f"{gain:+.4f} ± {error:.4f} against {plain_words(name)}"


def caution_words(optimum: OptimalDesign) -> list[str]:
    """Say what keeps the optimum from being a design for a trial as it is: it does what pays, and nothing else."""
    found = []
    rules = optimum.policy.rules
    if not any(isinstance(rule, AdmissibilityRule) or getattr(rule, "selects_none", False) for rule in rules):
        found.append(
            "No rule of safety is among its constraints: it may go up after any number of DLTs where it learns most. "
            "It is a bound on what can be attained; for a trial add one, such as HardSafety, to optimal.constraints."
        )
    if any(optimum.best.above_mtd > rival.above_mtd for rival in optimum.rivals.values()):
        price = optimum.utility.per_patient_above_mtd
        which = f"a price on them larger than {price:g}" if price else "a price on them"
        found.append(
            f"It treats more patients above the true MTD than a design that it beats: {which}, "
            "optimal.utility.per_patient_above_mtd, weighs that."
        )
    if optimum.utility.gain == "correct" and not optimum.policy.stakes.gain[:, 0].any():
        found.append("Under none of its truths is every dose too toxic: it never selects none, unless a rule makes it.")
    return found


def table_words(table: PolicyTable) -> str:
    """Say how much of the policy the counts at the level in use settle, and what else it looks at."""
    open_cells = [cell for cell in table.cells if cell.needs]
    settled = (
        f"The level in use and the counts there settle {percent(table.by_counts)} % of its "
        f"{table.decisions:.1f} decisions in a trial"
    )
    if not open_cells:
        alike = ", the same at every level" if table.levels_alike else ""
        return f"{settled}: it is a table by level and counts{alike}."
    chance: dict[str, float] = {}
    for cell in open_cells:
        for need in cell.needs:
            chance[need] = chance.get(need, 0.0) + cell.chance
    needs = sorted(chance, key=lambda need: -chance[need])
    often = ", the first the most often" if len(needs) > 1 else ""
    return f"{settled}; for the others it also looks at {in_a_row(needs)}{often}."


def difference_words(study: Study | BareTrial, name: str, differing: Differences) -> list[str]:
    """Say where another design decides otherwise, and name the commonest of these states."""
    parts = [
        f"{percent(count / differing.decisions)} % {what}"
        for count, what in (
            (differing.higher, "to a higher dose"),
            (differing.lower, "to a lower dose"),
            (differing.stops, "to the end of the trial where the optimum goes on"),
            (differing.goes_on, "to go on where the optimum stops"),
        )
        if differing.decisions and count / differing.decisions >= 0.0005
    ]
    who = plain_words(name)
    if not parts:
        return [f"{who} decides as the optimum does wherever the optimum comes to."]
    lines = [
        f"{who} decides otherwise in {percent(differing.share)} % of the optimum's decisions, weighted by how often "
        f"they come up: {in_a_row(parts)}."
    ]
    for tally, ours, theirs, chance in differing.examples:
        where = state_words(study, tally)
        own, other = _goes(study, tally, ours), _goes(study, tally, theirs)
        lines.append(f"{where}; {percent(chance)} % of trials: optimum {own}, {who} {other}.")
    return lines


def state_words(study: Study | BareTrial, tally: Tally) -> str:
    """Return one state as DLTs of patients at each dose given, the dose in use marked."""
    parts = [
        f"{plain_words(label)} {dlt}/{n}{' (in use)' if level == int(tally.level[0]) else ''}"
        for level, (label, n, dlt) in enumerate(
            zip(study.dose_labels, tally.n[0].tolist(), tally.dlt[0].tolist(), strict=True), start=1
        )
        if n
    ]
    return ", ".join(parts)


def _goes(study: Study | BareTrial, tally: Tally, level: int) -> str:
    if not level:
        return "stops"
    verb = "stays at" if level == int(tally.level[0]) else "goes to"
    return f"{verb} {plain_words(study.dose_labels[level - 1])}"
