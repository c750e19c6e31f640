"""The mixed model for repeated measures against statsmodels' regressions and a direct maximum of its likelihood."""

import numpy as np
import pytest
from scipy import optimize

from doseesc.phase2.analyses.mmrm import VisitSums, mmrm, mmrm_of, origins

SIZES = 22, 18
SETS = 200


def data(rng, visits, trials, missing, shift=-1.0, sizes=SIZES):
    """Return values (V, n, T) and baselines of two arms; a patient once missing stays so, sooner when doing badly."""
    values, bases = [], []
    for n, effect in zip(sizes, (shift, 0.0), strict=True):
        base = rng.normal(9, 2, (n, trials))
        own = base + rng.normal(0, 1.5, base.shape)
        value = np.stack([own + effect * (j + 1) + rng.normal(0, 1 + j, own.shape) for j in range(visits)])
        gone = np.zeros((n, trials), dtype=bool)
        for j in range(visits):
            value[j, gone] = np.nan
            gone |= (rng.random(gone.shape) < missing) | (missing > 0) & (np.nan_to_num(value[j]) > 14)
        values.append(value)
        bases.append(base)
    return values[0], bases[0], values[1], bases[1]


def one_set(arms, trial):
    """Return values (N, V), arm and baseline of one trial."""
    treated, treated_base, control, control_base = arms
    value = np.concatenate([treated[..., trial], control[..., trial]], axis=1).T
    base = np.concatenate([treated_base[:, trial], control_base[:, trial]])
    return value, np.repeat([1.0, 0.0], [treated.shape[1], control.shape[1]]), base


def test_complete_data_give_the_analysis_of_covariance_at_each_visit():
    import statsmodels.api as sm

    arms = data(np.random.default_rng(1), 3, SETS, 0.0)
    found = mmrm(*arms)
    for trial in range(SETS):
        value, arm, base = one_set(arms, trial)
        for visit in range(3):
            fitted = sm.OLS(value[:, visit], sm.add_constant(np.column_stack([arm, base]))).fit()
            assert found.difference[visit, trial] == pytest.approx(fitted.params[1], abs=1e-7)
            assert found.t[visit, trial] == pytest.approx(fitted.tvalues[1], abs=1e-6)
            assert found.freedom[visit, trial] == fitted.df_resid


def test_missing_values_are_the_chain_of_statsmodels_regressions():
    import statsmodels.api as sm

    arms = data(np.random.default_rng(2), 3, SETS, 0.15)
    found = mmrm(*arms)
    for trial in range(SETS):
        value, arm, base = one_set(arms, trial)
        differences, weights, own = [], [], []
        for visit in range(3):
            seen = ~np.isnan(value[:, visit])
            design = np.column_stack([np.ones(seen.sum()), arm[seen], base[seen], value[seen, :visit]])
            fitted = sm.OLS(value[seen, visit], design).fit()
            contrast = np.array([0, 1, 0, *differences])
            own.append(contrast @ fitted.cov_params() @ contrast * fitted.df_resid / (seen.sum() - 3))
            differences.append(float(contrast @ fitted.params))
            weights = [
                *weights,
                [sum(b * w[k] for b, w in zip(fitted.params[3:], weights, strict=True)) for k in range(3)],
            ]
            weights[visit][visit] = 1.0
            error = np.sqrt(sum(w**2 * v for w, v in zip(weights[visit], own, strict=False)))
            assert found.difference[visit, trial] == pytest.approx(differences[visit], abs=1e-6)
            assert found.t[visit, trial] == pytest.approx(differences[visit] / error, abs=1e-5)


def generalised_least_squares(covariance, value, arm, base):
    """Return means' coefficients, their covariance, and the log-likelihood, restricted and not."""
    visits = value.shape[1]
    information, score = np.zeros((3 * visits, 3 * visits)), np.zeros(3 * visits)
    rows = []
    for y, a, b in zip(value, arm, base, strict=True):
        seen = ~np.isnan(y)
        if seen.any():
            design = np.kron(np.eye(visits), [1.0, a, b])[seen]
            inside = covariance[np.ix_(seen, seen)]
            information += design.T @ np.linalg.solve(inside, design)
            score += design.T @ np.linalg.solve(inside, y[seen])
            rows.append((y[seen], design, inside))
    beta = np.linalg.solve(information, score)
    likelihood = 0.0
    for y, design, inside in rows:
        rest = y - design @ beta
        likelihood -= (np.linalg.slogdet(inside)[1] + rest @ np.linalg.solve(inside, rest)) / 2
    return beta, np.linalg.inv(information), likelihood, likelihood - np.linalg.slogdet(information)[1] / 2


def largest(value, arm, base, restricted):
    """Return the difference at the last visit and its standard error where the likelihood is largest."""
    visits = value.shape[1]
    lower = np.tril_indices(visits)

    def covariance(parameters):
        root = np.zeros((visits, visits))
        root[lower] = parameters
        root[np.diag_indices(visits)] = np.exp(np.diag(root))
        return root @ root.T

    def loss(parameters):
        return -generalised_least_squares(covariance(parameters), value, arm, base)[3 if restricted else 2]

    best = optimize.minimize(loss, np.zeros(len(lower[0])), method="BFGS", options={"gtol": 1e-7})
    beta, spread, *_ = generalised_least_squares(covariance(best.x), value, arm, base)
    place = 3 * (visits - 1) + 1
    return beta[place], np.sqrt(spread[place, place])


def test_estimate_is_the_maximum_of_the_likelihood_and_the_error_near_the_restricted_ones():
    arms = data(np.random.default_rng(3), 2, 4, 0.2)
    found = mmrm(*arms)
    for trial in range(4):
        case = one_set(arms, trial)
        assert np.isnan(case[0]).sum() > 3
        assert found.difference[1, trial] == pytest.approx(largest(*case, restricted=False)[0], abs=2e-4)
        restricted, error = largest(*case, restricted=True)
        assert found.difference[1, trial] == pytest.approx(restricted, abs=0.1 * error)
        ours = found.difference[1, trial] / found.t[1, trial]
        assert ours == pytest.approx(error, rel=0.08)  # ours counts that the covariance is estimated, too


def test_level_is_kept_where_the_missing_follow_from_what_was_seen():
    arms = data(np.random.default_rng(4), 3, 4000, 0.1, shift=0.0, sizes=(40, 40))
    for p in mmrm(*arms).p_greater():
        assert (p <= 0.025).mean() == pytest.approx(0.025, abs=4 * np.sqrt(0.025 / 4000))


def test_too_few_patients_stop_it_and_say_nothing():
    treated, base, control, control_base = data(np.random.default_rng(5), 3, 2, 0.0, sizes=(3, 3))
    treated[1:, :, 0], control[2:, 1:, 1] = np.nan, np.nan
    found = mmrm(treated, base, control, control_base)
    assert found.t[0].all()
    assert found.t[1:, 0].tolist() == [0, 0]
    assert found.t[1, 1] != 0
    assert found.t[2, 1] == 0
    assert found.p_greater()[2].tolist() == [0.5, 0.5]
    assert np.isnan(found.difference[2]).all()


def test_scores_that_repeat_one_another_do_no_harm():
    rng = np.random.default_rng(6)
    base = np.round(rng.normal(9, 2, (20, 5)))
    value = np.stack([base, base, base + 1])
    found = mmrm(value[:, :10], base[:10], value[:, 10:], base[10:])
    assert np.isfinite(found.t).all()


def test_values_after_a_missing_one_are_refused():
    treated, base, control, control_base = data(np.random.default_rng(7), 2, 1, 0.0)
    control[0, 3] = np.nan
    with pytest.raises(ValueError, match="must not have a value after a missing one"):
        mmrm(treated, base, control, control_base)


def test_arms_may_share_sums_whatever_their_origin():
    rng = np.random.default_rng(4)
    treated, control = (rng.normal(300, 20, (3, n, 5)).cumsum(axis=0) for n in (20, 25))
    treated[2, :4] = np.nan
    bases = rng.normal(300, 20, (20, 5)), rng.normal(300, 20, (25, 5))
    expected = mmrm(treated, bases[0], control, bases[1])
    for origin in (origins(treated, bases[0]), np.zeros((4, 5))):
        found = mmrm_of(VisitSums.of(treated, bases[0], origin), VisitSums.of(control, bases[1], origin))
        for one, other in zip(found, expected, strict=True):
            assert one == pytest.approx(other, rel=1e-6)
