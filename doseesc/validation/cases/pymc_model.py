"""A model written in PyMC as a design, against the same model built in."""

from __future__ import annotations

from typing import Any

import numpy as np

from designs import CRM
from doseesc.engines import enumerate_paths
from doseesc.inference import design_from_pymc
from doseesc.validation.comparing import Comparison, Differences

SKELETON = (0.05, 0.12, 0.25, 0.40, 0.55)


def _empiric() -> Any:
    import pymc as pm

    with pm.Model() as model:
        b = pm.Normal("b", 0, 1.34**0.5)
        pm.Deterministic("p", np.array(SKELETON) ** pm.math.exp(b))
    return model


def crm_in_pymc() -> Comparison:
    """Compare paths and exact characteristics of a CRM written in PyMC with the CRM's, under two truths."""
    seen = Differences()
    ours = design_from_pymc(_empiric(), target=0.25, max_n=18, selection="plug_in", feasibility_bound=None)
    crm = CRM(target=0.25, skeleton=SKELETON, max_n=18, cohort_size=3)
    walks = [enumerate_paths(design) for design in (ours, crm)]
    seen.equal("paths", walks[0].n_paths, walks[1].n_paths)
    seen.equal("states", walks[0].n_states, walks[1].n_states)
    for truth in ((0.05, 0.12, 0.25, 0.40, 0.55), (0.25, 0.35, 0.45, 0.55, 0.65)):
        one, other = (walk.characteristics(truth) for walk in walks)
        for name in ("selected", "patients", "dlts", "total_patients", "stopped_early"):
            seen.close(f"{name}, {truth[0]}", getattr(one, name), getattr(other, name), within=1e-9)
    return seen.result
