"""Scenario files, decision tables, patients and outcomes, changed at random: one message each, or an answer.

With fixed seeds, few by default; ``--fuzz 50`` tries 50 times as many.
"""

import math
from collections import Counter
from pathlib import Path

import pytest
from extremes import bounded
from mutations import VALUES, mutated, seeded
from support import ROOT

import doseesc
from designs import BOIN, CRM, CRMMLE, MTPI2, RollingSix, Settled, TableDesign, Tally, ThreePlusThree, Weighted
from doseesc.conduct.patients import PatientsError, read_patients
from doseesc.engines import TooManyStates
from doseesc.errors import ScenarioError
from doseesc.named_doses import Doses
from doseesc.study import load, shipped_scenarios
from doseesc.study.table_file import read_table

SEED = "15"
SCENARIOS = sorted(shipped_scenarios().values())
REPLAYS = sorted((ROOT / "scenarios" / "replay").glob("*.csv"))
CELLS = (
    "", "0", "-1", "1", "2", "3.0", "1e300", "nan", "inf", "9" * 400, "9" * 5000, "low", "LOW", "yes", "no",
    "maybe", "E", "DU", "U", "W", "M", "?", "2026-02-30", "9999-12-31", "0001-01-01", "10000-01-01",
    "2027-01-01", "20261120", "died", "withdrawn", "lost", "on study", "=1+1", '"', '"a', '""', "\x1b[31m",
    "x" * 300, "٣", "²", "1_0", "0x1", "+3", "P", "N",
)  # fmt: skip
PATIENTS = """\
id,dose,dlt,date,dlt_date,last_seen,status,cohort
1,low,no,2026-01-05,,,,1
2,low,no,2026-01-06,,,,1
3,low,yes,2026-01-07,2026-01-12,,,1
4,8,,2026-11-20,,2026-11-25,,2
5,medium,no,2026-02-01,,2026-02-10,died,2
6,16,no,2026-03-01,,,lost,3
"""
TABLE = "n,dlts,decision\n3,0,E\n3,1,S\n3,2,D\n3,3,DU\n6,0,E\n6,1,E\n6,2,S\n6,3,D\n6,4,DU\n6,5,DU\n6,6,DU\n"
BY_PENDING = (
    "n,dlts,pending,decision\n1,0,0,S\n1,1,0,S\n1,0,1,S\n2,0,0,S\n2,0,1,S\n2,0,2,S\n2,1,0,S\n2,1,1,S\n2,2,0,DU\n"
)
OPTIMAL = """\
optimal:
  prior: {type: pseudo_uniform, count: 20, seed: 3}
  utility: {gain: distance, per_patient: 0.002, per_dlt: 0.01}
  constraints: [{type: NoSkipping}, {type: HardSafety}]
  benchmark: true
  held_out: 20
"""
OPTIONS = (
    "0", "1", "2", "7", "0.5", "1e-300", "1e300", "-1", "correct", "distance", "scenarios", "design", "pseudo_uniform",
    "probit_steps", "logistic", "ordered_uniform", "false", "CoherentEscalation", "StopTooToxic", "SelectTried",
)  # fmt: skip
LETTERS = "3: ESDU\n6: EESDUUU\n9: EEESDUUUUU\n"
DOSES = Doses(("low", "medium", "high"), (2.0, 8.0, 16.0), "mg")
SKELETON = (0.1, 0.25, 0.45)
DESIGNS = (
    BOIN(target=0.25, n_doses=3, max_n=18),
    CRM(target=0.25, skeleton=SKELETON, max_n=18, cohort_size=3, pending=Weighted()),
    ThreePlusThree(n_doses=3, pending=Settled()),
    MTPI2(target=0.25, n_doses=3, max_n=12, pending=Weighted()),
    RollingSix(n_doses=3),
    CRMMLE(target=0.25, skeleton=SKELETON, max_n=18, cohort_size=3),
)


def counted(texts, ask, refusals, seconds=120):
    """Ask for each text; every one is answered or refused by one of ``refusals``, or this fails and shows the text."""
    counts = Counter({"tried": 0, "refused": 0, "answered": 0, "traceback": 0, "hang": 0})
    wrong = []
    for text in texts:
        counts["tried"] += 1
        kind = "answered"
        try:
            with bounded(seconds=seconds, megabytes=2_000):
                ask(text)
        except refusals as error:
            kind = "refused" if 0 < len(str(error)) < 20_000 else "traceback"
            wrong += [(text, error)] if kind == "traceback" else []
        except TimeoutError as error:
            kind = "hang"
            wrong.append((text, error))
        except Exception as error:
            kind = "traceback"
            wrong.append((text, error))
        counts[kind] += 1
    print(dict(counts))
    assert not wrong, f"{len(wrong)} of {counts['tried']}, such as {wrong[0][1]!r}:\n{wrong[0][0]}"


def written(name, text):
    Path(name).write_bytes(text.encode("utf-8", "surrogatepass"))
    return Path(name)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def fuzz(pytestconfig):
    return pytestconfig.getoption("fuzz")


def test_scenario_files(fuzz):
    rng = seeded(SEED, "scenarios")
    right = [file.read_text(encoding="utf-8") for file in SCENARIOS]

    def ask(text):
        study = load(written("mine.yaml", text))
        study.warnings()
        assert study.calendar is None or study.accrual is not None
        assert set(study.designs) == set(study.names)
        for each in study.random_scenarios.values():
            study.draw(each)

    counted((mutated(rng.choice(right), rng) for _ in range(60 * fuzz)), ask, ScenarioError)


def test_sections_of_the_best_design_that_are_solved(fuzz, small_scenario):
    rng = seeded(SEED, "optimal")
    trial = small_scenario.replace("max_n: 18", "max_n: 9")

    def ask(text):
        study = load(written("mine.yaml", trial + text))
        found = doseesc.optimal_design(study, held_out=min(study.optimal.held_out, 50))
        assert math.isfinite(found.best.value)

    texts = (mutated(OPTIMAL, rng, rng.choice((OPTIONS, VALUES))) for _ in range(60 * fuzz))
    counted(texts, ask, (ScenarioError, ValueError, TooManyStates))


def test_scenario_files_that_are_run(fuzz):
    """Few trials of those that are still right."""
    rng = seeded(SEED, "runs")
    right = [file.read_text(encoding="utf-8") for file in SCENARIOS]

    def ask(text):
        found = doseesc.run(load(written("mine.yaml", text)), trials=5, method="monte_carlo")
        assert len(found.to_frame()) > 0

    # The first that is played on the calendar may have to wait for the compiler.
    counted((mutated(rng.choice(right), rng) for _ in range(12 * fuzz)), ask, ScenarioError, seconds=600)


def test_patients(fuzz):
    rng = seeded(SEED, "patients")
    right = [PATIENTS, PATIENTS, PATIENTS.replace(",", ";"), *(file.read_text() for file in REPLAYS[:3])]

    def ask(text):
        patients = read_patients(written("p.csv", text), DOSES, window_days=rng.choice((14, None)), date="2026-11-29")
        design = rng.choice(DESIGNS)
        replay, advice = doseesc.replay(design, patients), doseesc.recommend(design, patients)
        assert replay.to_frame() is not None
        assert advice.sentence
        assert 0 <= advice.level <= 3
        assert isinstance(advice.notes + replay.warnings, tuple)

    counted((mutated(rng.choice(right), rng, CELLS) for _ in range(100 * fuzz)), ask, (PatientsError, ScenarioError))


@pytest.mark.parametrize("name", ["table.csv", "table.yaml"])
def test_decision_tables(fuzz, name):
    rng = seeded(SEED, name)
    right = [LETTERS] if name.endswith("yaml") else [TABLE, BY_PENDING]

    def ask(text):
        table = read_table(written(name, text))
        design = TableDesign(target=0.25, n_doses=3, max_n=6, cohort_size=rng.choice((1, 3)), table=table)
        assert (design.decide(Tally.parse(["1NNN", "1NTT"], n_doses=3)).level <= 3).all()

    def refused_in_words(text):
        try:
            ask(text)
        except ValueError as error:
            if str(error).split(" ")[0] not in {"has", "holds", "is", "line", "lines", "table", "cannot"}:
                raise AssertionError("no words about a table") from error
            raise

    counted((mutated(rng.choice(right), rng, CELLS) for _ in range(100 * fuzz)), refused_in_words, ValueError)


def test_outcomes(fuzz):
    rng = seeded(SEED, "outcomes")

    def ask(text):
        design = rng.choice(DESIGNS)
        try:
            advice = doseesc.recommend(design, text, window_days=14)
        except ValueError as error:
            if not str(error).startswith("outcomes "):
                raise AssertionError("no words about outcomes") from error
            raise
        assert advice.sentence
        assert doseesc.replay(design, text, window_days=14).decision.level[-1] == advice.level

    right = ["1NNN 2NNT 3P7PT", "1NNN2NNN", "1P0.5P", "1NNN 2NNT 1N"]
    counted((mutated(rng.choice(right), rng, CELLS) for _ in range(60 * fuzz)), ask, ValueError)


def test_a_level_apart_from_its_outcomes_is_not_joined_to_the_next():
    for text in ("1 2NNN", "1 2 NNN", "1NNN 1 2NNN"):
        with pytest.raises(ValueError, match="outcomes cannot be read at"):
            doseesc.recommend(DESIGNS[0], text)
    with pytest.raises(ValueError, match="outcomes name level 12"):
        doseesc.recommend(DESIGNS[0], "12NNN")
    with pytest.raises(ValueError, match=r"outcomes name level \d+ in '2222.* \.\.\. .*N'"):
        doseesc.recommend(DESIGNS[0], "2" * 5000 + "N")
