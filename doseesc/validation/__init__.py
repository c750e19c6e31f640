"""Evidence that this installation computes what papers, other programs and mathematics say it should."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
