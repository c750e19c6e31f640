"""Example trials are trials of the simulation, told as they were played."""

import numpy as np
import pytest
from support import THREE_DESIGNS, THREE_DOSES

from designs import Tally
from doseesc.engines.decision_graph import DecisionGraph
from doseesc.engines.montecarlo import TrialBlock
from doseesc.engines.observed_play import play_observed
from doseesc.engines.patients_at_risk import ObservedBlock
from doseesc.runs.cohort_story import CohortStory, Enrolled
from doseesc.runs.example_trials import example_trials
from doseesc.runs.run_study import run
from doseesc.study import load

STUDY = (
    """\
study: {title: Example trials}
"""
    + THREE_DOSES
    + THREE_DESIGNS
    + """\
simulation: {trials: 500, seed: 7, method: monte_carlo}
"""
)
OBSERVATION = """\
observation:
  - {name: hard, background: 0.1, mortality_28_days: 0.4, deaths: %s, loss: 0.1, death_relative_risk: 1.5}
"""


@pytest.fixture(scope="module", params=["", OBSERVATION % "replaced", OBSERVATION % "all_count"])
def results(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("examples") / "study.yaml"
    path.write_text(STUDY + request.param)
    return run(load(path))


@pytest.mark.parametrize("name", ["3+3", "CRM", "BOIN"])
def test_example_trials_are_trials_of_the_simulation_at_the_stated_quantile(results, name):
    found = example_trials(results, name)
    assert [(each.scenario, each.quantile) for each in found] == [
        *(("mild", 0.5), ("middle", 0.1), ("middle", 0.5), ("middle", 0.9), ("toxic", 0.5))
    ]
    design = results.study.designs[name]
    for each in found:
        dlts = sum(step.dlts for step in each.steps)
        reached = np.cumsum(results.cells[each.scenario, name].best.dlts_distribution)
        assert (reached[dlts - 1] if dlts else 0) <= each.quantile + 1e-9 <= reached[dlts] + 1e-9
        tally = Tally.empty(3)
        for step in each.steps:
            decision = design.decide(tally)
            assert results.study.dose_labels[decision.level[0] - 1] == step.dose
            assert decision.cohort_size[0] == step.patients
            tally = tally.after(decision.level, decision.cohort_size, np.array([step.dlts]))
        assert design.decide(tally).level[0] == 0
        selected = int(design.select(tally)[0])
        words = ("no dose selected", "low (2 mg)", "medium (8 mg)", "high (16 mg)")[selected]
        assert words in each.outcome
        quiet = selected == 3 and tally.dlt[0, 2] <= 0.25 * tally.n[0, 2]
        assert each.outcome.startswith("highest dose tested") == quiet
        assert each.outcome.startswith("MTD: ") == (selected > 0 and not quiet)
        assert ("nobody was treated" in each.outcome) == (selected > 0 and not quiet and tally.n[0, selected - 1] == 0)
    assert example_trials(results, name) == found


def test_what_happened_to_patients_is_what_the_engine_saw(results):
    model = next(iter(results.study.observations.values()), None)
    found = example_trials(results, "BOIN")
    if model is None:
        assert all(step.story == CohortStory(step.patients) for each in found for step in each.steps)
        return
    block = TrialBlock.draw(7, 0, 12, 500)
    observed = ObservedBlock(model, 7)
    observed.begin(block, 0)
    graph = DecisionGraph(results.study.designs["BOIN"])
    happened = 0
    for each in found:
        node, seen = play_observed(graph, results.study.truths[each.scenario], observed)
        trial = each.number - 1
        stories = [step.story for step in each.steps]
        assert sum(step.dlts for step in each.steps) == graph.tally.total_dlt[node[trial]]
        assert sum(story.replaced for story in stories) == seen.replaced[trial]
        assert sum(story.deaths for story in stories) == seen.deaths[trial]
        assert sum(story.not_caused for story in stories) == seen.not_caused[trial]
        assert sum(story.enrolled - story.replaced for story in stories) == sum(step.patients for step in each.steps)
        caused = sum(step.dlts for step in each.steps) - seen.not_caused[trial]
        assert caused + sum(story.missed for story in stories) == seen.drug_dlts[trial]
        happened += seen.deaths[trial] + seen.replaced[trial] + seen.not_caused[trial]
    assert happened > 3


def test_a_cohort_is_told_in_words_only_where_something_happened():
    drug, background, dead = Enrolled(True), Enrolled(True, not_caused=True), Enrolled(False, replaced=True, died=True)
    assert str(CohortStory.of([drug, Enrolled(False)])) == ""
    told = str(CohortStory.of([dead, background, background, dead._replace(missed=True), drug]))
    assert told == (
        "5 enrolled: 2 deaths in the window, 2 replaced; 2 DLTs not caused by the drug; 1 DLT of the drug not counted"
    )
