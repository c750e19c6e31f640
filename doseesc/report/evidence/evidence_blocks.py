"""The evidence as a text of blocks: what failed first, then requirements, comparisons, deviations, environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from designs.rules.base import counted
from doseesc.report.protocol import Block, captioned, numbered, paragraphs
from doseesc.report.tables import PageTable, Value

Row = Mapping[str, Any]

_BLANK = "\u00a0"  # which keeps room to write in
_ROLES = ("Performed by", "Reviewed by", "Approved by (quality assurance)")


def evidence_blocks(document: Mapping[str, Any]) -> Iterator[Block]:
    """Yield the report's blocks, tables numbered.

    Parameters
    ----------
    document : mapping
        From :func:`doseesc.validation.validate`.
    """
    yield from numbered(_blocks(document))


def _blocks(document: Mapping[str, Any]) -> Iterator[Block]:
    yield Block("title", f"Validation of doseesc {document['doseesc']}")
    yield from _summary(document)
    failed = failing_rows(document)
    if failed:
        yield Block("heading", "What failed")
        yield from captioned(_table("failed", "Failing rows", ("Number", "What", "Expected", "Found"), failed))
    yield Block("heading", "Requirements")
    yield from captioned(_requirements(document["operation"]))
    yield from captioned(_traceability(document["operation"]))
    yield Block("heading", "Installation")
    yield from captioned(_checks("installation", "Installation", document["installation"]))
    yield Block("heading", "Operation")
    yield from captioned(_cases(document["operation"]))
    yield from captioned(_references(document["operation"]))
    if document["study"] is not None:
        yield Block("heading", "Performance on the study")
        yield from paragraphs(_study_words(document["study"]))
        yield from captioned(_checks("performance", "Performance", document["performance"]))
    yield Block("heading", "Deviations")
    yield from _deviations(document)
    yield Block("heading", "Environment")
    rows = list(document["environment"].items())
    yield from captioned(_table("environment", "Environment", ("What", "Found"), rows))
    yield Block("heading", "Signatures")
    signatures = [(role, *(_BLANK * width for width in (24, 14, 30))) for role in _ROLES]
    yield from captioned(_table("signatures", "Signatures", ("Role", "Name", "Date", "Signature"), signatures))
    yield from paragraphs(f"SHA-256 of the evidence in validation.json, its own line left out: {document['sha256']}")


def _summary(document: Mapping[str, Any]) -> Iterator[Block]:
    yield from paragraphs(
        *verdict_words(document),
        "A comparison passes where every difference is within its tolerance; shown is the one nearest to it. "
        "A tolerance of 0 means equality. Differences between simulated figures are in standard errors, and may be up "
        "to 4. Figures not said to be simulated are exact or computed by quadrature.",
    )


def verdict_words(document: Mapping[str, Any]) -> list[str]:
    """Say how the validation went, on how many figures, and what was left out."""
    made = {case["name"]: case for each in document["operation"] for case in each["cases"]}
    figures = sum(case["comparisons"] for case in made.values())
    verdict = "passed" if document["verdict"] == "passed" else f"FAILED: {', '.join(document['failed'])}"
    looked_at = sum(each["verdict"] != "not checked" for each in document["operation"])
    words = [
        f"Verdict: {verdict}.",
        f"{counted(looked_at, 'requirement')}, {counted(len(made), 'comparison')} with {figures:,} "
        "figures, made again on "
        f"this machine on {document['date']}.",
        *_performance_words(document),
    ]
    return words if document["complete"] else [*words, f"Not complete: {_left_out(document)}."]


def _performance_words(document: Mapping[str, Any]) -> list[str]:
    """Say how many checks of the user's own study went how; nothing where none was given."""
    if document["study"] is None:
        return []
    verdicts = [row["verdict"] for row in document["performance"]]
    told = [f"{verdicts.count(each)} {each}" for each in ("passed", "failed", "not checked") if each in verdicts]
    return [f"{counted(len(verdicts), 'check')} of the study's own designs and figures: {', '.join(told)}."]


def _left_out(document: Mapping[str, Any]) -> str:
    reasons = []
    if document["only"]:
        reasons.append(f"only {', '.join(document['only'])} of the requirements looked at")
    names = {name for each in document["operation"] for name in each["left_out"]}
    if names:
        whole = [each["id"] for each in document["operation"] if each["verdict"] == "not checked"]
        with_them = f", and with them {', '.join(whole)} altogether" if whole else ""
        reasons.append(f"{counted(len(names), 'longer comparison')} left out{with_them}")
    return " and ".join(reasons)


def failing_rows(document: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return number, what, expected and found of everything that failed."""
    rows = [
        (row["id"], row["what"], row["expected"], row["found"])
        for row in (*document["installation"], *document["performance"])
        if row["verdict"] == "failed"
    ]
    for each in document["operation"]:
        for case in each["cases"]:
            if case["verdict"] == "failed":
                rows.append((each["id"], f"{case['name']}: {case['where']}", *_beyond(case)))
    return rows


def _beyond(case: Row) -> tuple[str, str]:
    """Say what a comparison that failed expects, and what it found."""
    if case["tolerance"] is None:
        return allowed(case), largest(case)
    within = allowed(case)
    return within if within == "equal" else f"within {within}", f"off by {largest(case)}"


def allowed(case: Row) -> str:
    """Say what a comparison allows."""
    tolerance, unit = case["tolerance"], case["unit"]
    if tolerance is None:
        return "no error"
    return "equal" if tolerance == 0 else f"{tolerance:.3g}{' ' + unit if unit else ''}"


def largest(case: Row) -> str:
    """Say how far apart the figures were."""
    if case["tolerance"] is None:
        return "an error"
    value = case["largest"]
    return "no number" if value is None else f"{value:.3g}{' ' + case['unit'] if case['unit'] else ''}"


def _requirements(operation: Sequence[Row]) -> PageTable:
    rows = [(each["id"], each["text"], each["risk"], each["verdict"]) for each in operation]
    how = "Risk: high where a wrong dose could be given, medium where a wrong design or size could be chosen."
    return _table("requirements", "Requirements", ("Number", "Requirement", "Risk", "Verdict"), rows, how)


def _traceability(operation: Sequence[Row]) -> PageTable:
    rows = [
        (
            each["id"],
            ", ".join(each["covers"]),
            ", ".join([*(case["name"] for case in each["cases"]), *(f"({name})" for name in each["left_out"])]),
        )
        for each in operation
    ]
    how = "Comparisons in brackets were not made this time."
    return _table("traceability", "Traceability matrix", ("Number", "Covers", "Comparisons"), rows, how)


def _cases(operation: Sequence[Row]) -> PageTable:
    rows = [
        (each["id"], case["name"], f"{case['comparisons']:,}", allowed(case), largest(case), case["verdict"])
        for each in operation
        for case in each["cases"]
    ]
    columns = ("Number", "Comparison", "Figures", "Tolerance", "Largest difference", "Verdict")
    return _table("comparisons", "Comparisons by requirement", columns, rows, "What each is, stands in the next table.")


def _references(operation: Sequence[Row]) -> PageTable:
    cases = {case["name"]: case for each in operation for case in each["cases"]}
    rows = [(name, case["what"] + _how(case), "; ".join(case["against"])) for name, case in cases.items()]
    return _table("references", "What is compared with what", ("Comparison", "What", "Against"), rows)


def _how(case: Row) -> str:
    return " Its functions, otherwise compiled, were read by Python line by line." if case["uncompiled"] else ""


def _checks(name: str, caption: str, checks: Iterable[Row]) -> PageTable:
    rows = [
        (
            row["id"],
            row["what"],
            row["expected"],
            "; ".join(filter(None, (row["found"], row["remark"]))),
            row["verdict"],
        )
        for row in checks
    ]
    return _table(name, caption, ("Number", "What", "Expected", "Found", "Verdict"), rows)


def _study_words(study: Row) -> str:
    file = f"{study['file']}, SHA-256 {study['sha256']}" if study["file"] else "not from a file"
    return f"{study['title']} ({file})."


def _deviations(document: Mapping[str, Any]) -> Iterator[Block]:
    rows = [
        (row["id"], f"{row['what']}: {row['found']}", row["remark"] or "to be judged")
        for row in (*document["installation"], *document["performance"])
        if row["verdict"] == "not checked"
    ]
    rows += [
        (row[0], f"{row[1]}: {row[3]}, allowed {row[2]}", "failed; to be explained") for row in failing_rows(document)
    ]
    if rows:
        yield from captioned(
            _table("deviations", "Deviations of this installation", ("Number", "What", "Remark"), rows)
        )
    else:
        yield from paragraphs("This installation deviates in nothing that was looked at.")
    known = [(row["id"], row["text"]) for row in document["known_deviations"]]
    yield from captioned(_table("known", "Known differences from other programs", ("Number", "Difference"), known))


def _table(
    name: str, caption: str, columns: tuple[str, ...], rows: Iterable[Sequence[str]], how: str = ""
) -> PageTable:
    cells = [tuple(Value(str(cell)) for cell in row) for row in rows]
    return PageTable(name, caption, how, columns, cells)
