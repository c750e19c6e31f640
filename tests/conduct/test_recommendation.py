"""The next dose: answer, reasons, table of doses, what comes next, and the command."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from support import data

import designs
import doseesc
from designs import BLRM, BOIN, CRM, CRMMLE, MTPI2, NoSkipping, Reason, Tally, ThreePlusThree
from doseesc.conduct.dose_estimates import estimate_doses, target_interval
from doseesc.conduct.rule_effects import rule_effects
from doseesc.conduct.trial import trial_of
from doseesc.named_doses import Doses
from doseesc.study import load
from doseesc.study.shipped import shipped_scenarios

CASES = data("rule_effects.yaml")["cases"]
DOSES = Doses(("low", "medium", "high"), (2, 8, 16), "mg")


@pytest.fixture(scope="module")
def study():
    return load(shipped_scenarios()["nct04602104"])


def boin(**options):
    return BOIN(**({"target": 0.25, "n_doses": 3, "max_n": 18} | options))


def crm(*rules, **options):
    skeleton = (0.16, 0.25, 0.35)
    return CRM(**({"target": 0.25, "skeleton": skeleton, "max_n": 18, "cohort_size": 3, "rules": rules} | options))


# The answer


@pytest.mark.parametrize(
    ("design", "outcomes", "sentence"),
    [
        ("BOIN", "", "Treat the next 3 patients at low (2 x 1e8 particles per day)"),
        ("BOIN", "1NNN", "Treat the next 3 patients at medium (8 x 1e8 particles per day)"),
        ("boin", "1NNN 2NTT", "Treat the next 3 patients at low (2 x 1e8 particles per day)"),
        ("BOIN", "1TTT", "Stop the trial: no dose can be recommended"),
        ("3+3", "1NNN 2NNT 2NNN 3NTT", "Stop the trial: the MTD is medium (8 x 1e8 particles per day)"),
        ("3+3", "1NNN 2NNNNN", "Treat the next patient at medium (8 x 1e8 particles per day)"),
    ],
)
def test_first_line(study, design, outcomes, sentence):
    assert doseesc.recommend(study, outcomes, design=design).sentence == sentence


def test_answer_is_the_designs(study):
    for name, design in study.designs.items():
        for outcomes in ("", "1NNN", "1NNT 1NTT", "1NNN 2NNN 3NNT", "1NNN 2NTT 1NNN"):
            tally = Tally.parse(outcomes, n_doses=3)
            decision, found = design.decide(tally), doseesc.recommend(study, outcomes, design=name)
            assert (found.level, found.cohort_size) == (decision.level[0], decision.cohort_size[0])
            assert found.reason is decision.reason[0]
            assert found.mtd == design.select(tally)[0]


@pytest.mark.parametrize(
    ("labels", "amounts", "unit", "words"),
    [
        (("low", "high"), (2, 8), "1e8 particles", ["low (2 x 1e8 particles)", "high (8 x 1e8 particles)"]),
        (("low", "high"), (0.5, 8), "", ["low (0.5)", "high (8)"]),
        (("1", "2"), (0.5, 8), "mg", ["level 1 (0.5 mg)", "level 2 (8 mg)"]),
        (("0.5", "8"), (0.5, 8), "mg", ["0.5 mg", "8 mg"]),
        (("0.50", "8"), (0.5, 8), "", ["dose 0.50", "dose 8"]),
        (("1", "2"), None, "", ["level 1", "level 2"]),
        (("1", "2"), (1, 2), "", ["level 1", "level 2"]),
    ],
)
def test_words_for_doses(labels, amounts, unit, words):
    doses = Doses(labels, amounts, unit)
    assert [doses.words(level) for level in (1, 2)] == words


# Why


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['rules']} {case['outcomes']}")
def test_rules_that_had_a_say(case):
    rules = tuple(eval(case["rules"], vars(designs)))
    start = case.get("start", 1)
    design = boin(rules=rules, start_level=start) if case["design"] == "BOIN" else crm(*rules, start_level=start)
    tally = Tally.parse(case["outcomes"], n_doses=3)
    assert design.decide(tally).level[0] == case["level"]
    effects = rule_effects(design, tally, DOSES)
    assert [[effect.rule, effect.effect] for effect in effects] == case["effects"]
    assert all(effect.meaning.endswith(".") for effect in effects)


def test_designs_own_rules_are_named():
    design = boin(stop_at_n=6, max_n=30)
    effects = rule_effects(design, Tally.parse("1NNN 1NTT", n_doses=3), DOSES)
    assert ("StopWhenStaying", "stops the trial") in [effect[:2] for effect in effects]


# What is known of each dose


def test_estimates_without_a_model_are_beta_binomial():
    found = doseesc.recommend(boin(), "1NNN 2NNT")
    table = found.to_frame()
    posterior = [stats.beta(1, 4), stats.beta(2, 3)]
    expected = [[p.mean(), p.ppf(0.05), p.ppf(0.95), p.sf(0.25), p.cdf(0.25)] for p in posterior]
    columns = ["estimate", "lower", "upper", "overdosing", "underdosing"]
    np.testing.assert_allclose(table[columns].iloc[:2], expected, rtol=1e-9)
    assert table[columns].iloc[2].isna().all()
    assert table["n"].tolist() == [3, 3, 0]
    assert table["dlt"].tolist() == [0, 1, 0]
    assert found.estimates.basis.startswith("each dose alone, uniform prior")


def test_estimates_with_a_model_are_the_models():
    design = crm()
    tally = Tally.parse("1NNN 2NNT", n_doses=3)
    found = estimate_doses(design, tally)
    np.testing.assert_array_equal(found.mean, design.posterior(tally).dlt_probability[0])
    for level in (1, 2, 3):
        above = design.probability_above(tally, level, 0.25)[0]
        assert found.overdosing[level - 1] == above
        assert found.underdosing[level - 1] == pytest.approx(1 - above)
        assert design.probability_above(tally, level, found.lower[level - 1])[0] == pytest.approx(0.95, abs=1e-6)
        assert design.probability_above(tally, level, found.upper[level - 1])[0] == pytest.approx(0.05, abs=1e-6)
    assert found.basis == "the design's model"


def test_maximum_likelihood_has_no_estimate_before_it_exists():
    design = CRMMLE(target=0.25, skeleton=(0.16, 0.25, 0.35), max_n=18, cohort_size=3)
    assert np.isnan(estimate_doses(design, Tally.parse("1NNN", n_doses=3)).mean).all()
    tally = Tally.parse("1NNN 2NNT", n_doses=3)
    np.testing.assert_allclose(estimate_doses(design, tally).mean, design.curve(design.estimate(tally))[0])


def test_over_and_underdosing_are_about_the_designs_target_interval():
    blrm = BLRM(target=0.25, doses=(2, 8, 16), max_n=18)
    assert target_interval(blrm) == (0.20, 0.35)
    assert target_interval(BLRM(target=0.25, doses=(2, 8, 16), max_n=18, overdose_above=0.33)) == (0.20, 0.33)
    assert target_interval(BLRM(target=0.2, doses=(2, 8, 16), max_n=18)) == pytest.approx((0.1579, 0.2877), abs=1e-4)
    assert target_interval(MTPI2(target=0.25, n_doses=3, max_n=18)) == pytest.approx((0.20, 0.30))
    assert target_interval(boin(), 0.4) == (0.25, 0.25)
    assert target_interval(ThreePlusThree(n_doses=3), 0.3) == (0.3, 0.3)
    tally = Tally.parse("1NNN 2NNT", n_doses=3)
    intervals = blrm.posterior(tally).interval_probability[0]
    found = estimate_doses(blrm, tally)
    np.testing.assert_allclose(found.underdosing, intervals[:, 0], atol=1e-9)
    np.testing.assert_allclose(found.overdosing, intervals[:, 2:].sum(axis=1), atol=1e-9)


def test_a_design_without_a_target_takes_the_studys(study):
    assert doseesc.recommend(study, "1NNN", design="3+3").estimates.over == 0.25
    alone = doseesc.recommend(ThreePlusThree(n_doses=3), "1NNN")
    assert alone.estimates.over is None
    assert alone.to_frame()["overdosing"].isna().all()


# What comes next


def test_every_outcome_of_the_next_cohort():
    design = crm(NoSkipping())
    found = doseesc.recommend(design, "1NNN")
    table = found.outcomes_frame()
    assert table["dlts"].tolist() == [0, 1, 2, 3]
    for dlts, row in table.set_index("dlts").iterrows():
        tally = Tally.parse("1NNN 2" + "N" * (3 - dlts) + "T" * dlts, n_doses=3)
        decision = design.decide(tally)
        assert row["next_level"] == decision.level[0]
        assert row["next_n"] == decision.cohort_size[0]
        assert row["reason"] == decision.reason[0].name
        assert row["mtd"] == design.select(tally)[0]


def test_nothing_comes_after_the_end():
    found = doseesc.recommend(boin(), "1TTT")
    assert (found.level, found.cohort_size, found.reason) == (0, 0, Reason.NO_SAFE_DOSE)
    assert found.outcomes_frame().empty


# Notes


@pytest.mark.parametrize(
    ("outcomes", "note"),
    [
        ("1NNN 2NN", "the last cohort has 2 of 3 patients"),
        ("1NNN 3NNN", "cohort 2 departed from the design"),
        ("1NNN 3NNN 1N", "cohorts 2, 3 departed from the design"),
        ("1NNN 2NNN 3NNN 3NNN 3NNN 3NNN", "level 3 is the highest dose of the trial"),
    ],
)
def test_notes(outcomes, note):
    notes = doseesc.recommend(boin(), outcomes).notes
    assert len(notes) == 1
    assert notes[0].startswith(note)


def test_more_patients_than_the_design_has_are_noted():
    outcomes = "1NNN 2NNN 2NNN 2NNN 2NNN 2NNN 2NNN 2NNN 2NNN"
    said = "the data hold 27 patients, 9 more than max_n = 18, with which the design ends"
    tally = Tally.parse(outcomes, n_doses=3)
    design = boin()
    assert design.max_n == 18
    for given in (outcomes, tally):
        assert said in doseesc.recommend(design, given).notes
    assert said in doseesc.replay(design, outcomes).warnings
    within = doseesc.recommend(design, "1NNN 2NNN 2NNN 2NNN 2NNN 2NNN").notes
    assert not any("max_n" in note for note in within)


def test_no_notes_without_need():
    assert doseesc.recommend(boin(), "1NNN 2NNT").notes == ()
    assert doseesc.recommend(boin(), "").notes == ()
    toxic_top = "1NNN 2NNN 3NNN 3NNT 3NNT 3NTT"
    assert doseesc.recommend(boin(), toxic_top).notes == ()


def test_an_mtd_that_nobody_was_given_is_noted():
    assert doseesc.recommend(crm(NoSkipping()), "1NNN").notes == (
        "nobody has been treated at level 3, the MTD if the trial ended now",
    )


# What may be given


def test_a_tally_and_a_design_alone():
    found = doseesc.recommend(boin(), Tally(n=[[3, 3, 0]], dlt=[[0, 1, 0]], level=[2]))
    assert found.sentence == doseesc.recommend(boin(), "1NNN 2NNT").sentence
    assert found.record is None
    with pytest.raises(ValueError, match="data must be those of one trial, not of 2"):
        doseesc.recommend(boin(), Tally.parse(["1NNN", "1NNT"], n_doses=3))


def test_another_design_for_the_studys_doses(study):
    found = doseesc.recommend(study, "1NNN", design=boin(target=0.1))
    assert found.sentence.endswith("(8 x 1e8 particles per day)")
    with pytest.raises(ValueError, match="design has 4 doses, the study 3"):
        trial_of(study, boin(n_doses=4))


@pytest.mark.parametrize(
    ("design", "message"),
    [
        (None, r"design must be named, one of 3\+3, CRM, BOIN"),
        ("BOIM", r"design 'BOIM' is not in the study; did you mean BOIN\?"),
        ("xyz", r"design 'xyz' is not in the study; it has 3\+3, CRM, BOIN"),
    ],
)
def test_a_design_that_is_not_there(study, design, message):
    with pytest.raises(ValueError, match=message):
        doseesc.recommend(study, "1NNN", design=design)


def test_a_design_given_twice():
    with pytest.raises(ValueError, match="design must be left out"):
        doseesc.recommend(boin(), "1NNN", design="BOIN")


def test_plain_values(study):
    found = doseesc.recommend(study, "1NNN 3NNN", design="BOIN").to_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["next"] == {
        "level": 3,
        "label": "high",
        "amount": 16.0,
        "unit": "1e8 particles per day",
        "patients": 3,
    }
    assert found["departures"] == [{"cohort": 2, "departure": "the design asked for medium"}]
    assert found["doses"][1]["estimate"] is None


# The command


def test_command_answers_first(cli):
    code, out, err = cli("next", "nct04602104", "--design", "CRM", "--outcomes", "1NNN")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0] == "Treat the next 3 patients at medium (8 x 1e8 particles per day)"
    assert lines[1].startswith("CRM: ")
    assert "  NoSkipping holds the next dose to medium; without it: high" in lines
    assert any(line.startswith("> medium") for line in lines)
    assert "P(over 25 %)" in out
    assert "After the next 3 patients at medium" in lines
    assert "  0 DLTs    escalate to high" in lines
    assert max(map(len, lines)) <= 100


def test_command_reads_patients(cli):
    Path("patients.csv").write_text(
        "id,date,dose,dlt\n1,2024-03-01,low,no\n2,2024-03-02,2,no\n3,2024-03-02,low,no\n4,2024-04-01,high,yes\n"
    )
    code, out, _ = cli("next", "nct04602104", "--design", "BOIN", "--data", "patients.csv")
    assert code == 0
    assert out.startswith("Treat the next 3 patients at medium")
    assert "note: cohort 2 departed from the design" in out


def test_command_says_all_that_is_wrong_with_patients(cli):
    Path("patients.csv").write_text("id,date,dose,dlt\n1,2024-03-01,lwo,no\n1,2024-02-30,low,perhaps\n")
    code, out, err = cli("next", "nct04602104", "--design", "BOIN", "--data", "patients.csv")
    assert (code, out) == (2, "")
    assert err.count("patients.csv:") == 4
    assert "patients.csv:2  dose\n  is lwo, no dose\n  did you mean  low?" in err
    assert "Traceback" not in err


def test_command_prints_json_and_csv(cli, study):
    found = doseesc.recommend(study, "1NNN 2NNT", design="BOIN")
    arguments = ["next", "nct04602104", "--design", "BOIN", "--outcomes", "1NNN 2NNT", "--format"]
    assert json.loads(cli(*arguments, "json")[1]) == json.loads(json.dumps(found.to_dict()))
    printed = pd.read_csv(io.StringIO(cli(*arguments, "csv")[1]))
    pd.testing.assert_frame_equal(printed, found.to_frame(), check_dtype=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--outcomes", "1NNN"], "--design"),
        (["--design", "BOIM"], "BOIM"),
        (["--design", "BOIN", "--outcomes", "1NXN"], "--outcomes"),
        (["--design", "BOIN", "--outcomes", "4NNN"], "levels are 1 to"),
        (["--design", "BOIN", "--outcomes", "1NNN", "--data", "x.csv"], "once"),
        (["--design", "BOIN", "--data", "x.csv"], "x.csv\n  cannot be read"),
        (["--design", "BOIN", "--data", "1NNN " * 70], 'write  --outcomes "1NNN 1NNN'),  # too long for a file's name
    ],
)
def test_command_refuses(cli, arguments, said):
    code, out, err = cli("next", "nct04602104", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_shown_code_gives_the_same(cli, capsys, study):
    _, code, _ = cli("next", "nct04602104", "--design", "BOIN", "--outcomes", "1NNN", "--show-code")
    exec(code, {})
    printed = capsys.readouterr().out
    assert printed.startswith(doseesc.recommend(study, "1NNN", design="BOIN").sentence)
