"""The installation: Python, platform, packages against the tested versions, files against the wheel's record."""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import Distribution, PackageNotFoundError, distribution, entry_points, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from doseesc.validation.checks import Check, passed_if

PACKAGES = ("designs", "doseesc")
_TESTED = "constraints.txt"
_SHOWN = 5  # files named in a line


def check_installation(out: Path) -> list[Check]:
    """Return what is to be said of this installation, which writes into ``out``."""
    own = distribution("doseesc")
    return [
        _python(own),
        *_packages(own),
        *check_files(own),
        *_entry_points(),
        _write_access(out),
    ]


def environment() -> dict[str, str]:
    """Return what figures may depend on besides doseesc: platform, interpreter, versions of packages."""
    versions = {name: _version(name) or "not installed" for name in _requirements(distribution("doseesc"))}
    return {
        "platform": platform.platform(),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "interpreter": sys.executable,
        **versions,
    }


def _python(own: Distribution) -> Check:
    wanted = SpecifierSet(own.metadata["Requires-Python"])
    found = platform.python_version()
    return Check(
        id="I1",
        what="Python",
        expected=str(wanted),
        found=found,
        verdict=passed_if(wanted.contains(Version(found), prereleases=True)),
    )


def _packages(own: Distribution) -> Iterator[Check]:
    """Compare each package with the versions that tests have run with, from the lowest allowed to the one held."""
    tested = versions_tested()
    for place, (name, requirement) in enumerate(_requirements(own).items(), start=1):
        found, most = _version(name), tested.get(canonicalize_name(name))
        expected = f"{requirement.specifier}" + (f", tested up to {most}" if most else "")
        allowed = found is not None and requirement.specifier.contains(Version(found), prereleases=True)
        newer = allowed and found is not None and most is not None and Version(found) > Version(most)
        yield Check(
            id=f"I2.{place}",
            what=f"package {name}",
            expected=expected,
            found=found or "not installed",
            verdict="not checked" if newer else passed_if(allowed),
            remark="newer than the tests have seen; the comparisons below are made with it" if newer else "",
        )


def _requirements(own: Distribution) -> dict[str, Requirement]:
    """Return what the package needs, extras left out."""
    needed = [Requirement(line) for line in own.requires or ()]
    return {each.name: each for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})}


def versions_tested() -> dict[str, str]:
    """Return the versions that all tests have passed with, by the names of packages.

    Examples
    --------
    >>> "numpy" in versions_tested()
    True
    """
    package = Path(__file__).parents[1]
    # A wheel holds the file inside the package; a checkout has it at its root.
    held = next(path for path in (package / _TESTED, package.parent / _TESTED) if path.is_file())
    lines = [line.partition("#")[0].strip() for line in held.read_text(encoding="utf-8").splitlines()]
    pairs = [line.partition("==") for line in lines if "==" in line]
    return {canonicalize_name(name): number for name, _, number in pairs}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def check_files(own: Distribution) -> list[Check]:
    """Compare the files of both packages with the hashes that the wheel recorded, where one was installed."""
    recorded = _recorded(own)
    what, expected = "files of the package", "as the wheel's RECORD has them"
    if not recorded:
        remark = "installed in place, from a source folder; install the wheel to have its files compared"
        return [Check(id="I3", what=what, expected=expected, found="no record", verdict="not checked", remark=remark)]
    root = Path(str(own.locate_file("")))
    changed, missing = list[str](), list[str]()
    for name, known in recorded.items():
        path = root / name
        if not path.is_file():
            missing.append(name)
        elif _hash(path) != known:
            changed.append(name)
    modules = {name: import_module(name) for name in PACKAGES}  # a short validation may not have needed both yet
    loaded = [name for name in PACKAGES if Path(str(modules[name].__file__)).parent != root / name]
    added = sorted(
        path.relative_to(root).as_posix()
        for name in PACKAGES
        for path in (root / name).rglob("*.py")
        if path.relative_to(root).as_posix() not in recorded
    )
    parts = [
        f"{len(names)} {word} ({', '.join(names[:_SHOWN])}{', ...' if len(names) > _SHOWN else ''})"
        for names, word in ((changed, "changed"), (missing, "missing"), (added, "added"))
        if names
    ]
    return [
        Check(
            id="I3",
            what=what,
            expected=expected,
            found="; ".join(parts) or f"{len(recorded)} files, all alike",
            verdict=passed_if(not parts),
            remark="install doseesc again" if parts else "",
        ),
        Check(
            id="I4",
            what="packages that are loaded",
            expected=f"those of {root}",
            found=", ".join(str(modules[name].__file__) for name in loaded) or "the same",
            verdict=passed_if(not loaded),
            remark="another folder on Python's path hides the installed package" if loaded else "",
        ),
    ]


def _recorded(own: Distribution) -> Mapping[str, str]:
    """Return the hashes of the wheel's record by the names of files, those of both packages; empty without a wheel."""
    origin = json.loads(own.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable", False):
        return {}
    return {
        str(path): path.hash.value
        for path in own.files or ()
        if path.parts[0] in PACKAGES and path.hash is not None and path.hash.mode == "sha256"
    }


def _hash(path: Path) -> str:
    """Return a file's hash as a wheel's record writes it."""
    return base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).decode().rstrip("=")


def _entry_points() -> Iterator[Check]:
    """Find the command, and every design that a package offers."""
    commands = entry_points(group="console_scripts", name="doseesc")
    for place, (what, points) in enumerate(
        (("command doseesc", commands), ("designs by entry point", entry_points(group="doseesc.designs"))), start=5
    ):
        names, broken = sorted(each.name for each in points), list[str]()
        for each in points:
            try:
                each.load()
            except Exception as error:
                broken.append(f"{each.name}: {type(error).__name__}: {error}")
        yield Check(
            id=f"I{place}",
            what=what,
            expected="found, and can be loaded",
            found="; ".join(broken) or ", ".join(names) or "none",
            verdict=passed_if(bool(names) and not broken),
        )


def _write_access(out: Path) -> Check:
    """Write a file where the evidence is to be written."""
    place = next(folder for folder in (out, *out.resolve().parents) if folder.is_dir())
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"doseesc")
        error = ""
    except OSError as raised:
        error = raised.strerror or str(raised)
    return Check(
        id="I7",
        what=f"write access to {place}",
        expected="a file can be written",
        found=error or "written",
        verdict=passed_if(not error),
    )
