"""The user's study: exact against simulated, what its designs cannot do, the same figures from the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from doseesc.engines import METRICS
from doseesc.results import characteristics_csv
from doseesc.runs import run
from doseesc.validation import conformance
from doseesc.validation.checks import Check, passed_if
from doseesc.validation.comparing import MARGIN, Comparison, Differences
from doseesc.validation.simulations import compare_with_exact

if TYPE_CHECKING:
    from designs import Design
    from doseesc.results import Results
    from doseesc.study import Study

TRIALS, QUICK_TRIALS = 2000, 500
"""Simulated trials per scenario; the file's own where they are fewer."""


def check_study(study: Study, *, quick: bool = False) -> list[Check]:
    """Return what is to be said of a study on this machine.

    Parameters
    ----------
    study : Study
    quick : bool
        With fewer simulated trials.
    """
    trials = min(study.simulation.trials, QUICK_TRIALS if quick else TRIALS)
    results = run(study, method="both", trials=trials)
    rows = [*_agreement(results), *_contracts(study.designs), *_warnings(study)]
    first = characteristics_csv(results)
    for what, jobs in (("the same seed again", 1), ("two processes in place of one", 2)):
        again = characteristics_csv(run(study, method="both", trials=trials, jobs=jobs))
        rows.append(
            Check(
                id="",
                what=f"{what}: characteristics.csv",
                expected="the same bytes",
                found="the same bytes" if again == first else "other bytes",
                verdict=passed_if(again == first),
            )
        )
    return [_numbered(row, place) for place, row in enumerate(rows, start=1)]


def _numbered(row: Check, place: int) -> Check:
    return Check(**(vars(row) | {"id": f"S{place}"}))


def _agreement(results: Results) -> Iterator[Check]:
    """Compare each design's simulated figures with its exact ones, under every scenario."""
    for name in results.study.names:
        yield _agreement_row(name, *compare_engines(results, name))


def compare_engines(results: Results, name: str) -> tuple[Comparison, int]:
    """Compare a design's simulated figures with its exact ones; return also in how many scenarios only one is known."""
    seen, alone = Differences(), 0
    for (scenario, design), cell in results.cells.items():
        if design != name:
            continue
        if cell.exact is None or cell.simulated is None:
            alone += 1
        else:
            compare_with_exact(
                seen,
                f"{scenario}, ",
                cell.simulated,
                cell.exact,
                metrics=METRICS,
                trials=results.n_trials,
                max_n=results.study.max_n,
            )
    return seen.result, alone


def _agreement_row(name: str, comparison: Comparison, alone: int) -> Check:
    what, expected = f"{name}: exact against simulated", f"within {MARGIN:g} standard errors"
    if alone:
        why = f"simulated only, under {alone} of the scenarios"
        remark = "nothing exact to compare with: on the calendar, or too many states"
        return Check(id="", what=what, expected=expected, found=why, verdict="not checked", remark=remark)
    found = f"{comparison.largest:.2f} at most, of {comparison.comparisons} figures"
    where = f"largest at {comparison.where}"
    return Check(id="", what=what, expected=expected, found=found, verdict=passed_if(comparison.passed), remark=where)


def _contracts(designs: Mapping[str, Design]) -> Iterator[Check]:
    """Hold designs that do not come with doseesc to the contract of a design; ours are so in the comparisons."""
    for name, design in designs.items():
        if type(design).__module__.partition(".")[0] in ("designs", "doseesc"):
            continue
        seen, failed = Differences(), ""
        for check in (
            conformance.admissibility,
            conformance.order_of_rules,
            conformance.batches_are_singles,
            conformance.described,
        ):
            words = check.__name__.replace("_", " ")
            try:
                seen.include(words, check(design))
            except Exception as error:  # of others' code, which may fail in any way; that is a finding, too
                failed = f"{words}: {type(error).__name__}: {error}"
                break
        kept = not failed and seen.result.passed
        broken = failed or seen.result.where
        yield Check(
            id="",
            what=f"{name}: contract of a design, which is not doseesc's own",
            expected="admissible, in batches as alone, rules in any order, described",
            found=f"kept in {seen.result.comparisons:,} figures" if kept else f"broken: {broken}",
            verdict=passed_if(kept),
            remark="" if kept else "its own tests should subclass doseesc.testing.DesignTests",
        )


def _warnings(study: Study) -> Iterator[Check]:
    """Say what designs cannot do or should not; none of it is an error of the software."""
    warnings = study.warnings()
    for name in study.names:
        own = [each.removeprefix(f"{name}: ") for each in warnings if each.startswith(f"{name}: ")]
        yield Check(
            id="",
            what=f"{name}: checks of the design",
            expected="it can escalate, de-escalate and stop",
            found="; ".join(own) or "it can",
            verdict="not checked" if own else "passed",
            remark="to be judged by the study's statistician" if own else "",
        )
    for each in warnings:
        if not any(each.startswith(f"{name}: ") for name in study.names):
            yield Check(id="", what="settings", expected="none that is idle", found=each, verdict="not checked")
