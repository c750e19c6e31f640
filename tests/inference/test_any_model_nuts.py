"""Posteriors by NUTS: one fit per distinct tally, kept, resumed, judged, and decided upon conservatively."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import stats

import doseesc
from designs import Tally
from doseesc.errors import CannotCompute
from doseesc.files import OutputError
from doseesc.inference.any_model import nuts_fits, nuts_posterior
from doseesc.inference.any_model.design import PymcDesign
from doseesc.inference.any_model.model_source import ModelSource
from doseesc.inference.any_model.nuts_cache import Fit, FitName, default_cache, read_fit, write_fit
from doseesc.inference.any_model.nuts_fits import Sampler, model_hash
from doseesc.inference.any_model.posterior import PosteriorText, posterior_of_model
from doseesc.pieces import value_of
from doseesc.planning.sweeps.cells import read_cell, run_cell
from doseesc.planning.sweeps.checks import checked_cells
from doseesc.planning.sweeps.reading import Asked, plan_of, source_of_study
from doseesc.study import PseudoUniform

SAMPLER = Sampler(draws=400, tune=300, chains=2, seed=3)
PRIOR = ((1, 4), (2, 3), (3, 2), (4, 1))


def independent(priors=PRIOR):
    """Four doses with independent beta priors: the posterior is known."""
    a, b = np.array(priors, dtype=np.float64).T
    with pm.Model() as model:
        pm.Deterministic("p", 1.0 * pm.Beta("share", a, b))
    return model


def posterior(cache, **options):
    return posterior_of_model(independent(), max_n=18, sampler=SAMPLER, cache=str(cache), **({"jobs": 1} | options))


def design(made):
    options = {"selection": "nearest_mean", "feasibility_bound": None}
    return PymcDesign(target=0.35, max_n=18, fitted=PosteriorText.of(made), **options)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("fits")


TALLIES = Tally(
    n=[[6, 3, 0, 0], [6, 3, 0, 0], [3, 0, 0, 0]], dlt=[[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]], level=[2, 1, 1]
)


@pytest.fixture(scope="module")
def fitted(cache):
    """Fits by PyMC itself, made in two processes."""
    made = posterior(cache, backend="pymc", jobs=2)
    made.means(TALLIES)
    return made


def test_more_draws_than_memory_are_refused_before_a_fit(tmp_path, monkeypatch):
    made = posterior(tmp_path, backend="pymc")
    monkeypatch.setattr(nuts_posterior, "fit_all", lambda *_: pytest.fail("a fit was begun"))
    every = np.array([[n, m, k, 0] for n in range(120) for m in range(100) for k in range(20)])
    said = "240,000 distinct tallies, with 800 draws of 4 DLT probabilities each, need 2.9 GiB, more than 2 GiB"
    with pytest.raises(OutputError, match=re.escape(said)):
        made.means(Tally(n=every, dlt=np.zeros_like(every), level=np.ones(len(every), dtype=int)))


def truth():
    a, b = np.array(PRIOR).T
    return stats.beta(a + TALLIES.dlt, b + TALLIES.n - TALLIES.dlt)


def test_it_is_the_posterior(fitted):
    error = truth().std() / np.sqrt(200)
    np.testing.assert_array_less(np.abs(fitted.means(TALLIES) - truth().mean()), 4 * error)
    above = fitted.exceedance(TALLIES, (0.2, 0.35))
    for limit, found in zip((0.2, 0.35), above, strict=True):
        np.testing.assert_allclose(found, truth().sf(limit), atol=4 * 0.5 / np.sqrt(200))
    tails = fitted.tails(TALLIES, 2, np.array([0.2, 0.35]))
    np.testing.assert_allclose(tails, np.column_stack([above[0][:, 1], above[1][:, 1]]), atol=1e-12)
    assert fitted.settled(TALLIES).all()


def test_equal_tallies_are_fitted_once_and_said(fitted, cache):
    """Two distinct tallies among three, as the level in use is no part of the data; and the prior, for reports."""
    assert fitted.made == 3
    assert design(fitted).notes() == [f"3 fits made by NUTS (pymc), 0 taken from the cache {cache}"]
    assert len(list(Path(cache).rglob("*.npz"))) == 3


def test_another_run_takes_them_and_goes_on(fitted, cache, monkeypatch, capsys):
    """What is in the cache is not fitted again, what is missing or half written is."""
    tasks = []

    def noted(packed, given, *rest):
        tasks.extend(given)
        raise KeyboardInterrupt

    monkeypatch.setattr("doseesc.inference.any_model.nuts_posterior.fit_all", noted)
    again = posterior(cache, backend="pymc")
    np.testing.assert_array_equal(again.means(TALLIES), fitted.means(TALLIES))
    assert (again.made, again.taken) == (0, 3)
    more = Tally.concatenate([TALLIES, Tally(n=[[3, 3, 0, 0]], dlt=[[0, 1, 0, 0]], level=[2])])
    with pytest.raises(KeyboardInterrupt):
        again.means(more)
    assert [task.n for task in tasks] == [(3, 3, 0, 0)]
    assert not list(Path(cache).rglob("*.part"))
    (Path(cache) / again.key / "n3-3-0-0_dlt0-1-0-0.npz").write_bytes(b"half")
    tasks.clear()
    with pytest.raises(KeyboardInterrupt):
        posterior(cache, backend="pymc").means(more)
    assert [task.n for task in tasks] == [(3, 3, 0, 0)]


NAME = FitName("0" * 32, (3, 0), (1, 0), 200)


def drawn(low=0.0, high=1.0):
    return np.random.default_rng(1).uniform(low, high, (2, 100, 2))


def test_a_fit_that_is_not_what_it_says_is_not_taken(tmp_path):
    """Of another model, tally, number or version, changed, cut short, out of range, or unfolding without end."""
    file = NAME.file(tmp_path)
    write_fit(file, NAME, drawn(), converged=True)
    sound = file.read_bytes()
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert read_fit(file, NAME).draws.shape == (200, 2)
    for other in (
        ("1" * 32, NAME.n, NAME.dlt, 200),
        (NAME.model, (4, 0), (1, 0), 200),
        (NAME.model, (3, 0), (0, 0), 200),
    ):
        assert read_fit(file, FitName(*other)) is None
    assert read_fit(file, NAME._replace(draws=100)) is None
    for place in range(0, len(sound), 37):
        for damaged in (sound[:place], sound[:place] + b"\xff" + sound[place + 1 :]):
            file.write_bytes(damaged)
            found = read_fit(file, NAME)
            assert found is None or np.array_equal(found.draws, drawn().reshape(-1, 2).astype(np.float32))
    for draws in (drawn(high=1.5), drawn(low=-1), np.full((2, 100, 2), np.nan)):
        write_fit(file, NAME, draws, converged=True)
        assert read_fit(file, NAME) is None
    np.savez_compressed(file, draws=np.zeros((20_000_000, 2), np.float32), converged=True, checksum="")
    assert read_fit(file, NAME) is None
    np.savez_compressed(file, draws=drawn().reshape(-1, 2).astype(np.float32), converged=True)
    assert read_fit(file, NAME) is None
    assert read_fit(tmp_path / "nothing.npz", NAME) is None


def test_a_fit_of_another_version_is_not_taken(tmp_path, monkeypatch):
    write_fit(NAME.file(tmp_path), NAME, drawn(), converged=True)
    monkeypatch.setattr("doseesc.inference.any_model.nuts_cache.__version__", "0.0.9")
    assert read_fit(NAME.file(tmp_path), NAME) is None


def test_a_planted_fit_is_made_again_and_a_shared_folder_warned_of(fitted, cache, tmp_path, monkeypatch, capsys):
    shutil.copytree(cache, tmp_path / "shared")
    (tmp_path / "shared").chmod(0o777)
    made = posterior(tmp_path / "shared", backend="pymc")
    planted = tmp_path / "shared" / made.key / "n3-0-0-0_dlt0-0-0-0.npz"
    np.savez_compressed(planted, draws=np.full((800, 4), 0.99, np.float32), converged=True)
    tasks = []

    def noted(packed, given, *rest):
        tasks.extend(given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("doseesc.inference.any_model.nuts_posterior.fit_all", noted)
        with pytest.raises(KeyboardInterrupt):
            made.means(TALLIES)
    assert [task.n for task in tasks] == [(3, 0, 0, 0)]
    assert "is shared: others may write into it" in capsys.readouterr().err
    notes = made.notes()
    assert "1 in the cache were not as this version writes them, and were made again" in notes
    assert any("is shared" in note for note in notes)


def test_without_a_home_it_says_what_to_do(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(OutputError, match="set XDG_CACHE_HOME"):
        default_cache()


def test_results_read_back_answer_from_the_cache_alone(fitted, cache):
    made = design(fitted)
    plain = replace(made, fitted=str(made.fitted))
    np.testing.assert_array_equal(plain.decide(TALLIES).level, made.decide(TALLIES).level)
    with pytest.raises(OutputError, match=r"the posterior after 1NNT is not in the cache .*\n  run the study again"):
        plain.decide(Tally.parse("1NNT", n_doses=4))


def test_after_a_fit_that_did_not_converge_the_dose_is_not_raised(cache, fitted):
    tally = Tally(n=[[3, 0, 0, 0]], dlt=[[0, 0, 0, 0]], level=[1])
    sound = design(fitted)
    assert sound.decide(tally).level[0] == 2
    doubtful = posterior(cache, backend="pymc")
    doubtful.means(TALLIES)
    for key, fit in doubtful._fits.items():
        doubtful._fits[key] = fit._replace(converged=False)
    careful = design(doubtful)
    assert careful.decide(tally).level[0] == 1
    assert careful.select(tally)[0] <= 1
    assert careful.notes()[1] == (
        "3 fits did not converge, after which the dose was not raised; raise draws and tune in the scenario file, or "
        "write the model in parameters that are nearly normal: 1NNN; 1NNNNNT 2NNT; no patient"
    )


def test_a_fit_is_judged():
    rng = np.random.default_rng(1)
    sound = rng.random((4, 500, 2))
    assert nuts_fits._mixed(sound)
    apart = sound + np.arange(4)[:, None, None]
    assert not nuts_fits._mixed(apart)
    sticky = np.repeat(rng.random((4, 10, 2)), 50, axis=1)
    assert not nuts_fits._mixed(sticky)


def test_the_hash_tells_models_apart():
    """The same model built again has the same hash; a prior, a constant or a setting changes it."""
    hashes = [
        model_hash(independent(), "p", SAMPLER, "pymc"),
        model_hash(independent(), "p", SAMPLER, "pymc"),
        model_hash(independent(((1, 4), (2, 3), (3, 2), (4, 1.5))), "p", SAMPLER, "pymc"),
        model_hash(independent(), "p", SAMPLER._replace(draws=401), "pymc"),
        model_hash(independent(), "p", SAMPLER, "nutpie"),
    ]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 4
    long = [np.linspace(0, 1, 500), np.linspace(0, 1, 500) ** 1.0001]
    for middle in long:
        with pm.Model() as model:
            pm.Deterministic("p", pm.math.invlogit(pm.Normal("b", 0, 1, shape=4) + middle[250]) * middle.mean())
        hashes.append(model_hash(model, "p", SAMPLER, "pymc"))
    assert len(set(hashes)) == 6


def test_the_default_cache_is_the_users(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_cache() == Path("/somewhere/doseesc/nuts")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert re.search(r"doseesc.nuts$", str(default_cache()))


def test_nutpie_samples_in_this_process(tmp_path):
    """It is who samples by default."""
    made = posterior(tmp_path)
    np.testing.assert_allclose(made.means(TALLIES), truth().mean(), atol=0.04)
    assert made.notes() == [f"3 fits made by NUTS (nutpie), 0 taken from the cache {tmp_path}"]


MODEL = """\
import pymc as pm

def build():
    with pm.Model() as model:
        pm.Deterministic("p", 1.0 * pm.Beta("share", [1, 2, 3, 4], [4, 3, 2, 1]))
    return model
"""
FOUR = """\
study: {title: T}
doses: {amounts: [1, 2, 4, 8], unit: mg}
target: 0.25
dlt_window_days: 14
cohort_size: 3
max_n: 6
designs: [{name: own, type: pymc, module: own.py, feasibility_bound: null, selection: nearest_mean}]
scenarios: [{name: A, dlt: [0.1, 0.2, 0.3, 0.4]}]
simulation: {method: exact}
"""


def test_a_model_fitted_as_the_trial_goes_on_is_sent_as_its_source(tmp_path, monkeypatch):
    """The fits themselves are made up here, by the model's conjugate posterior."""
    asked = []

    def provide(self, keys):
        asked.append((self.model is not None, self.jobs))
        for n, dlt in keys:
            random = np.random.default_rng(1)
            a, b = np.array([1, 2, 3, 4]) + dlt, np.array([4, 3, 2, 1]) + np.subtract(n, dlt)
            self._fits[n, dlt] = Fit(draws=random.beta(a, b, (200, 4)).astype(np.float32), converged=True)

    monkeypatch.setattr(nuts_posterior.NutsPosterior, "_provide", provide)
    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text(MODEL)
    Path("study.yaml").write_text(FOUR)
    single = doseesc.run(doseesc.load("study.yaml")).to_frame()
    asked.clear()
    plan = plan_of(source_of_study(doseesc.load("study.yaml")), Asked({"max_n": [6]}))
    (cell,) = checked_cells(plan)
    assert "pm.Beta" in cell.text
    Path("own.py").unlink()  # as on a worker
    monkeypatch.chdir("/")
    found = read_cell(run_cell(cell.text), cell.name)
    assert set(asked) == {(True, 1)}
    assert [row[4] for row in found.rows] == single["value"].tolist()
    assert not [note for note in found.notes if "NUTS" in note]
    assert cell.text.count("pm.Beta") == 1
    assert str(tmp_path) not in cell.text  # or its name would depend on where it is planned


@pytest.fixture
def compiled(monkeypatch, tmp_path):
    """Models compiled, by name of who samples; fits are drawn from the conjugate posterior of ``MODEL``."""
    nuts_fits._compiled.cache_clear()
    counted = []

    def compile_model(model):
        counted.append(sorted(each.name for each in model.free_RVs))

        def sample(n, dlt, sampler, seed):
            a, b = np.array([1, 2, 3, 4]) + dlt, np.array([4, 3, 2, 1]) + n - dlt
            return np.random.default_rng(seed).beta(a, b, (sampler.chains, sampler.draws, 4)), 0.0

        return sample

    monkeypatch.setattr(nuts_fits, "_by_nutpie", compile_model)
    monkeypatch.setattr(nuts_fits, "_mixed", lambda _: True)  # which takes longer than such draws
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text(MODEL)
    Path("study.yaml").write_text(FOUR.replace("nearest_mean}", "nearest_mean, draws: 50, chains: 2}"))
    yield counted
    nuts_fits._compiled.cache_clear()


def alone(study):
    """Let a study's own model be fitted in this process."""
    for entry in study.design_entries:
        entry.parameters["fitted"].live.jobs = 1
    return study


def test_a_model_is_compiled_once_in_a_process_whatever_it_is_fitted_to(compiled):
    """To more patients, from the same file read again, and in the cells of a sweep."""
    for _ in range(2):
        study = alone(doseesc.load("study.yaml"))
        design = study.designs["own"]
        for words in ("1NNN", "1NNN 2NNT", "1NNN 2NNT 2NNN"):
            design.decide(Tally.parse(words, n_doses=4))
    assert compiled == [["share"]]
    cells = checked_cells(plan_of(source_of_study(study), Asked({"max_n": [3, 6]})))
    rows = [read_cell(run_cell(cell.text), cell.name).rows for cell in cells]
    assert compiled == [["share"]]
    assert rows[0] != rows[1]
    Path("own.py").write_text(MODEL.replace("[1, 2, 3, 4]", "[1, 2, 3, 5]"))
    alone(doseesc.load("study.yaml")).designs["own"].decide(Tally.parse("1NNN", n_doses=4))
    assert len(compiled) == 2


def test_what_a_module_lacks_where_it_is_fitted_is_named():
    lacking = ModelSource.of(Path("/there/own.py"), f"import my_helpers\n{MODEL}".encode(), "build", {})
    said = r"build of own\.py cannot be run where it is fitted: .*No module named 'my_helpers' \(own\.py, line 1\)"
    with pytest.raises(CannotCompute, match=said):
        lacking.build()


def test_a_package_that_is_missing_where_fits_are_made_is_named():
    model = nuts_fits.FittedModel("0" * 32, "no_such_sampler", "p", b"")
    said = r"fits by NUTS need no_such_sampler, not installed where they are made, on \S+"
    with pytest.raises(CannotCompute, match=said):
        nuts_fits._compiled(model)


def test_workers_make_the_fits_and_this_process_keeps_them(compiled):
    """As on a cluster, whose machines need not share a disk: with pieces as texts, and the rest of a run done here."""
    from doseesc.pieces.piece import do

    class Others:
        here, threads = False, 2
        pieces = 0

        def each(self, pieces):
            for number, piece in enumerate(pieces):
                self.pieces += 1
                assert value_of(json.loads(piece.ask)["ask"]).args[0].origin.code == MODEL
                yield number, do(piece)

    here = doseesc.run(alone(doseesc.load("study.yaml")), method="both", trials=50).to_frame()
    shutil.rmtree("home")
    workers = Others()
    there = doseesc.run(doseesc.load("study.yaml"), method="both", trials=50, cluster=workers).to_frame()
    pd.testing.assert_frame_equal(here, there)
    assert workers.pieces > 3
    assert len(list(Path("home").rglob("*.npz"))) > 3
    both = [
        doseesc.ensemble(each, PseudoUniform(count=3, seed=1), **more).to_frame()
        for each, more in ((alone(doseesc.load("study.yaml")), {}), (doseesc.load("study.yaml"), {"cluster": Others()}))
    ]
    pd.testing.assert_frame_equal(*both)
