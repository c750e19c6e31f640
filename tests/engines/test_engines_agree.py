"""The two engines are each other's test: every design of the shipped files, and designs made up by hypothesis."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designs import BOIN, CRM, CoherentEscalation, NoSkipping, StopAtDose, StopTooToxic, Tally, ThreePlusThree
from doseesc.engines.exact import enumerate_paths
from doseesc.engines.figures import METRICS
from doseesc.runs.run_study import run
from doseesc.study import load
from doseesc.study.shipped import shipped_scenarios


@pytest.mark.parametrize("name", ["nct04602104", "oncology_five_doses", "design_comparison"])
def test_every_design_under_every_shipped_scenario(name):
    results = run(load(shipped_scenarios()[name]), method="both", trials=200_000)
    figures, within_2, within_4 = results.agreement
    assert figures > 250
    assert within_4 == figures
    assert within_2 / figures > 0.93
    # The figures too rare for that comparison are small, and near the exact ones in absolute terms.
    for cell in results.cells.values():
        for metric in METRICS:
            difference = np.abs(np.asarray(getattr(cell.simulated, metric)) - getattr(cell.exact, metric))
            assert (difference < 0.06).all()


def rule_sets(has_target):
    rules = [NoSkipping(), NoSkipping(reference="highest_tried", down=True), StopAtDose(4)]
    if has_target:
        rules += [CoherentEscalation(), StopTooToxic(confidence=0.8)]
    return st.lists(st.sampled_from(rules), max_size=2, unique=True).map(tuple)


@st.composite
def small_designs(draw):
    n_doses, cohort_size = draw(st.integers(2, 3)), draw(st.integers(1, 3))
    target = draw(st.sampled_from([0.2, 0.25, 0.3, 1 / 3]))
    shared = {"cohort_size": cohort_size, "max_n": draw(st.integers(cohort_size, 6))}
    shared["start_level"] = draw(st.integers(1, n_doses))
    kind = draw(st.sampled_from(["3+3", "CRM", "BOIN"]))
    if kind == "3+3":
        variant = draw(st.sampled_from(["six_at_mtd", "deescalation", "escalation_only"]))
        max_n = draw(st.integers(3, 9))
        return ThreePlusThree(n_doses=n_doses, max_n=max_n, variant=variant, rules=draw(rule_sets(False)))
    if kind == "CRM":
        return CRM(
            target=target,
            skeleton=(0.1, 0.25, 0.45)[:n_doses],
            model=draw(st.sampled_from(["empiric", "logistic"])),
            estimate=draw(st.sampled_from(["plug_in", "posterior_mean"])),
            selection=draw(st.sampled_from(["model", "next_level"])),
            rules=draw(rule_sets(True)),
            **shared,
        )
    return BOIN(
        target=target,
        n_doses=n_doses,
        titration=draw(st.booleans()),
        extra_safe=draw(st.booleans()),
        stop_at_n=draw(st.sampled_from([None, 3])),
        rules=draw(rule_sets(True)),
        **shared,
    )


def count_paths(design):
    """Count the sequences of cohort outcomes one trial at a time."""

    def go(tally):
        decision = design.decide(tally)
        level, size = int(decision.level[0]), int(decision.cohort_size[0])
        if level == 0:
            return 1
        return sum(go(tally.after(np.array([level]), np.array([size]), np.array([k]))) for k in range(size + 1))

    return go(Tally.empty(design.n_doses))


@settings(max_examples=60, deadline=None)
@given(design=small_designs(), truth=st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_designs_and_truths_made_up(design, truth):
    truth = truth[: design.n_doses]
    merged, apart = enumerate_paths(design), enumerate_paths(design, merge=False)
    assert merged.n_paths == apart.n_paths == count_paths(design)
    one, other = (paths.characteristics(truth, target=0.3) for paths in (merged, apart))
    assert abs(one.selected.sum() - 1) < 1e-12
    for metric in METRICS:
        np.testing.assert_allclose(getattr(one, metric), getattr(other, metric), atol=1e-12)
        # Variances are differences of squares, exact to rounding; their roots are not where they are 0.
        variances = (np.asarray(getattr(found.sd, metric)) ** 2 for found in (one, other))
        np.testing.assert_allclose(*variances, rtol=1e-7, atol=1e-12)
