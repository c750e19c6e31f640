"""``doseesc validate``: evidence that this installation computes what it should."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doseesc.commands._calls import library, made, script, variable
from doseesc.commands._following import changed_words, free
from doseesc.commands._options import RESULTS, Force, Jobs, Quiet, ShowCode, refused
from doseesc.commands._printing import TrialProgress, print_data, print_end, print_lines
from doseesc.commands._studies import load_call, load_study
from doseesc.files import check_absent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from rich.text import Text

FAILED = 3
"""The exit code where something has failed."""

Study = Annotated[
    str | None,
    typer.Argument(
        metavar="[FILE]",
        help="Scenario file of a study to look at, too; where there is no such file, the name of a shipped scenario.",
        show_default=False,
    ),
]
Evidence = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write.")]
Quick = Annotated[bool, typer.Option("--quick", help="Only what takes some seconds; the report says what is left out.")]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="NUMBER", help="Only the requirement of this number; may be repeated.", show_default=False
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    example = "Example:  doseesc validate --quick --only D2"
    app.command(rich_help_panel=RESULTS, epilog=example)(validate)


def validate(
    context: typer.Context,
    file: Study = None,
    out: Evidence = Path("validation"),
    quick: Quick = False,
    only: Only = None,
    jobs: Jobs = 2,
    force: Force = False,
    quiet: Quiet = False,
    show_code: ShowCode = False,
) -> None:
    """Show on this machine that doseesc computes what papers, other programs and mathematics say.

    Installation: Python, packages against the tested versions, files against the wheel's record. Operation: every
    published and golden number again, requirement by requirement. With FILE, performance: exact against simulated
    figures of its designs, and the same figures from the same seed. Written are DIR/validation.html, .docx and .json.
    The exit code is 0, or 3 where something has failed; failing rows come first.
    """
    study = None if file is None else load_call(file)
    call = library("doseesc.validation", "validate")(
        *([] if study is None else [variable("study")]),
        quick=quick or None,
        only=only or None,
        jobs=jobs if jobs > 1 else None,
    )
    evidence = variable("evidence")
    files = library("doseesc.report.evidence", "evidence_files")(evidence)
    written = library("doseesc.files", "add_files")(files, str(out), force=force or None)
    if show_code:
        named = {} if study is None else {"study": study}
        print_data(script({**named, "evidence": call}, done=[written]))
        return
    from doseesc.report.evidence import EVIDENCE_FILES
    from doseesc.validation import wanted_requirements

    with refused("--only"):
        wanted_requirements(only or (), quick=quick)
    known = {} if file is None else {"study": load_study(file, warn=False)}
    check_absent([out / name for name in EVIDENCE_FILES], force=force)
    with TrialProgress(not quiet, "comparisons") as progress:
        document = made(call, known, out=out, progress=progress)
    paths = made(written, {"evidence": document})
    if not quiet:
        print_lines(_lines(document))
        typer.echo()
        print_end(f"written to {', '.join(str(path) for path in paths)}", _following(context, document, out, force))
    if document["verdict"] == "failed":
        raise typer.Exit(FAILED)


def _lines(document: Mapping[str, Any]) -> list[Text]:
    """Return what is printed: what failed first, then the verdict, and which requirements were left out."""
    from doseesc.report.evidence import failing_rows, verdict_words
    from doseesc.report.terminal import wrapped

    lines = [
        part
        for number, what, expected, found in failing_rows(document)
        for part in (
            *wrapped(f"{number}  {what}", indent=4),
            *wrapped(f"    expected {expected}, found {found}", indent=4),
        )
    ]
    for words in verdict_words(document):
        lines += wrapped(words)
    for each in document["operation"]:
        if each["verdict"] == "not checked":
            lines += wrapped(f"  {each['id']:<4}{each['text']}", indent=6)
    return lines


def _following(context: typer.Context, document: Mapping[str, Any], out: Path, force: bool) -> str:
    """Return the next step: the evidence to be read and signed, and where something was left out all of it."""
    from doseesc.report.evidence import EVIDENCE_FILES

    page = next(name for name in EVIDENCE_FILES if name.endswith(".html"))
    said = f"next: open {out / page}"
    if document["complete"]:
        return said
    whole = changed_words(context, {"quick": False, "only": None, "out": out if force else free(out)})
    return f"{said}, or for all of it {whole}"
