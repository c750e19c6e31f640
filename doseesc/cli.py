"""The command line: finds the commands, and says what went wrong in one message.

Every module of :mod:`doseesc.commands` without a leading underscore is a command and adds itself by its function
``add_to``; a new command is one new file there.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from doseesc import commands
from doseesc.errors import CannotCompute, NotFinite, ScenarioError
from doseesc.files import OutputError
from doseesc.wording import printable, shorten

_Mistake: type[Exception] = typer.BadParameter.__bases__[0]
"""What the parser of the command line raises, whether it is click's own or the one that typer brings."""

USER_ERROR = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends by raising ``SystemExit`` with 0, 2 (the user's mistake) or 130 (Ctrl-C).

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.
    """
    # Set before NumPy is loaded: on matrices as small as these a second thread costs more than it brings, and where
    # the machine is busy several times as much.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without ± shows a question mark, not a traceback
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        ended = build_app(words)(args=words, prog_name="doseesc", standalone_mode=False)
        _flush()
        sys.exit(ended if isinstance(ended, int) else 0)
    except _Mistake as error:
        _answer(error, words)
        sys.exit(USER_ERROR)
    except (KeyboardInterrupt, typer.Abort) as error:
        _say_interrupted(error)
        sys.exit(INTERRUPTED)
    except OSError as error:
        _cannot(error)
    except SystemExit:
        _flush()
        raise


def _answer(error: Any, words: Sequence[str]) -> None:
    """Say what is wrong in the command line; without any words, show its help."""
    if not hasattr(error, "format_message") or type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return
    from doseesc.mistakes import command_line_mistake

    typer.echo(printable(command_line_mistake(error, words)), err=True)


def _say_interrupted(error: BaseException) -> None:
    """Say so, unless it comes from :mod:`doseesc.start`, which says it itself."""
    if not error.args:
        typer.echo("interrupted", err=True)


def _flush() -> None:
    """Write what is still to be written to standard output, as long as it can be said that this failed."""
    try:
        sys.stdout.flush()
    except OSError as error:
        _cannot(error)


def _cannot(error: OSError) -> NoReturn:
    """End because the system refuses something, such as room on a disk."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        with suppress(OSError, ValueError):  # what cannot be written is not tried again when Python ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):  # as head leaves it: nobody reads on
        place = f" ({shorten(str(error.filename))})" if error.filename else ""
        why = error.strerror or str(error)
        if error.errno == errno.ENAMETOOLONG:
            why = "a name of a file or folder is longer than the system allows, mostly 255 bytes; give a shorter one"
        typer.echo(printable(f"cannot go on: {why}{place}"), err=True)
    sys.exit(USER_ERROR)


def build_app(words: Sequence[str] = ()) -> typer.Typer:
    """Return the application, with all commands or with the one that it is asked for.

    Parameters
    ----------
    words : sequence of str
        Those typed, if they are known.  Where they begin with a command, after options that take no value, the others
        are not imported: that would take as long as parsing a study.
    """
    app = typer.Typer(
        cls=_Group,
        help="Design and simulate Phase 1 dose-escalation trials, up to the arms of Phase 2.",
        epilog="Begin with:  doseesc run nct04602104",
        no_args_is_help=True,
        context_settings={"help_option_names": ["--help", "-h"]},
        rich_markup_mode="markdown",
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_about)
    modules = sorted(each.name for each in iter_modules(commands.__path__) if not each.name.startswith("_"))
    by_command = {name.replace("_", "-"): name for name in modules}
    asked = by_command.get(next((word for word in words if not word.startswith("-")), ""))
    for name in modules if asked is None else [asked]:
        import_module(f"{commands.__name__}.{name}").add_to(app)
    return app


def _print_version(context: typer.Context, wanted: bool) -> None:
    """Print what is asked for; ``--cite`` has been read before, which alone prints the citation, too."""
    cite = context.params.get("cite", False)
    if wanted or cite:
        from doseesc._version import __version__, citation

        typer.echo(f"doseesc {__version__}" if not cite else citation(), nl=not cite)
        raise typer.Exit


class _Group(TyperGroup):
    """Turns the user's mistakes and Ctrl-C into one message and an exit code, for every command."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (ScenarioError, OutputError, NotFinite, CannotCompute) as error:
            typer.echo(printable(str(error)), err=True)
            raise typer.Exit(USER_ERROR) from None
        except KeyboardInterrupt as error:
            _say_interrupted(error)
            raise typer.Exit(INTERRUPTED) from None


def _about(
    cite: Annotated[
        bool, typer.Option("--cite", help="Print how to cite this version and exit.", is_eager=True)
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version)
    ] = False,
) -> None:
    """Take the options that belong to no command."""
