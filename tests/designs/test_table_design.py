"""A decision table as a design, A+B and iBOIN: each against a design that it must equal."""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq
from typer.testing import CliRunner

from designs import BOIN, IBOIN, MTPI2, APlusB, Pending, TableDesign, Tally, ThreePlusThree
from designs.boin_boundaries import interval_boundary
from doseesc.cli import build_app
from doseesc.engines.exact import enumerate_paths
from doseesc.engines.figures import METRICS
from doseesc.engines.montecarlo import simulate
from doseesc.errors import ScenarioError
from doseesc.study import load

TRUTH = [0.1, 0.25, 0.45]


def same_characteristics(a, b, truth=TRUTH):
    one, other = (enumerate_paths(design).characteristics(truth, target=0.3, true_mtd=2) for design in (a, b))
    for metric in METRICS:
        np.testing.assert_allclose(getattr(one, metric), getattr(other, metric), atol=1e-14)


def boin_as_table(design, numbers):
    b = design.boundaries()
    rows = {}
    for n in numbers:
        escalate, deescalate, eliminate = b.escalate_if_le[n - 1], b.deescalate_if_ge[n - 1], b.eliminate_if_ge[n - 1]
        rows[n] = "".join(
            "U" if y >= eliminate else "D" if y >= deescalate else "E" if y <= escalate else "S" for y in range(n + 1)
        )
    return rows


@pytest.mark.parametrize("cohort_size", [1, 3])
def test_boins_table_is_boin(cohort_size):
    boin = BOIN(target=0.3, n_doses=3, max_n=12, cohort_size=cohort_size)
    table = TableDesign(
        target=0.3,
        n_doses=3,
        max_n=12,
        cohort_size=cohort_size,
        table=boin_as_table(boin, range(1, 13)),
        mtd_alpha=0.05,
        mtd_beta=0.05,
    )
    same_characteristics(boin, table)
    hash(table)


def test_an_interval_designs_table_is_the_design():
    mtpi2 = MTPI2(target=0.3, n_doses=3, max_n=12)
    letters = mtpi2.decision_table()
    same_characteristics(
        mtpi2, TableDesign(target=0.3, n_doses=3, max_n=12, table={n: letters[n] for n in (3, 6, 9, 12)})
    )


def test_a_table_design_is_simulated_too():
    design = TableDesign(target=0.3, n_doses=3, max_n=9, table={3: "ESDU", 6: "EESDUUU"})
    exact = enumerate_paths(design).characteristics(TRUTH)
    simulated = simulate(design, TRUTH, n_trials=50_000, seed=2)
    assert (np.abs(simulated.patients - exact.patients) <= 4 * exact.sd.patients / np.sqrt(50_000)).all()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({3: "ESDU"}, "missing: 6"),
        ({3: "ESD", 6: "EESDUUU"}, "row 3 must have 4 letters"),
        ({3: "ESXU", 6: "EESDUUU"}, "letters E, S, D and U"),
        ({3: "SEDU", 6: "EESDUUU"}, "milder"),
        ([(3, "ESDU"), (3, "ESDU")], "two rows"),
        ({}, "must be given"),
        ("ESDU", "must map"),
        (7, "must map"),
        ([5], "must map"),
    ],
)
def test_wrong_tables_are_refused(table, message):
    with pytest.raises(ValueError, match=f"^table .*{message}"):
        TableDesign(target=0.3, n_doses=3, max_n=9, table=table)


SCENARIO = """
study: {title: t}
doses: {labels: [low, medium, high], amounts: [2, 8, 16], unit: mg}
target: 0.3
dlt_window_days: 14
cohort_size: 3
max_n: 9
designs:
  - {name: committee, type: table, table: TABLE}
scenarios:
  - {name: S, dlt: [0.1, 0.25, 0.45]}
"""


@pytest.mark.parametrize("kind", ["inline", "csv", "yaml"])
def test_a_table_from_a_scenario_file(tmp_path, kind):
    rows = {3: "ESDU", 6: "EESDUUU"}
    lines = [f"{n}, {y}, {'DU' if d == 'U' else d}" for n, row in rows.items() for y, d in enumerate(row)]
    (tmp_path / "t.csv").write_text("n, dlts, decision\n" + "\n".join(lines) + "\n")
    (tmp_path / "t.yaml").write_text("3: ESDU\n6: EESDUUU\n")
    given = {"inline": "{3: ESDU, 6: EESDUUU}", "csv": "t.csv", "yaml": "t.yaml"}[kind]
    (tmp_path / "study.yaml").write_text(SCENARIO.replace("TABLE", given))
    design = load(tmp_path / "study.yaml").designs["committee"]
    same_characteristics(design, TableDesign(target=0.3, n_doses=3, max_n=9, table=rows))


@pytest.mark.parametrize("variant", ["protocol", "eager"])
def test_a_table_with_pending_patients_is_read_as_the_command_writes_it(cli, variant):
    text = SCENARIO.replace("cohort_size: 3\nmax_n: 9", "cohort_size: 1\nmax_n: 24")
    Path("six.yaml").write_text(text.replace("type: table, table: TABLE", f"type: RollingSix, variant: {variant}"))
    assert cli("table", "six.yaml", "--out", "t.csv")[0] == 0
    assert Path("t.csv").read_text().startswith("n,dlt_min,dlt_max,pending_min,pending_max,decision")
    Path("study.yaml").write_text(text.replace("TABLE", "t.csv"))
    read, known = load("study.yaml").designs["committee"], load("six.yaml").designs["committee"]
    for state in ("1NNN", "1NNP", "1NNNNNP", "1NNNNPP", "1NTNNPP", "1NNNNNN 2TTP", "1NNNNNN 2PTP", "1NNNPP"):
        said = [design.decide(*Pending.parse(state, 3, 14)) for design in (read, known)]
        assert (said[0].level, said[0].waits) == (said[1].level, said[1].waits)


RANGES = "n,dlt_min,dlt_max,pending_min,pending_max,decision\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "n,dlt_min,dlt_max,pending_min,pending_max,decision\n1,0,x,0,1,S\n",
            "line 2 is '1,0,x,0,1,S', not five whole numbers",
        ),
        (
            "n,dlt_min,dlt_max,pending_min,pending_max,decision\n3,-999999999,0,0,0,E\n",
            "line 2 has -999999999 to 0 DLTs",
        ),
        (
            "n,dlt_min,dlt_max,pending_min,pending_max,decision\n3,0,5,0,0,E\n",
            "line 2 has 0 to 5 DLTs and 0 to 0 pending of 3 patients",
        ),
        (RANGES + "3,2,1,0,0,E\n", "line 2 has 2 to 1 DLTs"),
        (
            "n,dlt_min,dlt_max,pending_min,pending_max,decision\n3,0,0,0,9,E\n",
            "line 2 has 0 to 0 DLTs and 0 to 9 pending",
        ),
        (RANGES + "999999999,0,999999999,0,9,S\n", "at most 60 patients"),
        (RANGES + "1,0,1,0,1,S\n1,1,1,0,0,D\n", "two decisions for 1 DLT"),
        (None, "cannot be read"),
        ("n,dlt,decision\n3,0,E\n", "columns"),
        ("n,dlts,decision\n3,0,E\n3,x,S\n", "line 3"),
        ("n,dlts,decision\n3,0,E\n3,0,S\n", "two decisions"),
        ("n,dlts,decision\n3,0,E\n3,2,S\n", "0 to 3 DLTs"),
    ],
)
def test_a_wrong_table_file_is_answered_with_its_line(tmp_path, content, message):
    if content is not None:
        (tmp_path / "t.csv").write_text(content)
    (tmp_path / "study.yaml").write_text(SCENARIO.replace("TABLE", "t.csv"))
    with pytest.raises(ScenarioError, match=message) as error:
        load(tmp_path / "study.yaml")
    assert "study.yaml:9  designs.committee.table" in str(error.value)


@pytest.mark.parametrize("variant", ["six_at_mtd", "deescalation", "escalation_only"])
def test_a_plus_b_with_three_and_three_is_3_plus_3(variant):
    same_characteristics(ThreePlusThree(n_doses=3, variant=variant), APlusB(n_doses=3, variant=variant))


def escalation_probability(design, p):
    """P(the first level is passed), from a trial of two levels of which the second is certain death."""
    oc = enumerate_paths(design).characteristics([p, 1.0])
    return oc.patients[1] / design.a


@pytest.mark.parametrize("p", [0.05, 0.2, 0.5])
def test_a_plus_b_escalates_as_lin_and_shih_say(p):
    """P0 + Q0 of Lin and Shih (2001): fewer than C of A, or C to D of A and at most E of A + B."""
    design = APlusB(n_doses=2, a=4, b=2, c=1, d=2, e=2, variant="escalation_only")
    q = 1 - p
    first = [1 * q**4, 4 * p * q**3, 6 * p**2 * q**2]
    second = [q**2, 2 * p * q, p**2]
    expected = first[0] + first[1] * (second[0] + second[1]) + first[2] * second[0]
    assert escalation_probability(design, p) == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [({"d": 0}, "d"), ({"d": 9}, "d"), ({"e": 6}, "e"), ({"a": 0}, "a"), ({"cohort_size": 2}, "cohort_size")],
)
def test_wrong_a_plus_b_is_named(wrong, name):
    with pytest.raises(ValueError, match=f"^{name} "):
        APlusB(n_doses=3, **wrong)


def test_iboin_without_prior_patients_is_boin():
    given = {"target": 0.3, "n_doses": 3, "max_n": 15}
    same_characteristics(IBOIN(**given, skeleton=(0.05, 0.3, 0.5), prior_n=0), BOIN(**given))


def test_iboin_prior_probabilities_by_hand():
    """One imagined patient: x = 1 with probability q, and each hypothesis's posterior by Bayes' rule."""
    design = IBOIN(target=0.3, n_doses=1, max_n=9, skeleton=(0.2,), prior_n=1)
    rates = np.array([0.18, 0.3, 0.42])
    expected = 0.2 * rates / rates.sum() + 0.8 * (1 - rates) / (1 - rates).sum()
    np.testing.assert_allclose(design.prior_probabilities()[0], expected, atol=1e-15)
    assert expected[0] > expected[1] > expected[2]


def test_iboin_takes_a_product_that_is_whole_but_for_rounding_as_boin_does():
    """With this p_safe, lambda_e is 1/5: one DLT in five is on the boundary, and escalates."""
    safe = brentq(lambda p: interval_boundary(p, 0.3) - 0.2, 0.01, 0.29, xtol=1e-16)
    off = [nudged for nudged in (safe, *np.nextafter(safe, [0, 1])) if interval_boundary(nudged, 0.3) * 5 < 1]
    given = {"target": 0.3, "n_doses": 3, "max_n": 10, "p_safe": float(off[0])}
    tally = Tally.parse("1NNNNT", n_doses=3)
    own, informed = BOIN(**given), IBOIN(**given, skeleton=(0.05, 0.3, 0.5), prior_n=0)
    assert own.decide(tally).level[0] == informed.decide(tally).level[0] == 2


def test_iboin_leans_towards_its_prior():
    given = {"target": 0.3, "n_doses": 3, "max_n": 18}
    safe, risky = (IBOIN(**given, skeleton=s, prior_n=5) for s in [(0.02, 0.05, 0.1), (0.3, 0.5, 0.7)])
    truth = [0.1, 0.2, 0.3]
    high = [enumerate_paths(d).characteristics(truth).patients[2] for d in (risky, BOIN(**given), safe)]
    assert high[0] < high[1] < high[2]
    tally = Tally(n=[[0, 0, 1]], dlt=[[0, 0, 0]], level=[3])
    assert risky.decide(tally).level[0] == 3  # never down without a DLT


@pytest.mark.parametrize(
    ("wrong", "name"),
    [({"skeleton": (0.1, 0.2)}, "skeleton"), ({"prior_n": (1, 2)}, "prior_n"), ({"prior_n": 1.5}, "prior_n")],
)
def test_wrong_iboin_is_named(wrong, name):
    with pytest.raises(ValueError, match=f"^{name} "):
        IBOIN(**{"target": 0.3, "n_doses": 3, "max_n": 9, "skeleton": (0.1, 0.2, 0.3), **wrong})


def test_what_the_table_command_writes_can_be_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = SCENARIO.replace("name: committee, type: table, table: TABLE", "name: BOIN, type: BOIN")
    (tmp_path / "boin.yaml").write_text(own)
    done = CliRunner().invoke(build_app(), ["table", "boin.yaml", "--design", "BOIN", "--out", "written.csv"])
    assert done.exit_code == 0, done.output
    (tmp_path / "study.yaml").write_text(SCENARIO.replace("TABLE", "written.csv"))
    table, boin = load("study.yaml").designs["committee"], load("boin.yaml").designs["BOIN"]
    tally = Tally.parse(["1NNN", "1NNT", "1NNN 2NNT", "1NNN 2TTT", "1NTT", "1NNN 2NNT 2NNN"], n_doses=3)
    np.testing.assert_array_equal(table.decide(tally).level, boin.decide(tally).level)
