"""Numbers of patients by formula, against dfcrm's."""

from __future__ import annotations

from typing import Any

from doseesc.planning import crm_sample_size
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import reference


def getn() -> Comparison:
    """Compare the patients that a CRM needs, before and after rounding, and those of the optimal benchmark."""
    seen = Differences()
    rows: list[list[Any]] = reference("dfcrm_getn.yaml")["getn"]["items"]
    for correct, target, n_doses, ratio, corrected, n, patients, least in rows:
        found = crm_sample_size(correct, target, n_doses, ratio, continuity_correction=corrected)
        where = f"{correct} correct, target {target}, {n_doses} doses, odds ratio {ratio}"
        seen.equal(f"{where}, patients", found.n, n)
        seen.relative(f"{where}, before rounding", found.patients, patients, within=1e-8)
        seen.relative(f"{where}, benchmark", found.benchmark_patients, least, within=1e-8)
    return seen.result
