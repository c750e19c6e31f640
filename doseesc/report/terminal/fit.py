"""What ``fit`` prints: the verdict, what is known of each dose, draws beside quadrature, the MTD, and the checks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.text import Text

from doseesc.report.terminal.borrowing import borrowing_lines, history_words
from doseesc.report.terminal.lines import WIDTH, Cell, cut, line, wrapped
from doseesc.wording import percent, percent_words, plain_number, plain_words

if TYPE_CHECKING:
    from doseesc.analysis import Fit, ReportedDose

_wrapped = partial(wrapped, indent=2)
_LONGEST_NAME = 24


def fit_lines(fit: Fit, width: int = WIDTH, full: bool = True) -> list[Text]:
    """Return the lines that ``doseesc fit`` prints, with the columns that there is room for.

    Parameters
    ----------
    fit : Fit
    width : int
    full : bool
        All there is, and not the answer, how sure it is, and the doses alone.
    """
    answer, verdict = _wrapped(_answer(fit), "bold"), _wrapped(fit.verdict, "green" if fit.converged else "bold red")
    if fit.converged:
        lines = answer + verdict
    else:
        lines = verdict + _wrapped(
            "What follows by NUTS is not to be relied upon: draw more (--draws, --tune, --chains).", "bold red"
        )
        lines += answer
    lines += _wrapped(plain_words(fit.model.words), "dim")
    for note in fit.notes:
        lines += _wrapped(f"note: {note}", "yellow")
    lines += [Text(), *_doses(fit, width)]
    if full:
        return [*lines, *_side_by_side(fit), *_mtd(fit), *_checks(fit), *_borrowed(fit)]
    return [*lines, *_mtd(fit), Text(), *_in_short(fit)]


def _answer(fit: Fit) -> str:
    """Say which dose is the MTD on these data, and what is known of it."""
    target = percent_words(fit.study.target)
    if not fit.mtd:
        lowest = fit.doses[0]
        over = percent(fit.posterior.over_target[lowest.place])
        label = plain_words(lowest.label)
        if not fit.data.patients:
            return f"No outcome is known yet. By the prior {label} exceeds {target} with probability {over} %."
        return f"No dose is the MTD ({fit.mtd_source}): {label} exceeds {target} with probability {over} %."
    label = fit.study.dose_labels[fit.mtd - 1]
    place = next(dose.place for dose in fit.doses if dose.label == label)
    best = fit.posterior
    return (
        f"The MTD is {plain_words(label)} ({fit.mtd_source}). P(DLT) there is {percent(best.mean[place])} % "
        f"({percent(best.low[place])} to {percent(best.high[place])}), above the target of {target} with probability "
        f"{percent(best.over_target[place])} %.{_model_own(fit)}"
    )


def _model_own(fit: Fit) -> str:
    """Say where the model's own most likely MTD is another one than the design's."""
    names = ("none", *fit.study.dose_labels)
    likely = int(fit.posterior.mtd.argmax())
    if likely == fit.mtd:
        return ""
    chance = percent(fit.posterior.mtd[likely])
    return f" The model itself finds {plain_words(names[likely])} the likeliest MTD, with {chance} %."


def _in_short(fit: Fit) -> list[Text]:
    """Return in a line each what the checks and borrowing come to."""
    last = [each for each in fit.checks if each.source == "posterior"][-1:]
    lines: list[Text] = []
    for each in last:
        lines += _wrapped(
            f"The model expects {each.expected:.1f} DLTs ({each.low}-{each.high}) in these {each.n} patients, and "
            f"{each.dlt} {'was' if each.dlt == 1 else 'were'} seen.",
            "dim",
        )
    if fit.borrowed is not None:
        lines += _wrapped(history_words(fit.borrowed), "dim")
    beside = "NUTS beside quadrature, " if fit.sampled is not None and fit.gridded is not None else ""
    borrowed = " and what hangs on what is borrowed" if fit.borrowed is not None else ""
    return [*lines, *_wrapped(f"{beside}checks of the model{borrowed}: --full", "dim")]


def _doses(fit: Fit, width: int) -> list[Text]:
    best = fit.posterior
    target, unit = fit.study.target, fit.study.doses.unit
    over = [f"P(>{percent_words(limit)})".replace(" %", "%") for limit in (target, fit.study.unsafe_above)]
    names = _short_intervals(fit.question.limits)
    first = _name_width(fit)
    widths = [first, 8, 4, 6, 7, 15, 9, 11, *(max(7, len(name) + 2) for name in names)]
    while sum(widths) > width and len(widths) > 8:
        widths.pop()  # the last intervals are in the files
    shown = len(widths) - 8
    lines = [line(["", "dose", "n", "DLTs", "mean", "90 % interval", *over, *names[:shown]], widths)]
    for dose in fit.doses:
        place = dose.place
        n, dlt = _seen(fit, dose)
        cells: list[Cell | str] = [
            Cell(cut(plain_words(dose.label), first - 2), left=True),
            plain_number(dose.amount),
            str(n) if n else "-",
            str(dlt) if n else "-",
            percent(best.mean[place]),
            f"{percent(best.low[place])} to {percent(best.high[place])}",
            percent(best.over_target[place]),
            percent(best.unsafe[place]),
            *[percent(share) for share in best.intervals[place].tolist()[:shown]],
        ]
        lines.append(line(cells, widths))
    unsafe = percent_words(fit.study.unsafe_above)
    how = {"nuts": "NUTS"}.get(fit.method, fit.method)
    dose_unit = f"; dose in {plain_words(unit)}" if unit else ""
    last = "; last columns: chance of each interval" if shown else ""
    seen = f"n and DLTs as observed; above {unsafe} is unsafe"
    lines += _wrapped(f"DLT probability, in %, by {how}{dose_unit}; {seen}{last}", "dim")
    level = plain_words(fit.study.dose_labels[fit.mtd - 1]) if fit.mtd else "none"
    used = "; the doses of the Phase 2 arms are fractions of it" if fit.mtd and fit.study.phase2_arms else ""
    lines += _wrapped(f"MTD: {level}, {fit.mtd_source}{used}; another by --mtd", "dim")
    return lines


def _borrowed(fit: Fit) -> list[Text]:
    if fit.borrowed is None:
        return []

    labels, amounts = zip(*((dose.label, dose.amount) for dose in fit.doses), strict=True)
    return [Text(), *borrowing_lines(fit.borrowed, labels, amounts, fit.study.target)]


def _side_by_side(fit: Fit) -> list[Text]:
    gridded, sampled = fit.gridded, fit.sampled
    if gridded is None or sampled is None or sampled.comparison is None:
        return []
    pairs = [
        ("mean", "mean"),
        ("5 %", "low"),
        ("95 %", "high"),
        ("P(>t)", "over_target"),
        ("unsafe", "unsafe"),
    ]
    first = _name_width(fit)
    widths = [first, *([10, 7] * len(pairs))]
    heads = ["", *(each for name, _ in pairs for each in ("", name))]
    lines = [Text(), Text("NUTS beside quadrature", "bold"), line(heads, widths)]
    for dose in fit.doses:
        numbers = [
            percent(getattr(each, field)[dose.place])
            for _, field in pairs
            for each in (sampled.summary, gridded.summary)
        ]
        lines.append(line([Cell(cut(plain_words(dose.label), first - 2), left=True), *numbers], widths))
    worst = sampled.comparison
    label = next((plain_words(dose.label) for dose in fit.doses if dose.place == worst.dose), "")
    lines += _wrapped(
        "first of each pair by NUTS, second by quadrature, in %; >t: above the target, unsafe: above "
        f"{percent_words(fit.study.unsafe_above)}; the "
        f"largest of {worst.numbers} differences is "
        f"{worst.errors:.1f} Monte Carlo standard errors ({worst.quantity} at {label})",
        "dim",
    )
    return lines


def _mtd(fit: Fit) -> list[Text]:
    names = ("none", *fit.study.dose_labels)
    shares = ", ".join(
        f"{plain_words(name)} {percent(share)}" for name, share in zip(names, fit.posterior.mtd.tolist(), strict=True)
    )
    rule = fit.study.true_mtd_rule
    points = f"{100 * rule.margin:g} points"
    meaning = {
        "nearest": f"the dose nearest the target, none if the lowest exceeds it by more than {points}",
        "highest_below": f"the highest dose at most {points} above the target",
    }[rule.rule]
    return [
        Text(),
        Text("Probability of being the MTD, in %", "bold"),
        *_wrapped(f"  {shares}"),
        *_wrapped(meaning, "dim"),
    ]


def _checks(fit: Fit) -> list[Text]:
    first = max(_name_width(fit), 2 + max(len(each.study) for each in fit.checks))
    widths = [first, 8, 6, 6, 14, 14, 24]
    lines = [
        Text(),
        Text("DLTs seen, and expected of as many patients", "bold"),
        line(["", "dose", "n", "seen", "prior", "posterior", "chance (mid-p)"], widths),
    ]
    by_source = {source: [each for each in fit.checks if each.source == source] for source in ("prior", "posterior")}
    for prior, posterior in zip(by_source["prior"], by_source["posterior"], strict=True):
        cells: list[Cell | str] = [
            Cell(cut(plain_words(prior.study), first - 2), left=True),
            "" if prior.amount is None else plain_number(prior.amount),
            str(prior.n),
            str(prior.dlt),
            f"{prior.expected:.1f} ({prior.low}-{prior.high})",
            f"{posterior.expected:.1f} ({posterior.low}-{posterior.high})",
            f"{percent(prior.as_many)}, {percent(posterior.as_many)}",
        ]
        lines.append(line(cells, widths))
    words = (
        "mean and central 90 % of as many patients; last, in %, the chance of more DLTs plus half that of just as many "
        "(mid-p), by prior and posterior"
    )
    return [*lines, *_wrapped(words, "dim")]


def _name_width(fit: Fit) -> int:
    return 2 + min(_LONGEST_NAME, max(len(plain_words(dose.label)) for dose in fit.doses))


def _short_intervals(limits: Sequence[float]) -> list[str]:
    """Name the intervals between limits in few characters: <20, 20-35, >35."""
    shown = [f"{100 * limit:g}" for limit in limits]
    return [f"<{shown[0]}", *(f"{low}-{high}" for low, high in pairwise(shown)), f">{shown[-1]}"]


def _seen(fit: Fit, dose: ReportedDose) -> tuple[int, int]:
    rows = [
        (n, dlt)
        for amount, n, dlt in zip(fit.data.amount, fit.data.n, fit.data.dlt, strict=True)
        if abs(amount / dose.amount - 1) < 1e-9
    ]
    return sum(n for n, _ in rows), sum(dlt for _, dlt in rows)
