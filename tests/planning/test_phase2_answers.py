"""Trials of several sizes, every analysis, accrual, and the answers put together."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from support import ARMS

from doseesc.errors import ScenarioError
from doseesc.phase2.alternatives import analyses_frame, simulate_analyses
from doseesc.phase2.analyses.proportions import clopper_pearson, miettinen_nurminen, newcombe
from doseesc.phase2.detectable import detectable_shr
from doseesc.phase2.patients.effect import DrugEffect
from doseesc.phase2.patients.strata import BERLIN
from doseesc.phase2.plan import AnalysisPlan, TrialArm, TrialPlan, share_out
from doseesc.phase2.power import simulate_power
from doseesc.phase2.registered_size import compare_totals, expected_half_width, totals_frame
from doseesc.phase2.schoenfeld import schoenfeld_events
from doseesc.planning.phase2_answers import answer
from doseesc.planning.phase2_documents import phase2_document, phase2_files
from doseesc.planning.phase2_trial import phase2_of, trial_plan
from doseesc.report.terminal.phase2 import answer_parts, headline
from doseesc.report.terminal.phase2_totals import totals_lines
from doseesc.study import load
from doseesc.study.phase2_assumptions import assumptions_of
from doseesc.study.shipped import shipped_scenarios
from doseesc.truth.accrual import DAYS_PER_MONTH, Accrual


def two_strata(*given):
    return f"{{strata: [{', '.join(f'{{name: {each}, died: 0.3}}' for each in given)}]}}"


def two_doses(shr=1.5, rr=0.75, n=50, **other):
    active = (
        TrialArm(name="quarter", n=n, amount=4, effect=DrugEffect(shr**0.5, rr**0.5), adverse=0.1),
        TrialArm(name="MTD", n=n, amount=16, effect=DrugEffect(shr, rr), adverse=0.25),
    )
    return TrialPlan(control=TrialArm(name="saline", n=n, adverse=0.05), active=active, **other)


def test_patients_are_shared_out_in_the_ratio():
    assert share_out(169, [1, 1, 1]) == [57, 56, 56]
    assert share_out(100, [2, 1, 1]) == [50, 25, 25]
    assert share_out(10, [0.5, 0.25, 0.25]) == [5, 3, 2]
    for total in range(3, 60):
        assert sum(share_out(total, [1.3, 1, 0.9])) == total
    with pytest.raises(ValueError, match="no arm empty"):
        share_out(3, [10, 1, 1])
    assert [arm.n for arm in two_doses().with_total(18).arms] == [6, 6, 6]


def test_total_and_allocation_of_the_file(planned):
    study = planned("{total_patients: 80, allocation: {saline: 2, MTD: 1, quarter: 1}}")
    assert [arm.n for arm in trial_plan(study, scenario="S", mtd_level=3).arms] == [40, 20, 20]
    assert [arm.n for arm in trial_plan(planned("{total_patients: 80}"), scenario="S", mtd_level=3).arms] == [
        27,
        26,
        27,
    ]
    assert "patients_per_arm" not in {each.key for each in assumptions_of(phase2_of(study))}


def test_strata_and_accrual_of_the_file(planned):
    study = planned(
        "{strata: [{name: light, share: 0.4, improved: 0.6, died: 0.2}, {name: heavy, share: 0.6, improved: 0.3, "
        "died: 0.5}], accrual: {per_month: 4, ramp_up_months: 6}, analysis: {stratified: true, secondary: mmrm, "
        "mortality_interval: newcombe, trend: doses}}"
    )
    plan = trial_plan(study, scenario="S", mtd_level=3)
    assert [(each.name, each.share, each.course.improved) for each in plan.strata] == [
        ("light", 0.4, 0.6),
        ("heavy", 0.6, 0.3),
    ]
    assert plan.accrual == Accrual(per_month=4, ramp_up_months=6)
    analysis = plan.analysis
    assert (analysis.stratified, analysis.secondary, analysis.mortality_interval) == (True, "mmrm", "newcombe")
    assert analysis.trend == "doses"
    berlin = planned("{strata: berlin, control: {death_times: {shape: 2, scale: 10}}}")
    plan = trial_plan(berlin, scenario="S", mtd_level=3)
    assert [each.share for each in plan.strata] == [each.share for each in BERLIN]
    assert plan.strata[2].course.death_times.scale == 10
    listed = {each.key: each for each in assumptions_of(phase2_of(berlin))}
    assert listed["strata"].from_file
    assert not listed["strata.severe"].from_file
    assert "control.died" not in listed


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{patients_per_arm: 50, total_patients: 90}", "gives both patients_per_arm and total_patients"),
        ("{allocation: {saline: 1, MTD: 1, quarter: 1}}", "gives an allocation without total_patients"),
        ("{strata: dublin}", "berlin"),
        ("{strata: berlin, control: {died: 0.4}}", "gives both strata and one course of all patients"),
        ("{analysis: {stratified: true}}", "has a stratified analysis without strata"),
        ("{strata: berlin, analysis: {stratified: true, ttci: win_ratio}}", "has ttci win_ratio stratified"),
        ("{strata: berlin, analysis: {stratified: true, mortality: fisher}}", "has Fisher's test stratified"),
        (
            two_strata("a, share: 0.5, improved: 0.5", "b, share: 0.4, improved: 0.5"),
            "has strata whose shares add up to 0.9",
        ),
        (
            two_strata("a, share: 0.5, improved: 0.5", "a, share: 0.5, improved: 0.5"),
            "has two strata of one name",
        ),
        (
            two_strata("a, share: 0.5, improved: 0.8", "b, share: 0.5, improved: 0.5"),
            "has more patients improve and die than there are",
        ),
        ("{accrual: {per_month: 0}}", "per_month"),
        ("{compare_totals: [0]}", "compare_totals"),
        ("{analysis: {secondary: t-test}}", "secondary"),
    ],
)
def test_wrong_sections_are_refused_with_their_line(section, said, complaint, small_scenario):
    text = complaint(small_scenario + ARMS + f"phase2: {section}\n")
    assert said in text
    assert "mine.yaml:16" in text
    assert text.count("mine.yaml") == 1


def test_totals_and_allocations_that_leave_arms_empty_are_refused(planned):
    with pytest.raises(ScenarioError, match="no arm empty, not 2 for 3 arms"):
        answer(planned("{compare_totals: [2]}"), trials=100)
    for section, said in (
        ("{total_patients: 2}", "no arm empty"),
        ("{total_patients: 90, allocation: {saline: 1}}", "names saline; the arms are"),
    ):
        with pytest.raises(ScenarioError, match=said):
            trial_plan(planned(section), scenario="S", mtd_level=3)


def test_duration_is_that_of_simulated_arrivals():
    rng = np.random.default_rng(8)
    accrual = Accrual(per_month=5, ramp_up_months=4)
    # Arrivals at unit rate, mapped through the inverse of the expected number by month t.
    unit = rng.exponential(size=(20_000, 30)).cumsum(axis=1)[:, -1]
    months = np.where(unit < 10, np.sqrt(8 * np.minimum(unit, 10) / 5), unit / 5 + 2)
    for quantile in (0.05, 0.5, 0.95):
        assert accrual.enrolment(30, quantile) == pytest.approx(np.quantile(months, quantile), rel=0.02)
    assert Accrual(per_month=5).enrolment(30) == pytest.approx(stats.gamma(30, scale=0.2).median())
    assert accrual.duration(30, follow_up_days=60) == pytest.approx(accrual.enrolment(30) + 60 / DAYS_PER_MONTH)
    early = Accrual(per_month=5, ramp_up_months=100)  # all arrive while the rate still rises
    assert early.enrolment(3) == pytest.approx(np.sqrt(200 * stats.gamma(3).median() / 5))
    with pytest.raises(ValueError, match="ramp_up_months must be at least 0"):
        Accrual(per_month=5, ramp_up_months=-1)


def test_detectable_effect_has_the_power_and_less_has_not():
    plan = two_doses()
    found = detectable_shr(plan, trials=4000, seed=2)
    alone = replace(plan, active=(replace(plan.active[1], effect=DrugEffect(found.shr, 0.6)),))
    assert simulate_power(alone, trials=10_000, seed=77).share("ttci_alone")[0] == pytest.approx(0.8, abs=0.025)
    # Schoenfeld's events for that ratio are about those expected: 50 (F1 + F1 of the arm).
    events = 50 * (0.5 + 1 - 0.5**found.shr)
    assert schoenfeld_events(found.shr) == pytest.approx(events, rel=0.1)
    assert detectable_shr(plan, trials=4000, seed=3).shr == pytest.approx(found.shr, abs=5 * found.standard_error)
    assert detectable_shr(plan, power=0.5, trials=1000).shr < found.shr
    assert detectable_shr(plan.with_total(300), trials=1000).shr < found.shr
    assert detectable_shr(plan.with_total(6), trials=1000) is None


def test_registered_size_against_the_planned_one():
    plan = two_doses()
    few, many = compare_totals(plan, [18, 169], trials=2000, seed=1)
    assert [arm.n for arm in few.plan.arms] == [6, 6, 6]
    assert [arm.n for arm in many.plan.arms] == [57, 56, 56]
    assert few.power.share("any_ttci") == simulate_power(plan.with_total(18), trials=2000, seed=1).share("any_ttci")
    assert few.powers["at least one dosage improves sooner"] < 0.1
    assert few.no_reaction_upper == pytest.approx(clopper_pearson(0, 6).upper)
    assert few.detectable.shr > 5
    assert many.detectable.shr < 2.3
    assert few.mortality_half_width > 2.5 * many.mortality_half_width
    frame = totals_frame([few, many]).set_index(["total", "metric"])
    assert frame.loc[(169, "patients, MTD"), "value"] == 56
    assert frame.loc[(18, "any_claim, no effect"), "value"] < 0.05
    text = " ".join(" ".join(line.plain.split()) for line in totals_lines([few, many]))
    assert "What trials of 18 against 169 patients can show" in text
    assert "18 patients can show none of these claims" in text
    assert "169 patients can show that highest dosage has more reactions" in text.replace("the highest", "highest")


@pytest.mark.parametrize(("name", "interval"), [("miettinen_nurminen", miettinen_nurminen), ("newcombe", newcombe)])
def test_expected_half_width_is_the_mean_over_simulated_deaths(name, interval):
    plan = two_doses(n=20, analysis=AnalysisPlan(mortality_interval=name))
    rng = np.random.default_rng(5)
    limits = interval(rng.binomial(20, 0.3 * 0.75, 20_000), 20, rng.binomial(20, 0.3, 20_000), 20)
    assert expected_half_width(plan) == pytest.approx(float((limits.upper - limits.lower).mean() / 2), abs=5e-4)


def test_every_analysis_agrees_with_the_plans_own():
    for analysis, named in (
        (AnalysisPlan(), ("log_rank, day_28", "chi_square", "fisher")),
        (AnalysisPlan(death="at_death", mortality="fisher"), ("log_rank, at_death", "fisher", "fisher")),
        (AnalysisPlan(ttci="win_ratio", reactions="chi_square"), ("win_ratio", "chi_square", "chi_square")),
        (AnalysisPlan(stratified=True), ("log_rank, day_28, stratified", "mantel_haenszel", "fisher")),
    ):
        plan = two_doses(loss=0.03, strata=BERLIN if analysis.stratified else (), analysis=analysis)
        power = simulate_power(plan, trials=1500, seed=6)
        frame = analyses_frame(simulate_analyses(plan, trials=1500, seed=6))
        frame = frame[frame.figure == "power"].set_index(["endpoint", "analysis", "arm"]).value
        for endpoint, name, metric in zip(
            ("ttci", "mortality", "reactions"), named, ("ttci_alone", "mortality_alone", "reactions"), strict=True
        ):
            found = [frame[endpoint, name, arm.name] for arm in plan.active]
            assert found == pytest.approx(power.share(metric).tolist(), abs=1e-9), (endpoint, name)
        assert frame["reactions", "trend over ranks", "all arms"] == pytest.approx(power.share("trend"), abs=1e-9)


def test_intervals_cover_and_analyses_are_the_same_for_any_jobs():
    one, two = (simulate_analyses(two_doses(strata=BERLIN), trials=2100, seed=3, jobs=jobs) for jobs in (1, 2))
    assert one == two
    frame = analyses_frame(one)
    coverage = frame[frame.figure == "coverage"]
    assert len(coverage) == 4
    assert (abs(coverage.value - 0.95) < 4 * 0.0048).all()
    widths = frame[frame.figure == "half-width"].value
    assert widths.between(0.1, 0.25).all()


def test_trend_over_doses_is_another_test():
    by_ranks, by_doses = (
        simulate_power(two_doses(analysis=AnalysisPlan(trend=trend)), trials=2000).share("trend")
        for trend in ("ranks", "doses")
    )
    assert by_ranks != by_doses
    assert by_doses > 0.5


BASIS = "18 patients between 2020-11-30 and 2023-01-11 in the whole trial, taken to go on; not a plan"


@pytest.fixture(scope="module")
def whole():
    study = load(shipped_scenarios()["nct04602104"])
    return answer(study, size=0.5, analyses=True, secondary=True, assurance=True, trials=300)


def test_every_file_and_the_document_name_what_is_assumed(whole):
    found = phase2_files(whole)
    assert len(found) == 6
    for name, text in found.items():
        frame = pd.read_csv(io.StringIO(text))
        assert len(frame) > 5
        if name == "phase2_assumptions.csv":
            assert {"control.death_times", "loss"} <= set(frame[~frame.from_file].key)
        else:
            assert frame.assumed.str.contains("loss 0.03").all(), name
    whole_document = phase2_document(whole)
    assert any(each["key"] == "loss" and not each["from_file"] for each in whole_document["assumptions"])
    assert whole_document["duration"].startswith(f"At 0.7 patients a month ({BASIS}) enrolment takes")
    assert f"({BASIS})" in whole_document["words"]["Duration"]
    assert whole_document["size"]["measure"] == "any_ttci"
    for part in ("power", "totals", "analyses", "secondary", "assurance"):
        assert whole_document[part], part
    assert "Holm" in whole_document["words"]["Level and multiplicity"]


def test_what_is_printed_says_first_how_much_is_assumed(whole, planned):
    parts = answer_parts(whole)
    text = " ".join(" ".join(line.plain for part in parts for line in part).split())
    assert parts[0][0].plain.startswith("10 values of Phase 2 assumed, not in the file")
    for words in (
        "What trials of 18 against 169 patients can show",
        "smallest sHR seen with 80 % power",
        "The same trials by every analysis",
        "Phase 1 as observed: deaths replaced",
        "mixed model",
        "last patient's day 60",
        f"duration At 0.7 patients a month ({BASIS}) enrolment",
        f"months: at 0.7 patients a month ({BASIS})",
    ):
        assert words in text
    assert max(len(line.plain) for part in parts for line in part) <= 106
    bare = answer(planned(), trials=100)
    assert "the file has no phase2: section: all of Phase 2 is assumed" in " ".join(headline(bare)[0].plain.split())


def test_no_scenario_and_no_power_are_refused(planned):
    with pytest.raises(ValueError, match=r"power must be attainable|no number of patients"):
        answer(planned("{effect: {shr: 1.0}}"), size=0.8, trials=100)


def test_size_of_mortality_and_reactions(planned):
    hopeless = planned("{effect: {mortality_rr: 1.0}}")
    with pytest.raises(ValueError, match="no number of patients"):
        answer(hopeless, size=0.8, measure="any_mortality", trials=100)
    study = planned("{effect: {shr: 2, mortality_rr: 0.5}, analysis: {endpoints: separate}}")
    deaths, reactions = (
        answer(study, size=0.8, measure=measure, trials=500).size for measure in ("any_mortality", "any_reactions")
    )
    assert deaths.n > 50
    # The small scenario's drug is toxic at its highest dose: reactions are soon seen.
    assert reactions.n < deaths.n
