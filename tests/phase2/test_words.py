"""Phase 2 in words and in figures: what other documents take over."""

import pytest

from doseesc.phase2.patients.effect import DrugEffect
from doseesc.phase2.patients.patients import draw_arm
from doseesc.phase2.patients.strata import BERLIN
from doseesc.phase2.plan import AnalysisPlan, TrialArm, TrialPlan
from doseesc.phase2.power import simulate_power
from doseesc.phase2.size import sample_size
from doseesc.phase2.words import duration_words, phase2_rows
from doseesc.planning.assurance import ProgrammeAssurance
from doseesc.planning.phase2_answers import power_curves
from doseesc.report.figures.assurance import assurance_figure
from doseesc.report.figures.course import course_figure
from doseesc.report.figures.phase2_power import power_figure
from doseesc.study.phase2_assumptions import assumed_words
from doseesc.study.phase2_section import Phase2
from doseesc.truth.accrual import Accrual


def trial(shr=1.5, n=50, **other):
    active = (TrialArm(name="dosage 1", n=n, amount=16, effect=DrugEffect(shr, 0.75), adverse=0.2),)
    return TrialPlan(control=TrialArm(name="saline", n=n, adverse=0.05), active=active, **other)


def said(plan):
    return " ".join(words for _, words in phase2_rows(plan, simulate_power(plan, trials=200, seed=1)))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "100 patients are randomised: saline 50, dosage 1 (dose 16) 50."),
        ({"n": 30}, "60 patients are randomised"),
        ({"shr": 1.8}, "hazard ratio of improvement of 1.8 "),
        ({"loss": 0.03}, "3 % are lost to follow-up"),
        ({"strata": BERLIN}, "mild (15 % of patients) 58 % and 22 %;"),
        ({"accrual": Accrual(per_month=5)}, "At 5 patients a month (basis not given) enrolment takes 19.9 months"),
        (
            {"accrual": Accrual(per_month=5, basis="two sites' own count")},
            "At 5 patients a month (two sites' own count) enrolment takes",
        ),
        ({"accrual": Accrual(per_month=0.5)}, "enrolment takes 199.3 months, that is 16.6 years (90 % between"),
        ({"analysis": AnalysisPlan(ttci="gray")}, "with saline by Gray's test."),
        ({"analysis": AnalysisPlan(death="at_death")}, "log-rank test, the dead censored at death."),
        ({"analysis": AnalysisPlan(mortality="fisher")}, "mortality is compared by Fisher's exact test, only where"),
        ({"analysis": AnalysisPlan(mortality_interval="newcombe")}, "Newcombe's 95 % interval"),
        ({"analysis": AnalysisPlan(reactions="chi_square")}, "reactions to day 14 are compared by the chi-square test"),
        ({"analysis": AnalysisPlan(trend="doses")}, "Armitage's trend over dose."),
        ({"analysis": AnalysisPlan(secondary="mmrm")}, "analysed by a mixed model for repeated measures."),
        ({"analysis": AnalysisPlan(alpha=0.05)}, "The level is 5 % one-sided, with Holm's adjustment"),
        (
            {"analysis": AnalysisPlan(multiplicity="fixed_sequence", sequence="lowest_first")},
            "dosages in fixed sequence, the lowest first",
        ),
        ({"analysis": AnalysisPlan(endpoints="separate")}, "the endpoints are tested each at this level."),
        ({"strata": BERLIN, "analysis": AnalysisPlan(stratified=True)}, "stratified by severity. 28-day mortality is"),
    ],
)
def test_the_text_says_what_the_plan_says(changed, words):
    plan = trial(**changed)
    assert words in said(plan)
    if changed:
        assert said(plan) != said(trial())


def test_power_type_one_error_and_size_are_those_found():
    plan = trial(shr=2.0)
    power, null = (simulate_power(each, trials=1000, seed=3) for each in (plan, plan.under_null()))
    size = sample_size(plan, power=0.9, trials=500, seed=3)
    rows = dict(phase2_rows(plan, power, null, size, 0.9))
    assert f"is {100 * power.share('any_ttci'):.1f} % (standard error" in rows["Power"]
    assert f"{100 * null.share('any_claim'):.1f} % of trials" in rows["Type I error"]
    assert f"For 90 % power, {2 * size.n} patients are needed, {size.n} of them" in rows["Patients needed"]
    assert "Duration" not in rows


def test_duration_needs_an_accrual():
    with pytest.raises(ValueError, match="plan must have an accrual"):
        duration_words(trial())


def test_assumed_words_name_what_the_file_leaves_out():
    words = assumed_words(Phase2(loss=0.1, strata="berlin"))
    assert "loss" not in words
    assert "strata.severe 35 % of patients; improve 35 %, die 42 %" in words
    assert "control.improved" not in words
    assert "control.improved 0.5" in assumed_words(Phase2())


def words_of(figure):
    return " ".join(text.get_text() for text in figure.findobj(lambda each: hasattr(each, "get_text")))


def assurance(scenario, design, success=0.2):
    mtd, by_mtd = [0.1, 0.3, 0.6], [success / 2, success]
    chance = 0.3 * by_mtd[0] + 0.6 * by_mtd[1]
    return ProgrammeAssurance(scenario, design, "exact", mtd, by_mtd, by_mtd, chance, chance / 2, 0.004)


def test_assurance_figure_stacks_what_each_mtd_contributes():
    found = [assurance(scenario, design) for scenario in ("S0", "S1") for design in ("3+3", "CRM", "BOIN")]
    figure = assurance_figure(found, ["low", "high"], caption="assumed, not in the file: " + "much · " * 60)
    panels = figure.axes
    assert [panel.get_title(loc="left") for panel in panels] == ["S0", "S1"]
    bars = [bar for bar in panels[0].patches if bar.get_height() > 0]
    assert [bar.get_height() for bar in bars[:2]] == pytest.approx([100 * 0.3 * 0.1, 100 * 0.6 * 0.2])
    assert bars[1].get_y() == pytest.approx(3.0)
    assert [label.get_text() for label in panels[0].get_xticklabels()] == ["3+3", "CRM", "BOIN"]
    text = words_of(figure)
    assert "success after the MTD low" in text
    assert "assumed, not in the file" in text
    figure.draw_without_rendering()
    caption = figure.texts[-1].get_window_extent()
    legend = figure.legends[0].get_window_extent()
    assert caption.y1 <= legend.y0 + 1
    assert legend.y1 <= min(panel.get_tightbbox().y0 for panel in panels) + 1
    assert caption.x1 <= figure.bbox.x1


def test_assurance_figure_of_nothing_is_refused():
    with pytest.raises(ValueError, match="programme must hold"):
        assurance_figure([], ["low"])


def test_course_figure_draws_the_truth_and_one_trial_of_each_arm():
    plan = trial(shr=2.0, strata=BERLIN)
    improved, died = course_figure(plan, seed=3, caption="assumed").axes
    for axes, name in ((improved, "improved"), (died, "died")):
        lines = [line.get_ydata() for line in axes.lines]
        assert len(lines) == 4
        for place, law in enumerate(plan.laws()):
            truth = getattr(law.course, name)
            assert lines[2 * place][[0, 7, 28]] == pytest.approx([0, 100 * truth[6], 100 * truth[27]])
            drawn = draw_arm(law, seed=3, block=0, arm=place, trials=1)
            share = 100 * (drawn.kind == (0 if name == "improved" else 1)).mean()
            assert lines[2 * place + 1][-1] == pytest.approx(share)  # nobody is lost: the estimate is the share


def test_power_figure_has_a_caption_below_the_axes():
    plan = trial()
    caption = "assumed, not in the file: " + " · ".join(f"value {place}" for place in range(40))
    figure = power_figure(power_curves(plan, trials=200, seed=1), "Phase 2", caption)
    figure.draw_without_rendering()
    assert "value 39" in figure.texts[-1].get_text()
    box = figure.texts[-1].get_window_extent()
    assert box.x1 <= figure.bbox.x1
    assert box.y1 <= min(panel.get_tightbbox().y0 for panel in figure.axes) + 1
