"""Draws judged: whether their chains have converged, and by how much summaries of them differ from others."""

import numpy as np
import pytest
import xarray as xr

from doseesc.inference import judge_convergence
from doseesc.inference.arviz_compat import group, trace_of
from doseesc.inference.summary import DoseSummary, Question, compare, summarise_draws


def chains(draws, diverging=0):
    draws = np.asarray(draws, dtype=float)
    marks = np.zeros(draws.shape[:2], dtype=bool)
    marks[0, :diverging] = True
    posterior = xr.Dataset({"p": (("chain", "draw", "dose"), draws)}, coords={"dose": range(draws.shape[2])})
    return trace_of({"posterior": posterior, "sample_stats": xr.Dataset({"diverging": (("chain", "draw"), marks)})})


def good_draws(rng, chains=4, draws=1000):
    return rng.beta(2, 6, size=(chains, draws, 2))


def test_convergence_is_judged_by_each_limit():
    rng = np.random.default_rng(2)
    assert judge_convergence(chains(good_draws(rng))).converged
    apart = good_draws(rng)
    apart[0] += 0.5
    assert "r-hat is" in judge_convergence(chains(apart)).verdict
    assert "bulk effective sample size" in judge_convergence(chains(good_draws(rng, draws=50))).verdict
    assert judge_convergence(chains(good_draws(rng), diverging=4)).converged
    assert judge_convergence(chains(good_draws(rng), diverging=5)).verdict == (
        "Not converged: 5 divergences among 4,000 draws"
    )
    assert "a single chain" in judge_convergence(chains(good_draws(rng, chains=1, draws=4000))).verdict
    few = judge_convergence(chains(good_draws(rng, draws=3))).verdict
    assert "r-hat cannot be computed; the bulk effective sample size cannot be computed" in few
    assert "nan" not in few + judge_convergence(chains(good_draws(rng, chains=1, draws=4000))).verdict
    stuck = np.full((4, 1000, 1), 0.25)
    stuck[0] = np.nan
    assert not judge_convergence(chains(stuck)).converged


def test_differences_are_counted_in_monte_carlo_errors():
    rng = np.random.default_rng(5)
    trace = chains(good_draws(rng))
    question = Question(0.25, (0.2, 0.35), 2)
    draws = summarise_draws(trace, question)
    p = group(trace, "posterior")["p"].values.reshape(-1, 2)
    np.testing.assert_allclose(draws.intervals[:, 0], (p <= 0.2).mean(axis=0))
    assert draws.mtd.sum() == pytest.approx(1)
    shift = np.array([0.0, 0.01])
    moved = DoseSummary(**{**vars(draws), "mean": draws.mean + shift})
    found = compare(trace, draws, moved, question)
    assert (found.quantity, found.dose, found.numbers) == ("mean", 1, 10)
    assert found.errors == pytest.approx(0.01 / (p[:, 1].std() / np.sqrt(4000)), rel=0.1)


def test_differences_are_found_beside_doses_without_a_monte_carlo_error():
    rng = np.random.default_rng(5)
    draws = good_draws(rng)
    draws[..., 0] = np.nan
    question = Question(0.25, (0.2, 0.35), 2)
    found = summarise_draws(chains(draws), question)
    moved = DoseSummary(**{**vars(found), "mean": found.mean + 0.01})
    worst = compare(chains(draws), found, moved, question)
    assert (worst.quantity, worst.dose) == ("mean", 1)
    few = chains(good_draws(rng, draws=3))
    assert compare(few, summarise_draws(few, question), moved, question) is None
