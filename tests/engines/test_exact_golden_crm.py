"""Exact characteristics of 3+3 and CRM against escalation, bcrm, dfcrm and published numbers."""

import numpy as np
import pytest
from scipy.integrate import quad
from support import cases_in, golden, name_of, passes

from designs import StopTooToxic
from doseesc.validation.cases import crm_exact
from doseesc.validation.other_programs import NormalTailCRM, by_id, crm_of_escalation
from doseesc.validation.walks import Walks

FULL = [item for item in golden("escalation_full.json", "full_size") if item["design"].startswith("CRM")]


@pytest.mark.parametrize("case", cases_in(crm_exact), ids=name_of)
def test_golden_and_published_numbers(case):
    passes(case)


@pytest.mark.parametrize(
    "item", [item for item in FULL if "stop_too_toxic" in item["config"] and len(item["cohort_sizes"]) == 10], ids=by_id
)
def test_where_the_normal_approximation_decides_otherwise(item):
    """The exact tail, by adaptive integration, is on our side of the confidence in each of those states."""
    design, normal = crm_of_escalation(item), crm_of_escalation(item, NormalTailCRM)
    (stop,) = (rule for rule in design.rules if isinstance(rule, StopTooToxic))
    walks = Walks()
    tally = crm_exact.decided_otherwise(walks, item)
    assert tally.size
    limit = np.log(np.log(stop.above) / np.log(design.skeleton[stop.level - 1]))
    ours = design.probability_above(tally, stop.level, stop.above)
    theirs = normal.probability_above(tally, stop.level, stop.above)
    for row in range(tally.size):
        n, y = tally.n[row], tally.dlt[row]

        def density(b, n=n, y=y):
            log_p = np.exp(b) * np.log(design.skeleton)
            log_q = np.where(n > y, (n - y) * np.log(-np.expm1(log_p)), 0.0)
            return np.exp(np.sum(y * log_p + log_q) - 0.5 * (b / design.prior_sd) ** 2)

        scale = 1 / density(design.posterior(tally).mean[row])
        below, above = (
            quad(lambda b, density=density, scale=scale: scale * density(b), low, high, epsabs=1e-12)[0]
            for low, high in ((-6, limit), (limit, 4))
        )
        exact = below / (below + above)
        assert ours[row] == pytest.approx(exact, abs=1e-8)
        assert (exact >= stop.confidence) != (theirs[row] >= stop.confidence)
        assert abs(theirs[row] - exact) > 1e-4
    # What it changes: by the approximation, escalation stops fewer trials than its own rule asks for.
    figures = [walks.of(d).characteristics(item["true_prob_tox"]) for d in (design, normal)]
    difference = figures[0].reasons["LEVEL_TOO_TOXIC"] - figures[1].reasons["LEVEL_TOO_TOXIC"]
    assert 0 < difference < 2e-3
