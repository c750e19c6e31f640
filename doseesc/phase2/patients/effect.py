"""How the effect of the drug depends on its dose.

At the reference dose the drug multiplies the subdistribution hazard of improvement by sHR and mortality by RR; at dose
d the logarithms of both are the share g(d) of those at the reference dose r:

emax         g = [d^h / (d^h + ED50^h)] / [r^h / (r^h + ED50^h)]
log_linear   g = log(d / d0) / log(r / d0), not below 0: no effect up to d0.  With d0 = r/16, r/4 has half the effect
plateau      g = 1 at every dose: the effect is already complete
none         g = 0
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from designs.checks import require_choice, require_positive

SHAPES = ("emax", "log_linear", "plateau", "none")
NO_EFFECT_FRACTION = 1 / 16


class DrugEffect(NamedTuple):
    """Subdistribution hazard ratio of improvement, and relative risk of death."""

    shr: float
    mortality_rr: float


NO_DRUG_EFFECT = DrugEffect(1.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class DoseEffect:
    """Effect of the drug by dose.

    Parameters
    ----------
    reference : float
        Dose amount to which ``shr`` and ``mortality_rr`` refer.
    shr, mortality_rr : float
        Effect there.
    shape : {"emax", "log_linear", "plateau", "none"}
        Dose-response curve.
    no_effect_dose : float, optional
        For ``"log_linear"``: the dose without effect, by default a sixteenth of the reference.
    ed50 : float, optional
        For ``"emax"``: the dose with half the greatest effect, by default a quarter of the reference.
    hill : float
        For ``"emax"``: steepness.

    Examples
    --------
    >>> effect = DoseEffect(reference=16, shr=2.0, mortality_rr=0.6)
    >>> [round(effect.at(dose).shr, 3) for dose in (1, 4, 16)]
    [1.0, 1.414, 2.0]
    """

    reference: float
    shr: float = 1.5
    mortality_rr: float = 0.75
    shape: str = "log_linear"
    no_effect_dose: float | None = None
    ed50: float | None = None
    hill: float = 1.0

    def __post_init__(self) -> None:
        require_choice("shape", self.shape, SHAPES)
        for name in ("reference", "shr", "mortality_rr", "hill"):
            require_positive(name, getattr(self, name))
        for name in ("no_effect_dose", "ed50"):
            if getattr(self, name) is not None:
                require_positive(name, getattr(self, name))
        if self.no_effect_dose is not None and self.no_effect_dose >= self.reference:
            raise ValueError(
                f"no_effect_dose must be below the reference {self.reference:g}, not {self.no_effect_dose:g}"
            )

    def share(self, amount: float) -> float:
        """Return g, the share of the reference dose's log effect that a dose has."""
        require_positive("amount", amount)
        if self.shape in ("plateau", "none"):
            return float(self.shape == "plateau")
        if self.shape == "log_linear":
            none = self.reference * NO_EFFECT_FRACTION if self.no_effect_dose is None else self.no_effect_dose
            return max(0.0, float(np.log(amount / none) / np.log(self.reference / none)))
        half = self.reference / 4 if self.ed50 is None else self.ed50
        # Divided through by dose ** hill.
        at, there = (1 + (half / dose) ** self.hill for dose in (amount, self.reference))
        return float(there / at)

    def at(self, amount: float) -> DrugEffect:
        """Return the effect of a dose."""
        share = self.share(amount)
        return DrugEffect(float(self.shr**share), float(self.mortality_rr**share))
