"""How many patients a trial needs: designs at growing numbers of patients, against a goal.

A goal is a chance of selecting the true MTD that is to be reached, and if wanted a chance of selecting a dose above it
that is not to be exceeded.  Neither need grow or fall with the number of patients: a cohort more can make a design less
often right.  So two numbers are told where they differ: the *first* that reaches the goal, and the smallest from which
on, up to the largest looked at, the goal is *kept*.

Truths are one of three kinds:

scenarios
    those of the study, weighed as it says under ``comparison``: the cells of a sweep over the number of patients
ensemble
    many random curves, each counting the same (:mod:`doseesc.planning.ensemble`); the same curves at every size
worst
    the curve under which a design is least often right, and that under which it most often selects a dose that is too
    toxic (:mod:`doseesc.planning.worst_case`)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from designs import CRM
from designs.checks import require_probability, require_whole
from doseesc.engines import MEMORY_LIMIT
from doseesc.planning.crm_size import approximation_for
from doseesc.planning.ensemble import file_random
from doseesc.planning.size_curves import Over, SampleSizes, SizeCurve
from doseesc.planning.size_variants import OverCurves, OverWorst, by_variant
from doseesc.planning.sweeps import Asked, Memory, Plan, plan_of, run_plan, source_of_study
from doseesc.study import Study

OVER: tuple[Over, ...] = ("scenarios", "ensemble", "worst")

MOST = 200
"""Numbers of patients that may be looked at."""

_STEPS = 12  # numbers of patients looked at by default, or a few more
_CURVE_TRIALS = 1000  # per random curve, of a design that is too large to enumerate
_COLUMNS = (
    *("correct_selection", "mcse", "overdose_selection", "overdose_mcse"),
    *("total_patients", "duration_days"),
)


def sizes_of(study: Study, up_to: int | None = None, by: int | None = None) -> tuple[int, ...]:
    """Return the numbers of patients to look at: every ``by``, up to ``up_to``, and that of the study among them.

    Parameters
    ----------
    study : Study
    up_to : int, optional
        By default twice the study's.
    by : int, optional
        By default whole cohorts, so many that there are about twelve steps.

    Raises
    ------
    ValueError
        If they leave none, or more than :data:`MOST`; the message begins with the name of the argument.

    Examples
    --------
    >>> import doseesc
    >>> from doseesc.study import shipped_scenarios
    >>> sizes_of(doseesc.load(shipped_scenarios()["nct04602104"]))
    (3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36)
    """
    cohort = study.cohort_size
    if up_to is not None:
        require_whole("up_to", up_to, 1)
    if by is not None:
        require_whole("by", by, 1)
    largest = 2 * study.max_n if up_to is None else up_to
    if largest < cohort:
        raise ValueError(f"up_to must be at least one cohort of {cohort} patients, not {largest}")
    step = cohort * max(1, round(largest / cohort / _STEPS)) if by is None else by
    found = {*range(step, largest + 1, step), largest} | ({study.max_n} if study.max_n <= largest else set())
    sizes = tuple(sorted(size for size in found if size >= cohort))
    if len(sizes) > MOST:
        raise ValueError(f"by must leave at most {MOST} numbers of patients up to {largest}, not {len(sizes)}")
    return sizes


def sample_size(
    study: Study,
    correct: float,
    *,
    overdose: float | None = None,
    designs: Sequence[str] | None = None,
    sizes: Sequence[int] | None = None,
    over: Over = "scenarios",
    random: str | None = None,
    separation: float = 0.05,
    odds_ratio: float | None = None,
    on_calendar: bool = True,
    method: str = "auto",
    trials: int | None = None,
    seed: int | None = None,
    jobs: int = 1,
    memory_limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    enumerating: Callable[[str, int, int], None] | None = None,
) -> SampleSizes:
    """Find how many patients designs of a study need to reach a goal.

    Parameters
    ----------
    study : Study
        Each design's own ``max_n``, or the study's, is varied.
    correct : float
        Chance of selecting the true MTD (no dose, where none is safe enough) to be reached.
    overdose : float, optional
        Chance of selecting a dose above it that is not to be exceeded.
    designs : sequence of str, optional
        Their names; by default all.
    sizes : sequence of int, optional
        Largest numbers of patients to look at; by default those of :func:`sizes_of`.
    over : {"scenarios", "ensemble", "worst"}
        On which truths the chances are: means over the study's scenarios or over random curves, or the worst.
    random : str, optional
        Which random scenario of the file makes the curves of the ensemble; see :func:`file_random`.
    separation : float
        How far from the target other doses are at least in the worst case; see :func:`worst_cases`.
    odds_ratio : float, optional
        Between neighbouring doses, for the CRM's approximation; by default that around the MTD in the scenarios.
    on_calendar : bool
        Whether trials are simulated in time where the study has accrual; False leaves time out.
    method : {"auto", "exact", "monte_carlo", "both"}
        Over scenarios only: "auto" is exact where a design can be enumerated.
    trials, seed : int, optional
        Of simulations, by default the study's; per random curve 1,000 trials.
    jobs : int
        Processes; over scenarios only.
    memory_limit : int, optional
        Bytes that an enumeration may use, by default 2 GiB.  What needs more is simulated over scenarios and random
        curves, and refused in the worst case.
    progress : callable, optional
        Called with the pieces of work done and in all.
    enumerating : callable, optional
        Called with a design's name, the patients treated and the most of its trial, while it is enumerated, where
        truths are no scenarios.

    Raises
    ------
    ValueError
        If an argument is out of range; the message begins with its name.
    ScenarioError
        If the study cannot have such a number of patients, or a design is too large to be enumerated.

    Examples
    --------
    >>> import doseesc
    >>> from doseesc.study import shipped_scenarios
    >>> study = doseesc.load(shipped_scenarios()["nct04602104"])
    >>> found = sample_size(study, 0.65, designs=["BOIN"], sizes=[12, 15, 18, 21], on_calendar=False)
    >>> found.kept("BOIN"), found.at("BOIN", 18)["correct"].__round__(4)
    (18, 0.6657)
    """
    looked_at = sizes_of(study) if sizes is None else tuple(sorted(set(sizes)))
    wanted = list(study.names) if designs is None else list(designs)
    _check(study, correct, overdose, over, wanted, looked_at)
    require_whole("jobs", jobs, 1)
    if method != "auto" and over != "scenarios":
        raise ValueError(f"method can be chosen over scenarios only, not over {over!r}")
    if trials is not None:
        require_whole("trials", trials, 1)
    simulation = {"method": method, "trials": trials, "seed": seed} if over == "scenarios" else {"seed": seed}
    plan = _plan(study, wanted, looked_at, over, simulation)
    plan = replace(plan, on_calendar=on_calendar)
    notes: list[str] = []
    most = MEMORY_LIMIT if memory_limit is None else memory_limit
    if over == "scenarios":
        count = len(plan.scenarios)
        curves = _over_scenarios(plan, looked_at, jobs, memory_limit, progress, notes)
    elif over == "ensemble":
        drawn = file_random(study, random)
        truths = study.draw(drawn if seed is None else drawn.model_copy(update={"seed": seed}))
        count = len(truths)
        per_curve = _CURVE_TRIALS if trials is None else trials
        make = OverCurves(truths, per_curve, drawn.seed if seed is None else seed, most, enumerating, notes)
        curves = by_variant(plan, make, progress)
    else:
        count = 0
        curves = by_variant(plan, OverWorst(separation, most, enumerating), progress)
    models = [study.designs[name] for name in wanted]
    approximation = None
    if over != "worst" and any(isinstance(each, CRM) for each in models):
        approximation = approximation_for(study, correct, odds_ratio)
    return SampleSizes(study, over, count, correct, overdose, looked_at, curves, approximation, tuple(notes))


def _check(
    study: Study, correct: float, overdose: float | None, over: str, designs: Sequence[str], sizes: Sequence[int]
) -> None:
    require_probability("correct", correct)
    if overdose is not None:
        require_probability("overdose", overdose)
    if over not in OVER:
        raise ValueError(f"over must be one of {', '.join(OVER)}, not {over!r}")
    unknown = [name for name in designs if name not in study.names]
    if unknown or not designs:
        raise ValueError(f"designs must be among {', '.join(study.names)}, not {', '.join(unknown) or 'none'}")
    for size in sizes:
        require_whole("sizes", size, 1)
    if not 1 <= len(sizes) <= MOST:
        raise ValueError(f"sizes must be 1 to {MOST} numbers of patients, not {len(sizes)}")


def _plan(study: Study, designs: Sequence[str], sizes: Sequence[int], over: str, simulation: dict[str, Any]) -> Plan:
    """Return the plan of a sweep in which the number of patients of each design is an axis of its own."""
    source = source_of_study(study)
    data = source.data
    names = [each.name for each in study.scenarios]
    if over != "scenarios" and len(names) == len(study.random_scenarios):
        # A plan wants a truth that is no random curve; here it is not looked at.
        unused = "any"
        while unused in names:
            unused += " more"
        data = {**data, "scenarios": [*data["scenarios"], {"name": unused, "dlt": [study.target] * study.n_doses}]}
    axes = {f"designs.{name}.max_n": list(sizes) for name in designs}
    return plan_of(replace(source, data=data), Asked(axes, designs, file="size"), simulation)


def _over_scenarios(
    plan: Plan,
    sizes: Sequence[int],
    jobs: int,
    memory_limit: int | None,
    progress: Callable[[int, int], None] | None,
    notes: list[str],
) -> dict[str, SizeCurve]:
    found = run_plan(plan, Memory(), jobs=jobs, memory_limit=memory_limit, progress=progress)
    summary = found.summary()
    rows = found.best_method()
    rows = rows[rows["metric"] == "correct_selection"]
    notes += found.facts.notes
    curves = {}
    for design in dict.fromkeys(summary["design"]):
        axis = f"designs.{design}.max_n"
        own = summary[summary["design"] == design].set_index(axis).loc[list(sizes)]
        how = rows[rows["design"] == design].groupby(axis)["method"].first()
        figures = {column: own[column].to_numpy(dtype=np.float64) for column in own if column in _COLUMNS}
        curves[str(design)] = SizeCurve(
            method=tuple(str(how[size]) for size in sizes),
            correct=figures["correct_selection"],
            correct_se=figures["mcse"],
            overdose=figures["overdose_selection"],
            overdose_se=figures["overdose_mcse"],
            patients=figures["total_patients"],
            duration_days=figures.get("duration_days", np.full(len(sizes), np.nan)),
        )
    return curves
