"""The tree of a design's next decisions: published figures, escalation's path counts, the exact engine, its views."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from support import data

from designs import (
    BOIN,
    CRM,
    CoherentEscalation,
    NoSkipping,
    Reason,
    StopAtDose,
    StopAtRecommended,
    StopTooToxic,
    Tally,
    ThreePlusThree,
)
from doseesc.cli import main
from doseesc.engines.exact import enumerate_paths
from doseesc.engines.pathways import TooManyPathways, pathways
from doseesc.report.figures.pathways import pathways_figure
from doseesc.report.terminal.pathways import pathways_tree

LABELS = ["low", "medium", "high"]
SMALL = BOIN(target=0.25, n_doses=3, max_n=18)
TRUTHS = {"S1": [0.1, 0.25, 0.5], "S2": [0.3, 0.5, 0.7]}


def test_published_dose_paths_to_all_printed_digits():
    case = data("published.yaml")["crm_dose_paths"]
    design = CRM(
        target=case["target"],
        skeleton=case["skeleton"],
        cohort_size=3,
        max_n=100,
        rules=(StopTooToxic(level=1, above=0.35, confidence=0.9),),
    )
    paths = pathways(design, n_cohorts=4)
    assert (paths.n_nodes, paths.n_paths) == (case["nodes"], case["terminal"]) == (213, 160)
    np.testing.assert_allclose(paths.final(case["skeleton"]), case["selected"], rtol=0, atol=case["selected_within"])
    weight = paths.probability(case["skeleton"])[paths.ends]
    ends = paths.tally.take(paths.ends)
    assert weight @ ends.total_n == pytest.approx(case["total_patients"], abs=5e-6)
    assert weight @ ends.total_dlt == pytest.approx(case["total_dlts"], abs=5e-7)


def escalation_items(name):
    found = data("escalation.json")["model_and_interval_designs"]["items"]
    known = {
        "skeleton",
        "target",
        "model",
        "scale",
        "cohort_size",
        "start_dose",
        "intcpt",
        "no_skip_up",
        "no_skip_down",
    }
    return [item for item in found if item["design"].startswith(name) and set(item["config"]) <= known]


@pytest.mark.parametrize("item", escalation_items("CRM"), ids=lambda item: f"id{item['id']}")
def test_paths_and_probabilities_of_escalation(item):
    config, cohorts = item["config"], item["cohort_sizes"]
    rules = (NoSkipping(down=config.get("no_skip_down", False)),) if config.get("no_skip_up") else ()
    design = CRM(
        target=config["target"],
        skeleton=config["skeleton"],
        model=config["model"],
        intercept=config.get("intcpt", 3.0),
        prior_sd=config["scale"],
        cohort_size=cohorts[0],
        max_n=sum(cohorts) + cohorts[0],
        start_level=config.get("start_dose", 1),
        rules=rules,
    )
    paths = pathways(design, n_cohorts=len(cohorts))
    assert paths.n_paths == item["terminal_paths"]
    expected = [item["prob_none"], *item["prob_select"]]
    np.testing.assert_allclose(paths.final(item["true_prob_tox"]), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("n_doses", "n_paths"), [(2, 46), (3, 154)])
def test_all_paths_of_three_plus_three(n_doses, n_paths):
    assert pathways(ThreePlusThree(n_doses=n_doses), n_cohorts=2 * n_doses + 1).n_paths == n_paths


@dataclass(frozen=True, kw_only=True)
class CountingBOIN(BOIN):
    """A BOIN that counts its calls."""

    calls: list

    def decide(self, tally):
        self.calls.append(tally.size)
        return super().decide(tally)


def test_one_decision_call_per_depth():
    design = CountingBOIN(target=0.25, n_doses=3, max_n=18, calls=[])
    pathways(design, n_cohorts=3)
    assert design.calls == [1, 4, 12, 36]  # 3 DLTs in the first 3 patients stop it


WHOLE = {
    "BOIN with titration and a smaller last cohort": BOIN(target=0.25, n_doses=3, max_n=8, titration=True),
    "CRM with memory": CRM(
        target=0.25,
        skeleton=(0.1, 0.25, 0.45),
        max_n=10,
        cohort_size=3,
        rules=(NoSkipping(), CoherentEscalation(), StopAtRecommended(6)),
    ),
    "3+3": ThreePlusThree(n_doses=3, max_n=12),
}


@pytest.mark.parametrize("name", WHOLE)
def test_followed_to_the_end_it_is_the_exact_enumeration(name):
    design = WHOLE[name]
    paths, exact = pathways(design, n_cohorts=8), enumerate_paths(design)
    assert paths.stopped[paths.ends].all()
    assert paths.n_paths == exact.n_paths
    truths = np.array(list(TRUTHS.values()))
    oc = exact.characteristics(truths, target=0.25)
    np.testing.assert_allclose(paths.final(truths), oc.selected, rtol=0, atol=1e-12)
    weight = paths.probability(truths)[:, paths.ends]
    np.testing.assert_allclose(weight @ paths.tally.n[paths.ends], oc.patients, rtol=0, atol=1e-12)
    for reason, chance in oc.reasons.items():
        there = paths.decision.reason_code[paths.ends] == Reason[reason]
        np.testing.assert_allclose(weight[:, there].sum(axis=1), chance, rtol=0, atol=1e-12)


def test_probabilities_are_given_the_data_so_far():
    whole, later = pathways(SMALL, 3), pathways(SMALL, 2, "1NNT")
    first = whole.children(0)[1]
    truth = TRUTHS["S1"]
    np.testing.assert_allclose(later.probability(truth)[0], 1.0)
    below = whole.route(whole.ends)[:, 1] == first
    chance = whole.probability(truth)
    np.testing.assert_allclose(
        later.probability(truth)[later.ends], chance[whole.ends[below]] / chance[first], rtol=1e-12
    )


def test_given_data_may_be_a_tally():
    tally = Tally(n=[[3, 3, 0]], dlt=[[0, 1, 0]], level=[2])
    by_tally, by_text = pathways(SMALL, 2, tally), pathways(SMALL, 2, "1NNN 2NNT")
    np.testing.assert_array_equal(by_tally.decision.level, by_text.decision.level)
    np.testing.assert_array_equal(by_tally.tally.n, by_text.tally.n)


def test_memory_of_the_given_data_counts():
    design = CRM(target=0.25, skeleton=(0.1, 0.25, 0.45), max_n=18, cohort_size=3, rules=(CoherentEscalation(),))
    # The same tally; only the last cohort of the first may not be followed by an escalation.
    assert pathways(design, 1, "1NNN 1NNN 1NNT").decision.reason[0] is Reason.NOT_COHERENT
    assert pathways(design, 1, "1NNT 1NNN 1NNN").decision.reason[0] is Reason.ESCALATE
    with pytest.raises(ValueError, match="memory 'last_n' is needed"):
        pathways(design, 1, Tally(n=[[3, 0, 0]], dlt=[[0, 0, 0]], level=[1]))


def test_certain_truths_are_safe():
    paths = pathways(SMALL, 2)
    chance = paths.probability([[0, 0, 0], [1, 1, 1], [0, 0.5, 1]])
    assert np.isfinite(chance).all()
    np.testing.assert_allclose(chance[:, paths.ends].sum(axis=1), 1)
    assert chance[0, paths.ends[0]] == 1


def test_a_trial_that_has_ended_has_no_paths_but_its_own():
    paths = pathways(SMALL, 3, "1TTT")
    assert (paths.n_nodes, paths.n_paths) == (1, 1)
    frame = paths.to_frame(TRUTHS)
    assert frame["reason"].tolist() == ["NO_SAFE_DOSE"]
    assert frame["cohort1_level"].isna().all()


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="n_cohorts must be at least 1"):
        pathways(SMALL, 0)
    with pytest.raises(ValueError, match="outcomes must be those of one trial, not of 2"):
        pathways(SMALL, 1, Tally.parse(["1NNN", "1NNT"], n_doses=3))
    with pytest.raises(ValueError, match="outcomes cannot be read"):
        pathways(SMALL, 1, "one")
    with pytest.raises(TooManyPathways, match="n_cohorts must be less than 3 here"):
        pathways(SMALL, 6, node_limit=50)
    with pytest.raises(ValueError, match="probabilities must have 3 values"):
        pathways(SMALL, 1).probability([0.1, 0.2])


def test_table_has_one_row_per_path():
    paths = pathways(SMALL, 2)
    frame = paths.to_frame(TRUTHS)
    assert len(frame) == paths.n_paths == 13
    assert frame.columns.tolist() == [
        *(f"cohort{c}_{what}" for c in (1, 2) for what in ("level", "size", "dlts", "decision")),
        *("stopped", "next_level", "mtd", "reason", "probability S1", "probability S2"),
    ]
    np.testing.assert_allclose(frame[["probability S1", "probability S2"]].sum(), 1)
    first, last = frame.iloc[0], frame.iloc[-1]
    assert first[["cohort1_dlts", "cohort2_dlts", "next_level"]].tolist() == [0, 0, 3]
    assert first["cohort1_decision"] == "ESCALATE"
    assert first["mtd"] is pd.NA
    # Three DLTs at once stop the trial: there is no second cohort.
    assert last["cohort1_dlts"] == 3
    assert last["cohort2_level"] is pd.NA
    assert last["stopped"]
    assert (last["mtd"], last["reason"]) == (0, "NO_SAFE_DOSE")
    assert frame["probability S1"].iloc[0] == pytest.approx(0.9**3 * 0.75**3)


def test_table_is_in_the_order_of_outcomes():
    frame = pathways(SMALL, 3).to_frame()
    outcomes = frame[[f"cohort{c}_dlts" for c in (1, 2, 3)]].fillna(-1).astype(int)
    assert outcomes.apply(tuple, axis=1).is_monotonic_increasing


def printed(paths, truths=None, labels=LABELS):
    console = Console(width=60, color_system=None)
    with console.capture() as capture:
        console.print(pathways_tree(paths, truths, labels), soft_wrap=True)
    return capture.get().splitlines()


def test_tree_of_the_terminal():
    lines = printed(pathways(SMALL, 2, "1NNN"), {"S": [0.1, 0.25, 0.5]})
    assert lines[0] == "3 patients, 0 DLTs → escalate to medium"
    assert lines[1] == "├── 0 DLT of 3 → escalate to high (42 %)"
    assert lines[2] == "│   ├── 0 DLT of 3 → stay at high (5.3 %)"
    # Neighbours of the same decision share a line, and their probabilities are added up.
    assert lines[3] == "│   └── 1–3 DLT of 3 → de-escalate to medium (37 %)"


def test_tree_says_why_and_what_is_selected():
    lines = printed(pathways(ThreePlusThree(n_doses=3), 2, "1NNN 2NNT"), {"S": [0.1, 0.25, 0.5]})
    assert any(line.endswith("2–3 DLT of 3 → stop, MTD medium (21 %)") for line in lines)
    assert any("stop, no dose selected (no safe dose)" in line for line in lines)
    assert "stop, MTD low (enough at dose)" in "\n".join(
        printed(pathways(BOIN(target=0.25, n_doses=3, max_n=18, rules=(StopAtDose(3, level=1),)), 1))
    )


def test_tree_names_another_number_of_patients():
    lines = printed(pathways(BOIN(target=0.25, n_doses=3, max_n=8, titration=True), 2))
    assert lines[0].startswith("nobody treated → start at low, 1 patient")
    assert "1 DLT of 1 → stay at low, 2 patients (complete cohort)" in "\n".join(lines)


def test_tree_of_many_scenarios_gives_the_range():
    truths = {f"S{k}": [0.12 * k, 0.7, 0.8] for k in range(1, 6)}
    assert printed(pathways(SMALL, 1), truths)[1].endswith("escalate to medium (6.4 to 68 %)")


def outside(figure):
    """Return the words that stick out of a figure or are laid over others."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    texts = [text for axes in figure.axes for text in axes.texts if text.get_text().strip()]
    boxes = [text.get_window_extent(renderer) for text in texts]
    page = figure.bbox
    out = [
        text.get_text()
        for text, box in zip(texts, boxes, strict=True)
        if box.x0 < 0 or box.y0 < 0 or box.x1 > page.x1 or box.y1 > page.y1
    ]
    over = [
        (a.get_text(), b.get_text())
        for i, (a, first) in enumerate(zip(texts, boxes, strict=True))
        for b, second in zip(texts[i + 1 :], boxes[i + 1 :], strict=True)
        if first.overlaps(second)
    ]
    return out + over


@pytest.mark.parametrize(
    ("design", "labels", "truths"),
    [
        (SMALL, LABELS, TRUTHS),
        (SMALL, None, {}),
        (
            ThreePlusThree(n_doses=3),
            ["0.001 mg/kg", "0.1 mg/kg", "12.5 mg/kg"],
            {"a rather long name": [0.1, 0.2, 0.3]},
        ),
        (BOIN(target=0.25, n_doses=3, max_n=6, titration=True), LABELS, {f"S{k}": TRUTHS["S1"] for k in range(9)}),
    ],
    ids=["two scenarios", "none", "long names", "many scenarios"],
)
def test_nothing_in_the_figure_is_cut_off_or_covered(design, labels, truths):
    figure = pathways_figure(pathways(design, 2), truths, labels, "A title")
    assert outside(figure) == []


def test_figure_shows_every_row_and_refuses_too_many():
    paths = pathways(SMALL, 2, "1NNN")
    words = [text.get_text() for text in pathways_figure(paths, TRUTHS, LABELS).axes[0].texts]
    assert words.count("S1") == 1
    assert sum(word.endswith(" %") for word in words) == 2 * len([line for line in printed(paths)[1:] if "   " in line])
    wide = BOIN(target=0.25, n_doses=3, max_n=60, cohort_size=6)
    with pytest.raises(ValueError, match="n_cohorts must be smaller for a figure"):
        pathways_figure(pathways(wide, 4), {}, LABELS)


def command(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["paths", "nct04602104", *arguments])
    return ended.value.code, *capsys.readouterr()


def test_command_prints_the_tree(capsys):
    arguments = ["--design", "BOIN", "--cohorts", "1", "--outcomes", "1NNN", "--scenario", "S3"]
    code, out, _ = command(arguments, capsys)
    assert code == 0
    assert "0 DLT of 3 → escalate to high (42 %)" in out


def test_a_narrow_terminal_cuts_no_figure_off(capsys, monkeypatch):
    found = []
    for columns in ("60", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        found.append(command(["--design", "CRM", "--cohorts", "3"], capsys)[1])
    assert found[0].split() == found[1].split()  # the head may take more lines
    assert max(map(len, found[0].splitlines())) > 60


def test_command_writes_table_and_figure(tmp_path, capsys):
    figure = tmp_path / "new" / "tree.png"
    arguments = ["--design", "CRM", "--cohorts", "2", "--out", str(tmp_path), "--figure", str(figure), "--quiet"]
    code, out, _ = command(arguments, capsys)
    assert (code, out) == (0, "")
    frame = pd.read_csv(tmp_path / "pathways.csv")
    assert frame.filter(like="probability S").shape[1] == 9
    np.testing.assert_allclose(frame["probability S3"].sum(), 1)
    assert figure.read_bytes().startswith(b"\x89PNG")
    code, _, err = command(arguments, capsys)
    assert code == 2
    assert "exists already" in err
    assert command([*arguments, "--force"], capsys)[0] == 0


def test_command_prints_json_and_csv(capsys):
    code, out, _ = command(["--design", "BOIN", "--cohorts", "1", "--format", "json"], capsys)
    found = json.loads(out)
    assert code == 0
    assert len(found["paths"]) == 4
    assert found["truths"]["S3"] == [0.1, 0.25, 0.45]
    _, out, _ = command(["--design", "BOIN", "--cohorts", "1", "--format", "csv"], capsys)
    assert len(out.splitlines()) == 5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--design", "CRN"], "'CRN' is not in the file"),
        (["--design", "CRM", "--scenario", "X"], "'X' is not in the file"),
        (["--design", "CRM", "--scenario", "X", "--show-code"], "'X' is not in the file"),
        (["--design", "CRM", "--outcomes", "9NN"], "outcomes name level 9"),
        (["--design", "CRM", "--figure", "tree.doc"], "must end in"),
        (["--design", "BOIN", "--cohorts", "5", "--figure", "tree.png"], "n_cohorts must be smaller for a figure"),
    ],
)
def test_command_says_what_is_wrong(arguments, words, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    code, _, err = command(arguments, capsys)
    assert code == 2
    assert words in " ".join(err.replace("│", " ").split())


def test_command_shows_code_that_runs(capsys):
    arguments = ["--design", "BOIN", "--cohorts", "1", "--scenario", "S3", "--show-code"]
    _, out, _ = command(arguments, capsys)
    exec(compile(out, "shown", "exec"), {})
    assert "probability S3" in capsys.readouterr().out
