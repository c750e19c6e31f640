"""A design's decisions and figures recomputed by a script in R or Python, and held against ours."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
