"""Numbers of priors beyond which quadrature would lose its digits, or need a grid beyond all bounds."""

from __future__ import annotations

MOST_BYTES = 2**30
"""Bytes that the grid of one analysis may take, about."""

CRM_SDS = 1e-6, 100.0
"""Least and largest standard deviation of the CRM's parameter."""
MOST_INTERCEPT = 100.0
"""Largest size of the intercept of the CRM's logistic model."""
MOST_MEANS = 100.0, 20.0
"""Largest size of the prior means of log_alpha and log_beta."""
BLRM_SDS = 1e-6, 20.0
"""Least and largest standard deviation of log_alpha and log_beta."""
CONCENTRATIONS = 0.1, 1e4
"""Least and largest number of patients that the monotone model's prior may be worth."""
