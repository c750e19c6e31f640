"""The VIOLA trial's CRM: global coherence against dtpcrm's ``applied_crm`` 0.1.1, written out and integrated anew.

Seven levels, start at 3, target 0.20, cohorts of three, at most 21 patients (Yap et al. 2017, Clinical Cancer Research
23:7440-7447; the vignette of the R package dtpcrm).  Paths go on to the last patient, without the stopping rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from designs import CRM, GlobalCoherence, NoSkipping, Reason, Rule, Tally
from doseesc.validation.comparing import Comparison, Differences

PRIOR = (0.03, 0.07, 0.12, 0.20, 0.30, 0.40, 0.52)
TARGET, VARIANCE = 0.2, 0.75
RULES = (NoSkipping(reference="highest_tried"), GlobalCoherence())


def viola_design(rules: tuple[Rule, ...] = RULES) -> CRM:
    """Return the trial's CRM."""
    prior_sd = VARIANCE**0.5
    return CRM(target=TARGET, skeleton=PRIOR, prior_sd=prior_sd, max_n=60, cohort_size=3, start_level=3, rules=rules)


def applied_crm(n: Any, dlt: Any, level: int) -> int:
    """Return dtpcrm's dose: no_skip_esc = TRUE, no_skip_deesc = FALSE, global_coherent_esc = TRUE."""
    mtd = min(_model_dose(n, dlt), int(np.flatnonzero(n).max()) + 2)
    return min(mtd, level) if dlt[level - 1] / n[level - 1] > TARGET else mtd


def _model_dose(n: Any, dlt: Any) -> int:
    """Return dfcrm's dose: the mean of beta by a plain trapezoidal rule, and the level nearest the target there."""
    beta, prior = np.linspace(-8, 8, 4001), np.array(PRIOR)
    p = np.clip(prior[:, None] ** np.exp(beta), 1e-300, 1 - 1e-16)
    log_weight = -(beta**2) / (2 * VARIANCE) + dlt @ np.log(p) + (n - dlt) @ np.log1p(-p)
    weight = np.exp(log_weight - log_weight.max())
    mean = (weight * beta).sum() / weight.sum()
    return int(np.argmin(np.abs(prior ** np.exp(mean) - TARGET))) + 1


def every_decision() -> Comparison:
    """Compare all 3644 states of up to seven cohorts; the rule holds the dose back in four, after six or seven."""
    seen, design = Differences(), viola_design()
    states = {((0,) * 7, (0,) * 7, 3)}
    decisions, held = 0, list[int]()
    for cohort in range(1, 8):
        reached = sorted({_after(*state, events) for state in states for events in range(4)})
        n, dlt, level = (np.array(part) for part in zip(*reached, strict=True))
        decision = design.decide(Tally(n=n, dlt=dlt, level=level))
        expected = [applied_crm(*state) for state in zip(n, dlt, level, strict=True)]
        seen.equal(f"cohort {cohort}", decision.level, expected)
        decisions += len(reached)
        held += [cohort] * int((decision.reason_code == Reason.NOT_COHERENT).sum())
        states = {(n, dlt, at) for (n, dlt, _), at in zip(reached, expected, strict=True)}
    seen.equal("decisions", decisions, 3644)
    seen.equal("held back after cohorts", held, [6, 6, 6, 7])
    return seen.result


def _after(n: tuple[int, ...], dlt: tuple[int, ...], level: int, events: int) -> Any:
    """Return the state three patients later, as tuples."""
    return (
        tuple(count + 3 * (place == level - 1) for place, count in enumerate(n)),
        tuple(count + events * (place == level - 1) for place, count in enumerate(dlt)),
        level,
    )
