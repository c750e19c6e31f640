"""Charts as functions of plain data that return SVG, drawn into the page and coloured by its style sheet."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
