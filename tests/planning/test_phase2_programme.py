"""The file's section, the trial it plans, the programme's assurance, and the command."""

import json

import numpy as np
import pytest
from support import ARMS

import doseesc
from doseesc.errors import ScenarioError
from doseesc.phase2.power import simulate_power
from doseesc.planning.assurance import assurance_frame, programme_assurance
from doseesc.planning.phase2_trial import phase2_of, planned_mtd, trial_plan
from doseesc.study import load
from doseesc.study.phase2_assumptions import assumptions_of
from doseesc.study.phase2_section import Phase2
from doseesc.study.shipped import shipped_scenarios


@pytest.fixture(scope="module")
def shipped():
    return load(shipped_scenarios()["nct04602104"])


def test_section_becomes_a_trial(planned):
    study = planned(
        "{patients_per_arm: {saline: 40, MTD: 60, quarter: 50}, control: {improved: 0.4, died: 0.35}, "
        "effect: {shr: 1.8, mortality_rr: 0.7, dose_response: emax, ed50: 4}, adverse_background: 0.1, loss: 0, "
        "mtd: medium, analysis: {ttci: gray, multiplicity: dunnett, alpha: 0.05}}"
    )
    assert planned_mtd(study) == 2
    plan = trial_plan(study, scenario="S", mtd_level=2)
    assert [(arm.name, arm.n, arm.amount) for arm in plan.arms] == [
        ("saline", 40, None),
        ("quarter", 50, 2.0),
        ("MTD", 60, 8.0),
    ]
    # Emax with ED50 4: shares of the effect at 16, the highest level: (2/6)/(16/20) and (8/12)/(16/20).
    assert [arm.effect.shr for arm in plan.active] == pytest.approx([1.8 ** (5 / 12), 1.8 ** (5 / 6)])
    assert [arm.effect.mortality_rr for arm in plan.active] == pytest.approx([0.7 ** (5 / 12), 0.7 ** (5 / 6)])
    assert [arm.adverse for arm in plan.arms] == pytest.approx([0.1, 1 - 0.9 * 0.9, 1 - 0.9 * 0.8])
    assert (plan.course.improved, plan.course.died, plan.loss) == (0.4, 0.35, 0)
    assert (plan.analysis.ttci, plan.analysis.multiplicity, plan.analysis.alpha) == ("gray", "dunnett", 0.05)


def test_what_the_file_leaves_out_is_an_assumption(planned):
    study = planned("{loss: 0.1, effect: {shr: 1.3}}")
    listed = {each.key: each for each in assumptions_of(phase2_of(study))}
    assert listed["loss"].from_file
    assert listed["effect.shr"].from_file
    assert listed["effect.shr"].value == "1.3"
    for key in ("control.improved", "control.died", "control.improvement_times", "effect.mortality_rr", "mtd"):
        assert not listed[key].from_file
        assert listed[key].basis
    assert not any(each.from_file for each in assumptions_of(Phase2()))
    assert assumptions_of(phase2_of(planned())) == assumptions_of(Phase2())


def test_defaults_are_the_project_base_case():
    section = Phase2()
    assert (section.control.improved, section.control.died, section.loss) == (0.5, 0.3, 0.03)
    assert str(section.control.improvement_times) == "Weibull, shape 3.5, scale 17 days"
    assert str(section.control.death_times) == "Weibull, shape 1.4, scale 15.5 days"
    assert (section.patients_per_arm, section.adverse_background, section.analysis.alpha) == (50, 0.05, 0.025)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{patients_per_am: 50}", "patients_per_am"),
        ("{patients_per_arm: 0}", "patients_per_arm"),
        ("{control: {improved: 0.8, died: 0.4}}", "has more patients improve and die than there are"),
        ("{effect: {dose_response: linear}}", "dose_response"),
        ("{analysis: {alpha: 0.6}}", "alpha"),
        ("{loss: 1.2}", "loss"),
    ],
)
def test_wrong_sections_are_refused_with_their_line(section, said, complaint, small_scenario):
    text = complaint(small_scenario + ARMS + f"phase2: {section}\n")
    assert said in text
    assert "mine.yaml:16" in text
    assert text.count("mine.yaml") == 1


@pytest.mark.parametrize(
    ("section", "arms", "said"),
    [
        ("{patients_per_arm: {saline: 40}}", ARMS, "names saline; the arms are saline, MTD, quarter"),
        ("{effect: {shr: 4, mortality_rr: 2}}", ARMS, "mortality_rr must leave room"),
        ("{effect: {no_effect_dose: 20}}", ARMS, "no_effect_dose must be below the reference"),
        ("", "phase2_arms: [{name: MTD, fraction: 1}]\n", "has 0 control arms among 1"),
        ("", "", "has 0 control arms among 0"),
    ],
)
def test_impossible_trials_are_refused(planned, section, arms, said):
    study = planned(section, "\n" + arms)
    with pytest.raises(ScenarioError, match="mine") as caught:
        trial_plan(study, scenario="S", mtd_level=3)
    assert said in str(caught.value)


def test_unknown_mtd_is_refused(planned):
    with pytest.raises(ScenarioError, match="huge"):
        planned_mtd(planned("{mtd: huge}"))


def test_assurance_is_the_average_over_the_declared_mtd(shipped):
    results = doseesc.run(shipped, method="auto")
    found = programme_assurance(results, trials=2000)
    assert [(each.scenario, each.design) for each in found] == list(results.cells)
    powers = [
        simulate_power(trial_plan(shipped, scenario="S0", mtd_level=level), trials=2000, seed=results.seed)
        for level in (1, 2, 3)
    ]
    for each in found:
        selected = results.cells[each.scenario, each.design].exact.selected
        assert each.method == "exact"
        expected = sum(selected[level] * powers[level - 1].share("any_ttci") for level in (1, 2, 3))
        assert each.success == pytest.approx(expected, abs=1e-12)
        assert each.no_programme == pytest.approx(selected[0])
        assert 0 <= each.acceptable <= each.success + 1e-12
        assert 0 < each.mcse < 0.01
    by = {(each.scenario, each.design): each for each in found}
    # All doses too toxic: hardly a programme. The cliff: success, but half of it with a dose that is too toxic.
    assert by["S5", "3+3"].no_programme > 0.8
    assert by["S5", "3+3"].success < 0.02
    assert by["S8", "CRM"].acceptable < 0.75 * by["S8", "CRM"].success
    assert by["S0", "CRM"].acceptable == pytest.approx(by["S0", "CRM"].success)
    # A design that declares higher doses has a likelier programme, the effect rising with the dose.
    assert by["S2", "CRM"].success > by["S2", "3+3"].success
    frame = assurance_frame(shipped, found)
    assert frame.groupby(["scenario", "design"])["probability"].sum().to_numpy() == pytest.approx(1.0)
    sums = frame.groupby(["scenario", "design"], sort=False)["contribution"].sum().to_numpy()
    assert sums == pytest.approx([each.success for each in found])


def test_assurance_of_simulated_designs_counts_their_error(shipped):
    few = doseesc.run(shipped, method="monte_carlo", trials=200)
    many = doseesc.run(shipped, method="auto")
    one, other = (programme_assurance(results, trials=2000)[6] for results in (few, many))
    assert one.method == "monte_carlo"
    assert one.mcse > other.mcse
    assert abs(one.success - other.success) < 5 * one.mcse


def test_command_prints_power_and_assumptions(cli):
    code, out, _ = cli("phase2", "nct04602104", "--trials", "500", "--scenario", "S3", "--full")
    assert code == 0
    assert out.startswith("Phase 2 with the MTD high, 150 patients: shows in ")
    for text in ("Phase 2 with the MTD high", "dosage 1 improves sooner", "Schoenfeld", "no effect", "± SE"):
        assert text in out
    assert "no reaction at all among the 50 patients of the highest dosage would still allow 7.1 %" in " ".join(
        out.split()
    )
    assert "11 of 50        -25.1 to 9.4        -24.6 to 9.1" in out
    assert "assumed, not in the file" in out
    assert "control.death_times Weibull, shape 1.4" in out
    assert "effect.shr 1.5" in out.split("from the file")[1]
    assert all(len(line) <= 106 for line in out.splitlines())


def test_command_says_the_answer_first_and_details_on_request(cli):
    code, out, _ = cli("phase2", "nct04602104", "--trials", "500")
    assert code == 0
    lines = out.splitlines()
    assert len(lines) <= 40
    first = " ".join(lines[:3])
    power = next(line.split() for line in lines if "at least one dosage improves sooner  " in line)
    assert f"shows in {power[6]} % of trials that at least one dosage improves sooner" in first
    assert f"a drug that does nothing would seem to in {power[-1]} %" in first
    assert "10 values of Phase 2 assumed, not in the file" in out
    assert "169 patients can show none of these claims with 80 % power" in out
    assert "control.death_times" not in out
    assert lines[-3].endswith("--full")
    assert lines[-1].startswith("next: doseesc phase2 ")


def test_command_writes_files_and_finds_the_size(cli, tmp_path):
    arguments = ("--trials", "400", "--size", "0.5", "--assurance", "--out", "found", "--figure", "power.png")
    code, out, _ = cli("phase2", "nct04602104", "--mtd", "medium", *arguments)
    assert code == 0
    assert "50 % power (at least one dosage improves sooner)" in out
    assert "Assurance of the programme" in out
    assert (tmp_path / "power.png").stat().st_size > 10_000
    power = (tmp_path / "found" / "phase2_power.csv").read_text().splitlines()
    assert power[0] == "truth,arm,metric,value,mcse,assumed"
    assert (
        (tmp_path / "found" / "phase2_assurance.csv").read_text().startswith("scenario,design,method,mtd,probability")
    )
    assert cli("phase2", "nct04602104", "--trials", "400", "--out", "found")[0] == 2


def test_command_shows_and_saves_secondary_outcomes(cli, tmp_path):
    code, out, _ = cli("phase2", "nct04602104", "--trials", "200", "--secondary", "--out", "found")
    assert code == 0
    out = " ".join(out.split())
    for text in ("PaO2/FiO2", "APACHE II", "ICU-free days", "SOFA 0 to 24, not 0 to 48", "assumed, not registered"):
        assert text in out
    rows = (tmp_path / "found" / "phase2_secondary.csv").read_text().splitlines()
    assert rows[0] == "outcome,day,arm,observed,mean,ancova_power,mmrm_power,ranks_power,assumed"
    assert len(rows) == 1 + 3 * (6 + 3 * 11 + 2)


def test_command_json_and_jobs(cli):
    arguments = ("phase2", "nct04602104", "--trials", "1100", "--format", "json")
    one, two = (cli(*arguments, "--jobs", jobs)[1] for jobs in ("1", "2"))
    assert one == two
    document = json.loads(one)
    assert document["trials"] == 1100
    assert any(not each["from_file"] for each in document["assumptions"])
    shares = [each["value"] for each in document["power"] if each["metric"] == "any_ttci"]
    assert len(shares) == 2
    assert np.diff(shares)[0] < 0


def test_command_refuses_what_is_not_there(cli, planned, small_scenario, tmp_path):
    for option, value in (("--scenario", "S99"), ("--mtd", "huge")):
        code, _, err = cli("phase2", "nct04602104", option, value)
        assert code == 2
        assert value in err
    (tmp_path / "bare.yaml").write_text(small_scenario)
    code, _, err = cli("phase2", "bare.yaml")
    assert code == 2
    assert "phase2_arms" in err
    assert "Traceback" not in err


def test_command_sizes_other_outcomes_and_draws_the_assurance(cli, tmp_path):
    arguments = ("--size", "0.5", "--for", "every-dosage", "--assurance-figure", "found/a.svg", "--trials", "200")
    code, out, _ = cli("phase2", "nct04602104", *arguments, "--course-figure", "found/c.svg")
    assert code == 0
    assert "assumed, not in the file" in (tmp_path / "found" / "c.svg").read_text()
    assert "50 % power (every dosage improves sooner)" in out
    assert "assumed, not in the file" in (tmp_path / "found" / "a.svg").read_text()
    code, _, err = cli("phase2", "nct04602104", "--size", "0.8", "--for", "cure")
    assert code == 2
    assert "any-dosage" in err


def test_command_without_a_section_says_so_first(cli, small_scenario, tmp_path):
    (tmp_path / "bare.yaml").write_text(small_scenario + ARMS)
    code, out, _ = cli("phase2", "bare.yaml", "--trials", "200")
    assert code == 0
    assert " ".join(out.splitlines()[0].split()).startswith(
        "the file has no phase2: section: all of Phase 2 is assumed"
    )


def test_command_with_strata_and_every_analysis(cli, small_scenario, tmp_path):
    section = "phase2: {strata: berlin, accrual: {per_month: 5}, compare_totals: [30], analysis: {stratified: true}}"
    (tmp_path / "mine.yaml").write_text(small_scenario + ARMS + section + "\n")
    code, out, _ = cli("phase2", "mine.yaml", "--trials", "200", "--analyses", "--full")
    assert code == 0
    for words in (
        "severity: mild 15.0 %, moderate 50.0 %, severe 35.0 %",
        "log-rank, dead censored day 28, stratified",
        "mortality: Cochran-Mantel-Haenszel",
        "Cox score, dead censored at death, stratified",
        "strata.severe 35 % of patients; improve 35 %, die 42 %:",
        "What trials of 30 patients can show",
    ):
        assert words in " ".join(out.split()), words


def test_shown_code_runs(cli, capsys, tmp_path):
    figures = ("--figure", str(tmp_path / "p.png"), "--assurance-figure", str(tmp_path / "a.png"))
    figures += ("--course-figure", str(tmp_path / "c.png"))
    asked = ("--assurance", "--secondary", "--analyses", "--size", "0.5", "--mtd", "medium", "--scenario", "S3")
    _, out, _ = cli("phase2", "nct04602104", "--trials", "200", *asked, *figures, "--show-code")
    exec(compile(out, "shown", "exec"), {})
    printed = capsys.readouterr().out
    for words in ("SampleSize(", "ProgrammeAssurance(", "SecondaryRow(", "AnalysisRow("):
        assert words in printed
    assert (tmp_path / "p.png").stat().st_size > 10_000
    assert (tmp_path / "a.png").stat().st_size > 10_000
    assert (tmp_path / "c.png").stat().st_size > 10_000
