"""How precisely a Phase 2 trial would know mortality and adverse reactions, for the terminal."""

from __future__ import annotations

from rich.text import Text

from doseesc.phase2 import TrialPlan
from doseesc.phase2.analyses import Interval, clopper_pearson, miettinen_nurminen, newcombe
from doseesc.report.terminal.lines import Cell, cut, line, wrapped
from doseesc.wording import plain_words


def precision_lines(plan: TrialPlan) -> list[Text]:
    """Return 95 % intervals for the numbers of deaths and reactions nearest to those expected, nobody being lost."""
    laws = plan.laws()
    deaths = [round(law.n * float(law.course.died[-1])) for law in laws]
    reactions = [round(law.n * law.adverse) for law in laws]
    control = laws[0].n
    widths = (20, 12, 20, 20, 14, 14)
    lines = [
        Text("what would be known, 95 % intervals in %, if deaths and reactions are as expected", "bold"),
        line(
            [
                Cell("arm", left=True),
                "deaths",
                "minus control (M-N)",
                "(Newcombe)",
                "reactions",
                "(C-P)",
            ],
            widths,
        ),
    ]
    for place, (arm, law) in enumerate(zip(plan.arms, laws, strict=True)):
        cells: list[Cell | str] = [
            Cell("  " + cut(plain_words(arm.name), 17), left=True),
            f"{deaths[place]} of {law.n}",
        ]
        table = (deaths[place], law.n, deaths[0], control)
        cells += ["", ""] if place == 0 else [_words(miettinen_nurminen(*table)), _words(newcombe(*table))]
        cells += [f"{reactions[place]} of {law.n}", _words(clopper_pearson(reactions[place], law.n))]
        lines.append(line(cells, widths))
    n = plan.active[-1].n
    none = 100 * float(clopper_pearson(0, n).upper)
    legend = (
        "M-N: Miettinen-Nurminen · C-P: Clopper-Pearson · no reaction at all among the "
        f"{n} patients of the highest dosage would still allow {none:.1f} %"
    )
    return lines + wrapped(legend, "dim")


def _words(interval: Interval) -> str:
    return " to ".join(f"{100 * float(limit):.1f}" for limit in interval)
