"""``doseesc worst-case``: the truths under which designs do least well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._options import PLANNING, Force, Format, Out, Printed, Quiet, ScenarioFile, ShowCode
from doseesc.commands._printing import TrialProgress, print_data
from doseesc.commands._saving import FigureFile, check_figure_file, save_figure
from doseesc.commands._studies import chosen_design, load_code, load_study, name_in_file
from doseesc.files import add_files, csv_text

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.planning import WorstCase
    from doseesc.study import Study

CSV_FILE = "worst_case.csv"

OneDesign = Annotated[
    str | None, typer.Option("--design", metavar="NAME", help="One design of the file; by default all.")
]
Separation = Annotated[
    float, typer.Option("--separation", help="Least distance of the other doses' P(DLT) from the target.")
]
Band = Annotated[float, typer.Option("--band", help="How far from the target the MTD itself may be.")]
Bound = Annotated[
    float | None,
    typer.Option(
        "--bound",
        help="P(DLT) from which a dose is too toxic; by default the target and the true MTD's margin.",
        show_default=False,
    ),
]
Starts = Annotated[int, typer.Option("--starts", min=1, max=500, help="Searches per level.")]
SearchSeed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the searches' random starts.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "worst-case", rich_help_panel=PLANNING, epilog="Example:  doseesc worst-case nct04602104 --design BOIN"
    )(worst_case)


def worst_case(
    file: ScenarioFile,
    design: OneDesign = None,
    separation: Separation = 0.05,
    band: Band = 0.0,
    bound: Bound = None,
    starts: Starts = 12,
    seed: SearchSeed = 1,
    out: Out = None,
    figure: FigureFile = None,
    output_format: Printed = Format.table,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Find the truths under which the designs of FILE do least well.

    For each level as the true MTD, among the monotone curves whose other doses are at least SEPARATION away from the
    target: the curve with the least chance of correct selection. And the curve with the greatest chance that a dose is
    selected whose P(DLT) is at the bound or above. With --out DIR they are written to DIR/worst_case.csv.
    """
    if show_code:
        name = None if design is None else name_in_file(file, design)
        print_data(_code(file, name, separation, band, bound, starts, seed, figure))
        return
    study = load_study(file, drug_alone=True)
    names = list(study.designs) if design is None else [chosen_design(study, design)[0]]
    check_figure_file(figure, force=force)
    bound = study.target + study.true_mtd_rule.margin if bound is None else bound
    found: dict[str, tuple[WorstCase, ...]] = {}
    with TrialProgress(wanted=not quiet, unit="designs") as progress:
        for done, name in enumerate(names):
            progress(done, len(names))
            found[name] = _worst_cases(study, name, separation, band, bound, starts, seed)
    written = []
    if out is not None:
        text = csv_text(_frame(found))
        written += add_files({CSV_FILE: text}, out, force=force)
    if figure is not None:
        from doseesc.report.figures import worst_case_figure

        save_figure(worst_case_figure(found, study.dose_labels, study.target), figure)
        written.append(figure)
    if not quiet:
        _print(found, study, (separation, band, bound), output_format, written)


def _worst_cases(
    study: Study, name: str, separation: float, band: float, bound: float, starts: int, seed: int
) -> tuple[WorstCase, ...]:
    from doseesc.engines import TooManyStates, enumerate_paths
    from doseesc.planning import correct_selection_worst_case, too_toxic_worst_case

    try:
        paths = enumerate_paths(study.designs[name])
        return (
            correct_selection_worst_case(
                paths,
                target=study.target,
                separation=separation,
                band=band,
                margin=study.true_mtd_rule.margin,
                starts=starts,
                seed=seed,
            ),
            too_toxic_worst_case(paths, bound=bound, starts=starts, seed=seed),
        )
    except TooManyStates as error:
        raise typer.BadParameter(
            f"{name} has no worst case that can be computed: {error}", param_hint="--design"
        ) from None
    except ValueError as error:
        option = next((each for each in ("separation", "band", "bound") if str(error).startswith(each)), "separation")
        raise typer.BadParameter(str(error), param_hint=f"--{option}") from None


def _frame(found: dict[str, tuple[WorstCase, ...]]) -> pd.DataFrame:
    import pandas as pd

    frames = []
    for design, cases in found.items():
        for case in cases:
            frame = case.to_frame()
            frame.insert(0, "design", design)
            frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _print(
    found: dict[str, tuple[WorstCase, ...]],
    study: Study,
    limits: tuple[float, float, float],
    output_format: Format,
    written: list[Path],
) -> None:
    separation, band, bound = limits
    if output_format == Format.csv:
        print_data(csv_text(_frame(found)))
        return
    if output_format == Format.json:
        rows = json.loads(_frame(found).to_json(orient="records", double_precision=15))
        document = {"target": study.target, "separation": separation, "band": band, "bound": bound, "worst": rows}
        print_data(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        return
    from rich.console import Console

    from doseesc.report.terminal import worst_case_lines
    from doseesc.wording import percent_words

    console = Console(highlight=False)
    head = (
        f"Worst truths, true P(DLT) in % · target {percent_words(study.target)} · other doses at least "
        f"{100 * separation:.3g} points from it"
    )
    within = f", the MTD within {100 * band:.3g} points" if band else ", the MTD at it"
    console.print(head + within, style="bold", soft_wrap=True, markup=False)
    console.print()
    for text in worst_case_lines(found, study.dose_labels):
        console.print(text, soft_wrap=True)
    console.print()
    legend = (
        f"correct %: chance of selecting the MTD · too toxic %: chance of selecting a dose with P(DLT) of "
        f"{percent_words(bound)} or more\nexact values; the curves are the worst found from many starts"
    )
    console.print(legend, style="dim", soft_wrap=True, markup=False)
    if written:
        console.print(f"written to {', '.join(str(path) for path in written)}", soft_wrap=True, markup=False)


def _code(
    file: str,
    design: str | None,
    separation: float,
    band: float,
    bound: float | None,
    starts: int,
    seed: int,
    figure: Path | None,
) -> str:
    lines = load_code(file)
    imports = ["from doseesc.planning import correct_selection_worst_case, too_toxic_worst_case"]
    search = f"starts={starts}, seed={seed}"
    at = "study.target + study.true_mtd_rule.margin" if bound is None else f"{bound}"
    designs = "study.designs.items()" if design is None else f"[({design!r}, study.designs[{design!r}])]"
    lines += [
        "found = {}",
        f"for name, design in {designs}:",
        "    paths = doseesc.enumerate_paths(design)",
        "    correct = correct_selection_worst_case(",
        f"        paths, target=study.target, separation={separation}, band={band},",
        f"        margin=study.true_mtd_rule.margin, {search},",
        "    )",
        f"    too_toxic = too_toxic_worst_case(paths, bound={at}, {search})",
        "    found[name] = correct, too_toxic",
        "    print(name, correct.to_frame(), too_toxic.to_frame(), sep='\\n')",
    ]
    if figure is not None:
        imports.append("from doseesc.report.figures import worst_case_figure")
        lines.append(f"worst_case_figure(found, study.dose_labels, study.target).savefig({str(figure)!r})")
    lines[1:1] = imports
    return "\n".join(lines) + "\n"
