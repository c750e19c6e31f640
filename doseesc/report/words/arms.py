"""How the arms of Phase 2 get their doses, in words."""

from __future__ import annotations

from types import MappingProxyType

DOSE_RULES = MappingProxyType(
    {
        "exact": "An arm gets its fraction of the MTD, whether that dose was tested or not.",
        "nearest_tested_below": "An arm gets the highest tested dose not above its fraction of the MTD, or the lowest "
        "where all are above it.",
    }
)
"""What ``phase2_dose_rule`` says, in words."""
