"""The types of arrays, named once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]
"""Whole numbers of any width: counts of patients are kept in as few bytes as they need."""
BoolArray = npt.NDArray[np.bool_]
