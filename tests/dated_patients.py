"""Files of patients of whom some are pending on the day of the data."""

import datetime

import pandas as pd

DAY = datetime.date(2026, 11, 29)
HEAD = "id,date,dose,dlt,dlt_day,last_seen,status\n"
ISSUE = """\
id,date,dose,dlt
001,2026-09-01,low,no
002,2026-09-03,low,no
003,2026-09-03,low,no
005,2026-10-25,medium,no
006,2026-11-10,medium,no
007,2026-11-20,medium,
"""


def table(*rows):
    """Patients of one file: (id, days before the data, level, dlt, days until last seen, status)."""
    lines = []
    for identity, ago, level, dlt, seen, status in rows:
        first = DAY - datetime.timedelta(days=ago)
        last = None if seen is None else first + datetime.timedelta(days=seen)
        lines.append((identity, first, level, dlt, last, status))
    return pd.DataFrame(lines, columns=["id", "date", "dose", "dlt", "last_seen", "status"])
