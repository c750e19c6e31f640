"""One decision of 10,000 trials of five doses, complete and with six patients pending in each."""

import numpy as np
import pytest

from designs import BLRM, BMACRM, CRM, CRMMLE, EWOC, Pending, Tally, Weighted

SKELETON, DOSES = (0.05, 0.12, 0.25, 0.40, 0.55), (1, 2, 3, 4, 5)
SHARED = {"target": 0.25, "max_n": 24, "pending": Weighted(), "rules": ()}
DESIGNS = {
    "CRM": CRM(skeleton=SKELETON, **SHARED),
    "CRM, posterior mean": CRM(skeleton=SKELETON, estimate="posterior_mean", **SHARED),
    "CRM, logistic": CRM(skeleton=SKELETON, model="logistic", **SHARED),
    "BMA-CRM, 2 skeletons": BMACRM(skeletons=(SKELETON, (0.1, 0.2, 0.3, 0.4, 0.5)), **SHARED),
    "CRM-MLE": CRMMLE(skeleton=SKELETON, **SHARED),
    "BLRM": BLRM(doses=DOSES, **SHARED),
    "EWOC": EWOC(doses=DOSES, **SHARED),
}


@pytest.mark.parametrize("places", [0, 6], ids=["complete", "6 pending"])
@pytest.mark.parametrize("name", DESIGNS)
def test_ten_thousand_decisions(benchmark, name, places):
    benchmark.group = "decision of 10,000 trials"
    rng = np.random.default_rng(1)
    n = rng.multinomial(14, [0.3, 0.3, 0.2, 0.1, 0.1], size=10_000)
    known = Tally(n=n, dlt=rng.binomial(n, 0.2), level=np.full(10_000, 5))
    level = rng.integers(1, 6, (10_000, places))
    pending = Pending(level=level, days=rng.uniform(0, 28, level.shape), window_days=28) if places else None
    decision = benchmark.pedantic(DESIGNS[name].decide, (known, pending), rounds=3, warmup_rounds=1)
    assert decision.level.shape == (10_000,)
