"""Historical studies and hierarchies that the tests of borrowing share."""

import numpy as np
from scipy.integrate import dblquad
from scipy.special import expit
from scipy.stats import multivariate_normal

from doseesc.inference.borrowing.heterogeneity import HalfNormal, Heterogeneity, Known, LogNormal
from doseesc.inference.borrowing.hierarchy import Hierarchy
from doseesc.inference.borrowing.normal_mixture import BivariateNormal
from doseesc.inference.data import ToxicityData

WEAK = BivariateNormal(mean=(np.log(0.5), 0.0), sd=(2.0, 1.0))
MEXVT = ToxicityData(study=["MEXVT"] * 5, amount=[2, 4, 8, 12, 16], n=[3, 3, 6, 6, 6], dlt=[0] * 5)
TRIAL = ToxicityData.from_outcomes("1NNN 2NNT 2NNN", amounts=[2, 8, 16])
# Neuenschwander, Roychoudhury and Schmidli (2016), Stat Biopharm Res 8:345, as in OncoBayes2 (hist_combo2).
AGENT_A = ToxicityData(study=["A"] * 4, amount=[3, 4.5, 6, 8], n=[3, 3, 6, 3], dlt=[0, 0, 0, 2])
AGENT_B = ToxicityData(
    study=["B"] * 7, amount=[33.3, 50, 100, 200, 400, 800, 1120], n=[3, 3, 4, 9, 15, 20, 17], dlt=[0, 0, 0, 0, 0, 2, 4]
)
AMOUNTS = (2, 4, 8, 16)


def hierarchy(heterogeneity, reference=16, **changes):
    return Hierarchy(**{"reference": reference, "mean": WEAK, "heterogeneity": heterogeneity, "weak": WEAK, **changes})


def known(tau):
    return Heterogeneity(Known(tau), Known(tau))


def likelihood(theta, data, reference):
    log_dose = np.log(np.array(data.amount) / reference)
    p = expit(theta[..., :1] + np.exp(theta[..., 1:]) * log_dose)
    return np.prod(p ** np.array(data.dlt) * (1 - p) ** (np.array(data.n) - np.array(data.dlt)), axis=-1)


def scipy_integral(law, data, reference, function=lambda theta: 1.0):
    normal = multivariate_normal(law.mean, law.covariance)

    def integrand(b, a):
        theta = np.array([a, b])
        return float(normal.pdf(theta) * likelihood(theta, data, reference) * function(theta))

    sides = [(law.mean[i] - 7 * law.sd[i], law.mean[i] + 7 * law.sd[i]) for i in (0, 1)]
    return dblquad(integrand, *sides[0], *sides[1], epsabs=1e-9, epsrel=1e-5)[0]


TWO_STUDIES = (
    hierarchy(
        Heterogeneity(HalfNormal(0.7), LogNormal(0.3)),
        mean=BivariateNormal(mean=(-1.0, 0.1), sd=(1.5, 0.7), correlation=-0.3),
    ),
    [
        ToxicityData(study=["first"] * 2, amount=[4, 16], n=[6, 6], dlt=[1, 3]),
        ToxicityData(study=["second"] * 2, amount=[8, 16], n=[6, 3], dlt=[0, 0]),
    ],
)
"""The hierarchy, and the studies."""
