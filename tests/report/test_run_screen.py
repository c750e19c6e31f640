"""What ``run`` prints, read as a user reads it: the answer first, on one screen, and the next step last."""

import contextlib
import io
import re

import pytest
from rich.cells import cell_len

from doseesc.cli import main
from doseesc.report.protocol.protocol import protocol_blocks
from doseesc.report.terminal import fitted, run_lines
from doseesc.report.words import programme_success, programme_words, verdict_words
from doseesc.results import read
from doseesc.results.reading import SavedRun
from doseesc.runs import run
from doseesc.study import load
from doseesc.study.shipped import shipped_scenarios

CRM = "  - {name: CRM, type: CRM, skeleton: {halfwidth: 0.05, prior_mtd: medium}, rules: [{type: NoSkipping}]}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def seed_trial(folder):
    """The seed trial run by the command at 100 columns: what it prints."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return printed(100, "run", "nct04602104", "--out", "a", "--trials", "400")


def printed(columns, *words):
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.setenv("COLUMNS", str(columns))
        with pytest.raises(SystemExit) as ended:
            main(list(words))
    assert ended.value.code == 0
    return out.getvalue().splitlines()


def test_the_answer_takes_one_screen(seed_trial):
    assert len(seed_trial) <= 40
    assert max(map(cell_len, seed_trial)) <= 100


def test_the_verdict_stands_within_the_first_twelve_lines(seed_trial):
    top = " ".join(seed_trial[:12])
    assert "No design is ahead: BOIN and CRM are level" in top  # who
    assert "At worst BOIN selects a dose above the MTD in" in top  # the price
    assert "CRM overtakes BOIN if more than" in top  # what flips it


def test_the_last_line_is_the_next_step(seed_trial, folder):
    assert seed_trial[-1].endswith("next: doseesc report a")


def test_designs_scenarios_and_phase_2_are_as_saved(seed_trial, folder):
    results = read(folder / "a")
    own = results.verdict.standing
    text = "\n".join(seed_trial)
    for place, name in enumerate(own.designs):
        row = next(line.split() for line in seed_trial if line.startswith(f"  {name} "))
        assert row[1] == f"{100 * own.scores[place]:.1f}"
        worst = int(own.correct[place].argmin())
        assert row[2] == f"{100 * results.attainable.share(name):.0f}"
        assert row[3:6] == [f"{100 * own.correct[place, worst]:.1f}", "in", own.scenarios[worst]]
        assert row[6] == f"{100 * own.overdose[place] @ own.weights:.1f}"
        assert row[7:9] == [
            f"{own.patients[place] @ own.weights:.1f}",
            f"{own.patients_above[place] @ own.weights:.1f}",
        ]
    for column, scenario in enumerate(own.scenarios):
        row = next(line.split() for line in seed_trial if line.startswith(f"  {scenario}  "))
        shares = [f"{100 * share:.1f}" for share in own.correct[:, column]]
        assert row[-4:-1] == shares
    for level, label in enumerate(("none", "low", "medium", "high")):
        row = next(line.split() for line in seed_trial if line.startswith(f"  MTD {label}"))
        often = [
            sum(
                w * results.cells[s, name].best.selected[level] for s, w in zip(own.scenarios, own.weights, strict=True)
            )
            for name in own.designs
        ]
        assert row[-3:] == [f"{100 * each:.1f}" for each in often]
    assert "4 untested" in text
    assert f"level; best possible: {100 * results.attainable.value:.1f} %." in text
    assert "assumed, not registered: doses, target" in text
    assert re.search(r"exact; 400 simulated trials \(seed 20201130\) (agree|compared): \d+ of \d+ figures", text)


def test_nothing_wraps_at_80_columns(folder):
    lines = [line.plain for line in fitted(run_lines(read(folder / "a"), 80), 80)]
    assert max(map(cell_len, lines)) <= 80
    heads = next(line for line in lines if "correct %" in line)
    assert "duration" in heads  # one table, not two
    assert sum(line.startswith("  S") for line in lines) == 9


def test_full_prints_all_tables_and_scenario_one(folder):
    full = printed(100, "run", "nct04602104", "--out", str(folder / "b"), "--trials", "400", "--full")
    assert len(full) > 120
    assert any(line.startswith("  patients 3+3") for line in full)
    assert full[-1].endswith(f"next: doseesc report {folder / 'b'}")
    one = printed(100, "run", "nct04602104", "--out", str(folder / "c"), "--trials", "400", "--scenario", "S3")
    assert one[0].startswith("S3  medium is the MTD")
    assert not any(line.startswith("S4") for line in one)
    assert [line for line in one if line.startswith("           CRM")] == [
        line for line in block(full, "S3") if line.startswith("           CRM")
    ]


def block(lines, scenario):
    start = next(place for place, line in enumerate(lines) if line.startswith(f"{scenario}  "))
    return lines[start : lines.index("", start)]


def test_a_scenario_that_is_not_there_is_refused_before_anything_runs(folder, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["run", "nct04602104", "--out", str(folder / "d"), "--scenario", "S33"])
    assert ended.value.code == 2
    assert "S33" in capsys.readouterr().err
    assert not (folder / "d").exists()


def test_many_designs_are_told_by_the_best(scenario_file, small_scenario):
    more = "".join(f"  - {{name: BOIN {share}, type: BOIN, target: 0.{share}}}\n" for share in range(10, 26))
    results = run(load(scenario_file(small_scenario.replace("designs:\n", "designs:\n" + more))), method="exact")
    lines = [line.plain for line in run_lines(results)]
    assert "  and 5 more designs, less often right: --full" in lines
    best = max(results.verdict.leaders.scores.values())
    row = next(line.split() for line in lines if line.startswith("  S"))
    assert f"{100 * best:.1f}" in row


def test_designs_give_way_where_the_answer_would_not_fit_on_a_screen(scenario_file, small_scenario):
    designs = "".join(f"  - {{name: BOIN {share}, type: BOIN, target: 0.{share}}}\n" for share in range(20, 31))
    truths = "".join(f"  - {{name: T{k}, dlt: [0.0{k}, 0.1{k}, 0.3{k}]}}\n" for k in range(10, 22))
    results = run(load(scenario_file(small_scenario.replace("designs:\n", "designs:\n" + designs) + truths)))
    lines = [line.plain for line in run_lines(results)]
    assert len(lines) == 39  # and one that says where all of it is written
    best = results.verdict.leaders
    told = [name for name in best.by_score if any(line.startswith(f"  {name} ") for line in lines)]
    assert told == list(best.by_score[: len(told)])
    assert 3 <= len(told) < 12
    assert f"  and {len(best.by_score) - len(told)} more designs, less often right: --full" in lines


def test_no_design_gives_way_to_the_line_that_says_so(seed_trial, folder, monkeypatch):
    monkeypatch.setattr("doseesc.report.terminal.run._FEWEST", 2)
    monkeypatch.setattr("doseesc.report.terminal.run._SCREEN", 34)
    lines = [line.plain for line in run_lines(read(folder / "a"))]
    assert len(lines) == 34
    assert sum(line.startswith(("  3+3 ", "  CRM ", "  BOIN ")) for line in lines) == 3
    assert "What else would change that: --full" in " ".join(lines[:10])  # which is what gave way


FOUR = "  - {name: Keyboard, type: Keyboard}\n"
EIGHT = FOUR + (
    "  - {name: mTPI, type: mTPI}\n  - {name: mTPI-2, type: mTPI-2}\n  - {name: i3+3, type: i3+3}\n"
    "  - {name: 3+3 with escalation only, type: 3+3, variant: escalation_only}\n"
)


@pytest.fixture(scope="module")
def seed_with(tmp_path_factory):
    """The seed trial with more designs, as read from its folder, by those."""
    text = shipped_scenarios()["nct04602104"].read_text(encoding="utf-8")
    boin = "  - {name: BOIN, type: BOIN}\n"
    assert boin in text
    found = {}
    for more in (FOUR, EIGHT):
        path = tmp_path_factory.mktemp("more") / "mine.yaml"
        path.write_text(text.replace(boin, boin + more), encoding="utf-8")
        found[more] = run(load(path), trials=40, method="both" if more == FOUR else "exact")
    return found


def test_four_designs_in_nine_scenarios_with_phase_2_are_all_told_on_one_screen(seed_with):
    results = seed_with[FOUR]
    lines = [line.plain for line in fitted(run_lines(results), 100)]
    assert len(lines) <= 39  # and one that says where all of it is written
    assert max(map(cell_len, lines)) <= 100
    text = " ".join(lines)
    assert "--full" not in text  # nothing has given way
    for name in results.study.names:
        assert any(line.startswith(f"  {name} ") for line in lines)
    assert sum(line.startswith("  S") for line in lines) == 9
    words = verdict_words(results)
    for said in (words.headline, *words.price, *words.flips):
        assert said in text
    programme = next(line for line in lines if "programme success" in line)
    assert programme.split()[-4:] == [f"{100 * each:.1f}" for each in programme_success(results).values()]
    for each in ("observed: window 14 days", "assumed, not registered: doses", "Events that the drug did not cause"):
        assert each in text


def test_designs_that_reach_the_same_lead_together(seed_with):
    words = verdict_words(seed_with[FOUR])
    assert any("BOIN and Keyboard together lead in 52 %" in each for each in words.flips)


def test_eight_designs_in_nine_scenarios_with_phase_2_keep_to_one_screen(seed_with):
    lines = [line.plain for line in fitted(run_lines(seed_with[EIGHT]), 100)]
    assert len(lines) <= 39
    assert sum("less often right: --full" in line for line in lines) == 1  # said once
    assert sum(line.startswith("  S") for line in lines) == 9
    words = programme_words(seed_with[EIGHT])
    best = seed_with[EIGHT].verdict.safest_leader
    assert f"programme success {best} " in words  # and of the others the least and the most
    assert "with all designs from " in words


def test_a_narrow_screen_goes_without_blank_lines_before_anything_is_left_out(seed_with):
    lines = [line.plain for line in fitted(run_lines(seed_with[FOUR], 80), 80)]
    assert len(lines) <= 46
    assert max(map(cell_len, lines)) <= 80
    assert sum(not line for line in lines) == 1
    words = verdict_words(seed_with[FOUR])
    assert all(said in " ".join(lines) for said in (words.headline, *words.price, *words.flips))


def test_a_design_that_names_a_dose_nobody_was_given_is_named(scenario_file, small_scenario):
    results = run(load(scenario_file(small_scenario.replace("designs:\n", "designs:\n" + CRM))), method="exact")
    text = " ".join(" ".join(line.plain for line in run_lines(results)).split())
    chance = 100 * results.cells["S", "CRM"].exact.untried_selection
    assert f"CRM can select a dose that nobody was given, in up to {chance:.1f} % (S) of trials" in text


def test_a_protocol_of_one_design_says_so_too(scenario_file, small_scenario):
    text = small_scenario.replace("  - {name: B, type: BOIN}\n", CRM)
    results = run(load(scenario_file(text)), method="exact")
    said = " ".join(str(block) for block in protocol_blocks(SavedRun(results), "CRM"))
    chance = 100 * results.cells["S", "CRM"].exact.untried_selection
    assert f"CRM can select a dose that nobody was given, in {chance:.1f} % (S) of trials" in said


@pytest.mark.parametrize("name", sorted(set(shipped_scenarios()) - {"design_comparison", "tite", "tite_backfill"}))
def test_every_shipped_study_has_its_verdict_first(name):
    results = run(
        load(shipped_scenarios()[name]), trials=60, method="auto" if "oncology" not in name else "monte_carlo"
    )
    lines = [line.plain for line in run_lines(results)]
    assert len(lines) <= 40
    headline = " ".join(lines[2:4])
    assert re.match(r"(No design is ahead|.+ is ahead): ", headline)
    if len(results.study.observation) > 1:  # what the study asks stands beside the verdict
        assert "What is counted as a DLT moves correct selection by up to" in " ".join(lines[:16])
