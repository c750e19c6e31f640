"""The commands as they are installed, each in a process of its own, against the library in this one."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from doseesc.analysis import fit
from doseesc.conduct import decision_table, recommend, replay
from doseesc.engines import enumerate_paths, pathways
from doseesc.files import csv_text
from doseesc.guide import guide_page
from doseesc.planning import (
    answer,
    file_random,
    optimal_design,
    phase2_power_csv,
    run_ensemble,
    sample_size,
    sizes_of,
    worst_cases,
)
from doseesc.results import characteristics_csv, read_results
from doseesc.runs import run
from doseesc.study import Study, explain, json_schema, load, shipped_scenarios
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.uncompiled import own_environment

_FILE = "mine.yaml"
_STUDY = """\
study: {title: three doses}
doses: {labels: [low, medium, high], amounts: [2, 8, 16], unit: mg}
target: 0.25
dlt_window_days: 14
cohort_size: 3
max_n: 9
designs:
  - {name: BOIN, type: BOIN}
  - {name: 3+3, type: 3+3}
scenarios:
  - {name: mild, dlt: [0.02, 0.05, 0.1]}
  - {name: middle, dlt: [0.1, 0.25, 0.45]}
phase2_arms:
  - {name: saline, control: true}
  - {name: MTD, fraction: 1}
phase2: {patients_per_arm: 50}
simulation: {trials: 200, seed: 1, method: both}
"""


class _Folder:
    """A folder with the study, in which commands are run; takes the comparisons."""

    def __init__(self, path: Path, seen: Differences) -> None:
        self.path, self.seen = path, seen
        (path / _FILE).write_text(_STUDY, encoding="utf-8")

    @property
    def study(self) -> Study:
        return load(self.path / _FILE)

    def ask(self, *words: str, code: int = 0) -> str:
        """Run a command, check that it ends with this exit code, and return what it prints."""
        ended = subprocess.run(
            [sys.executable, "-m", "doseesc", *words],
            cwd=self.path,
            env=own_environment(),
            capture_output=True,
            check=False,
        )
        said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        self.seen.holds(
            f"{' '.join(words)}: {said[-1] if said and ended.returncode else 'ends'}", ended.returncode == code
        )
        return ended.stdout.decode("utf-8", "replace")

    def same(self, expected: str, *words: str) -> None:
        """Compare what a command prints as CSV, line by line."""
        printed = self.ask(*words, "--format", "csv")
        self.seen.equal(" ".join(words), printed.splitlines(), expected.splitlines())


@contextmanager
def _folder(seen: Differences) -> Iterator[_Folder]:
    with tempfile.TemporaryDirectory() as place:
        yield _Folder(Path(place), seen)


def during_the_trial() -> Comparison:
    """Ask for the next dose, a replay and the decision table."""
    seen = Differences()
    with _folder(seen) as folder:
        study = folder.study
        for outcomes in ("", "1NNN", "1NNN 2NNT", "1NTT"):
            expected = csv_text(recommend(study, outcomes, design="BOIN").to_frame())
            folder.same(expected, "next", _FILE, "--design", "BOIN", "--outcomes", outcomes)
        expected = csv_text(replay(study, "1NNN 2NNT 2NTT", design="BOIN").to_frame())
        folder.same(expected, "replay", _FILE, "--design", "BOIN", "--outcomes", "1NNN 2NNT 2NTT")
        expected = csv_text(decision_table(study, design="BOIN").to_frame())
        folder.same(expected, "table", _FILE, "--design", "BOIN")
    return seen.result


def planning() -> Comparison:
    """Run the study, and ask what is asked before a trial."""
    seen = Differences()
    with _folder(seen) as folder:
        study = folder.study
        folder.ask("run", _FILE, "--out", "out", "--quiet")
        written = (folder.path / "out" / "characteristics.csv").read_text(encoding="utf-8")
        seen.equal("run", written.splitlines(), characteristics_csv(run(study)).splitlines())
        paths = pathways(study.designs["BOIN"], n_cohorts=2, outcomes="")
        folder.same(csv_text(paths.to_frame(study.truths)), "paths", _FILE, "--design", "BOIN", "--cohorts", "2")
        curves = file_random(study).model_copy(update={"count": 20})
        folder.same(csv_text(run_ensemble(study, curves).to_frame()), "ensemble", _FILE, "--count", "20")
        folder.same(csv_text(optimal_design(study).to_frame()), "optimal", _FILE)
        worst = worst_cases(study, designs=["BOIN"], separation=0.05, band=0.0, starts=12, seed=1)
        folder.same(csv_text(worst.to_frame()), "worst-case", _FILE, "--design", "BOIN")
        needed = sample_size(study, 0.5, designs=["BOIN"], sizes=sizes_of(study, up_to=9))
        folder.same(csv_text(needed.to_frame()), "size", _FILE, "--design", "BOIN", "--correct", "0.5", "--up-to", "9")
        folder.same(phase2_power_csv(answer(study, trials=500)), "phase2", _FILE, "--trials", "500")
        folder.same(csv_text(fit(study, "1NNN 2NNT").to_frame()), "fit", _FILE, "--outcomes", "1NNN 2NNT")
        lines = folder.ask("calibrate", _FILE, "--design", "BOIN", "--format", "csv").splitlines()
        seen.holds("calibrate: a line for each candidate", len(lines) > 2)
    return seen.result


_SWEEP = """\
title: cut-offs
study: mine.yaml
designs: [BOIN]
axes:
  designs.BOIN.elimination_cutoff: [0.9, 0.95]
  simulation.method: [exact]
"""


def many_variants() -> Comparison:
    """Sweep over two elimination cut-offs, and run each variant by itself."""
    seen = Differences()
    with _folder(seen) as folder:
        (folder.path / "many.yaml").write_text(_SWEEP, encoding="utf-8")
        printed = folder.ask("sweep", "many.yaml", "--out", "many", "--format", "csv", "--quiet")
        rows = list(csv.DictReader(io.StringIO(printed)))
        seen.equal("variants", len(rows), 2)
        study = folder.study
        truths = list(study.truths.values())
        for row in rows:
            cutoff = float(row["designs.BOIN.elimination_cutoff"])
            paths = enumerate_paths(replace(study.designs["BOIN"], elimination_cutoff=cutoff))  # type: ignore[call-arg]
            figures = [paths.characteristics(truth) for truth in truths]
            patients = sum(each.total_patients for each in figures) / len(figures)
            seen.close(f"cut-off {cutoff}, patients", float(row["total_patients"]), patients, within=1e-9)
    return seen.result


def app() -> Comparison:
    """Open the app on a free port, fetch its page, ask it for the next dose, and end it."""
    seen = Differences()
    with _folder(seen) as folder:
        words = [sys.executable, "-m", "doseesc", "app", "--no-browser"]
        served = subprocess.Popen(
            words,
            cwd=folder.path,
            env=own_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            line = served.stdout.readline() if served.stdout is not None else ""
            address = line.rpartition(" ")[2].strip()
            seen.holds(f"an address of this machine: {line.strip()}", address.startswith("http://127.0.0.1:"))
            if address.startswith("http://127.0.0.1:"):
                with urlopen(address, timeout=60) as answer:
                    seen.equal("status", answer.status, 200)
                    seen.holds("a page of doseesc", "doseesc" in answer.read().decode("utf-8", "replace"))
                _advised(folder, address)
        finally:
            served.terminate()
            served.wait(timeout=60)
            if served.stdout is not None:
                served.stdout.close()
    return seen.result


def _advised(folder: _Folder, address: str) -> None:
    """Compare what the app recommends with what the library does."""
    study, text = folder.study, (folder.path / _FILE).read_text(encoding="utf-8")
    for design in study.names:
        for outcomes in ("", "1NNN", "1NNN 2NNT", "1NTT"):
            asked = {"name": _FILE, "text": text, "design": design, "outcomes": outcomes}
            headers = {"Origin": address.rstrip("/"), "Content-Type": "application/json"}
            question = Request(f"{address}conduct", json.dumps(asked).encode(), headers)
            with urlopen(question, timeout=60) as answer:
                said: dict[str, Any] = json.loads(answer.read())
            expected = recommend(study, outcomes, design=design).sentence
            folder.seen.equal(f"{design}, {outcomes or 'nobody'}, recommended", said.get("sentence"), expected)


def results() -> Comparison:
    """Write page, protocol and a table from a run, read them back, and compare the run with itself."""
    seen = Differences()
    with _folder(seen) as folder:
        folder.ask("run", _FILE, "--out", "out", "--quiet")
        found = read_results(folder.path / "out").results
        exact = found.cells["middle", "BOIN"].exact
        seen.holds("run: exact figures", exact is not None)
        folder.ask("report", "out")
        folder.ask("protocol", "out")
        for name in ("report.html", "protocol.md"):
            text = (folder.path / "out" / name).read_text(encoding="utf-8")
            seen.holds(f"{name} is about the study", "three doses" in text)
            share = "" if exact is None else f"{100 * exact.selected[2]:.1f}"
            seen.holds(f"{name} has the chance of selecting the MTD, {share}", share in text)
        folder.ask("export", "out", "out.csv")
        exported = (folder.path / "out.csv").read_text(encoding="utf-8")
        seen.equal("export", exported.splitlines(), characteristics_csv(found).splitlines())
        text = folder.ask("compare", "out", "out", "--format", "json")
        answered: dict[str, Any] = json.loads(text)
        seen.holds("compare: nothing has changed", not answered.get("changes"))
    return seen.result


def scripts() -> Comparison:
    """Have a design recomputed by a script, in R where it is, else in Python; compare its rows, and altered ones."""
    seen = Differences()
    found = shutil.which("Rscript")
    language, program = ("r", found) if found else ("python", sys.executable)
    with _folder(seen) as folder:
        folder.ask("script", _FILE, "--design", "BOIN", "--language", language, "--out", "script")
        ran = subprocess.run(
            [program, "script"], cwd=folder.path, env=own_environment(), capture_output=True, check=False
        )
        seen.equal(f"{language}: exit code", ran.returncode, 0)
        rows = ran.stdout.decode("utf-8", "replace").replace('"', "")
        altered = rows.replace("6,1,decision,E", "6,1,decision,S")
        for name, text, code in (("rows.csv", rows, 0), ("altered.csv", altered, 3)):
            (folder.path / name).write_text(text, encoding="utf-8")
            folder.ask("compare-script", _FILE, name, "--design", "BOIN", code=code)
    return seen.result


def files() -> Comparison:
    """Write a file to begin with, list the shipped ones, print the schema, explain a design, show the guide."""
    seen = Differences()
    with _folder(seen) as folder:
        folder.ask("init", "new.yaml")
        seen.holds("init: designs", len(load(folder.path / "new.yaml").designs) > 0)
        listed = folder.ask("scenarios")
        for name in shipped_scenarios():
            seen.holds(f"scenarios: {name}", name in listed)
        seen.holds("schema", json.loads(folder.ask("schema")) == json.loads(json.dumps(json_schema())))
        words = " ".join(folder.ask("explain", "BOIN").split())
        for topic in explain("BOIN"):
            seen.holds(f"explain: {topic.name}", " ".join(topic.summary.split())[:40] in words)
        seen.holds("guide", folder.ask("guide", "conduct") == guide_page("conduct").text)
    return seen.result
