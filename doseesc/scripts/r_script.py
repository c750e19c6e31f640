"""The script in R: a design's decisions and figures recomputed in base R, with the field's packages where they are."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from designs import Complete, Design
from designs.registry import name_of_design
from designs.settled import Settled
from doseesc._version import __version__
from doseesc.conduct import reachable
from doseesc.engines import TooManyStates
from doseesc.scripts.packages import PACKAGE_TRIALS, package_code
from doseesc.scripts.r_designs import design_code
from doseesc.scripts.r_rules import Inexpressible, rules_code
from doseesc.scripts.r_values import comment_lines, r_value
from doseesc.scripts.rows import LAST_COHORT
from doseesc.scripts.truths import refuse_calendar, truths_seen
from doseesc.study import refused
from doseesc.wording import plain_words

if TYPE_CHECKING:
    from jinja2 import Environment

    from doseesc.study import Study

TEMPLATES = Path(__file__).parent / "templates"

MOST_STATES = 6_000
"""Tallies up to whose number R enumerates all ways in which a trial can go, which takes it some seconds."""

LARGEST_SEED = 2**31 - 1
"""The largest seed that R takes."""


@dataclass(frozen=True)
class _Simulated:
    """How many trials R simulates, from which seed; none where it enumerates them all."""

    trials: int
    seed: int


def r_script(study: Study, design: str, *, trials: int | None = None, seed: int | None = None) -> str:
    """Return a script in R that recomputes a design's decisions and its figures under each scenario.

    Without ``trials`` all ways in which a trial can go are enumerated where they are few enough for R, else the study's
    number of trials is simulated.

    Parameters
    ----------
    study : Study
    design : str
        Name of one of its designs.
    trials, seed : int, optional
        Trials to be simulated under each scenario, and the seed of R's random numbers, by default the study's.

    Raises
    ------
    ScenarioError
        If the script cannot express the design, a rule or an option: it is named with its line, not left out.
    ValueError
        If the seed is larger than R takes.
    """
    chosen = study.designs[design]
    refuse_calendar(study, design)
    try:
        code = design_code(chosen)
        rules = rules_code(chosen, code.model_based)
    except Inexpressible as error:
        path = ("designs", study.names.index(design), *error.path)
        raise refused(study, path, str(error), error.remedy) from None
    simulated = _simulated(study, chosen, trials, seed)
    package = package_code(chosen)
    file = plain_words(study.source.name if study.source else "FILE")
    return _render(
        title=plain_words(study.study.title),
        name=design,
        type=name_of_design(type(chosen)),
        file=file,
        compared=shlex.join(["doseesc", "compare-script", file, "rows.csv", "--design", design]),
        version=__version__,
        description=comment_lines(chosen.describe()),
        waiting=[] if type(chosen.pending) is Complete else comment_lines(chosen.pending.describe(chosen)),
        settles=isinstance(chosen.pending, Settled),
        design=chosen,
        doses=plain_words(", ".join(study.dose_labels)),
        policy=plain_words(study.own_policy) if study.own_policy else "",
        truths=truths_seen(study),
        trials=simulated.trials,
        seed=simulated.seed,
        sha256=study.source_sha256,
        remembers=bool(set(chosen.needed_memory).intersection(LAST_COHORT)),
        counts_cohorts="cohorts_in_a_row" in chosen.needed_memory,
        design_template=f"{code.template}.R.jinja",
        lettered=code.lettered,
        **{"grouped": False, "finishes": False, **code.values},
        **vars(rules),
        package=package.name,
        package_template=package.template,
        package_values=package.values,
        package_trials=PACKAGE_TRIALS,
        no_package=comment_lines(package.why_not),
    )


def _simulated(study: Study, design: Design, trials: int | None, seed: int | None) -> _Simulated:
    chosen = study.simulation.seed if seed is None else seed
    if chosen > LARGEST_SEED:
        raise ValueError(f"seed must be at most {LARGEST_SEED}, the largest that R takes, not {chosen}")
    if trials is not None:
        return _Simulated(trials, chosen)
    try:
        reachable(design, MOST_STATES)
    except TooManyStates:
        return _Simulated(study.simulation.trials, chosen)
    return _Simulated(0, chosen)


@lru_cache(maxsize=1)
def _templates() -> Environment:
    """Return what renders the templates, each compiled once."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["r"] = r_value
    return environment


def _render(**values: object) -> str:
    """Fill in the templates; blank lines that they leave beyond one are dropped."""
    text = _templates().get_template("script.R.jinja").render(**values)
    lines: list[str] = []
    for line in text.splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines).strip() + "\n"
