"""Scripts in R: R itself recomputes the designs, and gets our decisions and exact figures.

All are run by one R process at once.  Without Rscript these tests are skipped, or fail where DOSEESC_REQUIRE_R is set.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import doseesc
from designs import BOIN, AcceleratedTitration, MaximumIncrement, SelectionRule, design_class, rule_names
from doseesc.conduct import decision_letters, reachable
from doseesc.errors import ScenarioError
from doseesc.scripts import compare_script, conventions, r_script
from doseesc.scripts.r_designs import _KNOWN, design_code
from doseesc.scripts.r_rules import Inexpressible, rules_code

STUDY = """\
study: {title: T}
doses: {labels: [a, b, c], amounts: [1, 2, 3]}
target: 0.25
dlt_window_days: 28
cohort_size: 3
max_n: 6
designs:
  - {name: D, %s}
scenarios:
  - {name: S1, dlt: [0.05, 0.2, 0.4]}
  - {name: 'é "odd"', dlt: [0, 0.3, 1]}
"""
SKELETON = "skeleton: [0.1, 0.25, 0.4]"
DESIGNS = {
    "boin": "type: BOIN, max_n: 9",
    "boin_options": "type: BOIN, max_n: 9, extra_safe: true, stop_at_n: 6, bound_mtd: true, start_level: 2",
    "boin_settled": "type: BOIN, pending: settled",
    "boin_titrated": "type: BOIN, titration: true",
    "boin_own_rates": "type: BOIN, max_n: 9, stay_at_one_of_three: true, p_safe: 0.1, p_toxic: 0.4",
    "boin_low_target": "type: BOIN, target: 0.01",
    "boin_safe": "type: BOIN, max_n: 9, rules: [{type: StopTooToxic, confidence: 0.8}, {type: GlobalCoherence}, "
    "{type: StopAtDose, n: 6}, {type: StopWhenStaying, n: 6}, {type: CohortSizeByLevel, sizes: [2, 3, 1]}]",
    "boin_combined": "type: BOIN, max_n: 9, rules: [{type: CohortSizeByDLTs, sizes: [[0, 1], [1, 3]]}, "
    "{type: AllOf, rules: [{type: MinimumPatients, n: 5}, {type: AnyOf, rules: [{type: StopAtRecommended, n: 4}, "
    "{type: StopAtDose, n: 5, level: 2}]}]}]",
    "boin_repeated": "type: BOIN, max_n: 9, rules: [{type: StopWhenRepeated, cohorts: 2}, "
    "{type: MaximumIncrement, times: 1.6, after_dlts: [[1, 1.3]]}]",
    "boin_rescued": "type: BOIN, max_n: 9, start_level: 2, rules: [{type: StopTooToxic, level: 2, confidence: 0.6}, "
    "{type: TryRescueDose, n: 3}, {type: StopAtDose, n: 6}]",
    "mtpi_sentinel": "type: mTPI, rules: [{type: SentinelAtNewDose}]",
    "three_plus_three_sentinel": "type: 3+3, max_n: 18, rules: [{type: SentinelAtNewDose, k: 2}]",
    "keyboard_path": "type: Keyboard, max_n: 9, rules: [{type: FollowPath, path: [1, 1, 2]}, "
    "{type: StopWhenPrecise, width: 0.6}]",
    "ccd_ratio": "type: CCD, max_n: 9, rules: [{type: StopWhenPrecise, ratio: 6, credibility: 0.8}]",
    "crm_path": f"type: CRM, {SKELETON}, rules: [{{type: FollowPath, path: 1N 2N 3N}}, {{type: MaximumIncrement, "
    "times: 1.5, by_amount: [[2, 1.2]], dlts_of: last_cohort, after_dlts: [[1, 1.1]]}]",
    "six_at_mtd": "type: 3+3, max_n: 18",
    "deescalation": "type: 3+3, max_n: 18, variant: deescalation",
    "escalation_only": "type: 3+3, max_n: 18, variant: escalation_only",
    "rolling_six": "type: RollingSix, max_n: 18",
    "rolling_six_cut_short": "type: RollingSix, max_n: 7, variant: eager, start_level: 2, rules: [{type: StopTooToxic, "
    "above: 0.3, confidence: 0.9}]",
    "a_plus_b": "type: A+B, max_n: 18, cohort_size: 2, a: 2, b: 4, c: 1, d: 1, e: 1",
    "mtpi": "type: mTPI, max_n: 9",
    "mtpi_tested": "type: mTPI, mtd_fit: tested, exclusion_certainty: 0.8",
    "mtpi_titrated": "type: mTPI, rules: [{type: AcceleratedTitration, ladder: [1, 3], completes: false}]",
    "mtpi2": "type: mTPI-2",
    "mtpi2_all": "type: mTPI-2, mtd_fit: all, mtd_alpha: 1, mtd_beta: 1",
    "keyboard": "type: Keyboard, max_n: 9",
    "keyboard_plain": "type: Keyboard, end_keys: plain, epsilon1: 0.1, epsilon2: 0.03, exclusion_min_n: 1",
    "tpi": "type: TPI",
    "ccd": "type: CCD",
    "ccd_excluding": "type: CCD, exclusion_certainty: 0.95, delta: 0.05, target: 0.3",
    "i3plus3": "type: i3+3",
    "i3plus3_ruled": "type: i3+3, max_n: 9, rules: [{type: NoSkipping, reference: highest_tried, down: true}, "
    "{type: CoherentEscalation}, {type: CoherentDeescalation}, {type: HardSafety, confidence: 0.8}, "
    "{type: SelectTried}, {type: MinimumAtMTD, n: 6}]",
    "table": "type: table, max_n: 9, table: {3: ESDU, 6: EESDUUU}",
    "crm": f"type: CRM, {SKELETON}, rules: [{{type: NoSkipping}}, {{type: StopTooToxic, confidence: 0.8}}]",
    "crm_logistic": f"type: CRM, {SKELETON}, model: logistic, rules: [{{type: NoSkipping}}, "
    "{type: CoherentEscalation}, {type: StopTooToxic, confidence: 0.8, by: beta_binomial}]",
    "crm_mean": f"type: CRM, {SKELETON}, estimate: posterior_mean, selection: next_level, prior_sd: 2.5",
    "iboin": f"type: iBOIN, {SKELETON}, prior_n: [0, 6, 2], extra_safe: true",
    "bma_crm": "type: BMA-CRM, skeletons: [[0.1, 0.25, 0.4], [0.05, 0.1, 0.25]], "
    "rules: [{type: NoSkipping}, {type: StopTooToxic, confidence: 0.8}]",
    "bma_crm_one": "type: BMA-CRM, skeletons: [[0.1, 0.25, 0.4], [0.05, 0.1, 0.25]], model_prior: [1, 3], "
    "averaging: most_probable, estimate: plug_in, model: logistic",
    "crm_mle": f"type: CRM-MLE, {SKELETON}, rules: [{{type: NoSkipping}}, {{type: StopTooToxic, confidence: 0.8}}]",
    "crm_mle_logistic": f"type: CRM-MLE, max_n: 9, {SKELETON}, model: logistic, initial_levels: [1, 1, 3], rules: []",
    "blrm": "type: BLRM, max_n: 9",
    "blrm_loss": "type: BLRM, selection: loss, prior_correlation: -0.5, rules: [], floor: 0.05",
    "blrm_mean": "type: BLRM, selection: nearest_mean, overdose_above: 0.4, reference: 2, "
    "rules: [{type: StopTooToxic, confidence: 0.6}]",
    "ewoc": "type: EWOC, max_n: 9",
    "ewoc_rising": "type: EWOC, bound_step: 0.05, minimum: 1, maximum: 5, prior_rho: [1, 2], prior_mtd: [2, 1], "
    "rules: [{type: NoSkipping}, {type: StopTooToxic, confidence: 0.8}]",
    "crm_floor": f"type: CRM, {SKELETON}, model: logistic, floor: 0.05, rules: [{{type: SelectTried}}, "
    "{type: StopTooToxic, confidence: 0.8}]",
}
SIMULATED = ("BOIN", 200)
EACH = """
for (file in commandArgs(TRUE)) {
  printed <- capture.output(source(file, local = new.env(), encoding = "UTF-8"))
  writeLines(printed, sub("[.]R$", ".csv", file), useBytes = TRUE)
}
"""


@pytest.fixture(scope="module")
def rscript():
    path = shutil.which("Rscript")
    if path is None:
        (pytest.fail if os.environ.get("DOSEESC_REQUIRE_R") else pytest.skip)("there is no Rscript")
    return path


@pytest.fixture(scope="module")
def folder(rscript, tmp_path_factory):
    """Return a folder with a study and the rows that R printed of each design."""
    folder = tmp_path_factory.mktemp("scripts")
    for name, entry in DESIGNS.items():
        (folder / f"{name}.yaml").write_text(STUDY % entry, encoding="utf-8")
        (folder / f"{name}.R").write_text(r_script(loaded(folder / f"{name}.yaml"), "D"), encoding="utf-8")
    design, trials = SIMULATED
    (folder / "simulated.R").write_text(r_script(shipped(), design, trials=trials, seed=1), encoding="utf-8")
    (folder / "each.R").write_text(EACH)
    scripts = [f"{name}.R" for name in (*DESIGNS, "simulated")]
    ran = subprocess.run(
        [rscript, "--vanilla", "each.R", *scripts], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "rror" not in ran.stderr
    return folder


@cache
def loaded(path):
    return doseesc.load(path)


def shipped():
    return loaded(Path(__file__).parents[2] / "scenarios" / "nct04602104.yaml")


@pytest.mark.parametrize("name", DESIGNS)
def test_r_gets_our_decisions_and_exact_figures(folder, name):
    study = loaded(folder / f"{name}.yaml")
    found = compare_script(study, "D", folder / f"{name}.csv")
    assert found.differing == []
    assert (found.exact, found.missing) == (True, 0)
    figures = [row for row in found.rows if row.kind == "figure"]
    assert len(figures) == 2 * 10
    assert max(abs(row.theirs - row.ours) for row in figures) < 1e-9
    assert {row.se for row in figures} == {0.0}
    decisions = [row for row in found.rows if row.kind == "decision"]
    letters = decision_letters(study.designs["D"])
    if letters is None:
        met = reachable(study.designs["D"]).size
        assert len(decisions) >= met  # R remembers both numbers of the last cohort where one is needed
    else:
        assert len(decisions) == sum(len(row) for row in letters.values())


def test_every_type_that_the_script_knows_and_every_rule_is_tried(tmp_path):
    tried, rules = set(), set()
    for entry in DESIGNS.values():
        tried.add(design_class(re.search("type: ([^,]*)", entry)[1]))
        rules.update(re.findall(r"\{type: (\w+)", entry))
    assert tried == set(_KNOWN)
    assert rules == set(rule_names())


def test_simulated_figures_are_within_four_standard_errors_of_exact_ones(folder):
    found = compare_script(shipped(), SIMULATED[0], folder / "simulated.csv")
    assert found.agrees
    errors = [row.errors for row in found.rows if row.errors is not None]
    assert len(errors) == 9 * 10
    assert 1 < max(errors) < 4
    assert all(row.se > 0 for row in found.rows if row.kind == "figure")


def test_a_packages_own_section_is_there_where_it_has_the_design():
    text = r_script(shipped(), "BOIN", trials=100)
    assert 'requireNamespace("BOIN", quietly = TRUE)' in text
    assert "BOIN::get.oc(" in text
    assert "dfcrm::crm(" in r_script(shipped(), "CRM", trials=100)
    assert "No package is asked" in r_script(shipped(), "3+3", trials=100)


def test_scripts_are_readable():
    for name in shipped().names:
        text = r_script(shipped(), name, trials=100)
        assert max(map(len, text.splitlines())) <= 130
        assert "\n\n\n" not in text
        assert not re.search(r"[{]%|[{][{]|None|np\.", text)


@pytest.mark.parametrize(
    ("entry", "field", "what"),
    [
        ("type: BLRM, floor_prior: [1, 19]", "designs.D.floor_prior", "a prior"),
        ("type: RollingSix, variant: iq", "designs.D.variant", "is iq"),
        (f"type: CRM, {SKELETON}, rules: [{{type: StopWhenRepeated, cohorts: 3}}]", "designs.D.rules", "course"),
        (
            f"type: CRM, {SKELETON}, rules: [{{type: NoSkipping}}, {{type: StopWhenPrecise, width: 0.3}}]",
            "designs.D.rules[2]",
            "is StopWhenPrecise",
        ),
        ("type: EWOC, rules: [{type: StopWhenPrecise, cv: 0.3}]", "designs.D.rules[1]", "is StopWhenPrecise"),
        ("type: 3+3, max_n: 18, rules: [{type: TryRescueDose, n: 3}]", "designs.D.rules[1]", "is TryRescueDose"),
        (
            "type: BOIN, rules: [{type: SentinelAtNewDose}, {type: CohortSizeByLevel, sizes: [2, 3, 3]}]",
            "designs.D.rules",
            "SentinelAtNewDose",
        ),
        ("type: BOIN, max_n: 2000", "designs.D", "has 2,000 patients"),
        ("type: TITE-BOIN", "designs.D", "is Weighted()"),
        (f"type: CRM, {SKELETON}, floor_prior: [1, 19]", "designs.D.floor_prior", "a prior"),
        (
            "type: BOIN, titration: true, rules: [{type: AcceleratedTitration}]",
            "designs.D.rules",
            "several ways",
        ),
    ],
)
def test_what_the_script_cannot_express_is_refused_by_name(tmp_path, entry, field, what):
    (tmp_path / "mine.yaml").write_text(STUDY % entry, encoding="utf-8")
    with pytest.raises(ScenarioError) as refusal:
        r_script(doseesc.load(tmp_path / "mine.yaml"), "D")
    first, second, *_ = str(refusal.value).splitlines()
    assert re.search(r"mine\.yaml:8 ", first)
    assert first.endswith(field) or field in first
    assert what in second


@pytest.mark.parametrize(
    ("entry", "remedy", "by"),
    [
        ("type: RollingSix", "leave out  accrual ", None),
        ("type: TITE-BOIN", "write  pending: complete  and its type without  TITE-", "type: BOIN, pending: complete"),
    ],
)
def test_what_is_to_be_written_where_the_calendar_decides_is_accepted_then(tmp_path, entry, remedy, by):
    file, accrual = tmp_path / "mine.yaml", "accrual: {per_month: 2}\n"
    file.write_text(STUDY % entry + accrual, encoding="utf-8")
    with pytest.raises(ScenarioError, match=re.escape(remedy)):
        r_script(doseesc.load(file), "D")
    file.write_text(STUDY % entry if by is None else STUDY % by + accrual, encoding="utf-8")
    assert r_script(doseesc.load(file), "D").startswith("# ")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("type: 3+3", "# Groups of 3: with no DLT up; with 1 a second group, of 3, at the level,"),
        ("type: A+B, a: 3, b: 3, c: 1, d: 2, e: 2", "with no DLT up; with 1 to 2 a second group, of 3, at the level,"),
    ],
)
def test_the_rule_of_an_a_plus_b_is_a_sentence_with_its_numbers(tmp_path, entry, said):
    (tmp_path / "mine.yaml").write_text(STUDY % entry, encoding="utf-8")
    assert said in r_script(doseesc.load(tmp_path / "mine.yaml"), "D")


def test_increments_after_a_titration_are_refused():
    increment = MaximumIncrement(amounts=(1, 2, 3), dlt_start=-1, clean_start=0)
    design = BOIN(target=0.3, n_doses=3, max_n=9, rules=(AcceleratedTitration(completes=False), increment))
    with pytest.raises(Inexpressible, match="is MaximumIncrement with dlt_start") as refusal:
        rules_code(design, model_based=False)
    assert refusal.value.path == ("rules", 1)


def test_a_design_of_others_is_refused_even_where_it_is_made_from_a_known_one():
    @dataclass(frozen=True, kw_only=True)
    class Mine(BOIN):
        pass

    with pytest.raises(Inexpressible, match="is Mine, a type that the script cannot express") as refusal:
        design_code(Mine(target=0.3, n_doses=3, max_n=9))
    assert "it can express 3+3, A+B, BOIN" in refusal.value.remedy


def test_a_rule_of_others_is_refused():
    @dataclass(frozen=True)
    class Mine(SelectionRule):
        def selectable(self, design, tally):
            return tally.n > 1

    with pytest.raises(Inexpressible, match="is Mine, a rule that the script cannot express"):
        rules_code(BOIN(target=0.3, n_doses=3, max_n=9, rules=(Mine(),)), model_based=False)


@pytest.mark.parametrize(
    ("file", "design", "field"),
    [("tite", "TITE-CRM", "designs.TITE-CRM.pending"), ("tite_backfill", "BF-BOIN", "backfill")],
)
def test_what_rests_on_the_calendar_is_refused(file, design, field):
    study = doseesc.load(Path(__file__).parents[2] / "scenarios" / f"{file}.yaml")
    with pytest.raises(ScenarioError, match=re.escape(field)):
        r_script(study, design)


def test_a_seed_that_r_does_not_take_is_refused():
    with pytest.raises(ValueError, match="seed must be at most 2147483647"):
        r_script(shipped(), "BOIN", trials=10, seed=2**31)


def test_conventions_are_known_for_every_type_of_the_script():
    from designs.registry import name_of_design

    for kind in _KNOWN:
        own = [each for each in conventions(name_of_design(kind)) if each.designs]
        assert own, kind
