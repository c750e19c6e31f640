"""The comparisons themselves: they must tell what is wrong."""

from __future__ import annotations

from designs import BOIN
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import reference


def a_changed_boundary_is_told() -> Comparison:
    """Compare the boundaries of an intact BOIN with printed ones, and of one with another elimination cut-off."""
    seen, table = Differences(), reference("published.yaml")["boin_cohort_table"]
    for cutoff, same in ((0.95, True), (0.90, False), (0.96, False)):
        ours = BOIN(target=table["target"], n_doses=5, max_n=30, elimination_cutoff=cutoff).boundaries()
        compared = Differences()
        rows = [n - 1 for n in table["n"]]
        compared.equal("eliminate", ours.eliminate_if_ge[rows], table["eliminate_if_ge"])
        seen.equal(f"cut-off {cutoff}: passes", compared.result.passed, same)
    return seen.result
