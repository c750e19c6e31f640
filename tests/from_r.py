"""Our designs from the arguments of R's BOIN and dfcrm, as the golden files have them."""

import numpy as np

from designs import BOIN, CRM, CoherentEscalation, NoSkipping, Tally


def by_id(item):
    return f"id{item['id']}"


def boin_of_get_oc(item):
    """Build the design of BOIN's get.oc."""
    max_n = item["ncohort"] * item["cohortsize"]
    return BOIN(
        target=item["target"],
        n_doses=len(item["p.true"]),
        p_safe=item["p.saf"],
        p_toxic=item["p.tox"],
        elimination_cutoff=item["cutoff.eli"],
        extra_safe=item["extrasafe"],
        offset=item["offset"],
        stop_at_n=item["n.earlystop"] if item["n.earlystop"] <= max_n else None,
        titration=item["titration"],
        bound_mtd=item["boundMTD"],
        cohort_size=item["cohortsize"],
        max_n=max_n,
        start_level=item["startdose"],
    )


def crm_of(item, **more):
    """Build the design of dfcrm's crm."""
    options = {
        "target": item["target"],
        "skeleton": item["prior"],
        "model": item["model"],
        "intercept": item["intcpt"],
        "prior_sd": item["scale"],
        "rules": (),
    }
    return CRM(**({"max_n": 60} | options | more))


def crm_of_crmsim(item):
    """Build the design of dfcrm's crmsim."""
    rules = (NoSkipping(), CoherentEscalation()) if item["restrict"] else ()
    (start,) = np.atleast_1d(item["x0"])
    return crm_of(item, cohort_size=item["mcohort"], max_n=item["n"], start_level=int(start), rules=rules)


def tally_of(levels, dlts, n_doses):
    """Count patients listed one by one."""
    n, y = np.zeros((1, n_doses), dtype=int), np.zeros((1, n_doses), dtype=int)
    np.add.at(n[0], np.array(levels) - 1, 1)
    np.add.at(y[0], np.array(levels) - 1, dlts)
    return Tally(n=n, dlt=y, level=[levels[-1]])
