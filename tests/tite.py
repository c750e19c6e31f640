"""Patients under observation from lists, as R's packages take them, and their TITE designs from their arguments."""

import numpy as np

from designs import BOIN, CRM, CRMMLE, FollowPath, NoSkipping, Pending, Tally, Weighted


def entered(level, dlt, followup, window, n_doses, dlt_days=True):
    """Return the tally of known patients and those pending from one patient after another."""
    level, dlt = np.array(level, dtype=int), np.array(dlt, dtype=bool)
    followup = np.array(followup, dtype=float)
    known = dlt | (followup >= window)
    n, y = (np.bincount(level[mask], minlength=n_doses + 1)[None, 1:] for mask in (known, dlt))
    pending = Pending(
        level=level[None, ~known],
        days=followup[None, ~known],
        window_days=window,
        dlt_days=followup[None, dlt] if dlt_days else None,
    )
    return Tally(n=n, dlt=y, level=[level[-1]]), pending


def at_arrival(item, patient):
    """Return what dfcrm's titesim sees when ``patient`` (from 0) arrives."""
    now = item["arrival"][patient]
    entry = np.array(item["arrival"][:patient])
    after = np.array([np.inf if days is None else days for days in item["dlt_after"][:patient]])
    seen = entry + after <= now
    followup = np.where(seen, after, np.minimum(now - entry, item["obswin"]))
    return entered(item["dose"][:patient], seen, followup, item["obswin"], len(item["prior"]))


def titecrm_of(item, **more):
    """Build the design of dfcrm's titecrm and titesim."""
    start = item.get("x0", [1])
    options = {
        "target": item["target"],
        "skeleton": item["prior"],
        "model": item["model"],
        "intercept": item.get("intcpt", 3),
        "max_n": item.get("n", 60),
        "cohort_size": 1,
        "start_level": start[0],
        "pending": Weighted(weights=item.get("scheme", "linear")),
        "rules": (NoSkipping(),) if item.get("restrict") else (),
    }
    if item.get("method") == "mle":
        return CRMMLE(**(options | {"initial_levels": start, "minimum_days": item.get("tgrp")} | more))
    if len(start) > 1:
        options["rules"] += (FollowPath(tuple(start), minimum_days=item["tgrp"]),)
    return CRM(**(options | {"prior_sd": item["scale"]} | more))


def tite_boin_of(item):
    """Build the design of simFastBOIN's tite_boin_simulate."""
    weights = item.get("prior_weights")
    return BOIN(
        target=item["target"],
        n_doses=len(item["p_true"]),
        max_n=item["n_cohort"] * item["cohort_size"],
        cohort_size=item["cohort_size"],
        stop_at_n=item.get("n_earlystop", 18),
        extra_safe=item.get("extrasafe", False),
        pending=Weighted(
            estimate="ess" if item.get("method") == "ess" else "imputation",
            suspend_above=item.get("max_pending"),
            minimum_followed=item.get("min_follow_up", 0.0),
            weights="linear" if weights is None else tuple(each / sum(weights) for each in weights),
        ),
    )
