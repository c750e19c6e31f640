"""The values of ``results.json``, and what every part of it is."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1 + 1e-9)]
"""A probability; sums of probabilities may exceed 1 in their last bits."""
NotNegative = Annotated[float, Field(ge=0)]
Whole = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    """Part of ``results.json``: no other keys than these."""

    model_config = ConfigDict(extra="forbid", frozen=True)
