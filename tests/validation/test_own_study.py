"""Performance on the user's study: exact against simulated, the contract of designs, and the same seed."""

from small_designs import Guesses, Steady

from designs import BOIN
from doseesc.report.evidence import verdict_words
from doseesc.study import load
from doseesc.validation import validate
from doseesc.validation.own_study import _contracts, check_study


def test_the_users_study(scenario_file, small_scenario):
    text = small_scenario.replace("{name: B, type: BOIN}", "{name: B, type: BOIN}\n  - {name: stiff, type: CRM, "
                                  "skeleton: [0.15, 0.25, 0.36], prior_sd: 0.05, rules: []}")  # fmt: skip
    study = load(scenario_file(text))
    rows = {row.what: row for row in check_study(study, quick=True)}
    assert rows["B: exact against simulated"].verdict == "passed"
    assert rows["stiff: checks of the design"].verdict == "not checked"
    assert "cannot" in rows["stiff: checks of the design"].found
    assert rows["two processes in place of one: characteristics.csv"].verdict == "passed"
    document = validate(study, quick=True, only=["C5"])
    assert document["study"]["sha256"] == study.source_sha256
    assert len(document["performance"]) == len(rows)
    passed = sum(row.verdict == "passed" for row in rows.values())
    said = f"{len(rows)} checks of the study's own designs and figures: {passed} passed, {len(rows) - passed} not"
    assert any(each.startswith(said) for each in verdict_words(document))


class Fails(Steady):
    """Cannot be asked about many trials at once."""

    def pick(self, tally):
        if tally.size > 1:
            raise IndexError("one trial at a time")
        return tally.level


def test_a_design_of_others_is_held_to_the_contract():
    given = {"n_doses": 3, "max_n": 6, "cohort_size": 3}
    others = {"kept": Steady(**given), "broken": Guesses(**given), "failing": Fails(**given)}
    rows = list(_contracts({"ours": BOIN(target=0.25, **given), **others}))
    verdicts = {row.what.partition(":")[0]: row.verdict for row in rows}
    assert verdicts == {"kept": "passed", "broken": "failed", "failing": "failed"}
    assert rows[1].found.startswith("broken: batches are singles: selection of tally")
    assert rows[2].found.startswith("broken: ")
    assert rows[2].found.endswith("IndexError: one trial at a time")


def test_engines_that_differ_are_told(scenario_file, small_scenario, monkeypatch):
    from doseesc.validation import own_study

    study, original = load(scenario_file(small_scenario)), own_study.run

    def biased(study, **options):
        results = original(study, **options)
        for cell in results.cells.values():
            cell.simulated.selected[1] += 0.2
        return results

    monkeypatch.setattr(own_study, "run", biased)
    rows = {row.what: row for row in check_study(study, quick=True)}
    assert rows["B: exact against simulated"].verdict == "failed"
    assert "selected" in rows["B: exact against simulated"].remark
