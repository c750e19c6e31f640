"""Many studies that differ from one another in named ways: their cells, each computed once, wherever that may be."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
