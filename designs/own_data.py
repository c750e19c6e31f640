"""What a level's own data say of its DLT probability: the answers of a design without a model of dose and toxicity."""

from __future__ import annotations

import numpy as np

from designs.arrays import FloatArray, IntArray
from designs.beta_binomial import quantile_at, tail_at
from designs.checks import require_probability
from designs.tally import Tally


class OwnData:
    """Posterior questions about a level, answered with a uniform prior and the data of that level alone.

    A design with a model overrides them; see :class:`designs.tails.TailsDesign`.
    """

    n_doses: int
    max_n: int

    def probability_above(self, tally: Tally, level: int, above: float) -> FloatArray:
        """Return P(DLT probability at ``level`` > ``above`` | data), shape (S,).

        By default from the level's own data with a uniform prior, Beta(1 + y, 1 + n - y).

        Raises
        ------
        ValueError
            If there is no such level, or ``above`` is no probability.
        """
        self.check_question(level, above)
        n, dlt = tally.n[:, level - 1], tally.dlt[:, level - 1]
        return tail_at(float(above), n, dlt, self.max_n)

    def check_question(self, level: int, above: float) -> None:
        """Raise ValueError unless ``level`` is a level of the design and ``above`` a probability."""
        if not 1 <= level <= self.n_doses:
            raise ValueError(f"level must be one from 1 to {self.n_doses}, not {level!r}")
        require_probability("above", above)

    def credible_interval(
        self, tally: Tally, level: IntArray | int, credibility: float = 0.9
    ) -> tuple[FloatArray, FloatArray]:
        """Return the equal-tailed posterior interval of the DLT probability at ``level`` (S,), each end (S,).

        By default from the level's own data with a uniform prior, as :meth:`probability_above`.
        """
        at = np.broadcast_to(level, (tally.size,))
        n, dlt = tally.at(tally.n, at), tally.at(tally.dlt, at)
        tail = (1 - credibility) / 2
        return quantile_at(tail, n, dlt, self.max_n), quantile_at(1 - tail, n, dlt, self.max_n)

    def mtd_cv(self, tally: Tally) -> FloatArray | None:
        """Return the posterior coefficient of variation (S,) of the MTD as an amount; None where there is none.

        Only a design with a curve over dose amounts has one.
        """
        return None
