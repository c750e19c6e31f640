"""What a Phase 2 trial can show, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rich.text import Text

from doseesc.phase2 import ARM_CLAIMS, CLAIMS, Power, SampleSize, TrialPlan, schoenfeld_power
from doseesc.planning import ProgrammeAssurance
from doseesc.report.terminal.lines import Cell, cut, ends, line, wrapped
from doseesc.study import Phase2, assumptions_of
from doseesc.wording import percent, plain_words

_wrapped = partial(wrapped, style="dim")
_ARM = 18
_UNEQUAL = 1.5  # patients in the control for one in a dosage, from which on skewness is spoken of
_TESTS = {
    "log_rank": "log-rank",
    "cox_score": "Cox score test",
    "gray": "Gray's test",
    "win_ratio": "win ratio",
    "chi_square": "chi-square",
    "fisher": "Fisher",
    "miettinen_nurminen": "Miettinen-Nurminen",
    "newcombe": "Newcombe",
    "ancova": "covariance among survivors",
    "mmrm": "mixed model for repeated measures",
    "ranks": "ranks, death as worst",
}


def power_lines(power: Power, null: Power, title: str, reactions: str, full: bool = True) -> list[Text]:
    """Return the table of one trial: its arms, power per comparison, and type I error.

    Parameters
    ----------
    power, null : Power
        Under the truth, and under a drug that does nothing.
    title : str
        Which trial it is.
    reactions : str
        Which toxicity scenario gives the adverse reactions.
    full : bool
        Say how it is analysed, too.
    """
    plan = power.plan
    analysis = [Text(), *_wrapped(_analysis_words(plan))] if full else []
    right = f"{power.tally.trials:,} trials · seed {power.seed}"
    return [
        *ends(plain_words(title), right, "bold"),
        Text(),
        *_arm_lines(power, reactions),
        Text(),
        *_comparison_lines(power, null),
        *analysis,
    ]


def size_lines(size: SampleSize, wanted: float, seen: str) -> list[Text]:
    """Return the smallest trial found, and what was simulated on the way."""
    total = sum(arm.n for arm in size.plan.arms)
    head = f"{100 * wanted:.3g} % power ({seen}): {size.n} patients in the control arm"
    head += f" ± {size.standard_error:.1f} (1 SE)"
    tried = ", ".join(f"{point.n}: {percent(point.power)} ± {percent(point.mcse)}" for point in size.points)
    return [*_wrapped(head + f", {total} in all", style="bold"), *_wrapped(f"simulated, patients: power %  {tried}")]


def assurance_lines(
    programme: Sequence[ProgrammeAssurance], labels: Sequence[str], observation: str = ""
) -> list[Text]:
    """Return the table of designs and scenarios: the chance that the whole programme succeeds.

    Parameters
    ----------
    programme : sequence of ProgrammeAssurance
    labels : sequence of str
        Of the dose levels.
    observation : str
        Name of the observation model by which Phase 1 declares its MTD, if there is one.
    """
    lines = [Text("Assurance of the programme: Phase 1, its MTD, and then Phase 2, %", "bold")]
    shown = [cut(plain_words(label), 8) for label in labels]
    widths = (14, 14, 10, 9, 12, *(10 for _ in shown), 8)
    over = ["", "", "", "", "", "MTD is", *("" for _ in shown[1:]), "no"]
    under: list[Cell | str] = [
        Cell("  scenario", left=True),
        Cell("design", left=True),
        "success",
        "± SE",
        "acceptable",
        *shown,
        "MTD",
    ]
    lines += [line(over, widths), line(under, widths)]
    before = None
    for each in programme:
        first = "" if each.scenario == before else "  " + cut(plain_words(each.scenario), 11)
        before = each.scenario
        cells: list[Cell | str] = [Cell(first, left=True), Cell(cut(plain_words(each.design), 13), left=True)]
        cells += [percent(each.success), percent(each.mcse), percent(each.acceptable)]
        cells += [f"{100 * chance:.0f}" for chance in each.mtd[1:]]
        lines.append(line([*cells, f"{100 * each.no_programme:.0f}"], widths))
    by_mtd = ", ".join(
        f"{label} {percent(chance)}" for label, chance in zip(labels, programme[0].success_by_mtd, strict=True)
    )
    legend = (
        f"success: at least one dosage improves patients sooner, out of all programmes; after each MTD {by_mtd} · "
        "acceptable: and the dosage chosen is not too toxic · then how often each level is declared the MTD · "
        "no MTD: the programme ends"
    )
    if observation:
        legend += f" · Phase 1 as observed: {plain_words(observation)}"
    return lines + _wrapped(legend)


def assumption_lines(section: Phase2) -> list[Text]:
    """Return what Phase 2 rests on: first what the file does not give."""
    listed = assumptions_of(section)
    lines = [Text("assumed, not in the file", "bold")] if any(not each.from_file for each in listed) else []
    for each in listed:
        if not each.from_file:
            value = f" {each.value}" if each.value else ""
            lines += _wrapped(f"  {each.key}{value}: {each.basis}", indent=4)
    given = [f"{each.key} {each.value}" for each in listed if each.from_file]
    return lines + (_wrapped("from the file: " + " · ".join(given)) if given else [])


def _arm_lines(power: Power, reactions: str) -> list[Text]:
    plan, tally = power.plan, power.tally
    widths = (_ARM, 9, 9, 8, 8, 11, 9, 11, 9)
    lines = [
        line(
            [Cell("arm", left=True), "patients", "dose", "sHR", "RR", "improved", "deaths", "reactions", "lost"], widths
        )
    ]
    for place, arm in enumerate(plan.arms):
        expected = [
            f"{count[place] / tally.trials:.1f}" for count in (tally.improved, tally.deaths, tally.adverse, tally.lost)
        ]
        dose = "none" if arm.amount is None else f"{arm.amount:g}"
        cells: list[Cell | str] = [Cell("  " + cut(plain_words(arm.name), _ARM - 3), left=True), str(arm.n), dose]
        lines.append(line([*cells, f"{arm.effect.shr:.2f}", f"{arm.effect.mortality_rr:.2f}", *expected], widths))
    words = (
        "improved, deaths, reactions, lost: expected numbers of patients · reactions: drug's in scenario "
        f"{reactions} and background, to day {plan.reaction_days}"
    )
    if plan.strata:
        strata = [f"{each.name} {percent(each.share)} %" for each in plan.strata]
        words += f" · severity: {', '.join(strata)}"
    return lines + _wrapped(words)


def _comparison_lines(power: Power, null: Power) -> list[Text]:
    plan = power.plan
    lines = [_row("% of trials in which", ["adjusted", "± SE", "unadjusted", "Schoenfeld", "no effect"], indent="")]
    for name, head in ARM_CLAIMS.items():
        for place, arm in enumerate(plan.active):
            share, error = percent(power.share(name)[place]), percent(power.mcse(name)[place])
            without = percent(null.share(name)[place])
            if name == "reactions":
                figures = ["-", "", f"{share} ± {error}", "-", without]  # never adjusted
            else:
                by_formula = schoenfeld_power(plan, place) if name == "ttci" else None
                formula = "-" if by_formula is None else percent(by_formula)
                figures = [share, error, percent(power.share(f"{name}_alone")[place]), formula, without]
            lines.append(_row(f"{plain_words(arm.name)} {head}", figures))
    for name in ("any_ttci", "all_ttci", "any_claim", "trend"):
        figures = [percent(power.share(name)), percent(power.mcse(name)), "", "", percent(null.share(name))]
        lines.append(_row(CLAIMS[name], figures))
    if power.better_chosen is not None and plan.better is not None:
        head = f"{plain_words(plan.active[plan.better].name)}, the better, is chosen"
        lines.append(_row(head, [percent(power.better_chosen), "", "", "", ""]))
    return lines


def _row(head: str, figures: list[str], indent: str = "  ") -> Text:
    return line([Cell(indent + cut(head, 40), left=True), *figures], (42, 10, 8, 12, 12, 11))


def _analysis_words(plan: TrialPlan) -> str:
    analysis = plan.analysis
    censored = (
        f", dead censored {analysis.death.replace('_', ' ')}" if analysis.ttci in ("log_rank", "cox_score") else ""
    )
    stratified = ", stratified" if analysis.stratified else ""
    mortality = "Cochran-Mantel-Haenszel" if analysis.stratified else _TESTS[analysis.mortality]
    sequence = f", {analysis.sequence.replace('_', ' ')}" if analysis.multiplicity == "fixed_sequence" else ""
    return (
        f"one-sided level {100 * analysis.alpha:g} % · improvement: {_TESTS[analysis.ttci]}{censored}{stratified} · "
        f"mortality: {mortality}, interval {_TESTS[analysis.mortality_interval]} · reactions: "
        f"{_TESTS[analysis.reactions]}, unadjusted; Cochran-Armitage trend over "
        f"{'arms' if analysis.trend == 'ranks' else 'doses'} · secondary: {_TESTS[analysis.secondary]} · over dosages: "
        f"{analysis.multiplicity.replace('_', ' ')}{sequence} · over endpoints: {analysis.endpoints} · no effect: "
        "the same with a drug that does nothing, so type I error · Schoenfeld: his formula, unadjusted, nobody lost"
        f"{_unequal_words(plan)}"
    )


def _unequal_words(plan: TrialPlan) -> str:
    smallest = min(arm.n for arm in plan.active)
    if plan.analysis.ttci == "win_ratio" or plan.control.n < _UNEQUAL * smallest:
        return ""
    return (
        " · fewer patients in a dosage than in the control: tests of improvement are then skewed, and with few "
        "patients err more often than their level (2.9 instead of 2.5 % with 38 against 76)"
    )
