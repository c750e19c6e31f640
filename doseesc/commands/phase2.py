"""``doseesc phase2``: what a file's Phase 2 trial can show, how many patients it needs, the programme's chance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._options import (
    LOOKING_INSIDE,
    Force,
    Format,
    Jobs,
    Out,
    Printed,
    Quiet,
    ScenarioFile,
    Seed,
    ShowCode,
)
from doseesc.commands._printing import print_data
from doseesc.commands._saving import FigureFile, check_figure_file, save_figure, save_text
from doseesc.commands._studies import load_code, load_study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from doseesc.phase2.assurance import ProgrammeAssurance
    from doseesc.phase2.plan import TrialPlan
    from doseesc.phase2.power import Power
    from doseesc.phase2.secondary import SecondaryRow
    from doseesc.phase2.size import SampleSize
    from doseesc.scenario import Study

POWER_FILE = "phase2_power.csv"
ASSURANCE_FILE = "phase2_assurance.csv"
SECONDARY_FILE = "phase2_secondary.csv"
_SECONDARY_TRIALS = 1000
_FACTORS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
_MULTIPLES = (0.0, 0.5, 1.0, 1.5, 2.0)

ToxicityScenario = Annotated[
    str | None,
    typer.Option("--scenario", metavar="NAME", help="Toxicity scenario for adverse reactions; by default the first."),
]
DeclaredMtd = Annotated[
    str | None, typer.Option("--mtd", metavar="DOSE", help="The MTD to plan with, by label, instead of the file's.")
]
WantedPower = Annotated[
    float | None,
    typer.Option("--size", metavar="POWER", min=0.05, max=0.999, help="Find the smallest trial with this power."),
]
Programme = Annotated[
    bool, typer.Option("--assurance", help="Also average over the MTD that each design declares in each scenario.")
]
Secondary = Annotated[
    bool, typer.Option("--secondary", help="Also the secondary outcomes at their visits, in at most 1,000 trials.")
]
Phase2Trials = Annotated[int, typer.Option("--trials", min=100, max=10_000_000, help="Simulated Phase 2 trials.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=LOOKING_INSIDE, epilog="Example:  doseesc phase2 nct04602104 --size 0.8 --assurance")(
        phase2
    )


def phase2(
    file: ScenarioFile,
    scenario: ToxicityScenario = None,
    mtd: DeclaredMtd = None,
    size: WantedPower = None,
    assurance: Programme = False,
    secondary: Secondary = False,
    trials: Phase2Trials = 10_000,
    out: Out = None,
    figure: FigureFile = None,
    seed: Seed = None,
    jobs: Jobs = 1,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Say what the Phase 2 trial of FILE can show.

    Power and type I error for improvement, 28-day mortality and adverse reactions, expected deaths and reactions; with
    --size the number of patients for a power; with --assurance the chance that Phase 1 and Phase 2 together succeed.
    """
    if show_code:
        print_data(_code(file, scenario, mtd, size, assurance, secondary, trials, seed, figure))
        return
    from doseesc.phase2.power import simulate_power
    from doseesc.phase2.secondary import simulate_secondary

    study = load_study(file)
    check_figure_file(figure, force=force)
    scenario, level = _chosen(study, scenario, mtd)
    seed = study.simulation.seed if seed is None else seed
    from doseesc.phase2.planning import trial_plan

    plan = trial_plan(study, scenario=scenario, mtd_level=level)
    power = simulate_power(plan, trials=trials, seed=seed, jobs=jobs)
    null = simulate_power(plan.under_null(), trials=trials, seed=seed, jobs=jobs)
    found_size = _size(plan, size, trials, seed, jobs)
    programme = _assurance(study, trials, seed, jobs) if assurance else []
    rows = simulate_secondary(plan, trials=min(trials, _SECONDARY_TRIALS), seed=seed) if secondary else []
    written = _save(study, power, null, programme, rows, out, force)
    if figure is not None:
        save_figure(_figure(plan, trials, seed, jobs), figure)
        written.append(figure)
    if not quiet:
        title = f"Phase 2 with the MTD {study.dose_labels[level - 1]}"
        _print(study, scenario, title, power, null, found_size, size, programme, rows, output_format, written)


def _chosen(study: Study, scenario: str | None, mtd: str | None) -> tuple[str, int]:
    from doseesc.phase2.planning import planned_mtd

    if not study.truths:
        raise typer.BadParameter("the file has random curves only; add a scenario with dlt", param_hint="--scenario")
    if scenario is None:
        scenario = next(iter(study.truths))
    elif scenario not in study.truths:
        names = ", ".join(study.truths)
        raise typer.BadParameter(f"{scenario!r} is not in the file; there are {names}", param_hint="--scenario")
    if mtd is None:
        return scenario, planned_mtd(study)
    try:
        return scenario, study.level_of(mtd)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--mtd") from None


def _size(plan: TrialPlan, wanted: float | None, trials: int, seed: int, jobs: int) -> SampleSize | None:
    from doseesc.phase2.size import sample_size

    if wanted is None:
        return None
    try:
        return sample_size(plan, power=wanted, trials=trials, seed=seed, jobs=jobs)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--size") from None


def _assurance(study: Study, trials: int, seed: int, jobs: int) -> list[ProgrammeAssurance]:
    from doseesc.phase2.assurance import programme_assurance
    from doseesc.study import run

    results = run(study, method="auto", seed=seed, jobs=jobs)
    return programme_assurance(results, trials=trials, seed=seed, jobs=jobs)


def _figure(plan: TrialPlan, trials: int, seed: int, jobs: int) -> Figure:
    from doseesc.phase2.size import power_by_effect, power_by_size
    from doseesc.report.phase2_power_figure import power_figure

    sizes = sorted({max(2, round(plan.control.n * factor)) for factor in _FACTORS})
    by_size = power_by_size(plan, sizes, trials=trials, seed=seed, jobs=jobs)
    return power_figure(by_size, power_by_effect(plan, _MULTIPLES, trials=trials, seed=seed, jobs=jobs))


def _save(
    study: Study,
    power: Power,
    null: Power,
    programme: list[ProgrammeAssurance],
    rows: list[SecondaryRow],
    out: Path | None,
    force: bool,
) -> list[Path]:
    if out is None:
        return []
    from doseesc.phase2.assurance import assurance_frame
    from doseesc.phase2.power_frame import power_frame
    from doseesc.phase2.secondary import secondary_frame

    written = [save_text(_csv(power_frame(power, null)), out, POWER_FILE, force=force)]
    if programme:
        written.append(save_text(_csv(assurance_frame(study, programme)), out, ASSURANCE_FILE, force=force))
    if rows:
        written.append(save_text(_csv(secondary_frame(rows)), out, SECONDARY_FILE, force=force))
    return written


def _csv(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, lineterminator="\n")


def _print(
    study: Study,
    scenario: str,
    title: str,
    power: Power,
    null: Power,
    size: SampleSize | None,
    wanted: float | None,
    programme: list[ProgrammeAssurance],
    rows: list[SecondaryRow],
    output_format: Format,
    written: list[Path],
) -> None:
    from doseesc.phase2.assurance import assurance_frame
    from doseesc.phase2.planning import phase2_of
    from doseesc.phase2.power_frame import power_frame
    from doseesc.phase2.secondary import secondary_frame

    if output_format == Format.csv:
        print_data(_csv(power_frame(power, null)))
        return
    if output_format == Format.json:
        document = {
            "assumptions": [each._asdict() for each in phase2_of(study).assumptions()],
            "scenario": scenario,
            "trials": power.tally.trials,
            "seed": power.seed,
            "power": json.loads(power_frame(power, null).to_json(orient="records", double_precision=15)),
            "size": None if size is None else {"n": size.n, "standard_error": size.standard_error, "power": wanted},
            "secondary": json.loads(secondary_frame(rows).to_json(orient="records", double_precision=15)),
            "assurance": json.loads(assurance_frame(study, programme).to_json(orient="records", double_precision=15)),
        }
        print_data(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        return
    from rich.console import Console

    from doseesc.report.phase2_power_table import assumption_lines, assurance_lines, power_lines, size_lines
    from doseesc.report.phase2_precision_table import precision_lines
    from doseesc.report.phase2_secondary_table import secondary_lines

    parts = [power_lines(power, null, title, scenario), precision_lines(power.plan)]
    if size is not None and wanted is not None:
        parts.append(size_lines(size, wanted, "at least one dosage improves sooner"))
    if programme:
        parts.append(assurance_lines(programme, study.dose_labels))
    if rows:
        parts.append(secondary_lines(rows, power.plan, min(power.tally.trials, _SECONDARY_TRIALS)))
    parts.append(assumption_lines(phase2_of(study)))
    console = Console(highlight=False)
    for place, lines in enumerate(parts):
        if place:
            console.print()
        for text in lines:
            console.print(text, soft_wrap=True)
    if written:
        console.print(f"\nwritten to {', '.join(str(path) for path in written)}", soft_wrap=True, markup=False)


def _code(
    file: str,
    scenario: str | None,
    mtd: str | None,
    size: float | None,
    assurance: bool,
    secondary: bool,
    trials: int,
    seed: int | None,
    figure: Path | None,
) -> str:
    how = f"trials={trials}, seed={'study.simulation.seed' if seed is None else seed}"
    lines = load_code(file)
    imports = [
        "from doseesc.phase2.planning import planned_mtd, trial_plan",
        "from doseesc.phase2.power import simulate_power",
    ]
    named = "next(iter(study.truths))" if scenario is None else repr(scenario)
    level = "planned_mtd(study)" if mtd is None else f"study.level_of({mtd!r})"
    lines += [
        f"plan = trial_plan(study, scenario={named}, mtd_level={level})",
        f"power = simulate_power(plan, {how})",
        f"null = simulate_power(plan.under_null(), {how})",
        "print(power_frame(power, null))",
    ]
    imports.append("from doseesc.phase2.power_frame import power_frame")
    if size is not None:
        imports.append("from doseesc.phase2.size import sample_size")
        lines.append(f"print(sample_size(plan, power={size}, {how}))")
    if assurance:
        imports.append("from doseesc.phase2.assurance import assurance_frame, programme_assurance")
        run_seed = "" if seed is None else f", seed={seed}"
        lines.append(f'results = doseesc.run(study, method="auto"{run_seed})')
        lines.append(f"print(assurance_frame(study, programme_assurance(results, trials={trials})))")
    if secondary:
        imports.append("from doseesc.phase2.secondary import secondary_frame, simulate_secondary")
        fewer = how.replace(f"trials={trials}", f"trials={min(trials, _SECONDARY_TRIALS)}")
        lines.append(f"print(secondary_frame(simulate_secondary(plan, {fewer})))")
    if figure is not None:
        imports += [
            "from doseesc.phase2.size import power_by_effect, power_by_size",
            "from doseesc.report.phase2_power_figure import power_figure",
        ]
        lines += [
            f"by_size = power_by_size(plan, [25, 50, 100, 200], {how})",
            f"power_figure(by_size, power_by_effect(plan, [0, 0.5, 1, 1.5, 2], {how})).savefig({str(figure)!r})",
        ]
    return "\n".join([lines[0], *imports, *lines[1:]]) + "\n"
