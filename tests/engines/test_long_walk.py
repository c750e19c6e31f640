"""A long enumeration says so as soon as it knows, then how far it is; a short one, or one watched, says nothing."""

import pytest

import doseesc
from designs import BOIN
from doseesc.engines import long_walk
from doseesc.engines.long_walk import WalkForecast, expected_words

DESIGN = BOIN(target=0.3, n_doses=3, max_n=12)


def test_a_short_one_says_nothing(caplog):
    doseesc.enumerate_paths(DESIGN)
    assert caplog.messages == []


def test_a_long_one_says_how_far_it_is(caplog, monkeypatch):
    monkeypatch.setattr(long_walk, "PATIENCE", 0.0)
    monkeypatch.setattr(long_walk, "EVERY", 0.0)
    doseesc.enumerate_paths(DESIGN)
    assert caplog.messages[-1].startswith("note: BOIN: all outcomes of 12 of 12 patients are enumerated after 0 s;")
    caplog.clear()
    monkeypatch.setattr(long_walk, "EVERY", 60.0)
    doseesc.enumerate_paths(DESIGN)
    assert len(caplog.messages) == 1


def test_it_says_once_how_long_it_will_take_before_most_of_it(caplog, monkeypatch):
    monkeypatch.setattr(long_walk, "LOOK", 0.0)
    monkeypatch.setattr(long_walk, "LONG", 0.0)
    doseesc.enumerate_paths(DESIGN)
    (said,) = caplog.messages
    assert said.startswith("note: BOIN: all outcomes of 12 patients take about ")


@pytest.mark.parametrize(("power", "ends"), [(3, 1.0), (5, 2.0), (9, 2.5)])
def test_what_is_expected_is_of_the_size_of_what_it_takes(power, ends):
    """Time that grows by a power of the patients, and what follows the last step beside it."""
    walk = 60.0
    forecast = WalkForecast(1000.0)
    taken = [(patients, walk * (patients / 61) ** power) for patients in range(61)]
    told = [(at, found) for n, at in taken if (found := forecast.expected(n, 60, 1000.0 + at)) is not None]
    ((when, seconds),) = told
    assert when < 0.01 * ends * walk
    assert seconds == pytest.approx(ends * walk, rel=1.01)
    assert seconds > 0.5 * ends * walk


@pytest.mark.parametrize("at", [5, 20, 50])
def test_one_step_that_took_long_is_no_growth(at):
    forecast = WalkForecast(0.0)
    assert [forecast.expected(n, 60, (n / 61) ** 4 + 0.5 * (n >= at)) for n in range(61)] == [None] * 61


def test_fewer_patients_begin_another():
    forecast = WalkForecast(0.0)
    walk = [(n, 60.0 * (n / 61) ** 5) for n in range(61)]
    for began in (0.0, 100.0):
        assert [n for n, at in walk if forecast.expected(n, 60, began + at) is not None] == [21]


def test_what_does_not_grow_to_be_long_is_never_called_so():
    forecast = WalkForecast(0.0)
    assert [forecast.expected(n, 60, (n / 61) ** 4) for n in range(61)] == [None] * 61


@pytest.mark.parametrize(("seconds", "words"), [(3.4, "3 s"), (38.0, "40 s"), (130.0, "2 min"), (40_000.0, "700 min")])
def test_words(seconds, words):
    assert expected_words(seconds, 1200) == f"all outcomes of 1,200 patients take about {words}"


def test_whoever_watches_tells_it_instead(caplog, monkeypatch):
    monkeypatch.setattr(long_walk, "PATIENCE", 0.0)
    monkeypatch.setattr(long_walk, "LOOK", 0.0)
    monkeypatch.setattr(long_walk, "LONG", 0.0)
    seen = []
    doseesc.enumerate_paths(DESIGN, progress=lambda patients, most: seen.append((patients, most)))
    assert caplog.messages == []
    assert seen[-1] == (12, 12)
