"""The best possible design of a study: its priors, utilities and constraints, what it is worth, and what it does."""

import json
from dataclasses import replace

import numpy as np
import pytest
from support import passes

import doseesc
from designs import BOIN, CRM, CoherentEscalation, HardSafety, NoSkipping, PolicyDesign
from doseesc.engines import TooManyStates, enumerate_paths, solve, visited_states
from doseesc.planning import differences, policy_table, utilities
from doseesc.report.terminal import optimal_lines
from doseesc.report.words import (
    caution_words,
    difference_words,
    held_out_words,
    nearest_words,
    question_words,
    table_words,
    worth_words,
)
from doseesc.results import held_out_truths, lattice_of, prior_truths, stakes_of
from doseesc.results.weighted_truths import design_draws
from doseesc.study import DesignPrior, PseudoUniform, ScenarioPrior, Utility, load
from doseesc.study.shipped import shipped_scenarios
from doseesc.validation.cases import optimum

DESIGNS = """
  - {name: B, type: BOIN}
  - {name: C, type: CRM, skeleton: {halfwidth: 0.05, prior_mtd: medium}, rules: [{type: NoSkipping}]}
  - {name: L, type: BLRM, rules: [{type: NoSkipping}]}"""
PRIOR = PseudoUniform(count=40, seed=5)


@pytest.fixture
def study(study_with):
    return study_with("\n  - {name: B, type: BOIN}", DESIGNS)


@pytest.fixture
def found(study):
    return doseesc.optimal_design(study, prior=PRIOR, held_out=60)


def test_it_is_worth_what_it_says_and_no_design_is_worth_more(study, found):
    known = prior_truths(study, PRIOR)
    stakes = stakes_of(study, known)
    assert isinstance(found.design, PolicyDesign)
    assert stakes.weight @ utilities(found.design, stakes) == pytest.approx(found.value, abs=1e-12)
    figures = enumerate_paths(found.design).characteristics(known.truths, true_mtd=study.right_levels(known.truths))
    assert figures.correct_selection.mean() == pytest.approx(found.value, abs=1e-12)
    assert figures.patients_above_mtd.mean() == pytest.approx(found.best.above_mtd, abs=1e-12)
    assert set(found.rivals) == {"B", "C", "L"}
    for name, worth in found.rivals.items():
        alone = enumerate_paths(study.designs[name]).characteristics(
            known.truths, target=study.target, true_mtd=study.right_levels(known.truths)
        )
        assert worth.value == pytest.approx(alone.correct_selection.mean(), abs=1e-12)
        assert worth.value < found.value
        assert found.share(name) == pytest.approx(worth.value / found.value)


def test_held_out_truths_are_others_and_half_the_truths_are_the_first(study, found):
    assert not np.isin(found.held_out.truths, found.prior.truths).any()
    judged = stakes_of(study, found.held_out)
    assert utilities(found.design, judged).mean() == pytest.approx(found.best.held_out_mean, abs=1e-12)
    half = doseesc.optimal_design(study, prior=PRIOR.model_copy(update={"count": 40}), held_out=60).half
    assert half.value == found.half.value
    first = prior_truths(study, PRIOR).half()
    assert np.array_equal(first.truths, found.prior.truths[:20])
    assert len(found.best.held_out) == 60
    gain, error = found.advantage("B")
    assert gain == pytest.approx(found.best.held_out_mean - found.rivals["B"].held_out_mean)
    assert 0 < error < 0.1


def test_the_files_scenarios_count_as_in_comparison():
    study = load(shipped_scenarios()["nct04602104"])
    known = prior_truths(study, ScenarioPrior(type="scenarios"))
    assert known.weight.sum() == pytest.approx(1)
    mtds = np.array([study.true_mtd(truth) for truth in known.truths])
    assert [known.weight[mtds == mtd].sum() for mtd in (0, 1, 2, 3)] == pytest.approx([0.25] * 4)
    found = doseesc.optimal_design(study, prior=ScenarioPrior(type="scenarios"), held_out=50)
    assert found.half is None
    assert "which no larger one replaces" in held_out_words(found)
    assert "pseudo-uniform" in found.held_out.words
    assert found.value > max(worth.value for worth in found.rivals.values())


def test_draws_of_a_designs_prior_have_its_distribution():
    crm = CRM(target=0.25, skeleton=(0.1, 0.25, 0.4), max_n=18, prior_sd=0.5)
    drawn = design_draws(crm, 20_000, 1)
    assert drawn.shape == (20_000, 3)
    parameter = np.log(np.log(drawn) / np.log(crm.skeleton))
    assert np.ptp(parameter, axis=1).max() < 1e-9  # one parameter moves all doses
    assert (parameter[:, 0].mean(), parameter[:, 0].std()) == (pytest.approx(0, abs=0.02), pytest.approx(0.5, abs=0.02))
    floored = design_draws(CRM(target=0.25, skeleton=(0.1, 0.25, 0.4), max_n=18, floor=0.05), 100, 1)
    assert floored.min() >= 0.05


def test_a_blrms_prior(study):
    design = study.designs["L"]
    drawn = design_draws(design, 4000, 1)
    assert (np.diff(drawn, axis=1) >= 0).all()
    logit = np.log(drawn[:, -1] / (1 - drawn[:, -1]))
    assert logit.mean() == pytest.approx(design.prior_mean[0], abs=4 * design.prior_sd[0] / 60)


def test_priors_that_there_are_not(study):
    with pytest.raises(ValueError, match="prior must name a CRM or BLRM"):
        design_draws(BOIN(target=0.25, n_doses=3, max_n=18), 10, 1)
    with pytest.raises(ValueError, match="prior must name one of B, C, L"):
        prior_truths(study, DesignPrior(type="design", design="X"))
    assert prior_truths(study, DesignPrior(type="design", design="C", count=10)).truths.shape == (10, 3)
    assert held_out_truths(study, 7, DesignPrior(type="design", design="C", count=10)).truths.shape == (7, 3)


def test_prices_buy_fewer_patients_and_a_gentler_trial(study, found):
    dear = doseesc.optimal_design(study, prior=PRIOR, utility=Utility(per_patient=0.02), held_out=60)
    gentle = doseesc.optimal_design(study, prior=PRIOR, utility=Utility(per_patient_above_mtd=0.05), held_out=60)
    fewer_dlts = doseesc.optimal_design(study, prior=PRIOR, utility=Utility(per_dlt=0.1), held_out=60)

    def figures(each):
        return enumerate_paths(each.design).characteristics(each.prior.truths, target=study.target)

    assert figures(dear).total_patients.mean() < figures(found).total_patients.mean() - 2
    assert gentle.best.above_mtd < found.best.above_mtd - 1
    assert figures(fewer_dlts).total_dlts.mean() < figures(found).total_dlts.mean() - 0.5
    assert "less 0.02 per patient" in dear.utility.words
    for each in (dear, gentle, fewer_dlts):
        stakes = stakes_of(study, each.prior, each.utility)
        assert stakes.weight @ utilities(each.design, stakes) == pytest.approx(each.value, abs=1e-12)


def test_the_distance_of_the_selected_dose(study, found):
    near = doseesc.optimal_design(study, prior=PRIOR, utility=Utility(gain="distance"), held_out=60)
    figures = enumerate_paths(near.design).characteristics(near.prior.truths, target=study.target)
    worth = 1 - np.abs(near.prior.truths - study.target) / study.target
    assert (figures.selected[:, 1:] * worth).sum(axis=1).mean() == pytest.approx(near.value, abs=1e-12)
    other = enumerate_paths(found.design).characteristics(near.prior.truths, target=study.target)
    assert (other.selected[:, 1:] * worth).sum(axis=1).mean() < near.value
    assert f"{near.value:.4f}" in "\n".join(map(str, lines(near)))


def test_rules_of_the_file_are_the_constraints(scenario_file, small_scenario, study, found):
    text = small_scenario + "optimal: {constraints: [{type: NoSkipping}, {type: HardSafety, confidence: 0.9}]}\n"
    held = doseesc.optimal_design(load(scenario_file(text)), prior=PRIOR, held_out=60)
    assert held.policy.rules == (NoSkipping(), HardSafety(confidence=0.9))
    assert held.value < found.value
    given = doseesc.optimal_design(study, prior=PRIOR, held_out=60, constraints=held.policy.rules)
    assert given.policy.digest == held.policy.digest


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{prior: {type: unheard}}", "optimal.prior"),
        ("{prior: {type: design, design: X}}", "optimal.prior.design\n  is X, no design of the file"),
        ("{prior: {type: design, design: B}}", "is B, which has no prior of DLT curves to draw from"),
        ("{utility: {gain: much}}", "optimal.utility.gain"),
        ("{utility: {per_dlt: -1}}", "optimal.utility.per_dlt"),
        ("{constraints: [{type: NoSkip}]}", "optimal.constraints"),
        ("{constraints: [{type: MinimumPatients, n: 99}]}", "n must be at most max_n = 18"),
        ("{held_out: 1}", "optimal.held_out"),
        ("{unheard: 1}", "optimal.unheard"),
    ],
)
def test_mistakes_in_the_section_are_said_with_line_field_and_remedy(complaint, small_scenario, section, said):
    message = complaint(small_scenario + f"optimal: {section}\n")
    assert message.startswith("mine.yaml:11")
    assert said in message or said.replace("\n", " ") in " ".join(message.split())


def test_scenarios_as_a_prior_need_scenarios(complaint, small_scenario):
    text = small_scenario.replace("{name: S, dlt: [0.1, 0.2, 0.3]}", "{name: R, random: {type: pseudo_uniform}}")
    assert "lists none, only random curves" in complaint(text + "optimal: {prior: {type: scenarios}}\n")


def test_too_large_a_trial_is_refused_with_a_remedy(study_with):
    study = study_with("max_n: 18", "max_n: 2000")
    with pytest.raises(TooManyStates, match="larger cohorts"):
        doseesc.optimal_design(study)


def test_visits_are_those_of_the_exact_engine(found):
    visits = visited_states(found.design)
    stakes = found.policy.stakes
    chance = visits.orders * stakes.shares(visits.tally.n, visits.tally.dlt)[1]
    assert chance[visits.tally.total_n == 3].sum() == pytest.approx(1)
    patients = chance @ visits.decision.cohort_size + 3
    figures = enumerate_paths(found.design).characteristics(stakes.truths, target=0.25)
    assert patients == pytest.approx(stakes.weight @ figures.total_patients, abs=1e-10)


def test_the_smallest_table_reproduces_the_policy(study, found):
    table = policy_table(found)
    visits = visited_states(found.design)
    tally, goes = visits.tally, visits.decision.level
    features = {
        "patients so far": tally.total_n,
        **{
            f"patients at the level {name}": beside(tally, tally.n, step)
            for name, step in (("above", 1), ("below", -1))
        },
        **{f"DLTs at the level {name}": beside(tally, tally.dlt, step) for name, step in (("above", 1), ("below", -1))},
    }
    seen = 0
    for cell in table.cells:
        rows = np.flatnonzero(
            (tally.level == cell.level) & (tally.current_n == cell.n) & (tally.current_dlt == cell.dlt)
        )
        seen += len(rows)
        assert set(cell.moves) == set(goes[rows].tolist())
        assert sum(cell.shares) == pytest.approx(1)
        if cell.needs == ("the counts at all levels",):
            continue
        decided = {}
        for row in rows.tolist():
            decided.setdefault(tuple(int(features[need][row]) for need in cell.needs), set()).add(int(goes[row]))
        assert all(len(moves) == 1 for moves in decided.values())
        for fewer in range(len(cell.needs)):  # without any one of them it would not do
            rest = [need for place, need in enumerate(cell.needs) if place != fewer]
            coarser = {}
            for row in rows.tolist():
                coarser.setdefault(tuple(int(features[need][row]) for need in rest), set()).add(int(goes[row]))
            assert any(len(moves) > 1 for moves in coarser.values())
    assert seen == tally.size
    settled = sum(cell.chance for cell in table.cells if not cell.needs)
    assert table.by_counts == pytest.approx(settled / table.decisions)
    assert "settle" in table_words(table)


def test_what_else_the_policy_looks_at_is_ranked_where_there_is_more_than_one(found):
    table = policy_table(found)
    one, two = (
        replace(table, cells=[cell._replace(needs=needs) for cell in table.cells])
        for needs in (("patients so far",), ("patients so far", "DLTs at the level below"))
    )
    assert table_words(one).endswith("for the others it also looks at patients so far.")
    assert table_words(two).endswith("DLTs at the level below, the first the most often.")


def beside(tally, counts, step):
    at = tally.level + step
    inside = (at >= 1) & (at <= tally.n_doses)
    return np.where(inside, counts[np.arange(tally.size), np.clip(at, 1, tally.n_doses) - 1], 0)


def test_differences_are_counted_where_the_optimum_comes_to(study, found):
    boin = study.designs["B"]
    differing = differences(found, boin)
    visits = visited_states(found.design)
    chance = visits.orders * found.policy.stakes.shares(visits.tally.n, visits.tally.dlt)[1]
    theirs = boin.decide(visits.tally).level
    assert differing.decisions == pytest.approx(chance.sum())
    assert differing.share == pytest.approx(chance[theirs != visits.decision.level].sum() / chance.sum())
    tally, ours, other, often = differing.examples[0]
    assert ours == found.design.decide(tally).level[0] != other == boin.decide(tally).level[0]
    assert often >= differing.examples[1][3]
    words = difference_words(study, "B", differing)
    assert words[0].startswith(f"B decides otherwise in {100 * differing.share:.1f} % of the optimum's decisions")
    labels = study.dose_labels
    verb = {0: "stops"}.get(int(ours), "stays at" if ours == tally.level[0] else "goes to")
    assert f"optimum {verb}{f' {labels[ours - 1]}' if ours else ''}, B " in words[1]
    staying = [decided == state.level[0] for state, *both, _ in differing.examples for decided in both if decided]
    assert " ".join(words[1:]).count("stays at") == sum(staying) > 0
    same = differences(found, found.design)
    assert difference_words(study, "itself", same) == [
        "itself decides as the optimum does wherever the optimum comes to."
    ]


def test_designs_with_memory_are_asked_with_it(found):
    coherent = CRM(target=0.25, skeleton=(0.1, 0.25, 0.4), max_n=18, rules=(CoherentEscalation(),))
    assert differences(found, coherent).decisions == pytest.approx(differences(found, found.design).decisions)


def lines(found):
    differing = {name: differences(found, design) for name, design in found.study.designs.items()}
    return [line.plain for line in optimal_lines(found, policy_table(found), differing)]


def test_everything_is_said_in_the_terminal(study, found):
    text = "\n".join(lines(found))
    assert " ".join(text.split("\n\n")[1].split()) == nearest_words(found)
    assert f"{100 * found.value:.1f} %" in text
    assert question_words(found.utility, found.prior.words, found.policy.rules) in " ".join(text.split())
    assert "for which it is not made" in text
    assert "points against B" in text
    assert all(words in " ".join(text.split()) for words in caution_words(found))
    assert "B decides otherwise" in text


def test_what_the_optimum_is_not_is_said(study, found):
    bound, above, none = caution_words(found)
    assert "for a trial add one, such as HardSafety" in bound
    assert "more patients above the true MTD than a design that it beats: a price on them, " in above
    priced = replace(found, utility=Utility(per_patient_above_mtd=0.02))
    assert "a price on them larger than 0.02, " in caution_words(priced)[1]
    assert "it never selects none" in none
    assert not found.prior.truths[study.right_levels(found.prior.truths)[:, 0]].size
    safe = doseesc.optimal_design(
        study, prior=ScenarioPrior(type="scenarios"), constraints=(NoSkipping(), HardSafety()), held_out=30
    )
    assert not any("add one, such as HardSafety" in words for words in caution_words(safe))
    seen = doseesc.optimal_design(study, prior=PRIOR.model_copy(update={"mtd": 0}), held_out=30)
    assert not any("never selects none" in words for words in caution_words(seen))


@pytest.mark.parametrize("name", sorted(shipped_scenarios()))
def test_the_value_is_that_of_the_exact_engine_for_every_shipped_study(name):
    """With the study's own doses, target, rules and cohorts; trials of more than 15 patients are cut short."""
    study = load(shipped_scenarios()[name])
    study = study.model_copy(update={"max_n": min(study.max_n, 15), "design_entries": study.design_entries[:1]})
    known = prior_truths(study, PRIOR)
    for gain in ("correct", "distance"):
        stakes = stakes_of(study, known, Utility(gain=gain, per_patient_above_mtd=0.01))
        solution = solve(lattice_of(study), stakes)
        design = PolicyDesign.of(solution.policy(prior="x", utility="y"))
        assert stakes.weight @ utilities(design, stakes) == pytest.approx(solution.value, abs=1e-12)


def test_a_probability_is_told_in_percent_and_a_price_as_a_number():
    priced = Utility(per_dlt=0.1)
    assert [worth_words(value, Utility()) for value in (0.3, 0.6)] == ["30.0 %", "60.0 %"]
    assert [worth_words(value, priced) for value in (0.3, 0.6, -0.3, -0.1)] == [
        "0.3000",
        "0.6000",
        "-0.3000",
        "-0.1000",
    ]


def test_the_command_writes_a_design_for_the_file(cli, small_scenario, tmp_path):
    (tmp_path / "mine.yaml").write_text(small_scenario + "optimal: {prior: {type: pseudo_uniform, count: 30}}\n")
    code, out, _ = cli("optimal", "mine.yaml", "--held-out", "50", "--out", ".")
    assert code == 0
    assert "the best possible design" in out
    entry = "{name: B, type: BOIN}\n  - {name: optimum, type: policy, file: optimum.npz}"
    (tmp_path / "mine.yaml").write_text(small_scenario.replace("{name: B, type: BOIN}", entry))
    code, out, _ = cli("optimal", "mine.yaml", "--held-out", "50", "--format", "json")
    answer = json.loads(out)
    assert set(answer["designs"]) == {"B", "optimum"}
    assert answer["designs"]["optimum"]["value"] <= answer["value"]
    code, out, _ = cli("optimal", "mine.yaml", "--held-out", "50", "--format", "csv")
    assert out.splitlines()[0] == "design,value,of_attainable,held_out,held_out_se"
    code, out, _ = cli("optimal", "mine.yaml", "--show-code")
    assert "found = optimal_design(study)" in out


def test_the_command_refuses_what_is_too_large(cli, small_scenario, tmp_path):
    (tmp_path / "mine.yaml").write_text(small_scenario.replace("max_n: 18", "max_n: 2000"))
    code, _, errors = cli("optimal", "mine.yaml")
    assert code == 2
    assert "write a larger  cohort_size" in errors
    assert "Traceback" not in errors


def test_no_choice_after_any_history_is_better():
    passes(optimum.every_history)
