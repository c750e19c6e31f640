"""Sections of the protocol: decisions of every design, evaluability and enrolment, Phase 2, references."""

import re
from dataclasses import replace

import numpy as np
import pytest
from support import THREE_DOSES, data

from designs import (
    BOIN,
    CRM,
    AcceleratedTitration,
    CoherentEscalation,
    NoSkipping,
    StopAtRecommended,
    StopTooToxic,
    Tally,
    Weighted,
    design_class,
    design_names,
)
from doseesc.conduct.trial import trial_of
from doseesc.phase2.power import simulate_power
from doseesc.planning.phase2_trial import planned_mtd, trial_plan
from doseesc.report.protocol.decisions import decision_blocks
from doseesc.report.protocol.observation import assumed_rates, evaluability_sentences
from doseesc.report.protocol.protocol import protocol_blocks
from doseesc.report.protocol.sources import backfill_references, reference_blocks
from doseesc.report.words import verdict_words
from doseesc.results.folder import write_results
from doseesc.results.reading import SavedRun, read_results
from doseesc.runs.run_study import run
from doseesc.study import load
from doseesc.study.observation_section import Observation
from doseesc.study.shipped import shipped_scenarios

NO_BREAK = "\N{NO-BREAK SPACE}"
RULES = (NoSkipping(), CoherentEscalation(), StopTooToxic(level=1, confidence=0.9), StopAtRecommended(9))
MODEL = CRM(target=0.25, skeleton=(0.1, 0.25, 0.4), max_n=18, cohort_size=3, rules=RULES)


DESIGNS = data("minimal_designs.json")
BUILT_IN = [name for name in design_names() if design_class(name).__module__.startswith("designs.")]


def design_of(name):
    return design_class(name)(**DESIGNS.get(name, DESIGNS["usual"]))


def tables_of(design):
    return {each.table.name: each.table for each in decision_blocks(trial_of(design)) if each.table is not None}


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_design_has_its_decision_table(name):
    tables = tables_of(design_of(name))
    assert tables.keys() in ({"decisions"}, {"transitions", "clear"})
    assert all(table.rows for table in tables.values())
    assert all(len(row) == len(table.columns) for table in tables.values() for row in table.rows)


def decided(design, outcomes):
    """Return what the design decides after outcomes, in the words of the table of transitions."""
    tally = Tally.parse(outcomes, n_doses=design.n_doses)
    level, current = int(design.decide(tally).level[0]), int(tally.level[0])
    if level == 0:
        mtd = int(design.select(tally)[0])
        return f"stop, MTD level {mtd}" if mtd else "stop, no MTD"
    return f"{'→' if level == current else '↑' if level > current else '↓'} level {level}"


def outcomes_of(words):
    """Turn ``level 2: 1/3`` into ``2TNN``."""
    level, dlts, n = map(int, re.fullmatch(r"level (\d+): (\d+)/(\d+)", words).groups())
    return f"{level}{'T' * dlts}{'N' * (n - dlts)}"


@pytest.mark.parametrize("start", [1, 2])
def test_transitions_are_the_designs_own_decisions(start):
    design = replace(MODEL, start_level=start)
    table = tables_of(design)["transitions"]
    before = table.columns.index("next cohort at")
    assert before >= 2
    assert table.rows[0][before].text == f"level {start}"
    seen = 0
    for row in table.rows:
        history = [outcomes_of(each.text) for each in row[:before] if each.text]
        level = row[before].text.removeprefix("level ")
        for dlts, cell in enumerate(row[before + 1 :]):
            assert cell.text == decided(design, " ".join([*history, f"{level}{'T' * dlts}{'N' * (3 - dlts)}"]))
            seen += 1
    assert seen == 4 * len(table.rows) >= 40


def test_a_trial_of_one_cohort_has_no_empty_columns_or_tables():
    tables = tables_of(replace(MODEL, max_n=3))
    assert list(tables) == ["transitions"]
    assert tables["transitions"].columns[0] == "next cohort at"
    assert tables["transitions"].caption == "Dose transitions over the first cohort"


def test_cohorts_that_rules_make_of_other_sizes_are_told():
    tables = tables_of(replace(MODEL, rules=(NoSkipping(), AcceleratedTitration())))
    assert list(tables) == ["transitions"]
    table = tables["transitions"]
    before = table.columns.index("next cohort at")
    assert [each.text for each in table.rows[0][before:]] == ["level 1 (1)", "↑ level 2", "→ level 1", "", ""]
    brackets = " A number in brackets is a cohort that is not of 3."
    usual = tables_of(MODEL)["transitions"].how_to_read
    assert table.how_to_read == usual + brackets
    assert brackets not in usual


def test_cohorts_of_one_are_followed_further():
    one_by_one = replace(MODEL, cohort_size=1)
    assert tables_of(one_by_one)["transitions"].columns == (
        *("cohort 1", "cohort 2", "cohort 3", "next cohort at", "after 0 DLTs", "after 1 DLT"),
    )


def test_decisions_where_lower_doses_are_clear():
    table = tables_of(MODEL)["clear"]
    cells = {(row[0].text, row[1].text): [each.text for each in row[2:]] for row in table.rows}
    assert cells["level 1", "3"][:4] == ["E", "S", "S", "X"]
    # One DLT of six: the last cohort decides, for the dose is not raised after a cohort at the target or above.
    last, first = ("1NNN 2NNN 2TNN", "1NNN 2TNN 2NNN")
    assert [decided(MODEL, each)[0] for each in (last, first)] == ["→", "↑"]
    assert decided(MODEL, "1NNN 2NNN")[0] == "↑"  # so that the trial itself does not come to the first of them
    assert cells["level 2", "6"][1] == "E"
    # It does not come to one of nine either, whose last cohort then tells what to do.
    assert decided(MODEL, "1NNN 2NNN 2NNN 2TNN") == "stop, MTD level 3"
    assert [decided(MODEL, each)[0] for each in ("1NNN 2TNN 2NNN 2NNN", "1NNN 2NNN 2TNN 2NNN")] == ["↑", "↑"]
    assert cells["level 2", "9"][1] == f"0:{NO_BREAK}E, 1:{NO_BREAK}M"
    assert "they stand before the letter" in table.how_to_read
    # Nine patients at the dose that would be given next end the trial.
    assert decided(MODEL, "1NNN 2NNN 2NNT 2NNT") == "stop, MTD level 2"
    assert "M" in cells["level 2", "9"][2]


def test_letters_of_many_patients_go_on_in_a_second_table():
    whole_cohorts = tables_of(BOIN(target=0.25, n_doses=3, max_n=30))["decisions"]
    assert whole_cohorts.columns[1:] == tuple(str(n) for n in range(3, 31, 3))
    tables = tables_of(BOIN(target=0.25, n_doses=3, max_n=30, titration=True))
    assert list(tables) == ["decisions", "decisions 2", "decisions 3"]
    assert [name for table in tables.values() for name in table.columns[1:]] == [str(n) for n in range(1, 31)]


@pytest.mark.parametrize("name", [each for each in BUILT_IN if each != "table"])
def test_every_design_names_its_publication(name, small_study):
    design = design_of(name)
    texts = [each.text for each in reference_blocks(small_study, trial_of(design)) if each.kind == "bullet"]
    assert any(re.search(r"[A-Z].* \(\d{4}\), [A-Z].*\.$", each) for each in texts[:1])
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("design", "cited"),
    [
        (replace(MODEL, pending=Weighted()), ["Cheung and Chappell (2000)"]),
        (BOIN(target=0.25, n_doses=3, max_n=18, pending=Weighted()), ["Yuan, Lin, Li, Nie and Warren (2018)"]),
        (
            BOIN(target=0.25, n_doses=3, max_n=18, pending=Weighted(estimate="ess", minimum_followed=0.25)),
            ["Lin and Yuan (2020)", "Chen et al. (2025)"],
        ),
        (BOIN(target=0.25, n_doses=3, max_n=18), []),
    ],
    ids=["likelihood", "imputation", "ess", "none"],
)
def test_what_pending_patients_are_weighed_by_is_cited(design, cited, small_study):
    texts = [each.text for each in reference_blocks(small_study, trial_of(design))]
    of_weighing = ["Chappell (2000)", "Warren (2018)", "Lin and Yuan (2020)", "Chen et al. (2025)"]
    found = [text for text in texts if any(each in text for each in of_weighing)]
    assert [text.partition(", C")[0].partition(", B")[0] for text in found] == cited


@pytest.fixture(scope="module")
def small_study(tmp_path_factory):
    path = tmp_path_factory.mktemp("small") / "study.yaml"
    path.write_text(STUDY)
    return run(load(path), trials=200)


STUDY = (
    """\
study: {title: T}
"""
    + THREE_DOSES
    + """\
designs:
  - {name: 3+3, type: 3+3}
  - {name: BOIN, type: BOIN}
scenarios: [{name: A, dlt: [0.1, 0.25, 0.45]}, {name: B, dlt: [0.01, 0.02, 0.05]}]
observation:
  - {name: own, background: 0.05, mortality_28_days: 0.3, deaths: replaced}
  - {name: other, background: 0.05, mortality_28_days: 0.3, deaths: all_count}
phase2_arms: [{name: saline, control: true}, {name: MTD, fraction: 1}]
phase2: {patients_per_arm: 40}
simulation: {trials: 200, seed: 7, method: both}
"""
)


@pytest.fixture(scope="module")
def saved(small_study, tmp_path_factory):
    return read_results(write_results(small_study, tmp_path_factory.mktemp("results") / "out"))


@pytest.fixture(scope="module")
def blocks(saved):
    return list(protocol_blocks(saved, "BOIN"))


def table_named(blocks, name):
    return next(each.table for each in blocks if each.table is not None and each.table.name == name)


def test_enrolment_is_counted_besides_evaluable_patients(saved, blocks, small_study):
    table = table_named(blocks, "enrolment")
    for row, scenario in zip(table.rows, ("A", "B"), strict=True):
        observed = small_study.policies.observed["own", scenario, "BOIN"].exact
        cell = small_study.policies.cells["own", scenario, "BOIN"].exact
        assert [each.text for each in row[:3]] == [scenario, f"{cell.total_patients:.1f}", f"{observed.enrolled:.1f}"]
        assert observed.enrolled > cell.total_patients
        cumulative = np.cumsum(observed.enrolled_distribution)
        assert row[3].text == "–".join(str(int(np.argmax(cumulative >= each))) for each in (0.05, 0.5, 0.95))
    most = max(small_study.policies.observed["own", scenario, "BOIN"].exact.enrolled for scenario in ("A", "B"))
    assert any(f"{most:.1f} patients are enrolled on average" in each.text for each in blocks)


def test_other_policies_are_compared(blocks, small_study):
    table = table_named(blocks, "policies")
    assert [row[0].text for row in table.rows] == ["own", "other"]
    found = [small_study.policies.cells["other", scenario, "BOIN"].exact.correct_selection for scenario in "AB"]
    assert table.rows[1][2].text == f"{50 * sum(found):.1f}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"deaths": "all_count"}, "counts as a patient with a DLT, whatever the cause"),
        ({"deaths": "dlt_free"}, "counts as a patient without a DLT"),
        ({"deaths": "fraction", "attributed_fraction": 0.3}, "30 % of these deaths; otherwise the patient counts"),
        (
            {"deaths": "fraction", "attributed_fraction": 0.3, "unattributed": "replaced"},
            "otherwise the patient is not evaluable and is replaced",
        ),
        ({"losses": "dlt_free"}, "lost to follow-up within the window without a DLT before counts as"),
        ({"loss": 0.1}, "loss to follow-up in 10 %"),
        ({"background": 0.15}, "not the drug's in 15 %"),
        ({"window_days": 7}, "within 7 days"),
        ({"mortality_28_days": 0.4}, "28-day mortality 40 %"),
        ({"death_relative_risk": 2.0}, "2 times as likely to die"),
        (
            {"adjudication": {"sensitivity": 0.9, "specificity": 0.8}},
            "90 % of the drug's DLTs and rightly leaves out 80 %",
        ),
        ({"dlt_times": {"type": "early", "within_days": 1, "share": 0.6}}, "60 % come in the first 1 day"),
        ({"dlt_times": {"type": "weibull", "shape": 1.4, "scale": 7}}, "Weibull law of shape 1.4 and scale 7 days"),
    ],
)
def test_what_is_observed_is_said(change, words):
    plain = {"background": 0.05, "mortality_28_days": 0.3}

    def text(given):
        return " ".join([*evaluability_sentences(given), assumed_rates(given, 14)])

    assert words in text(Observation(**{**plain, **change}))
    assert words not in text(Observation(**plain))


def test_power_of_phase_2_is_simulated_with_its_error(saved, blocks):
    study = saved.results.study
    plan = trial_plan(study, scenario="A", mtd_level=planned_mtd(study))
    power = simulate_power(plan, trials=10_000, seed=7)
    table = table_named(blocks, "power")
    cells = {row[0].text: (row[1].text, row[1].small) for row in table.rows}
    share, error = 100 * power.share("any_ttci"), 100 * power.mcse("any_ttci")
    assert cells["at least one dosage improves sooner"] == (f"{share:.1f}", f"±{NO_BREAK}{error:.2f}")
    assert any("80 patients are randomised: saline 40, MTD (dose 16 mg) 40" in each.text for each in blocks)
    told = [each.text for each in blocks if each.kind == "bullet" and f" {share:.1f} %" in each.text]
    assert told == []  # once, in the table


def test_tied_doses_are_told_once_and_in_words():
    study = load(shipped_scenarios()["nct04602104"])
    alone = study.model_copy(update={"phase2": None, "phase2_arms": (), "accrual": None, "observation": ()})
    blocks = list(protocol_blocks(SavedRun(run(alone, method="exact")), "BOIN"))
    said = [each.text for each in blocks] + [each.table.how_to_read for each in blocks if each.table is not None]
    assert sum("equally near are low, medium and high in S6" in each.lower().replace("s6", "S6") for each in said) == 1
    assert not any("ties:" in each or "true_mtd" in each for each in said)


def test_what_the_file_does_not_give_of_phase_2_is_listed_as_assumed(saved, blocks):
    assert not {"loss", "control"} & saved.results.study.phase2.model_fields_set
    assumed = [each.text for each in blocks if each.kind == "bullet" and re.search(r"\)$|: [^.]*$", each.text)]
    assert "share of patients lost to follow-up: 0.03 (between 0 and 10 %)" in assumed
    assert "test of mortality: chi-square test (not registered)" in assumed
    assert not any("_" in each for each in assumed)
    assert not any(each.startswith("patients per arm") for each in assumed)


def test_references_name_what_phase_2_and_the_comparators_rest_on(saved):
    found = [each.text for each in protocol_blocks(saved, "BOIN") if each.kind == "bullet"]
    assert any(each.startswith("Wang et al. (2020), Lancet 395:1569") for each in found)
    assert any(each.startswith("Holm (1979)") for each in found)
    assert any(each.startswith("Storer (1989)") and each.endswith("(3+3, compared).") for each in found)


@pytest.mark.parametrize(
    ("kind", "starts"),
    [("BF-BOIN", ["Zhao et al. (2024)"]), ("BE-BOIN", ["Chen et al. (2026)", "Zhao et al. (2024)"]), ("crmPack", [])],
)
def test_references_name_the_rules_of_backfill(kind, starts, tmp_path):
    path = tmp_path / "study.yaml"
    without = re.sub(r"observation:\n(  - .*\n)+", "", STUDY).replace("dlt:", "response: [0.2, 0.3, 0.4], dlt:")
    backfill = f"backfill: {{type: {kind}, conflict: none, closes: eliminated, designs: [BOIN]}}\n"
    path.write_text(f"{without}accrual: {{per_month: 2}}\n{backfill}")
    study = load(path)
    found = backfill_references(study, "BOIN")
    assert [each.split(",")[0] for each in found] == starts
    assert all(each.endswith("(backfill)") for each in found)
    assert backfill_references(study, "3+3") == []


def test_a_protocol_names_no_setting_of_the_program(blocks):
    words = " ".join(each.text for each in blocks)
    assert "whatever their order" not in words
    assert not re.search(r"method (both|exact|monte)", words)


def test_the_rationale_is_of_the_protocols_design_and_says_no_figure_twice(saved):
    leaders = saved.results.verdict.leaders.designs
    for name in ("3+3", "BOIN"):
        texts = [each.text for each in protocol_blocks(saved, name)]
        found = [each for each in texts if "selects the true MTD" in each]
        alone = [each.split(" ")[0] for each in found]
        assert alone == ([] if name in leaders else [name])  # what leads is told by the comparison
        place = next(k for k, each in enumerate(texts) if each.startswith(verdict_words(saved.results).headline))
        assert any(each.endswith("are in section 10.11.") for each in texts[place : place + 3])
    assert len(leaders) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [("cohort_size: 3", "cohort_size: 2"), ("max_n: 12", "max_n: 15"), ("target:", "start_level: medium\ntarget:")],
)
def test_what_all_designs_share_changes_the_text(old, new, tmp_path, blocks):
    path = tmp_path / "study.yaml"
    path.write_text(STUDY.replace(old, new, 1).replace("  - {name: 3+3, type: 3+3}\n", ""))
    changed = run(load(path), trials=50, method="monte_carlo")
    found = read_results(write_results(changed, tmp_path / "out"))

    def said(pieces):
        return next(each.text for each in pieces if each.text.startswith("The first cohort is treated at"))

    assert said(protocol_blocks(found, "BOIN")) != said(blocks)
