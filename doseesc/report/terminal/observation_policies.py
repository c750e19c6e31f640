"""The price of attribution for the terminal: what each policy costs each design, and one paragraph in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan
from typing import TYPE_CHECKING

from rich.text import Text

from doseesc.report.terminal.lines import WIDTH, Cell, cut, line, wrapped
from doseesc.report.words import attribution_finding
from doseesc.results import DRUG_ALONE, PolicyComparison
from doseesc.wording import plain_words

if TYPE_CHECKING:
    from doseesc.results import Results

_WIDEST_LABEL = 30
_COLUMN = 16
_LEGEND = (
    "each cell: % of trials that select the true MTD / % that select no dose although there is one (a safe product "
    "stopped) / patients enrolled"
)


def attribution_lines(results: Results, width: int = WIDTH) -> list[Text]:
    """Return the lines about observation; none for a study that does not say how patients are observed."""
    if results.policies is None:
        return []
    study, compared = results.study, results.policies
    found = [Text("The price of attribution", "bold"), *wrapped(attribution_words(results)), Text()]
    # One policy is compared over all scenarios together, several in each of them.
    if len(compared.policies) > 1 or len(study.truths) == 1:
        tables = {plain_words(each): [each] for each in study.truths}
    else:
        tables = {f"all {len(study.truths)} scenarios": list(study.truths)}
    rows = [*tables, *(plain_words(each) for each in (DRUG_ALONE, *compared.policies))]
    label = min(max(len(each) for each in rows) + 3, _WIDEST_LABEL)
    designs, most = list(study.names), (width - label) // _COLUMN
    for title, scenarios in tables.items():
        for start in range(0, len(designs), most):
            found += [*_table(compared, title, scenarios, designs[start : start + most], label), Text()]
    return found + wrapped(_LEGEND, "dim")


def attribution_words(results: Results) -> str:
    """Return what the policies cost, in one paragraph made from the numbers, the finding first."""
    compared = results.policies
    if compared is None:
        return ""
    assumed = "Rates and policies are assumed, not registered."
    return " ".join([attribution_finding(results), *_harm(compared), *_cost(compared), assumed])


def _harm(compared: PolicyComparison) -> Iterable[str]:
    """Say where a safe product is lost, where the MTD is set too low, and how many DLTs are not the drug's."""
    stopped = {key: each.best.safe_stopped for key, each in compared.observed.items()}
    stopped = {key: value for key, value in stopped.items() if not isnan(value)}
    if stopped:
        worst = max(stopped, key=lambda key: stopped[key])
        alone = float(compared.ideal[worst[1:]].best.selected[0])
        yield (
            f"A product with a safe dose is stopped in up to {_p(stopped[worst])} of trials "
            f"({_where(compared, worst)}; {_p(alone)} from the drug alone)."
        )
        lower = {key: compared.below_because(*key) for key in stopped}
        lowest = max(lower, key=lambda key: lower[key])
        if lower[lowest] > 0.005:
            yield (
                f"A dose below the true MTD is declared up to {100 * lower[lowest]:.0f} points more often because of "
                f"events that the drug did not cause ({_where(compared, lowest)})."
            )
    shares = {key: each.best.not_caused_share for key, each in compared.observed.items()}
    shares = {key: value for key, value in shares.items() if not isnan(value)}
    if shares:
        most, least = max(shares, key=lambda key: shares[key]), min(shares, key=lambda key: shares[key])
        span = f"{_p(shares[least])} ({_where(compared, least)}) to {_p(shares[most])} ({_where(compared, most)})"
        if _p(shares[least]) == _p(shares[most]):
            span = _p(shares[most])
        yield f"Of the DLTs counted, {span} are not caused by the drug."


def _cost(compared: PolicyComparison) -> Iterable[str]:
    """Say what replacement costs, and how many patients die."""
    replaced = {key: each.best.replaced for key, each in compared.observed.items()}
    most = max(replaced, key=lambda key: replaced[key])
    if replaced[most] >= 0.05:
        enrolled = compared.observed[most].best.enrolled
        yield (
            f"Replacing those who are not evaluable takes up to {enrolled:.1f} patients for "
            f"{enrolled - replaced[most]:.1f} ({_where(compared, most)})."
        )
    deaths = [each.best.deaths for each in compared.observed.values()]
    if max(deaths) > 0:
        low, high = f"{min(deaths):.1f}", f"{max(deaths):.1f}"
        yield f"A trial sees {low if low == high else f'{low} to {high}'} deaths in the window on average."


def _table(
    compared: PolicyComparison, title: str, scenarios: Sequence[str], designs: Sequence[str], label: int
) -> list[Text]:
    widths = [label, *(_COLUMN for _ in designs)]
    heads: list[Cell | str] = [
        Cell(f"  {title}", "bold", left=True),
        *(cut(plain_words(each), _COLUMN - 2) for each in designs),
    ]
    found = [line(heads, widths)]
    for policy in (DRUG_ALONE, *compared.policies):
        cells = [_cell(compared, policy, scenarios, design) for design in designs]
        found.append(line([Cell("  " + cut(plain_words(policy), label - 3), left=True), *cells], widths))
    return found


def _cell(compared: PolicyComparison, policy: str, scenarios: Sequence[str], design: str) -> str:
    price = compared.price(policy, design, scenarios)
    stopped = "-" if isnan(price.stopped) else f"{100 * price.stopped:.0f}"
    return f"{100 * price.correct:.0f} / {stopped} / {price.enrolled:.1f}"


def _where(compared: PolicyComparison, key: tuple[str, str, str]) -> str:
    policy, scenario, design = key
    place = f"{plain_words(design)} in {plain_words(scenario)}"
    return f"{place}, {plain_words(policy)}" if len(compared.policies) > 1 else place


def _p(value: float) -> str:
    return f"{100 * value:.0f} %"
