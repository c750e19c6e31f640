"""Phase 2 trials with extreme numbers: refused by name, or with figures that are finite."""

import numpy as np
import pytest
from extremes import NUMBERS, bounded

from doseesc.finite import finite_numbers
from doseesc.phase2 import (
    AnalysisPlan,
    TrialArm,
    TrialPlan,
    power_frame,
    simulate_analyses,
    simulate_power,
    simulate_secondary,
)
from doseesc.phase2.patients import ControlCourse, DoseEffect, Stratum
from doseesc.phase2.registered_size import expected_half_width
from doseesc.truth import WeibullTimes

SEED = 1517
TRIALS = 20
BASE = {
    "n": (12, 8, 10), "amounts": (4.0, 16.0), "adverse": (0.05, 0.1, 0.2), "improved": 0.5, "died": 0.3, "loss": 0.05,
    "improvement_times": (3.5, 17.0), "death_times": (1.4, 15.5), "reference": 16.0, "shr": 1.5, "mortality_rr": 0.75,
    "no_effect_dose": 1.0, "ed50": 4.0, "hill": 1.0, "alpha": 0.025, "shape": "log_linear", "ttci": "log_rank",
    "mortality": "chi_square", "reactions": "fisher", "secondary": "ancova", "multiplicity": "holm", "trend": "doses",
    "stratum": None, "interval": "miettinen_nurminen",
}  # fmt: skip
NUMERIC = [name for name, value in BASE.items() if isinstance(value, (float, tuple))]
FORMS = {
    "shape": ("log_linear", "emax", "plateau"),
    "ttci": ("log_rank", "cox_score", "gray", "win_ratio"),
    "mortality": ("chi_square", "fisher"),
    "reactions": ("chi_square", "fisher"),
    "secondary": ("ancova", "mmrm", "ranks"),
    "multiplicity": ("none", "bonferroni", "holm", "hochberg", "dunnett", "fixed_sequence"),
    "interval": ("miettinen_nurminen", "newcombe"),
}
EDGES = (
    {"n": (1, 1, 1)}, {"n": (2, 1, 1)}, {"n": (1, 2, 2)}, {"n": (3, 3, 3)}, {"n": (300, 1, 2)},
    {"improved": 0.0, "died": 0.0}, {"improved": 1.0, "died": 0.0}, {"improved": 0.0, "died": 1.0},
    {"improved": 0.0, "died": 1.0, "mortality_rr": 1.0}, {"improved": 0.5, "died": 0.5, "mortality_rr": 1e-9},
    {"loss": 1.0}, {"loss": 1.0, "n": (1, 1, 1)}, {"adverse": (0.0, 0.0, 0.0)}, {"adverse": (1.0, 1.0, 1.0)},
    {"stratum": 1e-9}, {"stratum": 0.5, "n": (1, 1, 1)}, {"stratum": 0.5, "improved": 0.0, "died": 1.0},
    {"shr": 100.0}, {"shr": 1e-6}, {"mortality_rr": 1e-12}, {"amounts": (16.0, 16.0)},
)  # fmt: skip


def times(shape_scale):
    return WeibullTimes(shape=shape_scale[0], scale=shape_scale[1])


def plan_of(given):
    course = ControlCourse(
        improved=given["improved"],
        died=given["died"],
        improvement_times=times(given["improvement_times"]),
        death_times=times(given["death_times"]),
    )
    curve = DoseEffect(
        reference=given["reference"],
        shape=given["shape"],
        **{name: given[name] for name in ("shr", "mortality_rr", "no_effect_dose", "ed50", "hill")},
    )
    share = given["stratum"]
    strata = () if share is None else (
        Stratum(name="mild", share=share, course=course), Stratum(name="severe", share=1 - share, course=course)
    )  # fmt: skip
    arms = [
        TrialArm(name=f"{amount}", n=n, amount=amount, effect=curve.at(amount), adverse=adverse)
        for amount, n, adverse in zip(given["amounts"], given["n"][1:], given["adverse"][1:], strict=True)
    ]
    return TrialPlan(
        control=TrialArm(name="control", n=given["n"][0], adverse=given["adverse"][0]),
        active=tuple(arms),
        course=course,
        strata=strata,
        loss=given["loss"],
        analysis=AnalysisPlan(
            ttci=given["ttci"],
            mortality=given["mortality"],
            reactions=given["reactions"],
            secondary=given["secondary"],
            multiplicity=given["multiplicity"],
            trend=given["trend"],
            alpha=given["alpha"],
            mortality_interval=given["interval"],
            stratified=bool(strata) and given["ttci"] != "win_ratio" and given["mortality"] == "chi_square",
        ),
    )


def require_finite(plan):
    power = power_frame(simulate_power(plan, trials=TRIALS))
    assert np.isfinite(power["value"]).all(), power[~np.isfinite(power["value"])]
    for row in simulate_analyses(plan, trials=TRIALS):
        assert np.isfinite(row.value), row
        assert np.isfinite(row.mcse), row
    for row in simulate_secondary(plan, trials=TRIALS):
        assert np.isfinite(row.observed), row
        assert np.isfinite(row.mean) == (row.observed > 0), row
    assert 0 <= expected_half_width(plan) <= 1


def cases():
    for number in NUMBERS:
        for name in NUMERIC:
            old = BASE[name]
            places = range(len(old)) if isinstance(old, tuple) else ()
            yield from ({name: (*old[:place], number, *old[place + 1 :])} for place in places)
            if not places:
                yield {name: number}


def test_extremes_are_refused_in_words_or_finite(pytestconfig):
    every, random = list(cases()), np.random.default_rng(SEED)
    counts, wrong = {"tried": 0, "refused": 0, "answered": 0}, []
    chosen = random.permutation(len(every))[: 40 * pytestconfig.getoption("fuzz")]
    for case in [*(every[place] for place in chosen), *EDGES]:
        forms = {name: known[random.integers(len(known))] for name, known in FORMS.items()}
        counts["tried"] += 1
        said = ""
        with bounded(seconds=60, megabytes=1_500):
            try:
                with finite_numbers():
                    plan = plan_of(BASE | forms | case)
                require_finite(plan)
            except ValueError as error:
                said = str(error)
            except Exception as error:
                wrong.append((forms | case, error))
        counts["refused" if said else "answered"] += 1
        assert len(said) < 500, said[:500]
    print(counts)
    assert not wrong, f"{len(wrong)} of {counts['tried']}, such as {wrong[0]!r:.500}"
    assert counts["refused"] > 10
    assert counts["answered"] > 10


def test_visits_of_too_many_patients_are_refused_before_they_are_drawn():
    plan = plan_of(BASE | {"n": (100_000, 8, 10)})
    with bounded(seconds=20, megabytes=300), pytest.raises(ValueError, match=r"^n must be smaller .* 100,018 .* GiB"):
        simulate_secondary(plan, trials=1000)
