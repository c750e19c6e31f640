"""Trials on the calendar, patient by patient, against other programs: TITE-BOIN, rolling six, 3+3 and TITE-CRM."""

import numpy as np
import pytest
from support import golden
from tite import tite_boin_of, titecrm_of

from designs import Complete, RollingSix, ThreePlusThree
from doseesc.engines import DAILY, Calendar, GivenPatients, calendar_trials
from doseesc.truth import Accrual

TURN_AWAY = Accrual(per_month=365.25 / 12, arrivals_while_waiting="turn_away")
BOINS = golden("clock_trials.json", "tite_boin")
ROLLING = golden("clock_trials.json", "rolling_six")
CRMS = golden("titecrm.json", "trials")


def padded(values, size, fill):
    return np.array([[*values, *[fill] * (size - len(values))]], dtype=float)


def played(design, truth, window, latent, dlt_day, gaps, accrual=DAILY):
    given = GivenPatients(latent=latent, dlt_day=dlt_day, gaps=gaps)
    (trial,) = calendar_trials(design, truth, window_days=window, calendar=Calendar(accrual=accrual), patients=given)
    return trial


@pytest.mark.parametrize("item", BOINS, ids=lambda item: f"{item['id']} {item['name']}")
def test_tite_boin(item):
    design = tite_boin_of(item)
    most = design.max_n
    latent = padded([1 - dlt for dlt in item["dlt"]], most, 1)
    dlt_day = padded([after or 0 for after in item["dlt_after"]], most, 0)
    gaps = padded([0, *item["gaps"]], most + 1, 1e9)
    trial = played(design, item["p_true"], item["window"], latent, dlt_day, gaps)
    assert trial.level.tolist() == item["dose"]
    assert trial.entered == pytest.approx(item["entry"], abs=1e-9)
    assert trial.selected == (item["mtd"] or 0)
    assert trial.duration_days == pytest.approx(item["duration"], abs=1e-9)
    assert len(trial.suspensions) == item["suspensions"]
    assert sum(end - start for start, end in trial.suspensions) == pytest.approx(item["time_suspended"], abs=1e-9)


@pytest.mark.parametrize("away", [True, False], ids=["turned away", "waiting"])
@pytest.mark.parametrize("kind", ["rolling_six", "three_plus_three"])
@pytest.mark.parametrize("item", ROLLING, ids=lambda item: str(item["id"]))
def test_rolling_six_and_three_plus_three(item, kind, away):
    expected = item[f"{kind}_{'away' if away else 'pause'}"]
    doses = len(item["p_true"])
    design = RollingSix(n_doses=doses) if kind == "rolling_six" else ThreePlusThree(n_doses=doses, pending=Complete())
    latent = padded(item["latent_u"], design.max_n, 1)[:, : design.max_n]
    dlt_day = padded(item["latent_v"], design.max_n, 1)[:, : design.max_n] * item["window"]
    gaps = np.array([[0, *item["gaps"], *np.resize(item["gaps"], 300)]])
    trial = played(design, item["p_true"], item["window"], latent, dlt_day, gaps, TURN_AWAY if away else DAILY)
    assert trial.level.tolist() == expected["dose"]
    assert trial.entered == pytest.approx(expected["entry"], abs=1e-9)
    assert trial.selected == (expected["mtd"] or 0)
    assert trial.duration_days == pytest.approx(expected["duration"], abs=1e-9)
    assert trial.days_waited.sum() == pytest.approx(expected["total_wait"], abs=1e-9)
    if kind == "rolling_six" or trial.size < design.max_n:  # with all places taken a 3+3 is closed, here not there
        assert trial.turned_away == expected["turned_away"]


@pytest.mark.parametrize("item", CRMS, ids=lambda item: f"{item['id']} {item['name']}")
def test_tite_crm(item):
    """One stage or two, posterior or maximum likelihood; who was turned away in a first stage is not in the data."""
    n = item["n"]
    latent = padded([float(after is None) for after in item["dlt_after"]], n, 1)
    dlt_day = padded([after or 0 for after in item["dlt_after"]], n, 0)
    gaps = padded(np.diff(item["arrival"], prepend=0), n + 1, 1e9)
    trial = played(titecrm_of(item), [0.5] * len(item["prior"]), item["obswin"], latent, dlt_day, gaps, TURN_AWAY)
    assert trial.level.tolist() == item["dose"]
    assert trial.entered + trial.opened_before == pytest.approx(item["arrival"], abs=1e-9)
    assert trial.selected == item["mtd"]
    assert trial.turned_away == 0
    last = item["arrival"][-1] + item["obswin"]  # the other program's trials end a window after the last arrival
    assert trial.opened_before + trial.duration_days <= last + 1e-9
