"""Worst cases among curves whose rises from one dose to the next are bounded."""

import numpy as np
import pytest

from designs import BOIN, CRM
from doseesc.engines import enumerate_paths
from doseesc.planning.worst_case import correct_selection_worst_case, too_toxic_worst_case
from doseesc.truth.mtd import true_mtd

DESIGNS = {
    "BOIN": BOIN(target=0.25, n_doses=3, max_n=12),
    "CRM": CRM(target=0.25, skeleton=(0.1, 0.25, 0.4, 0.55), max_n=12, cohort_size=3),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_no_curve_that_rises_as_slowly_is_worse(name):
    paths, steepest, bound = enumerate_paths(DESIGNS[name]), 0.15, 0.35
    worst = correct_selection_worst_case(paths, target=0.25, separation=0.05, steepest=steepest)
    toxic = too_toxic_worst_case(paths, bound=bound, steepest=steepest)
    n_doses = paths.design.n_doses
    for each in (*worst.by_level, *toxic.by_level):
        assert (np.diff(each.probabilities) <= steepest + 1e-12).all()
    for each in worst.by_level[1:]:
        assert true_mtd(each.probabilities, 0.25) == each.level
        assert np.delete(np.abs(each.probabilities - 0.25), each.level - 1).min() >= 0.05 - 1e-12
    generator = np.random.default_rng(3)
    rises = generator.uniform(0, steepest, (4000, n_doses - 1))
    rises = np.where(generator.random(rises.shape) < 0.3, steepest, rises)
    curves = np.cumsum(np.column_stack([generator.uniform(0, 0.6, 4000), rises]), axis=1)
    curves = curves[curves[:, -1] <= 1]
    selected = paths.characteristics(curves, target=0.25).selected[:, 1:]
    assert (selected * (curves >= bound)).sum(axis=1).max() <= toxic.overall.value + 1e-10
    free = too_toxic_worst_case(paths, bound=bound)
    assert toxic.overall.value <= free.overall.value
    same = correct_selection_worst_case(paths, target=0.25, separation=0.05, steepest=1.0)
    assert same.overall.value == pytest.approx(
        correct_selection_worst_case(paths, target=0.25, separation=0.05).overall.value
    )


def test_the_least_rise_is_the_separation():
    paths = enumerate_paths(DESIGNS["BOIN"])
    tight = correct_selection_worst_case(paths, separation=0.1, steepest=0.1, starts=2)
    assert tight.by_level[2].probabilities == pytest.approx([0.15, 0.25, 0.35])
    for wrong in (0.09, 1.1, 0.0):
        with pytest.raises(ValueError, match=r"^steepest must be above 0, at least the separation"):
            correct_selection_worst_case(paths, separation=0.1, steepest=wrong)
    with pytest.raises(ValueError, match=r"^steepest must be above 0 and at most 1, not 0\.0$"):
        too_toxic_worst_case(paths, bound=0.35, steepest=0.0)
