"""The protocol covers what is asked of a dose-finding protocol: sections, open points, estimands, models, targets."""

import re
from dataclasses import replace

import numpy as np
import pytest
from support import ARMS, THREE_DESIGNS, THREE_DOSES

from designs import BOIN, CRM
from doseesc.analysis import fit
from doseesc.conduct.trial import trial_of
from doseesc.phase2 import detectable_shr
from doseesc.report.figures.schema import schema_figure
from doseesc.report.protocol.coverage import define_items
from doseesc.report.protocol.escalation import escalation_blocks
from doseesc.report.protocol.objectives import objective_blocks
from doseesc.report.protocol.open_points import PLACEHOLDER, open_points
from doseesc.report.protocol.phase2 import planned_phase2
from doseesc.report.protocol.phase2_size import phase2_size_blocks
from doseesc.report.protocol.protocol import protocol_blocks
from doseesc.report.protocol.rationale import target_sentence
from doseesc.report.protocol.reconciled import final_model_blocks
from doseesc.report.protocol.sections import section_of
from doseesc.report.protocol.statistics import primary_blocks
from doseesc.results.fit import FittedDose, Observed, SavedFit
from doseesc.results.reading import SavedRun
from doseesc.runs.run_study import run
from doseesc.study import load

STUDY = f"""\
study: {{title: T, notes: [a source], assumptions: ["doses: of another trial", "target: assumed"]}}
{THREE_DOSES}{THREE_DESIGNS}{ARMS}
phase2: {{patients_per_arm: 40, compare_totals: [90], effect: {{shr: 1.8}}}}
simulation: {{trials: 50, seed: 7, method: exact}}
"""


def study_of(tmp_path, *changes):
    text = STUDY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "study.yaml"
    path.write_text(text)
    return load(path)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return run(study_of(tmp_path_factory.mktemp("coverage")))


@pytest.fixture(scope="module")
def blocks(results):
    return list(protocol_blocks(SavedRun(results), "BOIN"))


def words_of(blocks):
    return "\n".join(
        "\n".join([each.text, *(str(cell) for row in each.table.rows for cell in row)] if each.table else [each.text])
        for each in blocks
    )


def part(blocks, heading):
    """Return the blocks under a heading, up to the next of the same or a higher rank."""
    ranks = ("heading", "subheading", "minor")
    start = next(place for place, each in enumerate(blocks) if each.text == heading or section_of(each.text) == heading)
    rank = ranks.index(blocks[start].kind)
    rest = blocks[start + 1 :]
    end = next((place for place, each in enumerate(rest) if each.kind in ranks[: rank + 1]), len(rest))
    return rest[:end]


def test_what_is_to_be_completed_is_listed_once_and_where_it_stands(blocks):
    listed = next(each.table for each in blocks if each.table is not None and each.table.name == "open")
    before = blocks[: next(place for place, each in enumerate(blocks) if section_of(each.text) == "12.5")]
    found, number = [], ""
    for each in before:
        number = section_of(each.text) or number
        found += [(number, what) for what in open_points(each)]
    assert [(str(row[1]).partition(" ")[0], str(row[2])) for row in listed.rows] == found
    assert len(found) == len(set(found)) > 25
    assert all(what for _, what in found)
    assert len(PLACEHOLDER.findall(words_of(blocks))) == len(found)
    assert "to be given here" not in words_of(blocks)


def test_every_item_of_define_is_met_by_a_section_or_said_to_be_open(blocks):
    table = next(each.table for each in blocks if each.table is not None and each.table.name == "coverage")
    assert [str(row[0]) for row in table.rows] == [each["item"] for each in define_items()]
    headings = {section_of(each.text) for each in blocks}
    for item, _, where in (tuple(map(str, row)) for row in table.rows):
        numbers = re.findall(r"\d+\.\d+", where)
        assert set(numbers) <= headings, item
        assert numbers or where == "title" or where.startswith("not applicable"), item
    met = {str(row[0]): str(row[2]) for row in table.rows}
    assert met["Key non-clinical findings"] == "to be completed by the sponsor (section 2.2)"
    assert met["Cohort size"] == "section 4.1"
    assert met["Starting dose, with its rationale"] == "section 6.2, in part to be completed by the sponsor"
    assert met["Statistical methods, with the prior and its justification"] == "sections 4.1, 10.4 and 10.5"
    assert met["Earlier work that supports biomarker substudies"].startswith("not applicable")


def test_no_number_is_printed_but_those_that_were_read():
    read = {"CONSORT-DEFINE": "1a 1b 2a.1 2a.2 2a.3 2b 3a.1 3a.2", "SPIRIT 2025": None}
    for each in define_items():
        for number in filter(None, each["read"].split("; ")):
            source = next(name for name in read if number.startswith(name))
            assert read[source] is None or number.removeprefix(f"{source} ") in read[source].split()
        assert "SPIRIT-DEFINE" not in each["read"]


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("1.1", "low (2 mg); medium (8 mg); high (16 mg)"),
        ("2.1", "a source"),
        ("Non-clinical evidence", "[To be completed by the sponsor: findings in animals"),
        ("Risks", "DLTs on average"),
        ("When the next cohort opens, and DLTs that come late", "the next cohort begins when all are known"),
        ("When the next cohort opens, and DLTs that come late", "A toxicity later than 14 days"),
        ("Sentinel patients and staggered dosing", "gives no days between the patients"),
        ("Expansion and backfill", "No expansion cohort is part"),
        ("Expansion and backfill", "Nobody is backfilled"),
        ("6.2", "3 doses from 2 mg to 16 mg. From dose to dose the amount is multiplied by 4 and 2."),
        ("6.2", "doses: of another trial"),
        ("6.2", "a true DLT probability of 2 to 50 % there"),
        ("6.3", "[To be completed by the sponsor: route"),
        ("6.4", "[To be completed by the sponsor: when an individual's dose"),
        ("10.2", "All treated patients with a DLT, or observed for 14 days without one"),
        ("10.9", "at most 4 times in full cohorts"),
        ("Override", "every recommendation of the design is followed"),
        ("Data cut", "the data of one day"),
    ],
)
def test_what_a_protocol_is_expected_to_say_is_said(blocks, heading, words):
    assert words in words_of(part(blocks, heading))


def test_a_prior_is_left_to_be_justified(results):
    said = list(protocol_blocks(SavedRun(results), "CRM"))
    table = next(each.table for each in said if each.table is not None and each.table.name == "coverage")
    met = {str(row[0]): str(row[2]) for row in table.rows}
    assert "in part to be completed" in met["Statistical methods, with the prior and its justification"]
    assert met["Cohort size"] == "section 4.1"
    assert "why this prior" in words_of(part(said, "Prior of the design's model"))


def test_days_between_patients_and_backfill_are_the_files(results, tmp_path):
    timed = "accrual: {per_month: 2}\nstagger: {days_after_first: 7}\nbackfill: {cap_per_dose: 6}\nphase2_arms:"
    study = study_of(tmp_path, ("phase2_arms:", timed))
    said = list(escalation_blocks(replace(results, study=study), trial_of(study, "BOIN")))
    stagger = words_of(part(said, "Sentinel patients and staggered dosing"))
    assert "the second patient is treated at least 7 days after the first" in stagger
    assert not PLACEHOLDER.search(stagger)
    backfill = words_of(part(said, "Expansion and backfill"))
    assert "Nobody is backfilled" not in backfill
    assert "at most" in backfill


def test_late_dlts_count_where_the_design_goes_on_without_them(results, tmp_path):
    study = study_of(tmp_path, ("- {name: BOIN, type: BOIN}", "- {name: BOIN, type: TITE-BOIN}"))
    said = list(escalation_blocks(replace(results, study=study), trial_of(study, "BOIN")))
    late = words_of(part(said, "When the next cohort opens, and DLTs that come late"))
    assert "counts from the next decision on" in late
    assert "none within it can come late" not in late


@pytest.mark.parametrize(
    ("observation", "event", "words"),
    [
        ("{deaths: replaced, mortality_28_days: 0.3}", "Death without", "not evaluable, replaced"),
        ("{deaths: all_count, mortality_28_days: 0.3}", "Death without", "counts as a DLT, whatever"),
        (
            "{deaths: fraction, attributed_fraction: 0.5, unattributed: replaced, mortality_28_days: 0.3}",
            "Death without",
            "attributed to the product; otherwise not evaluable",
        ),
        ("{loss: 0.1, losses: dlt_free}", "Loss to", "counts as no DLT"),
        ("{background: 0.1}", "Event of", "counts as a DLT, whatever its cause"),
        ("{background: 0.1, adjudication: {sensitivity: 1, specificity: 0.5}}", "Event of", "judged by a committee"),
        (None, "Death without", "[To be completed by the sponsor: what death does"),
    ],
)
def test_intercurrent_events_are_the_studys_own(results, tmp_path, observation, event, words):
    given = "" if observation is None else f"observation: {observation}\n"
    study = study_of(tmp_path, ("phase2_arms:", f"{given}phase2_arms:"))
    said = list(objective_blocks(replace(results, study=study), None))
    table = next(each.table for each in said if each.table is not None and each.table.name == "events")
    assert words in str(next(row[1] for row in table.rows if str(row[0]).startswith(event)))


@pytest.mark.parametrize(
    ("change", "observation", "words"),
    [
        ("", "", ""),
        (", target: 0.2875", "observation: {background: 0.05}\n", "1 - (1 - 0.05) (1 - 0.25) = 28.75 %"),
        (", target: 0.3", "observation: {background: 0.05}\n", "[To be completed by the sponsor: why the design aims"),
        (", target: 0.2875", "", "[To be completed by the sponsor: why the design aims at 28.75 %"),
    ],
)
def test_a_target_of_its_own_is_explained(tmp_path, change, observation, words):
    boin = "{name: BOIN, type: BOIN"
    study = study_of(tmp_path, (boin, boin + change), ("phase2_arms:", f"{observation}phase2_arms:"))
    said = target_sentence(study, "BOIN")
    assert words in said
    assert bool(said) == bool(words)
    assert "has no target of its own" in target_sentence(study, "3+3")


def saved_fit(*likeliest, counts=((3, 0), (3, 1), (0, 0))):
    doses = [
        FittedDose(label=label, amount=amount, kind="level", mean=0.1, low=0.01, high=0.5, p_over_target=0.2, p_mtd=p)
        for label, amount, p in zip(("low", "medium", "high"), (2.0, 8.0, 16.0), likeliest, strict=True)
    ]
    data = [Observed(study="trial", amount=d.amount, n=n, dlt=y) for d, (n, y) in zip(doses, counts, strict=True)]
    return SavedFit(model="m", verdict="v", converged=True, target=0.25, unit="mg", doses=doses, data=data)


@pytest.mark.parametrize("name", ["BOIN", "CRM"])
@pytest.mark.parametrize(
    ("found", "words"),
    [
        (saved_fit(0.1, 0.7, 0.2), "they agree"),
        (saved_fit(0.7, 0.1, 0.2), "finds low (2 mg) likeliest to be it (70.0 %). They differ; {} decides"),
        (saved_fit(0.7, 0.1, 0.2, counts=((0, 0),) * 3), "There are no data yet"),
    ],
    ids=["agree", "differ", "no data"],
)
def test_design_and_fit_are_reconciled_and_the_design_decides(results, name, found, words):
    trial = trial_of(results.study, name)
    said = words_of(final_model_blocks(SavedRun(results, found), trial))
    assert words.format(name) in said
    if "no data" not in words:
        selected = results.study.designs[name].select(tally_of(found))
        assert f"{name} would name {trial.doses.words(int(selected[0]))} as the MTD" in said


def tally_of(found):
    from designs import Tally

    counts = np.array([[each.n for each in found.data], [each.dlt for each in found.data]])
    return Tally(n=counts[:1], dlt=counts[1:], level=np.array([2]))


def test_models_that_decide_and_report_are_told_apart(results):
    without = words_of(final_model_blocks(SavedRun(results), trial_of(results.study, "CRM")))
    assert "CRM decides: by its own model" in without
    assert "two-parameter logistic" in without
    assert "changes no dose and names no MTD" in without
    rules = words_of(final_model_blocks(SavedRun(results), trial_of(results.study, "BOIN")))
    assert "BOIN decides: by its own rules on patients and DLTs" in rules
    assert isinstance(results.study.designs["CRM"], CRM)
    assert isinstance(results.study.designs["BOIN"], BOIN)


def test_the_estimates_beside_one_another_are_the_designs_and_the_fits(results):
    found = saved_fit(0.1, 0.7, 0.2)
    said = list(final_model_blocks(SavedRun(results, found), trial_of(results.study, "CRM")))
    table = next(each.table for each in said if each.table is not None)
    posterior = results.study.designs["CRM"].posterior(tally_of(found)).dlt_probability[0]
    assert [str(row[2]) for row in table.rows] == [f"{100 * each:.1f}" for each in posterior]
    assert [str(row[1]) for row in table.rows] == ["0 of 3", "1 of 3", "0 of 0"]
    assert {str(row[3]) for row in table.rows} == {"10.0"}
    assert fit(results.study, "1NNN 2NNT").model.words in words_of(said)


def test_a_design_that_names_untried_doses_says_how_often(results):
    cells = {
        key: replace(cell, exact=replace(cell.exact, untried_selection=0.03)) if key[1] == "CRM" else cell
        for key, cell in results.cells.items()
    }
    saved = SavedRun(replace(results, cells=cells))
    said = words_of(primary_blocks(saved, trial_of(results.study, "CRM")))
    assert "CRM can select a dose that nobody was given, in 3.0 % (mild)" in said
    assert "[To be completed by the sponsor: what is reported as the MTD where" in said
    other = words_of(primary_blocks(saved, trial_of(results.study, "BOIN")))
    assert "does BOIN name a dose that nobody was given." in other


def test_sample_size_for_the_power_stands_beside_planned_and_registered_size(results, blocks):
    table = next(each.table for each in blocks if each.table is not None and each.table.name == "sizes")
    rows = [tuple(map(str, row)) for row in table.rows]
    assert [(total, why) for total, why, *_ in rows[:2]] == [
        ("90", "named in the file"),
        ("120", "planned in the file"),
    ]
    needed = int(rows[2][0])
    assert rows[2][1] == "needed for 80 % power"
    assert needed > 120
    assert float(rows[1][3].split(" ")[0]) < 80
    assert any(
        f"{needed} patients, {needed - 120} more than the largest number in the file, 120" in b.text for b in blocks
    )
    planned = planned_phase2(results).plan
    seen = detectable_shr(planned, power=0.8, seed=7)
    assert seen.shr > planned.active[-1].effect.shr
    assert any(
        f"120 patients show with 80 % power no hazard ratio below {seen.shr:.2f}" in each.text for each in blocks
    )
    assert any("a subdistribution hazard ratio of 1.8 at the highest dosage" in each.text for each in blocks)


def test_no_sample_size_is_given_where_there_is_no_effect(results, tmp_path):
    study = study_of(tmp_path, ("effect: {shr: 1.8}", "effect: {shr: 1}"))
    phase2 = planned_phase2(replace(results, study=study))
    said = words_of(phase2_size_blocks(phase2, 7))
    assert "No number of patients gives 80 % power" in said
    assert "needed for 80 % power" not in said


def test_a_phase_2_that_cannot_be_is_left_open(results, tmp_path):
    study = study_of(tmp_path, ("effect: {shr: 1.8}", "effect: {shr: 9}"))
    said = words_of(phase2_size_blocks(planned_phase2(replace(results, study=study)), 7))
    assert "[To be completed by the sponsor: the sample size of Phase 2]" in said
    assert "cannot be planned: phase2.effect" in said
    assert str(tmp_path) not in said


def test_figures_are_the_trials_own(results, blocks):
    captions = [each.text.partition(". ")[2] for each in blocks if each.kind == "figure"]
    assert captions == [
        *("The trial and what follows it", "Every path of the first cohorts with BOIN"),
        *("Which dose is selected as the MTD", "Power of Phase 2"),
    ]
    schema = schema_figure(results.study, trial_of(results.study, "BOIN"))
    shown = {text.get_text() for axes in schema.axes for text in axes.texts}
    assert {"low (2 mg)", "medium (8 mg)", "high (16 mg)", "saline: no drug", "MTD: MTD", "quarter: MTD/4"} <= shown
    tree = next(each.draw() for each in blocks if "Every path" in each.text)
    assert all(side <= most for side, most in zip(tree.get_size_inches(), (7.4, 9.8), strict=True))


def test_every_dose_has_its_unit(blocks):
    arms = next(each.table for each in blocks if each.table is not None and each.table.name == "arms")
    assert {str(row[3]) for row in arms.rows} >= {"16 mg", "4 mg", "0.5 mg"}
    for text in (each.text for each in blocks):
        assert not re.search(r"\(dose [\d.]+\)", text)
