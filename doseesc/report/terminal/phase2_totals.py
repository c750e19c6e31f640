"""Trials of several sizes beside one another, for the terminal: what each can and cannot show."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from doseesc.phase2 import ENOUGH, LARGEST, SizeFigures
from doseesc.report.terminal.lines import Cell, line, wrapped
from doseesc.wording import percent

_HEAD = 56


def totals_lines(sizes: Sequence[SizeFigures]) -> list[Text]:
    """Return the table, one column per size, and what each can show."""
    widths = (_HEAD, *(12 for _ in sizes))

    def row(head: str, figures: list[str]) -> Text:
        return line([Cell("  " + head, left=True), *figures], widths)

    totals = " against ".join(str(each.total) for each in sizes)
    lines = [
        Text(f"What trials of {totals} patients can show", "bold"),
        line([Cell("  patients in all", left=True), *(str(each.total) for each in sizes)], widths),
        row("control and each dosage", [" ".join(str(arm.n) for arm in each.plan.arms) for each in sizes]),
    ]
    if all(each.plan.accrual is not None for each in sizes):
        lines.append(row("months to the last patient's day 28, median", [_months(each) for each in sizes]))
    for what in sizes[0].powers:
        lines.append(row(f"{what}, % of trials", [percent(each.powers[what]) for each in sizes]))
    lines += [
        row(
            "at least one claim by a drug that does nothing, %",
            [percent(each.null.share("any_claim")) for each in sizes],
        ),
        row("smallest sHR seen with 80 % power", [_ratio(each) for each in sizes]),
        row("mortality difference known to ±, points", [f"{100 * each.mortality_half_width:.1f}" for each in sizes]),
        row("reaction rate if none is seen, up to %", [percent(each.no_reaction_upper) for each in sizes]),
    ]
    lines += totals_verdicts(sizes)
    worst = max(float(each.power.mcse("any_ttci")) for each in sizes)
    legend = (
        "all patients taken to be in Phase 2 · "
        "power: of the plan's effect at the highest dosage, that of a single comparison not adjusted · sHR: at the "
        "highest dosage, not adjusted, ± 1 SE · ±: expected half-width of the 95 % interval of the highest dosage "
        f"minus control · simulated to ± {100 * worst:.1f} points (1 SE) at most · up to: 95 % "
        "Clopper-Pearson, highest dosage"
    )
    accrual = sizes[0].plan.accrual
    return lines + wrapped(legend if accrual is None else f"{legend} · months: at {accrual.rate_words}", "dim")


def totals_verdicts(sizes: Sequence[SizeFigures]) -> list[Text]:
    """Return in a sentence for each size what it can show."""
    return [line for each in sizes for line in wrapped(_verdict(each), "dim")]


def _months(each: SizeFigures) -> str:
    accrual = each.plan.accrual
    return "" if accrual is None else f"{accrual.duration(each.total, follow_up_days=each.plan.course.horizon):.0f}"


def _ratio(each: SizeFigures) -> str:
    effect = each.detectable
    return f"> {LARGEST:g}" if effect is None else f"{effect.shr:.2f} ± {effect.standard_error:.2f}"


def _verdict(each: SizeFigures) -> str:
    shown = [what for what, power in each.powers.items() if power >= ENOUGH]
    missed = [what for what, power in each.powers.items() if power < ENOUGH]
    can = f"can show that {' and that '.join(shown)}" if shown else "can show none of these claims with 80 % power"
    cannot = f"; cannot (power below 80 %) that {', nor that '.join(missed)}" if shown and missed else ""
    effect = each.detectable
    ratio = f"no sHR up to {LARGEST:g}" if effect is None else f"an sHR of {effect.shr:.2g} or more"
    return (
        f"{each.total} patients {can}{cannot}, if the effects are those planned for; they would show {ratio}, and know "
        f"the difference in mortality to ± {100 * each.mortality_half_width:.0f} points"
    )
