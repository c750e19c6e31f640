"""The guide: pages in Markdown, whose code blocks the tests run and whose printed output they compare."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
