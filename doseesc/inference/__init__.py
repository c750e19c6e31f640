"""Bayesian analysis with PyMC and ArviZ; imported only when asked for, since PyMC takes seconds to load."""
