"""Progress that the commands tell of on standard error."""

import re
from pathlib import Path

import pytest

from designs import BOIN
from doseesc.commands import _printing
from doseesc.commands._printing import TrialProgress
from doseesc.planning import calibrate


class Stream:
    def __init__(self, terminal):
        self.terminal, self.written = terminal, ""

    def isatty(self):
        return self.terminal

    def write(self, text):
        self.written += text

    def flush(self):
        pass


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(_printing.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize("terminal", [False, True])
def test_long_enumerations_say_how_far_they_are(clock, monkeypatch, terminal):
    stream = Stream(terminal)
    monkeypatch.setattr(_printing.sys, "stderr", stream)
    with TrialProgress() as progress:
        progress.enumerating("CRM", 1, 1000)
        clock[0] += 0.9
        progress.enumerating("CRM", 2, 1000)
        assert stream.written == ""
        clock[0] += 0.2
        progress.enumerating("CRM", 30, 1000)
        assert stream.written.strip() == "CRM: all outcomes of 30 of 1,000 patients are enumerated"
        assert stream.written.endswith("\n") is not terminal
        clock[0] += 1.0
        progress.enumerating("CRM", 31, 1000)
        assert ("31 of 1,000" in stream.written) is terminal
        clock[0] += 10.0
        progress.enumerating("CRM", 40, 1000)
        assert "40 of 1,000" in stream.written
    if terminal:
        assert stream.written.rpartition("\r")[2] == ""  # the line is gone


@pytest.mark.parametrize("terminal", [False, True])
def test_long_enumerations_say_so_once_as_soon_as_that_is_known(clock, monkeypatch, terminal):
    stream = Stream(terminal)
    monkeypatch.setattr(_printing.sys, "stderr", stream)
    with TrialProgress() as progress:
        for patients in range(30):
            clock[0] = 100.0 + 100.0 * (patients / 60) ** 5
            progress.enumerating("CRM", patients, 60)
            if clock[0] < 100.2:
                assert stream.written == ""
    said = re.findall(r"note: CRM: all outcomes of 60 patients take about \d+ (?:s|min)\n", stream.written)
    assert len(said) == 1
    assert stream.written.startswith(said[0])


def test_short_or_unwanted_ones_say_nothing(clock, monkeypatch):
    stream = Stream(False)
    monkeypatch.setattr(_printing.sys, "stderr", stream)
    with TrialProgress() as progress:
        for name in ("3+3", "CRM", "BOIN"):
            progress.enumerating(name, 1, 18)
            clock[0] += 0.7
            progress.enumerating(name, 18, 18)
    with TrialProgress(wanted=False) as progress:
        progress.enumerating("CRM", 1, 1000)
        clock[0] += 50.0
        progress.enumerating("CRM", 100, 1000)
    assert stream.written == ""


def test_run_tells_of_its_enumerations(study_with):
    from doseesc.runs.run_study import run

    told = []
    run(study_with("max_n: 18", "max_n: 12"), trials=10, method="exact", enumerating=lambda *each: told.append(each))
    assert {name for name, _, _ in told} >= {"B"}
    assert all(0 <= patients <= most for _, patients, most in told)


def test_calibrate_tells_of_its_enumerations():
    told = []
    design = BOIN(target=0.25, n_doses=3, max_n=12)
    calibrate(design, [0.1, 0.25, 0.45], {"p_safe": [0.1, 0.15]}, enumerating=lambda *each: told.append(each))
    assert {name for name, _, _ in told} == {"BOIN", "BOIN with p_safe 0.1", "BOIN with p_safe 0.15"}
    assert all(0 <= patients <= most == 12 for _, patients, most in told)


def test_the_command_calibrate_shows_them(cli, monkeypatch, small_scenario):
    Path("mine.yaml").write_text(small_scenario)
    monkeypatch.setattr(_printing, "_PATIENCE", 0.0)
    code, _, errors = cli("calibrate", "mine.yaml", "--grid", "p_safe=0.1,0.15", "--design", "B")
    assert code == 0, errors
    assert re.search(r"BOIN with p_safe 0.15: all outcomes of \d+ of \d+ patients are enumerated", errors)
