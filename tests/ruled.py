"""Designs with rules around them, and what they decide."""

import numpy as np

from designs import BOIN, CRM, Tally
from doseesc.engines.exact import enumerate_paths

SKELETON = (0.05, 0.12, 0.25, 0.40, 0.55)
AMOUNTS = (1, 2, 3, 4.5, 6.75)
TRUTH = (0.05, 0.15, 0.30, 0.45, 0.60)


def crm(*rules, **options):
    return CRM(**({"target": 0.25, "skeleton": SKELETON, "max_n": 60, "cohort_size": 3, "rules": rules} | options))


def boin(*rules, **options):
    return BOIN(**({"target": 0.3, "n_doses": 5, "max_n": 60, "rules": rules} | options))


def decided(design, *outcomes):
    decision = design.decide(Tally.parse(outcomes, n_doses=design.n_doses))
    return list(zip(decision.level.tolist(), (reason.name for reason in decision.reason), strict=True))


def sizes(design, *outcomes):
    decision = design.decide(Tally.parse(outcomes, n_doses=design.n_doses))
    return list(zip(decision.level.tolist(), decision.cohort_size.tolist(), strict=True))


def selected(design, *outcomes):
    return design.select(Tally.parse(outcomes, n_doses=design.n_doses)).tolist()


def exact(design, truth):
    """All exact figures of a design, in one array."""
    oc = enumerate_paths(design).characteristics(np.array(truth), target=0.25)
    return np.concatenate([oc.selected, oc.patients, oc.dlts, oc.patients_distribution[-1:]])
