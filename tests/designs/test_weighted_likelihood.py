"""The likelihood of patients pending: against integration of its own, and what must hold whatever the data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit, logit
from scipy.stats import beta, norm

from designs import (
    BLRM,
    BMACRM,
    CRM,
    CRMMLE,
    EWOC,
    Complete,
    NoSkipping,
    Pending,
    Reason,
    StopTooToxic,
    Tally,
    Weighted,
    follow_up_weights,
)
from designs.grid import GridModel

SKELETON = (0.05, 0.12, 0.25, 0.40)
DOSES = (1, 2, 3, 4)
WINDOW = 28
KNOWN = Tally.parse("1NNN 2NNT 3N", n_doses=4)
PENDING = Pending(level=[[3, 2, 0, 3]], days=[[21.0, 27.0, 0.0, 3.5]], window_days=WINDOW)


def crm(**more):
    return CRM(**({"target": 0.25, "skeleton": SKELETON, "max_n": 30, "pending": Weighted(), "rules": ()} | more))


DESIGNS = {
    "CRM": crm(),
    "CRM, posterior mean": crm(estimate="posterior_mean"),
    "CRM, logistic": crm(model="logistic"),
    "CRM, floor": crm(floor=0.1),
    "CRM, floor with a prior": crm(floor_prior=(1, 9)),
    "BLRM": BLRM(target=0.25, doses=DOSES, max_n=30, pending=Weighted()),
    "EWOC": EWOC(target=0.25, doses=DOSES, max_n=30, pending=Weighted(), rules=()),
    "BMA-CRM": BMACRM(target=0.25, skeletons=(SKELETON, (0.1, 0.2, 0.3, 0.4)), max_n=30, pending=Weighted()),
}


def each_design():
    return pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)


def likelihood(p, known=KNOWN, pending=PENDING, floor=0.0):
    """Return the likelihood, patient by patient, for DLT probabilities p of shape (J, ...)."""
    p = floor + (1 - floor) * p
    result = 1.0
    for level in range(len(p)):
        n, y = known.n[0, level], known.dlt[0, level]
        result = result * p[level] ** y * (1 - p[level]) ** (n - y)
    for level, days in zip(pending.level[0], pending.days[0], strict=True):
        if level:
            result = result * (1 - days / pending.window_days * p[level - 1])
    return result


def expected(function, weight):
    """Return the expectation of a function of b under N(0, 1.34) times a weight, and the integral of the weight."""

    def integral(of):
        return quad(lambda b: of(b) * norm.pdf(b, scale=1.34**0.5), -9, 9, epsabs=1e-13, epsrel=1e-12, limit=500)[0]

    total = integral(weight)
    return integral(lambda b: function(b) * weight(b)) / total, total


def empiric(b, skeleton=SKELETON):
    return np.array(skeleton) ** np.exp(b)


# Against integration


def test_crm_with_its_curve_evidence_and_tails():
    mean, evidence = expected(lambda b: b, lambda b: likelihood(empiric(b)))
    posterior = crm().posterior(KNOWN, PENDING)
    assert posterior.mean[0] == pytest.approx(mean, abs=1e-9)
    np.testing.assert_allclose(posterior.dlt_probability[0], empiric(mean), rtol=0, atol=1e-9)
    seen = crm().seen(KNOWN, PENDING)
    assert crm().log_evidence(seen)[0] == pytest.approx(np.log(evidence), abs=1e-9)
    square, _ = expected(lambda b: b**2, lambda b: likelihood(empiric(b)))
    assert posterior.variance[0] == pytest.approx(square - mean**2, abs=1e-9)
    curve = crm(estimate="posterior_mean").posterior(KNOWN, PENDING).dlt_probability[0]
    for level in range(4):
        assert curve[level] == pytest.approx(
            expected(lambda b, level=level: empiric(b)[level], lambda b: likelihood(empiric(b)))[0], abs=1e-9
        )
    cut = np.log(np.log(0.3) / np.log(SKELETON[2]))
    above, _ = expected(lambda b: float(b < cut), lambda b: likelihood(empiric(b)))
    assert crm().probability_above(seen, 3, 0.3)[0] == pytest.approx(above, abs=1e-6)


def test_floor_is_under_pending_patients_too():
    """What pending patients may yet have is what is observed: DLTs by the drug or without it."""
    known, _ = expected(lambda b: b, lambda b: likelihood(empiric(b), floor=0.1))
    assert crm(floor=0.1).posterior(KNOWN, PENDING).mean[0] == pytest.approx(known, abs=1e-9)
    floors, weights = np.polynomial.legendre.leggauss(40)
    floors = (1 + floors) / 2
    weights = weights * beta.pdf(floors, 2, 9)
    unknown, _ = expected(
        lambda b: b,
        lambda b: sum(
            weight * likelihood(empiric(b), floor=floor) for floor, weight in zip(floors, weights, strict=True)
        ),
    )
    assert crm(floor_prior=(2, 9)).posterior(KNOWN, PENDING).mean[0] == pytest.approx(unknown, abs=1e-9)


def test_bma_weighs_pending_patients_in_the_marginal_likelihoods():
    design = DESIGNS["BMA-CRM"]
    evidence = np.array([expected(lambda b: b, lambda b, s=s: likelihood(empiric(b, s)))[1] for s in design.skeletons])
    posterior = design.posterior(KNOWN, PENDING)
    np.testing.assert_allclose(posterior.model_probability[0], evidence / evidence.sum(), rtol=0, atol=1e-9)
    curves = [crm(skeleton=s, estimate="posterior_mean").posterior(KNOWN, PENDING) for s in design.skeletons]
    mixed = evidence / evidence.sum() @ [curve.dlt_probability[0] for curve in curves]
    np.testing.assert_allclose(posterior.dlt_probability[0], mixed, rtol=0, atol=1e-9)


def test_blrm():
    design = DESIGNS["BLRM"]
    side = np.linspace(-8, 8, 1601)
    z_alpha, z_beta = np.meshgrid(side, side, indexing="ij")
    log_alpha, log_beta = np.log(0.5) + 2 * z_alpha, z_beta  # the default prior
    p = expit(log_alpha + np.exp(log_beta) * np.log(np.array(DOSES) / 4)[:, None, None])
    weight = norm.pdf(z_alpha) * norm.pdf(z_beta) * likelihood(p)
    mean = (p * weight).sum(axis=(1, 2)) / weight.sum()
    overdose = ((p > 0.35) * weight).sum(axis=(1, 2)) / weight.sum()
    posterior = design.posterior(KNOWN, PENDING)
    np.testing.assert_allclose(posterior.dlt_probability[0], mean, rtol=0, atol=1e-7)
    np.testing.assert_allclose(posterior.overdose_probability[0], overdose, rtol=0, atol=2e-3)


def test_ewoc_controls_overdose_by_the_weighted_likelihood():
    design = DESIGNS["EWOC"]
    low, high = 0.0, 3 + 1 / 0.25
    gamma = low + (high - low) * (np.arange(2100) + 0.5) / 2100  # doses lie between cells
    rho = 0.25 * (np.arange(1500) + 0.5) / 1500
    share = (np.array(DOSES)[:, None, None] - low) / (gamma - low)
    p = expit(logit(rho)[:, None] + (logit(0.25) - logit(rho))[:, None] * share)
    weight = likelihood(p)
    overdose = [weight[:, gamma < dose].sum() / weight.sum() for dose in DOSES]
    posterior = design.posterior(KNOWN, PENDING)
    np.testing.assert_allclose(posterior.overdose_probability[0], overdose, rtol=0, atol=2e-4)
    np.testing.assert_allclose(
        posterior.dlt_probability[0], (p * weight).sum(axis=(1, 2)) / weight.sum(), rtol=0, atol=2e-4
    )
    allowed = int(design.decide(KNOWN, PENDING).level[0])
    assert overdose[allowed - 1] <= 0.25 < [*overdose, 1.0][allowed]


def test_a_safety_stop_by_the_design_weighs_pending_patients():
    """Two DLTs known at the lowest level; what is known of the others decides whether the trial stops."""
    known = Tally(n=[[2, 0, 0, 0]] * 2, dlt=[[2, 0, 0, 0]] * 2, level=[1, 1])
    pending = Pending(level=[[1] * 4] * 2, days=[[1.0] * 4, [27.0] * 4], window_days=WINDOW)
    design = crm(rules=(StopTooToxic(above=0.25, confidence=0.9),))
    risk = design.probability_above(design.seen(known, pending), 1, 0.25)
    assert risk[1] < 0.9 < risk[0]
    assert [reason.name for reason in design.decide(known, pending).reason] == ["LEVEL_TOO_TOXIC", "STAY"]


# Numbers


def test_factors_keep_their_digits_and_do_not_underflow():
    """Forty patients followed nearly to the end, at a node where a DLT is certain for all that doubles can tell."""
    unseen = 2.0**-50
    pending = Pending(level=[[1] * 40], days=[[WINDOW * (1 - unseen)] * 40], window_days=WINDOW)
    seen = crm(skeleton=(0.05, 0.1)).seen(Tally(n=[[0]], dlt=[[0]], level=[1]), pending)
    node = GridModel(np.zeros(1), log_dlt=np.zeros((1, 1)), log_no_dlt=np.full((1, 1), -36.0))
    share = 1 - seen.weight[0, 0]
    right = 40 * np.logaddexp(np.log(share), np.log1p(-share) - 36.0)
    assert node.log_evidence(seen)[0] == pytest.approx(right, rel=1e-12)
    whole = seen.pending.entered(seen.known, np.ones((1, 40)))
    assert np.isfinite(node.log_evidence(whole)[0])


@each_design()
def test_many_trials_together_are_as_each_alone(design):
    """With many trials a large grid takes the known patients' likelihood from shared factors."""
    rng = np.random.default_rng(5)
    n = rng.integers(0, 4, (600, 4))
    known = Tally(n=n, dlt=rng.binomial(n, 0.3), level=np.full(600, 4))
    level = rng.integers(0, 5, (600, 5))
    pending = Pending(level=level, days=rng.uniform(0, WINDOW, (600, 5)), window_days=WINDOW)
    together = design.posterior(known, pending).dlt_probability
    for row in (0, 17, 300, 599):
        alone = design.posterior(known.take(np.array([row])), pending.take(np.array([row]))).dlt_probability
        np.testing.assert_allclose(together[row], alone[0], rtol=0, atol=1e-12)


# What must hold


@st.composite
def trials(draw):
    """Known and pending patients of a trial of four levels."""
    n = draw(st.lists(st.integers(0, 4), min_size=4, max_size=4))
    dlt = [draw(st.integers(0, count)) for count in n]
    level = draw(st.lists(st.integers(0, 4), min_size=1, max_size=6))
    days = [draw(st.floats(0, WINDOW - 0.001)) for _ in level]
    current = draw(st.integers(1, 4))
    return Tally(n=[n], dlt=[dlt], level=[current]), Pending(level=[level], days=[days], window_days=WINDOW)


def same(one, other, within=1e-12):
    for ours, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=within)


@each_design()
@settings(max_examples=15, deadline=None)
@given(trial=trials())
def test_nobody_pending_is_complete_data(design, trial):
    known, pending = trial
    nobody = Pending(level=np.zeros_like(pending.level), days=pending.days, window_days=WINDOW)
    same(design.posterior(known, nobody), design.posterior(known), within=0)
    with_nobody, complete = design.decide(known, nobody), design.decide(known)
    assert (with_nobody.level, with_nobody.reason_code) == (complete.level, complete.reason_code)


@each_design()
@settings(max_examples=15, deadline=None)
@given(trial=trials())
def test_patients_who_have_just_been_entered_change_no_estimate(design, trial):
    known, pending = trial
    entered = Pending(level=pending.level, days=np.zeros_like(pending.days), window_days=WINDOW)
    same(design.posterior(known, entered), design.posterior(known))


@each_design()
@settings(max_examples=15, deadline=None)
@given(trial=trials())
def test_follow_up_to_the_end_is_complete_data(design, trial):
    known, pending = trial
    followed = Pending(level=pending.level, days=np.full(pending.days.shape, WINDOW * (1 - 1e-13)), window_days=WINDOW)
    complete = followed.entered(known).taken_as_known()
    same(design.posterior(known, followed), design.posterior(complete), within=1e-9)


@each_design()
@settings(max_examples=15, deadline=None)
@given(trial=trials(), data=st.data())
def test_places_of_pending_patients_make_no_difference(design, trial, data):
    known, pending = trial
    order = data.draw(st.permutations(range(pending.level.shape[1])))
    moved = Pending(level=pending.level[:, order], days=pending.days[:, order], window_days=WINDOW)
    same(design.posterior(known, pending), design.posterior(known, moved), within=0)


@pytest.mark.parametrize(
    "design",
    [
        crm(),
        crm(estimate="posterior_mean"),
        crm(model="logistic"),
        crm(floor=0.1),
        CRMMLE(target=0.25, skeleton=SKELETON, max_n=30, pending=Weighted(), rules=()),
    ],
    ids=lambda design: f"{type(design).__name__} {getattr(design, 'estimate', '')}",
)
@settings(max_examples=40, deadline=None)
@given(trial=trials(), longer=st.floats(0, 1))
def test_more_follow_up_without_a_dlt_never_lowers_the_dose(design, trial, longer):
    """More follow-up raises the likelihood of flat curves in proportion."""
    known, pending = trial
    later = Pending(
        level=pending.level, days=pending.days + longer * (WINDOW - 0.001 - pending.days), window_days=WINDOW
    )
    assert design.pick(design.seen(known, later))[0] >= design.pick(design.seen(known, pending))[0]


# Policies


def test_estimates_of_a_design_that_weighs_nobody_are_of_known_patients():
    waits = crm(pending=Complete())
    assert waits.posterior(KNOWN, PENDING).mean[0] == waits.posterior(KNOWN).mean[0]
    assert waits.decide(KNOWN, PENDING).waits[0]


def test_adaptive_weights_need_the_days_of_dlts():
    adaptive = crm(pending=Weighted(weights="adaptive"))
    with pytest.raises(ValueError, match=r"^dlt_days must be given with adaptive weights"):
        adaptive.posterior(KNOWN, PENDING)
    told = Pending(level=PENDING.level, days=PENDING.days, window_days=WINDOW, dlt_days=[[np.nan, 7.0]])
    np.testing.assert_allclose(follow_up_weights(told, "adaptive"), [[5 / 6, 41 / 42, 0.0, 0.25]])
    assert adaptive.posterior(KNOWN, told).mean[0] > crm().posterior(KNOWN, told).mean[0]
    half_told = Pending(level=PENDING.level, days=PENDING.days, window_days=WINDOW, dlt_days=[[np.nan]])
    with pytest.raises(ValueError, match=r"^dlt_days must hold the days of every known DLT, 1, not 0"):
        adaptive.decide(KNOWN, half_told)


def test_weights_by_the_shares_of_dlts_in_thirds():
    """Half of the window and a prior of late DLTs: 0.2 and half of 0.3."""
    late = crm(pending=Weighted(weights=(0.2, 0.3, 0.5)))
    known = Tally(n=[[0, 0, 0, 0]], dlt=[[0, 0, 0, 0]], level=[1])
    half = Pending(level=[[1]], days=[[14.0]], window_days=WINDOW)
    mean, _ = expected(lambda b: b, lambda b: 1 - 0.35 * empiric(b)[0])
    assert late.posterior(known, half).mean[0] == pytest.approx(mean, abs=1e-9)


def test_model_based_designs_suspend_only_where_asked():
    known = Tally(n=[[1, 0, 0, 0]], dlt=[[0, 0, 0, 0]], level=[1])
    pending = Pending(level=[[1, 1]], days=[[20.0, 5.0]], window_days=WINDOW)
    rules = (NoSkipping(),)
    assert crm(rules=rules).decide(known, pending).level[0] == 2
    asked = {
        Weighted(suspend_above=0.5): Reason.TOO_MANY_PENDING,
        Weighted(minimum_followed=0.25): Reason.FOLLOW_UP_TOO_SHORT,
        Weighted(minimum_known=2): Reason.TOO_FEW_KNOWN,
    }
    for policy, reason in asked.items():
        decision = crm(rules=rules, pending=policy).decide(known, pending)
        assert (decision.level[0], decision.cohort_size[0], decision.reason[0]) == (1, 0, reason)


@each_design()
def test_text_says_how_pending_patients_count(design):
    words = design.pending.describe(design)
    assert "1 - w p" in words
    assert "share of the window" in words


# Nodes for engines


@pytest.mark.parametrize("design", [crm(), crm(model="logistic"), crm(floor=0.1)])
def test_quadrature_is_what_the_posterior_sums_over(design):
    nodes = design.quadrature()
    weight = nodes.log_weight + KNOWN.dlt[0] @ nodes.log_dlt + (KNOWN.n - KNOWN.dlt)[0] @ nodes.log_no_dlt
    for level, days in zip(PENDING.level[0], PENDING.days[0], strict=True):
        if level:
            weight = weight + np.log1p(-days / WINDOW * np.exp(nodes.log_dlt[level - 1]))
    weight = np.exp(weight - weight.max())
    mean = nodes.parameter @ weight / weight.sum()
    assert design.posterior(KNOWN, PENDING).mean[0] == pytest.approx(mean, abs=1e-12)


def test_quadrature_refuses_a_floor_with_a_prior():
    with pytest.raises(ValueError, match=r"^floor_prior must be left out"):
        crm(floor_prior=(1, 9)).quadrature()
