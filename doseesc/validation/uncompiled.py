"""A comparison in a process of its own in which nothing is compiled: Python reads the same functions line by line.

Compiling the clock takes half a minute to a minute, longer than a quick validation may take in all; a comparison of
some trials given patient by patient takes one second uncompiled.  Whether a function is compiled is settled when Numba
is first imported, and so by a process as a whole.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from doseesc.validation.comparing import Comparison
from doseesc.validation.requirements import all_cases


def compare_uncompiled(name: str) -> Comparison:
    """Make the comparison of this name uncompiled.

    Parameters
    ----------
    name : str
        Of a case, such as ``"calendar.tite_boin"``.

    Raises
    ------
    RuntimeError
        If the comparison ends with an error, with its last line.
    """
    asked = [sys.executable, "-c", "from doseesc.validation import uncompiled; uncompiled.main()", name]
    environment = own_environment() | {"NUMBA_DISABLE_JIT": "1"}
    ended = subprocess.run(asked, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)
    if ended.returncode:
        raise RuntimeError((ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"])[-1])
    return Comparison(**json.loads(ended.stdout))


def own_environment() -> dict[str, str]:
    """Return an environment in which this package is the one that runs."""
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    return {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"}


def main() -> None:
    """Make the comparison named on the command line, and write it as JSON."""
    (case,) = (each for each in all_cases() if each.name == sys.argv[1])
    sys.stdout.write(json.dumps(asdict(case.compare())))
