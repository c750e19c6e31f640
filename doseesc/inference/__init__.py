"""Bayesian models that know no study: posteriors by NUTS and quadrature, borrowing, any PyMC model as a design."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
