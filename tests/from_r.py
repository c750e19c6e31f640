"""What R's packages say in the golden files: our designs from their arguments, and their figures beside ours."""

import numpy as np
from support import golden

from designs import BOIN, CRM, CoherentEscalation, NoSkipping, Tally
from doseesc.engines.exact import enumerate_paths

ESCALATION = golden("escalation.json", "model_and_interval_designs")
FULL = golden("escalation_full.json", "full_size")
WITHIN = 1e-9

_walks = {}


def by_id(item):
    return f"id{item['id']}"


def agree(ours, mcse, trials, theirs, their_trials, largest=1):
    """Check a figure, or several, within 4 standard errors of the difference.

    Their error is not printed for means: it is ours, scaled to their number of trials.  Where none of our trials
    differs from the others the error cannot be estimated; it is at least what one trial in all can do, by a value of
    ``largest``.
    """
    floor = largest / (trials + their_trials)
    error = np.maximum(mcse, floor) * np.sqrt(1 + trials / their_trials)
    np.testing.assert_array_less(np.abs(np.asarray(ours) - theirs), 4 * error)


def agree_in_shares(ours, trials, theirs, their_trials):
    """Check shares of trials within 4 standard errors of the difference, from both programs' trials together."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    pooled = (ours * trials + theirs * their_trials + 1) / (trials + their_trials + 2)
    error = np.sqrt(pooled * (1 - pooled) * (1 / trials + 1 / their_trials))
    np.testing.assert_array_less(np.abs(ours - theirs), 4 * error)


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


def walked(design):
    """Walk a design once for all the truths that are asked of it."""
    if design not in _walks:
        _walks[design] = enumerate_paths(design)
    return _walks[design]


def close(ours, theirs, within=WITHIN):
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=within)


def agrees(exact, item):
    """Compare with an item of escalation's or bcrm's exact enumeration."""
    close(exact.selected, [item["prob_none"], *item["prob_select"]])
    close(exact.patients, item["expected_n_per_dose"])
    close(exact.dlts, item["expected_dlts_per_dose"])
    close(exact.total_patients, item["expected_n"])
    if "expected_dlts" in item:
        close(exact.total_dlts, item["expected_dlts"])
    if "var_n" in item:
        counts = np.arange(len(exact.patients_distribution))
        variance = exact.patients_distribution @ (counts - exact.total_patients) ** 2
        close(variance, item["var_n"])
