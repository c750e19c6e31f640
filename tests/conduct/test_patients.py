"""Files of patients: what is read, what is refused, and how patients become cohorts."""

from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest
from support import data

import doseesc
from designs import BOIN, APlusB, Tally
from doseesc.conduct.patient_rows import MAX_BYTES, PatientsError
from doseesc.conduct.patients import read_patients
from doseesc.named_doses import Doses

CASES = data("wrong_patients.yaml")["cases"]
DOSES = Doses(("low", "medium", "high"), (2.0, 8.0, 16.0), "mg")
TODAY = date(2024, 6, 30)
BASE = "id,dose,dlt\n"


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Return a function that reads a file of this text, named p.csv."""
    monkeypatch.chdir(tmp_path)

    def reading(text, doses=DOSES, **options):
        Path("p.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_patients("p.csv", doses, **({"date": TODAY, "window_days": 14} | options))

    return reading


def levels(patients):
    return [each.level for each in patients.patients]


def cohorts(patients, design):
    return [str(cohort) for cohort in doseesc.replay(design, patients).cohorts]


def boin(**options):
    return BOIN(**({"target": 0.25, "n_doses": 3, "max_n": 18} | options))


# What is read


def test_labels_and_amounts_name_doses(read):
    rows = "".join(f"{place},{dose},no\n" for place, dose in enumerate(["low", "8", "8.0", "16 mg", "16mg", "high"]))
    assert levels(read(BASE + rows)) == [1, 2, 2, 3, 3, 3]


@pytest.mark.parametrize("words", [("yes", "no"), ("Y", "N"), ("1", "0"), ("TRUE", "False"), ("t", "f")])
def test_words_for_dlts(read, words):
    patients = read(f"{BASE}1,low,{words[0]}\n2,low,{words[1]}\n").patients
    assert [each.dlt for each in patients] == [True, False]


def test_dates_and_other_columns(read):
    found = read("Site , ID,Date,DOSE,dlt\nA,1,2024-06-01,low,no\n\nB,2,2024-06-01,low,yes\n")
    assert [each.date for each in found.patients] == [date(2024, 6, 1)] * 2
    assert [each.line for each in found.patients] == [2, 4]
    assert [each.id for each in found.patients] == ["1", "2"]
    assert found.notes == ("column not read: site",)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_write(read, delimiter):
    text = "\ufeff" + "id,dose,dlt\r\n1,low,no\r\n2,medium,yes\r\n".replace(",", delimiter)
    assert levels(read(text)) == [1, 2]


def test_quoted_values_may_hold_the_delimiter(read):
    doses = Doses(("low", "high"), (1.0, 2.0), "mg, daily")
    assert levels(read(BASE + '1,"2 mg, daily",no\n', doses)) == [2]


def test_no_patients_yet(read):
    found = read(BASE)
    assert found.patients == ()
    assert cohorts(found, boin()) == []
    assert doseesc.recommend(boin(), found).sentence == doseesc.recommend(boin(), "").sentence


def test_a_table_is_read_like_a_file():
    table = pd.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "date": [datetime(2024, 6, 1), date(2024, 6, 2), pd.Timestamp("2024-06-03"), "2024-06-04"],
            "dose": [2, 8.0, "high", "16 mg"],
            "dlt": [True, 0, "no", 1.0],
        }
    )
    found = read_patients(table, DOSES, date=TODAY)
    assert levels(found) == [1, 2, 3, 3]
    assert [each.dlt for each in found.patients] == [True, False, False, True]
    assert [each.date.day for each in found.patients] == [1, 2, 3, 4]
    table.loc[1, "dlt"] = None
    with pytest.raises(PatientsError, match=r"patients:2  dlt\n  is empty, and no DLT window"):
        read_patients(table, DOSES, date=TODAY)


# What is refused


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_mistakes(read, case):
    with pytest.raises(PatientsError) as caught:
        read(case["text"])
    text = str(caught.value)
    for piece in case["says"]:
        assert piece in text
    assert len(caught.value.problems) == sum(1 for line in text.splitlines() if line.startswith("p.csv"))
    assert len(caught.value.problems) == len(case["says"])


def test_a_mistake_on_many_lines_is_told_once(read):
    with pytest.raises(PatientsError) as caught:
        read(BASE + "".join(f"{place},low,maybe\n" for place in range(5)) + "6,lowe,no\n")
    first, second = caught.value.problems
    assert first.message.endswith("; the same on lines 3, 4, 5 and 6")
    assert (first.line, second.line, second.path) == (2, 7, ("dose",))


def test_a_number_that_is_a_label_and_another_levels_amount(read):
    doses = Doses(("1", "2", "3"), (2.0, 8.0, 16.0), "mg")
    with pytest.raises(PatientsError) as caught:
        read(BASE + "1,2,no\n", doses)
    assert 'is "2", which is both the label of level 2 and the amount of level 1' in str(caught.value)
    assert "write the amount with its unit:  8 mg  or  2 mg" in str(caught.value)
    assert levels(read(BASE + "1,2 mg,no\n2,8,no\n3,3,no\n4,1,no\n", doses)) == [1, 2, 3, 1]
    without_unit = Doses(("1", "2", "3"), (2.0, 8.0, 16.0))
    with pytest.raises(PatientsError, match="give the doses labels that are no numbers"):
        read(BASE + "1,2,no\n", without_unit)
    agreeing = Doses(("1", "2", "3"), (1.0, 2.0, 4.0))
    assert levels(read(BASE + "1,2,no\n2,4,no\n", agreeing)) == [2, 3]


def test_files_that_are_no_csv(read):
    with pytest.raises(PatientsError, match="is not UTF-8 text"):
        read(b"id,dose,dlt\n\xff,low,no\n")
    with pytest.raises(PatientsError, match="has over 10 MB"):
        read(b"x" * (MAX_BYTES + 1))
    with pytest.raises(PatientsError, match=r"none.csv\n  cannot be read: No such file"):
        read_patients("none.csv", DOSES)
    with pytest.raises(PatientsError, match=r"p.csv:2\n  is no CSV"):
        read('id,dose,dlt\n1,"' + "x" * 200_000 + '",no\n')


# Cohorts


def test_cohorts_by_column(read):
    text = "id,cohort,dose,dlt\n1,a,low,no\n2,a,low,yes\n3,b,low,no\n4,c,medium,no\n"
    assert cohorts(read(text), boin()) == ["1NT", "1N", "2N"]


def test_cohorts_by_dose_and_size(read):
    rows = "".join(f"{place},{dose},no\n" for place, dose in enumerate(5 * ["low"] + 3 * ["medium"] + ["low"]))
    assert cohorts(read(BASE + rows), boin()) == ["1NNN", "1NN", "2NNN", "1N"]


def test_cohorts_are_as_large_as_the_design_asks():
    def of(design, patients):
        table = pd.DataFrame([{"id": place, "dose": level, "dlt": dlt} for place, (level, dlt) in enumerate(patients)])
        return [str(cohort) for cohort in doseesc.replay(design, table).cohorts]

    assert of(boin(titration=True), [(1, 0), (2, 0), (3, 1), (3, 0), (3, 0)]) == ["1N", "2N", "3T", "3NN"]
    assert of(APlusB(n_doses=3, a=2, b=4), [(1, 0), (1, 1), *[(1, 0)] * 4, (2, 0), (2, 0)]) == ["1NT", "1NNNN", "2NN"]
    assert of(boin(), [(1, 0)] * 4 + [(2, 1)]) == ["1NNN", "1N", "2T"]


def test_a_record_remembers_as_a_tally_does():
    found = doseesc.replay(boin(), "1NNN 2NTT 1NNN")
    for row, outcomes in enumerate(["", "1NNN", "1NNN 2NTT", "1NNN 2NTT 1NNN"]):
        tally = Tally.parse(outcomes, n_doses=3)
        assert found.tally.n[row].tolist() == tally.n[0].tolist()
        assert found.tally.level[row] == tally.level[0]
        assert {name: values[row] for name, values in found.tally.memory.items()} == {
            name: values[0] for name, values in tally.memory.items()
        }
