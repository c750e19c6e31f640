"""Dose-toxicity models written in PyMC, for two_models.yaml beside it.

A function here is given what it asks for by name: doses, labels, n_doses, target, max_n, cohort_size, start_level.
It returns a pm.Model with a prior and the DLT probability of every dose, named p; the design adds the trial's data.
"""

import numpy as np
import pymc as pm


def weibull(doses):
    """P(DLT) = 1 - exp(-hazard (dose / highest)^shape): the hazard of a DLT grows with a power of the dose."""
    with pm.Model() as model:
        hazard = pm.LogNormal("hazard", mu=np.log(0.3), sigma=1.0)  # the highest dose's cumulative hazard
        shape = pm.Gamma("shape", alpha=4, beta=3)
        pm.Deterministic("p", 1 - pm.math.exp(-hazard * (np.array(doses) / doses[-1]) ** shape))
    return model


def logistic(doses):
    """Logit P(DLT) = log_alpha + exp(log_beta) log(dose / highest): the model of the BLRM, with its default prior."""
    with pm.Model() as model:
        log_alpha = pm.Normal("log_alpha", mu=np.log(0.5), sigma=2)
        log_beta = pm.Normal("log_beta", mu=0, sigma=1)
        x = np.log(np.array(doses) / doses[-1])
        pm.Deterministic("p", pm.math.invlogit(log_alpha + pm.math.exp(log_beta) * x))
    return model
