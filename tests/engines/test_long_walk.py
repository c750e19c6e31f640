"""A long enumeration says how far it is, once and again; a short one, or one watched by others, says nothing."""

import doseesc
from designs import BOIN
from doseesc.engines import long_walk

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


def test_whoever_watches_tells_it_instead(caplog, monkeypatch):
    monkeypatch.setattr(long_walk, "PATIENCE", 0.0)
    seen = []
    doseesc.enumerate_paths(DESIGN, progress=lambda patients, most: seen.append((patients, most)))
    assert caplog.messages == []
    assert seen[-1] == (12, 12)
