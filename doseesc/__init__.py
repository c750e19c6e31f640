"""Design and simulate Phase 1 dose-escalation trials, up to the arms of Phase 2.

>>> import doseesc
>>> from designs import BOIN
>>> paths = doseesc.enumerate_paths(BOIN(target=0.25, n_doses=3, max_n=18))
>>> paths.characteristics([0.10, 0.25, 0.45]).selected.shape
(4,)

Everything heavy is imported when it is first used: the stub beside this file says where names live.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
