"""A sweep against the tables of a published comparison of designs."""

import numpy as np
import pytest
import yaml
from support import ROOT

import doseesc

FOLDER = ROOT / "tests" / "data" / "zhao_2024"
PUBLISHED = yaml.safe_load((FOLDER / "published.yaml").read_text())


@pytest.fixture(scope="module")
def frame():
    return doseesc.sweep(FOLDER / "sweep.yaml")


@pytest.mark.parametrize(("stays", "rows"), [(True, "stays"), (False, "does_not")])
def test_boin_with_and_without_staying_at_one_of_three(frame, stays, rows):
    """Fifty-four printed figures of two tables in all; ours are exact, the paper's simulated."""
    published = PUBLISHED[rows]
    compared = 0
    for scenario in range(5):
        own = frame[(frame["designs.BOIN.stay_at_one_of_three"] == stays) & (frame["scenario"] == str(scenario + 1))]
        whole = own[own["level"].isna()].set_index("metric")["value"]
        n = own[own["metric"] == "patients"].sort_values("level")["value"].to_numpy()
        mtd = scenario  # the dose at the target, from 0
        ours = {
            "correct": 100 * whole["correct_selection"],
            "above": 100 * whole["overdose_selection"],
            "n_below": n[:mtd].sum(),
            "n_at": n[mtd],
            "n_above": n[mtd + 1 :].sum(),
            "n_total": whole["total_patients"],
        }
        for name, value in ours.items():
            theirs = published[name][scenario]
            if theirs is not None:
                within = PUBLISHED["within_patients" if name.startswith("n_") else "within_percent"]
                np.testing.assert_allclose(value, theirs, atol=within, rtol=0, err_msg=f"{scenario + 1}, {name}")
                compared += 1
    assert compared == 27


def test_the_tables_tell_the_rules_apart(frame):
    """Swapped, they do not agree: what is compared depends on the axis."""
    with pytest.raises(AssertionError):
        test_boin_with_and_without_staying_at_one_of_three(frame, True, "does_not")
