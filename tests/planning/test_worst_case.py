"""Worst cases: in their class, worse than every other curve of it, and evaluated right."""

import io
import json
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designs import BOIN, CRM, NoSkipping, StopTooToxic, ThreePlusThree
from doseesc.engines.exact import enumerate_paths
from doseesc.engines.states import TooManyStates
from doseesc.planning.extreme_curve import Block, extreme_curve
from doseesc.planning.worst_case import correct_selection_worst_case, too_toxic_worst_case
from doseesc.truth.mtd import true_mtd

DESIGNS = {
    "3+3": ThreePlusThree(n_doses=3),
    "BOIN": BOIN(target=0.25, n_doses=3, max_n=15),
    "CRM": CRM(target=0.25, skeleton=(0.1, 0.25, 0.4, 0.55), max_n=15, cohort_size=3),
    "CRM, stopping": CRM(
        target=0.25, skeleton=(0.1, 0.25, 0.4), max_n=15, cohort_size=3, rules=(NoSkipping(), StopTooToxic())
    ),
}


@lru_cache
def paths_of(name):
    return enumerate_paths(DESIGNS[name])


@given(name=st.sampled_from(list(DESIGNS)), seed=st.integers(0, 999), edge=st.booleans())
@settings(max_examples=30, deadline=None)
def test_gradient_by_finite_differences(name, seed, edge):
    paths = paths_of(name)
    n_doses = paths.design.n_doses
    truth = np.sort(np.random.default_rng(seed).uniform(0.02, 0.9, n_doses))
    if edge:
        truth[0], truth[-1] = 0.0, 1.0
    for level in range(n_doses + 1):
        figure = paths.polynomial(paths.selected == level)
        value, gradient = figure.value_and_gradient(truth)
        oc = paths.characteristics(truth, target=0.25)
        assert value == pytest.approx(oc.selected[level], abs=1e-12)
        assert figure(truth)[0] == pytest.approx(value, abs=1e-13)
        for j in range(n_doses):
            step = np.zeros(n_doses)
            step[j] = 1e-5
            low, high = np.clip(truth - step, 0, 1), np.clip(truth + step, 0, 1)
            slope = (figure(high)[0] - figure(low)[0]) / (high - low)[j]
            assert gradient[j] == pytest.approx(slope, abs=2e-3 if edge else 1e-6)


def test_a_polynomial_without_terms_is_zero():
    paths = paths_of("BOIN")
    never = paths.polynomial(np.zeros(len(paths.selected)))
    value, gradient = never.value_and_gradient([0.1, 0.2, 0.3])
    assert value == 0
    np.testing.assert_array_equal(gradient, 0)
    np.testing.assert_array_equal(never(np.full((4, 3), 0.2)), 0)


def separated_curves(n_doses, level, separation, band, generator, count=4000, target=0.25, margin=0.1):
    """Draw curves of the class of which the worst is sought; a third of the blocks at random, the others at limits."""
    if level == 0:
        limits = [(target + margin + separation, 1.0, n_doses)]
    else:
        limits = [
            (0.0, target - separation, level - 1),
            (target - band, target + band, 1),
            (target + separation, 1.0, n_doses - level),
        ]
    parts = []
    for low, high, size in limits:
        at = generator.uniform(low, high, (count, size))
        where = generator.integers(0, 3, (count, size))
        parts.append(np.sort(np.select([where == 0, where == 1], [np.full_like(at, low), np.full_like(at, high)], at)))
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize(("separation", "band"), [(0.05, 0.0), (0.12, 0.06)])
def test_no_curve_of_the_class_is_worse(name, separation, band):
    paths = paths_of(name)
    worst = correct_selection_worst_case(paths, target=0.25, separation=separation, band=band)
    assert [each.level for each in worst.by_level] == list(range(paths.design.n_doses + 1))
    generator = np.random.default_rng(11)
    for each in worst.by_level:
        p, level = each.probabilities, each.level
        assert (np.diff(p) >= 0).all()
        assert true_mtd(p, 0.25) == level
        if level:
            assert abs(p[level - 1] - 0.25) <= band + 1e-12
            assert (p[: level - 1] <= 0.25 - separation + 1e-12).all()
            assert (p[level:] >= 0.25 + separation - 1e-12).all()
        else:
            assert (p >= 0.25 + 0.1 + separation - 1e-12).all()
        again = paths.characteristics(p, target=0.25)
        assert each.value == again.correct_selection == each.characteristics.correct_selection
        others = separated_curves(paths.design.n_doses, level, separation, band, generator)
        assert (true_mtd(others, 0.25) == level).all()
        correct = paths.characteristics(others, target=0.25).correct_selection
        assert each.value <= correct.min() + 1e-10
    assert worst.overall.value == min(each.value for each in worst.by_level if each.level)


@pytest.mark.parametrize("name", DESIGNS)
def test_no_curve_has_a_too_toxic_dose_selected_more_often(name):
    paths, bound = paths_of(name), 0.35
    worst = too_toxic_worst_case(paths, bound=bound)
    n_doses = paths.design.n_doses
    generator = np.random.default_rng(5)
    greatest = 0.0
    for each in worst.by_level:
        p = each.probabilities
        assert (np.diff(p) >= 0).all()
        too_toxic = p >= bound
        assert too_toxic[each.level - 1 :].all()
        selected = paths.characteristics(p, target=0.25).selected
        assert each.value == pytest.approx(selected[each.level :].sum(), abs=1e-12)
        greatest = max(greatest, selected[1:][too_toxic].sum())
    assert worst.overall.value == pytest.approx(greatest, abs=1e-9)
    others = np.sort(generator.random((6000, n_doses)), axis=1)
    others[::2] = np.where(others[::2] < bound, 0.0, others[::2])
    others[::3] = np.where(others[::3] >= bound, bound, others[::3])
    selected = paths.characteristics(others, target=0.25).selected[:, 1:]
    assert (selected * (others >= bound)).sum(axis=1).max() <= worst.overall.value + 1e-10


def test_an_optimum_in_the_open_is_found():
    """The DLTs expected at level 2 rise with p_2 and fall when it is hardly used any more: no corner is best."""
    paths = paths_of("BOIN")
    figure = paths.polynomial(paths.tally.dlt[:, 1])
    best = extreme_curve(figure, [Block(3, 0.0, 1.0)], sign=1, starts=6, seed=1)
    grid = np.linspace(0, 1, 41)
    curves = np.array([(a, b, c) for a in grid for b in grid if b >= a for c in grid if c >= b])
    assert figure(best)[0] >= figure(curves).max()
    assert 0.1 < best[1] < 0.9
    assert abs(figure.value_and_gradient(best)[1][1]) < 1e-4


def test_same_seed_same_answer_and_more_starts_are_no_worse():
    paths = paths_of("CRM")
    first, again = (correct_selection_worst_case(paths, separation=0.1, band=0.05, seed=4) for _ in range(2))
    for one, other in zip(first.by_level, again.by_level, strict=True):
        np.testing.assert_array_equal(one.probabilities, other.probabilities)
    few = correct_selection_worst_case(paths, separation=0.1, band=0.05, starts=1)
    for one, other in zip(first.by_level, few.by_level, strict=True):
        assert one.value <= other.value + 1e-10


def test_a_search_begins_from_given_curves_too():
    class Needle:
        """A broad hill at 0.2, and at 0.77 a needle that is twice as high and that no random curve hits."""

        def __call__(self, curves):
            p = np.atleast_2d(curves)[:, 0]
            return np.exp(-((p - 0.2) ** 2)) + 2 * np.exp(-(((p - 0.77) / 1e-6) ** 2))

        def value_and_gradient(self, curve):
            hill, needle = np.exp(-((curve - 0.2) ** 2)), 2 * np.exp(-(((curve - 0.77) / 1e-6) ** 2))
            slope = -2 * (curve - 0.2) * hill - 2 * (curve - 0.77) / 1e-12 * needle
            return float((hill + needle)[0]), slope

    search = {"blocks": [Block(1, 0.0, 1.0)], "sign": 1, "starts": 3, "seed": 1}
    assert extreme_curve(Needle(), **search) == pytest.approx(0.2, abs=1e-4)
    assert extreme_curve(Needle(), **search, begin=[np.array([0.77])]) == pytest.approx(0.77, abs=1e-4)
    assert extreme_curve(Needle(), **search, begin=[np.array([7.0])])[0] <= 1  # moved into the class
    paths = enumerate_paths(BOIN(target=0.25, n_doses=3, max_n=9))
    for search in (partial(correct_selection_worst_case, paths), partial(too_toxic_worst_case, paths, bound=0.35)):
        found, own = search(starts=1, begin=[[0.3, 0.2, 0.9]]), search(starts=1)
        assert found.figure == own.figure
        assert (own.overall.value - found.overall.value) * (1 if own.figure == "correct_selection" else -1) >= 0
        for wrong in ([0.1, 0.2], [0.1, 0.2, 1.2]):
            with pytest.raises(ValueError, match=r"^begin must hold curves of 3 probabilities"):
                search(begin=[wrong])


def test_wider_separation_makes_the_worst_case_better():
    paths = paths_of("BOIN")
    values = [correct_selection_worst_case(paths, separation=d).overall.value for d in (0.02, 0.05, 0.1, 0.2)]
    assert values == sorted(values)
    assert values[0] < values[-1]


def test_levels_and_frame():
    paths = paths_of("BOIN")
    worst = correct_selection_worst_case(paths, separation=0.1, levels=[3, 1])
    frame = worst.to_frame()
    assert list(frame["level"]) == [3, 1]
    assert frame["overall"].sum() == 1
    assert list(frame.columns) == ["figure", "level", "value", "overall", "p_1", "p_2", "p_3"]
    nobody = correct_selection_worst_case(paths, separation=0.1, levels=[0])
    assert nobody.overall.level == 0
    # Where no dose can be too toxic by so much, that class is left out.
    assert [each.level for each in correct_selection_worst_case(paths, target=0.6, separation=0.35).by_level] == [
        1,
        2,
        3,
    ]
    alone = enumerate_paths(BOIN(target=0.25, n_doses=1, max_n=9))
    assert correct_selection_worst_case(alone, levels=[1]).overall.probabilities == pytest.approx([0.25])
    assert too_toxic_worst_case(alone, bound=0.4).overall.probabilities == pytest.approx([0.4])


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"separation": 0.0}, "separation"),
        ({"separation": 0.3}, "separation"),
        ({"band": 0.05}, "band"),
        ({"band": -0.01}, "band"),
        ({"target": 1.0}, "target"),
        ({"margin": 2.0}, "margin"),
        ({"levels": [4]}, "levels"),
        ({"starts": 0}, "starts"),
        ({"seed": -1}, "seed"),
    ],
)
def test_wrong_arguments_are_named(arguments, name):
    with pytest.raises(ValueError, match=f"^{name} "):
        correct_selection_worst_case(paths_of("BOIN"), **arguments)


def test_wrong_bounds_and_missing_targets_are_named():
    with pytest.raises(ValueError, match=r"^bound "):
        too_toxic_worst_case(paths_of("BOIN"), bound=1.0)
    with pytest.raises(ValueError, match=r"^levels "):
        too_toxic_worst_case(paths_of("BOIN"), bound=0.4, levels=[4])
    with pytest.raises(ValueError, match=r"^target must be given"):
        correct_selection_worst_case(paths_of("3+3"))


def test_command_prints_and_writes(cli):
    code, out, err = cli(
        "worst-case", "nct04602104", "--design", "BOIN", "--separation", "0.1", "--out", "o", "--figure", "f.png"
    )
    assert code == 0
    assert err == "note: figures of the drug alone; the file's observation: is left aside here\n"
    assert out.startswith("Under the worst curve found for it BOIN is right in ")
    lines = [line.split() for line in out.splitlines()]
    frame = pd.read_csv("o/worst_case.csv")
    assert list(frame.columns) == ["design", "figure", "level", "value", "overall", "p_1", "p_2", "p_3"]
    worst = frame[frame["overall"] & (frame["figure"] == "correct_selection")].iloc[0]
    assert sum(words[-1:] == ["worst"] for words in lines) == 2
    shown = next(words for words in lines if words[-1:] == ["worst"])
    assert shown[-5:-1] == [f"{100 * worst[name]:.1f}" for name in ("p_1", "p_2", "p_3", "value")]
    assert Path("f.png").stat().st_size > 1000


def test_command_prints_data_and_code(cli):
    options = ["worst-case", "nct04602104", "--design", "BOIN", "--bound", "0.45", "--starts", "3", "--steepest", "0.3"]
    document = json.loads(cli(*options, "--format", "json")[1])
    frame = pd.read_csv(io.StringIO(cli(*options, "--format", "csv")[1]))
    assert (document["bound"], document["steepest"]) == (0.45, 0.3)
    assert np.diff(frame[["p_1", "p_2", "p_3"]].to_numpy(), axis=1).max() <= 0.3 + 1e-12
    np.testing.assert_allclose([row["value"] for row in document["worst"]], frame["value"])
    names = {}
    exec(cli(*options, "--show-code")[1], names)
    assert names["found"].found["BOIN"][1].overall.value == pytest.approx(frame[frame["overall"]]["value"].iloc[1])


@pytest.mark.parametrize(
    "options",
    [
        ["--design", "BOIM"],
        ["--separation", "0.4"],
        ["--band", "0.06"],
        ["--bound", "1.2"],
        ["--steepest", "0.04"],
        ["--starts", "0"],
        ["--figure", "f.doc"],
    ],
)
def test_command_explains_what_it_cannot_do(cli, options):
    code, out, err = cli("worst-case", "nct04602104", *options)
    assert (code, out) == (2, "")
    assert options[0] in err
    assert "Traceback" not in err


def test_command_explains_designs_that_are_too_large(cli, monkeypatch):
    monkeypatch.setattr(
        "doseesc.engines.exact.walk_states", lambda *_, **__: (_ for _ in ()).throw(TooManyStates("oversized"))
    )
    code, _, err = cli("worst-case", "nct04602104", "--design", "BOIN")
    assert code == 2
    assert "oversized" in err


def test_worst_case_says_that_patients_pending_are_left_aside(cli, tmp_path):
    text = """
study: {title: Time}
doses: {labels: [low, high], amounts: [1, 2], unit: mg}
target: 0.25
dlt_window_days: 28
cohort_size: 3
max_n: 6
accrual: {per_month: 4}
designs: [{name: BOIN, type: TYPE}]
scenarios: [{name: S1, dlt: [0.10, 0.25]}]
"""
    told = {}
    for kind in ("BOIN", "TITE-BOIN"):
        path = tmp_path / f"{kind}.yaml"
        path.write_text(text.replace("TYPE", kind), encoding="utf-8")
        code, _, told[kind] = cli("worst-case", str(path))
        assert code == 0
    note = "note: figures of known outcomes; patients pending, the file's  accrual:  are left aside here"
    assert {kind: note in err for kind, err in told.items()} == {"BOIN": False, "TITE-BOIN": True}
