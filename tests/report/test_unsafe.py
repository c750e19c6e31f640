"""One DLT probability above which a dose is unsafe, in every output: the file's, else the target plus the margin."""

import pytest

from doseesc.analysis import fit
from doseesc.report.protocol.protocol import protocol_blocks
from doseesc.report.tables.further import phase2_table
from doseesc.report.tables.posterior import posterior_table
from doseesc.report.terminal.fit import fit_lines
from doseesc.report.terminal.full import full_lines
from doseesc.results import SavedFit, SavedRun, summarise_phase2
from doseesc.runs import run
from doseesc.study import load

ARMS = """phase2_arms:
  - {name: saline, control: true}
  - {name: MTD, fraction: 1}
"""


@pytest.mark.parametrize(
    ("more", "limit"),
    [
        ("", 0.35),
        ("true_mtd: {margin: 0.05}\n", 0.30),
        ("arm_analysis: {unsafe_above: 0.28}\n", 0.28),
        ("true_mtd: {margin: 0.05}\narm_analysis: {unsafe_above: 0.4}\n", 0.4),
    ],
)
def test_one_threshold_in_every_output(more, limit, small_scenario, scenario_file):
    study = load(scenario_file(small_scenario + ARMS + more))
    assert study.unsafe_above == pytest.approx(limit)
    results = run(study, method="exact")
    words = f"{100 * limit:.3g} %"
    assert any(f"above {words}" in head for head in phase2_table(results).columns)
    [summary] = summarise_phase2(study, results.cells)
    toxic = sum(results.cells["S", "B"].best.selected[level] for level in (1, 2, 3) if 0.1 * level > limit + 1e-9)
    assert summary.arms[0].too_toxic == pytest.approx(toxic)
    said = " ".join(" ".join(line.plain for line in full_lines(results)).split())
    assert f"Unsafe: the true P(DLT) is above {words}" in said
    found = fit(study, "1NNN 2NNT")
    assert found.question.unsafe_above == pytest.approx(limit)
    text = " ".join(" ".join(line.plain for line in fit_lines(found)).split())
    assert f"P(>{words.replace(' ', '')})" in text
    assert f"above {words} is unsafe" in text
    assert "MTD: " in text
    assert "as B selects on these data; the doses of the Phase 2 arms are fractions of it; another by --mtd" in text
    saved = SavedFit.model_validate(found.to_dict())
    assert f"P(unsafe: above {words}), %" in posterior_table(saved).columns
    protocol = " ".join(str(block) for block in protocol_blocks(SavedRun(results, saved), "B"))
    assert f"above {words}" in protocol
    assert "33.2" not in said + text + protocol  # 1.33 times the target was a second threshold


def test_the_probability_of_being_unsafe_is_that_of_the_posterior(small_scenario, scenario_file):
    study = load(scenario_file(small_scenario + "arm_analysis: {unsafe_above: 0.28}\n"))
    found = fit(study, "1NNN 2NNT")
    dose = found.to_dict()["doses"][1]
    assert found.to_dict()["unsafe_above"] == 0.28
    assert dose["p_unsafe"] == pytest.approx(found.gridded.posterior.above(0.28)[1])
    assert dose["p_unsafe"] < dose["p_over_target"]
