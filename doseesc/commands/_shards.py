"""Parts of a sweep for array jobs: ``--shard i/n``, or what SLURM and Kubernetes say of the job."""

from __future__ import annotations

import os
import re
from typing import Annotated

import typer

ShardOption = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Compute part I of N only, counted from 0. /N takes I from a SLURM array or a Kubernetes indexed job; in "
        "a SLURM array the option may be left out.",
    ),
]

_WRITTEN = re.compile(r"\s*(\d{0,7})\s*/\s*(\d{1,7})\s*")


def shard_of(text: str | None, quiet: bool = False) -> tuple[int, int] | None:
    """Return which part of how many is to be computed; None = all.

    Parameters
    ----------
    text : str or None
        The option.
    quiet : bool
        Say nothing of what is taken from the environment.

    Raises
    ------
    typer.BadParameter
        If that is no part.
    """
    if text is None:
        if "SLURM_ARRAY_TASK_ID" not in os.environ:
            return None
        found = _of_slurm(None)
    else:
        written = _WRITTEN.fullmatch(text)
        if written is None or int(written[2]) == 0:
            raise _wrong(f"{text!r} is no part; write for example  --shard 0/20")
        parts = int(written[2])
        found = (int(written[1]), parts) if written[1] else _of_environment(parts)
    number, parts = found
    if not 0 <= number < parts:
        raise _wrong(f"{number}/{parts} is no part; parts are counted from 0: 0/{parts} to {parts - 1}/{parts}")
    if not quiet and (text is None or not text.strip()[0].isdigit()):
        typer.echo(f"shard {number}/{parts}, as the environment says", err=True)
    return found


def _of_environment(parts: int) -> tuple[int, int]:
    if "SLURM_ARRAY_TASK_ID" in os.environ:
        return _of_slurm(parts)
    if "JOB_COMPLETION_INDEX" in os.environ:
        return _number("JOB_COMPLETION_INDEX"), parts
    raise _wrong("neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set; write for example  --shard 0/20")


def _of_slurm(parts: int | None) -> tuple[int, int]:
    """Return the part of a SLURM array task, whose numbers need not begin with 0 nor follow one another directly."""
    number, first = _number("SLURM_ARRAY_TASK_ID"), _number("SLURM_ARRAY_TASK_MIN", 0)
    step = max(_number("SLURM_ARRAY_TASK_STEP", 1), 1)
    count = _number("SLURM_ARRAY_TASK_COUNT") if parts is None else parts
    place, rest = divmod(number - first, step)
    if rest or not 0 <= place < count:
        raise _wrong(
            f"SLURM_ARRAY_TASK_ID is {number}, which is none of {count} tasks from {first} by {step}; number the array "
            f"without gaps, as in  --array=0-{count - 1},  or write  --shard I/N"
        )
    return place, count


def _number(name: str, default: int | None = None) -> int:
    text = os.environ.get(name)
    if text is None and default is not None:
        return default
    if text is None or not re.fullmatch(r"\d{1,9}", text):
        given = "is not set" if text is None else f"is {text!r}, no number"
        raise _wrong(f"{name} {given}; write for example  --shard 0/20")
    return int(text)


def _wrong(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="--shard")
