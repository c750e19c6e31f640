"""Borrowing with extreme priors, differences between studies and histories: right, or refused in words beforehand."""

import numpy as np
import pytest
from extremes import NUMBERS, bounded

from doseesc.inference.borrowing import (
    BivariateNormal,
    HalfNormal,
    Heterogeneity,
    Hierarchy,
    Known,
    LogNormal,
    RobustPrior,
    robust_map_grid,
    robust_prior,
)
from doseesc.inference.borrowing.hierarchy import hierarchy_posterior
from doseesc.inference.borrowing.normal_mixture import NormalMixture
from doseesc.inference.data import ToxicityData

SEED = 1516
TRIAL = ToxicityData.from_outcomes("1NNN 2NNT", amounts=[2, 8, 16])
MODERATE = LogNormal(0.25), LogNormal(0.125)
BASE = {
    "mean": (-0.7, 0.0), "sd": (2.0, 1.0), "correlation": 0.0, "weak_mean": (-0.7, 0.0), "weak_sd": (2.0, 1.0),
    "weak_correlation": 0.0, "differences": (lambda: MODERATE[0], lambda: MODERATE[1]), "reference": 16.0,
    "studies": 2, "patients": 6,
}  # fmt: skip
NAMES = ("reference", "mean", "weak", "median", "log_sd", "scale", "value", "borrow", "correlation", "sd ", "prior_sd")
PRIORS_OF_TAU = (LogNormal, lambda number: LogNormal(0.25, number), HalfNormal, Known)


def history(studies, patients):
    names = [f"study {place}" for place in range(studies) for _ in range(2)]
    amounts, dlts = [4.0, 16.0] * studies, [patients // 20, patients // 6] * studies
    return ToxicityData(study=names, amount=amounts, n=[patients] * 2 * studies, dlt=dlts)


def hierarchy_of(given):
    return Hierarchy(
        reference=given["reference"],
        mean=BivariateNormal(mean=given["mean"], sd=given["sd"], correlation=given["correlation"]),
        weak=BivariateNormal(mean=given["weak_mean"], sd=given["weak_sd"], correlation=given["weak_correlation"]),
        heterogeneity=Heterogeneity(*(law() for law in given["differences"])),
    )


def every_case():
    for number in NUMBERS:
        yield from ({name: number} for name in ("correlation", "weak_correlation", "reference"))
        for name in ("mean", "sd", "weak_mean", "weak_sd"):
            first, second = BASE[name]
            yield from ({name: (number, second)}, {name: (first, number)})
        for law in PRIORS_OF_TAU:
            made = lambda law=law, number=number: law(number)  # noqa: E731
            yield from (
                {"differences": (made, BASE["differences"][1])},
                {"differences": (BASE["differences"][0], made)},
            )
    for number in (1e-6, 1e-4, 1e-2, 0.1, 5.0, 10.0, 20.0):
        yield from (
            {"sd": (number, number)},
            {"weak_sd": (number, number)},
            {"sd": (1.0, 1.0), "weak_sd": (1.0, number)},
        )
        yield from ({"differences": (lambda number=number: Known(number),) * 2},)
    yield from ({"correlation": -0.999999}, {"weak_correlation": 0.99})
    yield from ({"studies": 50, "patients": patients} for patients in (6, 300, 100_000))
    yield from ({"studies": 2, "patients": patients} for patients in (300, 2000, 100_000))


def test_extremes_are_refused_by_name_or_finite(pytestconfig):
    cases = list(every_case())
    counts = {"tried": 0, "refused": 0, "answered": 0}
    for place in np.random.default_rng(SEED).permutation(len(cases))[: 60 * pytestconfig.getoption("fuzz")]:
        given = BASE | cases[place]
        said = ""
        with bounded(seconds=300, megabytes=1_500):
            try:
                prior = robust_prior(history(given["studies"], given["patients"]), hierarchy_of(given), 0.5, 0.8)
                posterior = robust_map_grid(TRIAL, prior, levels=[2, 8, 16])
            except ValueError as error:
                said = str(error)
            else:
                mean, above = posterior.mean(), posterior.above(0.3)
                assert ((mean > 0) & (mean < 1)).all(), cases[place]
                assert ((above >= -1e-9) & (above <= 1 + 1e-9)).all(), cases[place]
        assert said.startswith(NAMES) or not said, (cases[place], said)
        counts["tried"] += 1
        counts["refused" if said else "answered"] += 1
    print(counts)
    assert counts["refused"] > 10
    assert counts["answered"] > 10


@pytest.mark.parametrize("weak_sd", [(0.05, 1.0), (2.0, 0.03), (0.1, 0.1)])
def test_a_narrow_weak_law_is_resolved_by_the_grid(weak_sd):
    """Where no study is exchangeable each has the posterior of its own under the weak law alone."""
    given = BASE | {"weak_sd": weak_sd, "weak_mean": (-1.2, 0.4), "differences": (lambda: Known(0.25),) * 2}
    found = hierarchy_posterior(history(1, 6), hierarchy_of(given), 0.0)
    mean, sd = found.dlt_mean_sd(found.study_mass("study 0"), [4.0, 16.0])
    random = np.random.default_rng(1)
    alpha, beta = (random.normal(m, s, 200_000) for m, s in zip(given["weak_mean"], weak_sd, strict=True))
    p = 1 / (1 + np.exp(-(alpha[:, None] + np.exp(beta)[:, None] * np.log(np.array([4.0, 16.0]) / 16.0))))
    weight = np.prod((1 - p) ** (6 - np.array([0, 1])) * p ** np.array([0, 1]), axis=1)
    expected = weight @ p / weight.sum()
    assert mean == pytest.approx(expected, abs=6 * (sd / np.sqrt(200_000)).max() + 1e-5)


def test_a_history_of_many_patients_is_refused_before_anything_is_made():
    with bounded(seconds=20, megabytes=200), pytest.raises(ValueError, match=r"^borrow needs a grid of .* 100,000"):
        robust_prior(history(2, 50_000), hierarchy_of(BASE), 0.5)


def test_a_weak_law_that_the_prediction_is_too_narrow_for_is_refused():
    plain = hierarchy_of(BASE).weak
    narrow = BivariateNormal(mean=(-0.7, 0.0), sd=(1e-3, 1e-3))
    prior = RobustPrior(reference=16.0, predicted=NormalMixture((1.0,), (narrow,)), weak=plain, weight=0.5)
    with bounded(seconds=60, megabytes=300), pytest.raises(ValueError, match=r"^borrow needs a grid of .* GiB"):
        robust_map_grid(TRIAL, prior, levels=[2, 8, 16])
