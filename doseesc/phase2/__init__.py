"""The Phase 2 trial, knowing no study: plan, power, size."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
