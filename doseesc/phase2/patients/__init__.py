"""What becomes of the patients of Phase 2, drawn for many trials at once."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
