"""Trials on the calendar played by one player or another, and held against one another patient by patient."""

import numpy as np

from doseesc.engines.clock_arrays import Trials
from doseesc.engines.clock_batches import PlayInBatches
from doseesc.engines.clock_ended import ends_of
from doseesc.engines.clock_patients import DrawnPatients
from doseesc.engines.clock_play import play_trials, setting_of


def played(player, design, calendar, truth, *, window=14.0, trials=300, seed=2):
    """Play the first trials of a seed; return them."""
    truth = np.array(truth)
    patients = DrawnPatients(calendar, truth, window, patients=design.max_n, trials=trials, seed=seed, index=0)
    return play_trials(player, patients, setting_of(design, truth, window, calendar))


def assert_same_trials(one: Trials, other: Trials):
    """Hold two plays of the same patients against each other, in every number kept of a trial."""
    for name in Trials._fields:
        if name not in ("number", "place"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def assert_played_as_in_batches(player, design, calendar, truth, **how):
    """Hold a player's trials against those in batches, and again by what the player has learnt; return them."""
    batches = played(PlayInBatches(design), design, calendar, truth, **how)
    for _ in range(2):
        assert_same_trials(played(player, design, calendar, truth, **how), batches)
    assert (ends_of(design, batches, how.get("window", 14.0)).n.sum(axis=1) > 0).all()
    return batches
