"""The models that borrow, in PyMC, against the same by quadrature."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import kstest

import doseesc
from doseesc.analysis.fit import fit
from doseesc.analysis.model_choice import analysis_model
from doseesc.inference.arviz_compat import ess, group
from doseesc.inference.borrowing.borrowing import RobustPrior, robust_prior
from doseesc.inference.borrowing.borrowing_models import exnex, robust_map
from doseesc.inference.borrowing.heterogeneity import HalfNormal, Heterogeneity, Known
from doseesc.inference.borrowing.hierarchy import Hierarchy, hierarchy_posterior
from doseesc.inference.borrowing.normal_mixture import BivariateNormal, NormalMixture
from doseesc.inference.data import ToxicityData
from doseesc.inference.sampling import Sampler
from doseesc.report.fit_files import write_fit
from doseesc.report.terminal.fit import fit_lines
from doseesc.study.shipped import shipped_scenarios

WEAK = BivariateNormal(mean=(np.log(0.5), 0.0), sd=(2.0, 1.0))
MEXVT = ToxicityData(study=["MEXVT"] * 5, amount=[2, 4, 8, 12, 16], n=[3, 3, 6, 6, 6], dlt=[0] * 5)
TRIAL = ToxicityData.from_outcomes("1NNN 2NNT 2NNN", amounts=[2, 8, 16])
LEVELS = (2, 8, 16)

pytestmark = pytest.mark.filterwarnings("ignore")  # PyTensor on a machine without BLAS


def hierarchy(heterogeneity):
    return Hierarchy(reference=16, mean=WEAK, heterogeneity=heterogeneity, weak=WEAK)


def agrees(draws, expected, errors=4.5):
    """Tell whether the mean of draws (chain, draw) is what it should be within Monte Carlo error."""
    error = float(draws.std()) / np.sqrt(float(ess(draws.to_dataset(name="x"), "mean")["x"]))
    return abs(float(draws.mean()) - expected) <= errors * error


@pytest.fixture(scope="module")
def map_prior():
    return robust_prior(MEXVT, hierarchy(Heterogeneity.named("substantial")), 0.5)


@pytest.fixture(scope="module")
def borrowing_fit():
    """The shipped example, by NUTS and by quadrature."""
    study = doseesc.load(shipped_scenarios()["nct04602104_borrowing"])
    return fit(study, "1NNN 2NNT 3NNN 3NNT", mtd="high", nuts=True, draws=1500, tune=700, chains=2)


def test_robust_map_by_nuts_and_by_quadrature(borrowing_fit):
    sampled = borrowing_fit.sampled
    assert sampled.convergence.converged
    assert sampled.comparison.errors < 4.5
    prior, amounts = borrowing_fit.model.prior, [2, 8, 16, 4]
    components = prior.fit(borrowing_fit.data, amounts, [0.25])
    found = components.posterior(prior.component_weights)
    draws = group(sampled.trace, "posterior")
    assert draws["dose"].values.tolist() == amounts
    for place in range(len(amounts)):
        p = draws["p"][..., place]
        assert agrees(p, found.mean[place])
        assert agrees((p - found.mean[place]) ** 2, found.sd[place] ** 2)
        assert agrees(1.0 * (p > 0.25), found.above[place, 0])
    assert borrowing_fit.gridded.summary.mean == pytest.approx(found.mean, abs=1e-7)
    assert borrowing_fit.gridded.summary.over_target == pytest.approx(found.above[:, 0], abs=1e-6)
    assert agrees(draws["from_history"], borrowing_fit.borrowed.weight_after)


def test_another_model_says_that_it_does_not_borrow(borrowing_fit):
    other = replace(borrowing_fit, model=analysis_model(borrowing_fit.study, "crm_power"))
    assert other.borrowed is None
    assert any("borrows" in note and "crm_power does not" in note for note in other.notes)
    assert not any("borrows" in note for note in borrowing_fit.notes)


def test_fit_shows_and_writes_what_it_borrowed(borrowing_fit, tmp_path):
    shown = "\n".join(text.plain for text in fit_lines(borrowing_fit))
    assert "Borrowed from NCT04313647 (24 patients, 0 DLTs)" in shown
    assert "patients worth" in shown
    written = write_fit(borrowing_fit, tmp_path / "out")
    answer = json.loads((written / "fit.json").read_text())
    assert answer["borrowed"]["weight_after"] == pytest.approx(borrowing_fit.borrowed.weight_after)
    table = pd.read_csv(written / "borrowing_sensitivity.csv")
    half = table[(table["weight"] == 0.5) & (table["amount"] == 16)]["mean"].iloc[0]
    assert half == pytest.approx(borrowing_fit.gridded.summary.mean[2], abs=1e-7)
    conflict = pd.read_csv(written / "borrowing_conflict.csv")
    assert conflict["dlt"].max() == 2 * borrowing_fit.study.cohort_size
    for name in ("borrowing_sizes.csv", "fit_borrowing.png", "fit_borrowing.svg"):
        assert (written / name).stat().st_size > 100


@pytest.fixture(scope="module")
def exnex_case():
    """Strata, how they relate, and the sampler."""
    data = ToxicityData(
        study=["A", "A", "B", "B", "C"], amount=[4, 16, 4, 16, 8], n=[6, 6, 6, 6, 9], dlt=[0, 1, 3, 5, 1]
    )
    how = hierarchy(Heterogeneity(HalfNormal(0.5), Known(0.2)))
    chances = {"A": 0.8, "B": 0.5, "C": 1.0}
    model = exnex(data, how, levels=[4, 8, 16], further=[2], exchangeable=chances)
    return data, how, chances, Sampler.of(model)


@pytest.mark.long  # compiling the model takes most of a minute
def test_exnex_by_nuts_and_by_quadrature(exnex_case):
    data, how, chances, sampler = exnex_case
    draws = group(sampler.sample(draws=2000, tune=700, chains=2), "posterior")
    assert draws["p"].dims == ("chain", "draw", "study", "dose")
    assert draws["study"].values.tolist() == ["A", "B", "C"]
    found = hierarchy_posterior(data, how, chances)
    for place, study in enumerate("ABC"):
        mass = found.study_mass(study)
        mean, sd = found.dlt_mean_sd(mass, [4, 8, 16, 2])
        for dose, amount in enumerate([4, 8, 16, 2]):
            p = draws["p"].sel(study=study)[..., dose]
            assert agrees(p, mean[dose])
            assert agrees((p - mean[dose]) ** 2, sd[dose] ** 2)
            assert agrees(1.0 * (p > 0.25), found.probability_above(mass, amount, [0.25])[0])
        share = draws["exchangeable"].sel(study=study)
        assert agrees(share, found.exchangeable[place]) if chances[study] < 1 else (share == 1).all()
    assert found.exchangeable[1] < 0.5 < found.exchangeable[0]
    assert agrees(draws["tau_alpha"], found.tau[0])


@pytest.mark.long
def test_calibration_of_exnex_by_nuts(exnex_case):
    data, how, chances, sampler = exnex_case
    random = np.random.default_rng(5)
    ranks = {"A": [], "B": []}
    for _ in range(30):
        tau = np.array([abs(0.5 * random.standard_normal()), 0.2])
        mu = random.multivariate_normal(how.mean.mean, how.mean.covariance)
        curves = {}
        for study, chance in chances.items():
            own = random.multivariate_normal(WEAK.mean, WEAK.covariance)
            theta = mu + tau * random.standard_normal(2) if random.random() < chance else own
            curves[study] = lambda amount, theta=theta: expit(theta[0] + np.exp(theta[1]) * np.log(amount / 16))
        p = [curves[study](amount) for study, amount in zip(data.study, data.amount, strict=True)]
        drawn = ToxicityData(study=data.study, amount=data.amount, n=data.n, dlt=random.binomial(data.n, p))
        draws = group(sampler.sample(drawn, draws=200, tune=250, chains=2), "posterior")["p"]
        for study, of_study in ranks.items():
            of_study.append(float((draws.sel(study=study, dose=8.0) < curves[study](8)).mean()))
    for of_study in ranks.values():
        assert kstest(of_study, "uniform").pvalue > 0.01


def test_robust_map_has_the_density_of_the_mixture(map_prior):
    """The two scalars together, at any point, against the mixture's own density."""
    from pymc import Model

    model = robust_map(TRIAL, map_prior, levels=LEVELS)
    assert isinstance(model, Model)
    assert [variable.name for variable in model.free_RVs] == ["log_alpha", "log_beta"]
    density = model.compile_logp(vars=model.free_RVs, mode="FAST_COMPILE")
    for point in ((-3.0, 0.2), (0.5, -1.5), (-8.0, 1.0)):
        found = density({"log_alpha": np.array(point[0]), "log_beta": np.array(point[1])})
        assert float(found) == pytest.approx(float(map_prior.mixture.log_density(np.array(point))), abs=1e-9)


@pytest.mark.parametrize(
    ("weight", "law"), [(0.0, WEAK), (1.0, BivariateNormal(mean=(-3, 0), sd=(1, 1), correlation=0.4))]
)
def test_ends_of_the_weight_are_models_of_one_normal_prior(weight, law):
    other = BivariateNormal(mean=(9, 9), sd=(1, 1))
    parts = (law, other) if weight == 1.0 else (other, law)
    prior = RobustPrior(reference=16, predicted=NormalMixture((1.0,), parts[:1]), weak=parts[1], weight=weight)
    model = robust_map(TRIAL, prior, levels=LEVELS)
    assert "from_history" not in model.named_vars
    density = model.compile_logp(vars=model.free_RVs, mode="FAST_COMPILE")
    found = density({"log_alpha": np.array(-2.0), "log_beta": np.array(0.7)})
    assert float(found) == pytest.approx(float(law.log_density(np.array([-2.0, 0.7]))), abs=1e-9)


@pytest.mark.parametrize(("chance", "free"), [(1.0, {"common", "together", "tau_alpha"}), (0.0, {"alone"})])
def test_exnex_without_doubt_has_no_mixture(chance, free):
    how = hierarchy(Heterogeneity(HalfNormal(0.5), Known(0.2)))
    model = exnex(MEXVT + TRIAL, how, levels=LEVELS, exchangeable=chance)
    assert {variable.name for variable in model.free_RVs} == free
    assert "exchangeable" not in model.named_vars


def test_strata_are_given_by_name():
    how = hierarchy(Heterogeneity(HalfNormal(0.5), Known(0.2)))
    with pytest.raises(ValueError, match="exchangeable must have a probability for every study; trial has none"):
        exnex(MEXVT + TRIAL, how, levels=LEVELS, exchangeable={"MEXVT": 0.5})
    assert list(exnex(MEXVT + TRIAL, how, levels=LEVELS).coords["study"]) == ["MEXVT", "trial"]
