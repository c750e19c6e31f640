"""The CRM and the BLRM written in PyMC."""

import numpy as np
import pymc as pm

SKELETON = (0.05, 0.12, 0.25, 0.40, 0.55)
DOSES = (1.0, 2.0, 4.0, 8.0, 12.0)


def empiric():
    with pm.Model() as model:
        b = pm.Normal("b", 0, 1.34**0.5)
        pm.Deterministic("p", np.array(SKELETON) ** pm.math.exp(b))
    return model


def logistic():
    with pm.Model() as model:
        log_alpha, log_beta = pm.Normal("log_alpha", np.log(0.5), 2), pm.Normal("log_beta", 0, 1)
        pm.Deterministic("p", pm.math.invlogit(log_alpha + pm.math.exp(log_beta) * np.log(np.array(DOSES) / 12)))
    return model
