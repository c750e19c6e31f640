"""Numbers that are not finite, where figures are computed: no answer rather than a wrong one.

NumPy warns of a division by zero, of overflow and of what is not a number, and goes on; a comparison with such a number
then decides in silence.  In the engines it ends the computation.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from doseesc.errors import NotFinite


@contextmanager
def finite_numbers() -> Iterator[None]:
    """Refuse to go on with numbers that are not finite.

    Raises
    ------
    NotFinite
        Where NumPy would warn of one.

    Examples
    --------
    >>> try:
    ...     with finite_numbers():
    ...         np.log(np.zeros(1))
    ... except NotFinite as error:
    ...     print(str(error).partition(";")[0])
    a number that is not finite was met (divide by zero encountered in log)
    """
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        try:
            yield
        except FloatingPointError as error:
            raise NotFinite(
                f"a number that is not finite was met ({error}); nothing is answered rather than something wrong: "
                "give less extreme priors, doses or probabilities"
            ) from error
