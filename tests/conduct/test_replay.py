"""Published trials replayed: the shipped records, what the designs say to them, and the command."""

from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from support import data, passes, yaml

import doseesc
from designs import BOIN, RollingSix, Settled, Tally, ThreePlusThree
from doseesc.study import load
from doseesc.study.shipped import shipped_replays
from doseesc.study.study import json_schema
from doseesc.validation.cases import conduct

CASES = data("replays.yaml")
LEVY = data("published.yaml")["levy_2006"]


def replayed(name, design=None):
    path = shipped_replays()[f"replay/{name}"]
    return doseesc.replay(load(path), path.with_suffix(".csv"), design)


def test_every_shipped_replay_has_its_expectation():
    assert {f"replay/{case['name']}" for case in CASES} == set(shipped_replays())


@pytest.mark.parametrize("path", shipped_replays().values(), ids=lambda path: path.stem)
def test_shipped_replay_fits_the_schema_names_its_source_and_runs(path):
    text = path.read_text()
    assert text.startswith("# yaml-language-server: $schema=../doseesc.schema.json\n")
    validator = jsonschema.Draft7Validator(json_schema())
    assert list(validator.iter_errors(yaml(text))) == []
    study = load(path)
    assert any(note.startswith("source: ") for note in study.study.notes)
    assert study.study.assumptions
    assert len(doseesc.run(study, trials=2).cells) == len(study.designs)
    for name in study.designs:
        found = doseesc.replay(study, path.with_suffix(".csv"), name)
        answer = doseesc.recommend(study, path.with_suffix(".csv"), design=name)
        assert answer.level == found.decision.level[-1]
        assert answer.mtd == found.selected[-1]


def test_published_trials():
    passes(conduct.replayed_trials)


def test_levy_reproduces_the_published_sequence():
    found = replayed("levy2006", "CRM")
    assert [str(cohort) for cohort in found.cohorts] == [
        cohort.replace("TNT", "NTT").replace("NTN", "NNT") for cohort in LEVY["cohorts"]
    ]
    assert found.selected[1:].tolist() == LEVY["mtd"]
    assert found.decision.level[1:].tolist() == [5, 4, 4, 4, 4, 0]
    np.testing.assert_allclose(found.estimates[1:, 3], LEVY["dose_4"], rtol=0, atol=5.1e-5)
    np.testing.assert_allclose(found.estimates[2:], LEVY["published"], rtol=0, atol=LEVY["published_within"])
    assert found.departures == ("", "the design asked for 6 mg/m2", "", "", "", "")


def test_frames():
    found = replayed("levy2006", "CRM")
    frame = found.to_frame()
    assert frame["dose"].tolist() == ["0.5 mg/m2", "3 mg/m2"] + 4 * ["5 mg/m2"]
    assert frame["asked_level"].tolist() == [1, 5, 4, 4, 4, 4]
    assert frame["next_n"].tolist() == [3, 3, 3, 3, 3, 0]
    assert frame["reason"].tolist()[-1] == "MAX_N"
    assert found.estimates.shape == (7, 5)
    assert found.estimates[1, 3] == pytest.approx(0.1578, abs=5e-5)
    assert replayed("mexvt", "BOIN").estimates is None


def test_departures_of_each_kind():
    design = BOIN(target=0.25, n_doses=3, max_n=9)
    found = doseesc.replay(design, "1NNN 3NNN 2NN 2NNN 3N")
    assert found.departures == (
        "",
        "the design asked for level 2",
        "the design asked for level 3",
        "the design asked for level 3",
        "the design had stopped: the maximum number of patients has been treated",
    )
    assert doseesc.replay(design, "1NN").departures == ("the design asked for 3 patients",)
    assert doseesc.replay(design, "").departures == ()


def test_patients_whom_the_design_gives_a_dose_one_by_one_may_be_entered_together():
    six = RollingSix(n_doses=3, max_n=18)
    assert doseesc.replay(six, "1NNN 2NNNNNN 3NTP", window_days=14).departures == ("", "", "")
    assert doseesc.replay(six, "1NNNNNNN").departures == ("the design asked for 1 patient",)  # not for a seventh
    settled = BOIN(target=0.25, n_doses=3, cohort_size=1, max_n=9, pending=Settled())
    assert doseesc.replay(settled, "1NNNN").departures == (
        "the design asked for 1 patient",
    )  # its decision hangs on them
    assert doseesc.replay(BOIN(target=0.25, n_doses=3, max_n=9), "1NNNN").departures[0]


def test_what_the_design_had_said_does_not_know_the_future():
    found = doseesc.replay(ThreePlusThree(n_doses=3), "1NNT 1NNN 2NTT")
    for row in range(4):
        tally = Tally.parse(" ".join(["1NNT", "1NNN", "2NTT"][:row]), n_doses=3)
        assert found.decision.level[row] == found.trial.design.decide(tally).level[0]


def test_patients_as_a_table():
    table = pd.DataFrame({"id": [1, 2, 3, 4], "dose": [1, 1, 1, 2], "dlt": [False, False, False, True]})
    found = doseesc.replay(BOIN(target=0.25, n_doses=3, max_n=9), table)
    assert [str(cohort) for cohort in found.cohorts] == ["1NNN", "2T"]


def test_command(cli):
    code, out, err = cli("replay", "replay/levy2006", "--design", "CRM")
    assert (code, err) == (0, "")
    assert "CRM, 6 cohorts" in out
    assert "departure: the design asked for 6 mg/m2" in out
    assert "1 departure from the design; the MTD is 5 mg/m2." in out
    assert max(map(len, out.splitlines())) <= 100


def test_command_prints_csv_and_json(cli):
    import io
    import json

    frame = replayed("levy2006", "CRM").to_frame()
    code, out, _ = cli("replay", "replay/levy2006", "--design", "CRM", "--format", "csv")
    printed = pd.read_csv(io.StringIO(out), keep_default_na=False)
    pd.testing.assert_frame_equal(printed, frame, check_dtype=False)
    code, out, _ = cli("replay", "replay/levy2006", "--design", "CRM", "--format", "json")
    document = json.loads(out)
    assert code == 0
    assert document["mtd"] == 4
    assert len(document["cohorts"]) == 6
    assert document["estimates"][1][3] == pytest.approx(0.1578, abs=5e-5)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["replay/levy2006"], "--design"),
        (["nct04602104", "--design", "CRM"], "nct04602104.csv"),
        (["nct04602104", "--design", "CRM", "--outcomes", "4NNN"], "levels are 1"),
        (["nct04602104", "--design", "CRM", "--outcomes", "1NNN", "--data", "x.csv"], "once"),
        (["nct04602104", "--design", "CRM", "--data", "x.csv"], "x.csv\n  cannot be read"),
    ],
)
def test_command_refuses(cli, arguments, said):
    code, out, err = cli("replay", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_record_beside_a_users_own_file(cli):
    source = shipped_replays()["replay/boin_manual"]
    for suffix in (".yaml", ".csv"):
        Path("mine").with_suffix(suffix).write_bytes(source.with_suffix(suffix).read_bytes())
    code, out, _ = cli("replay", "mine.yaml")
    assert code == 0
    assert "no departures from the design" in out


def test_shown_code_gives_the_same(cli, capsys):
    _, code, _ = cli("replay", "replay/levy2006", "--design", "CRM", "--show-code")
    exec(code, {})
    assert capsys.readouterr().out == f"{replayed('levy2006', 'CRM').to_frame()}\n"
