"""Skeletons have the indifference intervals they promise; test_crm.py has dfcrm's and the published ones."""

import numpy as np
import pytest
from support import golden

from designs import CRM, skeleton
from doseesc.validation.other_programs import by_id


@pytest.mark.parametrize(
    "item", [item for item in golden("dfcrm.json", "crmsens") if "halfwidth_used" in item], ids=by_id
)
def test_skeleton_has_the_indifference_intervals_it_promises(item):
    """At the parameter where two neighbours tie, they lie at target - halfwidth and target + halfwidth."""
    target, halfwidth = item["target"], item["halfwidth_used"]
    prior = skeleton(
        target=target,
        halfwidth=halfwidth,
        prior_mtd=item["nu"],
        n_doses=len(item["prior"]),
        model=item["model"],
        intercept=item["intcpt"],
    )
    np.testing.assert_allclose(prior, item["prior"], rtol=0, atol=1e-9)
    design = CRM(target=target, skeleton=prior, model=item["model"], intercept=item["intcpt"], max_n=10, rules=())
    ties = np.array([interval[1] for interval in item["Hset"][:-1]])
    curve = design.curve(ties)
    rows = np.arange(len(ties))
    np.testing.assert_allclose(curve[rows, rows], target - halfwidth, rtol=0, atol=2e-6)
    np.testing.assert_allclose(curve[rows, rows + 1], target + halfwidth, rtol=0, atol=2e-6)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"target": 0}, "target"),
        ({"target": 1.5}, "target"),
        ({"target": None}, "target"),
        ({"target": "0.25"}, "target"),
        ({"halfwidth": 0}, "halfwidth"),
        ({"halfwidth": 0.25}, "halfwidth"),
        ({"halfwidth": None}, "halfwidth"),
        ({"prior_mtd": 0}, "prior_mtd"),
        ({"prior_mtd": 6}, "prior_mtd"),
        ({"prior_mtd": 2.5}, "prior_mtd"),
        ({"prior_mtd": "3"}, "prior_mtd"),
        ({"n_doses": 0}, "n_doses"),
        ({"n_doses": 4.5}, "n_doses"),
        ({"n_doses": None}, "n_doses"),
        ({"model": "probit"}, "model"),
        ({"model": ["empiric"]}, "model"),
        ({"model": "logistic", "intercept": -3.0}, "intercept"),
        ({"model": "logistic", "intercept": "three"}, "intercept"),
        ({"model": "logistic", "intercept": float("nan")}, "intercept"),
    ],
)
def test_wrong_skeleton_argument_is_named(wrong, name):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        skeleton(**({"target": 0.25, "halfwidth": 0.05, "prior_mtd": 3, "n_doses": 5} | wrong))
