"""Questions before a trial: calibration, ensembles, the worst case, assurance, what Phase 2 can show."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
