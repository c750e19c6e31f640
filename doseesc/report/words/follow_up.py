"""Rows of a decision table with limits on follow-up in words, for the terminal and the protocol."""

from __future__ import annotations

from doseesc.conduct import DecisionTable, FollowUpRow


def follow_up_heads(table: DecisionTable) -> tuple[str, ...]:
    """Return the headings of the columns."""
    name = table.statistic
    limits = (f"up if {name}", f"down if {name}") if name else ()
    return "patients", "DLTs", "pending", "decision", *limits


def follow_up_cells(row: FollowUpRow) -> tuple[str, ...]:
    """Return what stands in the columns, those of limits among them.

    Examples
    --------
    >>> follow_up_cells(FollowUpRow(9, (1, 1), (8, 8), "W/S/D", 4.0749, 2.8754, 0.0))
    ('9', '1', '8', 'W, S or D', '>= 4.07', '<= 2.88')
    >>> follow_up_cells(FollowUpRow(6, (4, 6), (0, 2), "DU", None, None, 0.0))
    ('6', '4+', 'any', 'DU', '', '')
    """
    up = [] if row.escalate_from is None else [f">= {row.escalate_from:.2f}"]
    each = [] if row.followed == 0 else [f"each >= {row.followed:g}"]
    down = "" if row.deescalate_to is None else f"<= {row.deescalate_to:.2f}"
    *first, last = row.decision.split("/")
    decision = f"{', '.join(first)} or {last}" if first else last
    dlts, pending = _range(*row.dlt, row.n), _range(*row.pending, row.n - row.dlt[0])
    return str(row.n), dlts, pending, decision, ", ".join(up + each), down


def _range(least: int, most: int, limit: int) -> str:
    """Write numbers of patients, of which there can be no more than ``limit``."""
    if least == most:
        return str(least)
    if most == limit:
        return "any" if least == 0 else f"{least}+"
    return f"{least}-{most}"
