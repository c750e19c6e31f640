"""Trials under several truths part where a patient's outcome differs, and nowhere else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from doseesc.engines.clock_truth_sets import TruthSets, with_copies

TRUTHS = np.array([[0.1, 0.2, 0.3], [0.1, 0.3, 0.5], [0.4, 0.4, 0.4], [0.0, 0.2, 1.0], [0.4, 0.6, 0.7]])


def outcome(truth, level, latent, by_day, by_any):
    """Return what becomes of a patient, as far as truths can differ in it."""
    chance = TRUTHS[truth, level - 1]
    if latent < chance:
        return ("DLT", chance if by_day else None)
    return ("none", chance if by_any else None)


@st.composite
def mixed_trials(draw):
    """Draw trials in whose sets the patient's outcome is not one and the same."""
    found = []
    for _ in range(draw(st.integers(1, 6))):
        level, by_day = draw(st.integers(1, 3)), draw(st.booleans())
        by_any = by_day and draw(st.booleans())
        latent = draw(st.sampled_from([0.0, 0.05, 0.1, 0.2, 0.25, 0.35, 0.45, 0.65, 0.9]))
        trial = (draw(st.integers(1, 2 ** len(TRUTHS) - 1)), level, latent, by_day, by_any)
        members = [k for k in range(len(TRUTHS)) if trial[0] >> k & 1]
        if len({outcome(k, *trial[1:]) for k in members}) > 1:
            found.append(trial)
    return found


@given(mixed_trials())
def test_parts_are_the_truths_with_one_outcome_each(trials):
    if not trials:
        return
    sets, level, latent, by_day, by_any = (np.array(each) for each in zip(*trials, strict=True))
    parted = TruthSets(TRUTHS).parted(sets, level, latent, by_day, by_any)
    assert sorted(parted.narrowed) == list(range(len(trials)))
    index, parts = np.concatenate([parted.narrowed, parted.copied]), np.concatenate([parted.sets, parted.copy_sets])
    for place, (whole, *how) in enumerate(trials):
        found = sorted(int(part) for part in parts[index == place])
        wanted = {}
        for k in range(len(TRUTHS)):
            if whole >> k & 1:
                key = outcome(k, *how)
                wanted[key] = wanted.get(key, 0) | 1 << k
        assert found == sorted(wanted.values())


def test_lowest_and_highest_of_a_set():
    truths = TruthSets(TRUTHS)
    sets, level = np.array([0b00101, 0b00101, 0b10000]), np.array([1, 3, 2])
    lowest, highest = truths.lowest(sets, level), truths.highest(sets, level)
    assert truths.mixed(sets, level).tolist() == np.flatnonzero(lowest < highest).tolist()
    assert lowest.tolist() == [0.1, 0.3, 0.6]
    assert highest.tolist() == [0.4, 0.4, 0.6]
    assert truths.everything == 31
    assert [each.tolist() for each in truths.members(np.array([1, 2, 3]))] == [[0, 2], [1, 2], [], [], []]


def test_copies_are_added_time_and_again():
    array = np.arange(4)
    for _ in range(5):
        wanted = np.concatenate([array, array[[0, 2]]])
        array = with_copies(array, np.array([0, 2]))
        np.testing.assert_array_equal(array, wanted)
        array[0] += 10
    rows = with_copies(np.arange(6).reshape(2, 3), np.array([1]))
    assert rows.tolist() == [[0, 1, 2, 1], [3, 4, 5, 4]]
