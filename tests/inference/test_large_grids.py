"""Grids too large for memory are refused with what helps; sampling is no way out where the grid is asked for first."""

import pytest

from doseesc.inference.data import ToxicityData
from doseesc.inference.grids import monotone, two_parameter_logistic

MANY = ToxicityData(study=["a"] * 3, amount=[1, 2, 3], n=[10**7] * 3, dlt=[10**6] * 3)


def test_a_grid_too_large_names_what_makes_it_smaller():
    with pytest.raises(ValueError, match=r"^prior_sd needs a grid of .* GiB; give smaller ones, or fewer patients$"):
        two_parameter_logistic(MANY, levels=[1, 2, 3])
    with pytest.raises(ValueError, match=r"^concentration needs a grid of .*; give a larger one, or fewer patients$"):
        monotone(MANY, levels=[1, 2, 3], prior_mean=(0.1, 0.2, 0.3))
