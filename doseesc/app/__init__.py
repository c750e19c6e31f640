"""The app: designs explored in a browser on one's own machine, by the functions that the command line calls."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
