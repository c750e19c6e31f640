"""What other programs and papers call things that have a name of ours, for answers to those who come from there."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MAX_N = "It counts patients: cohorts times cohort_size"
_SD = "It is a standard deviation, the square root"

_OURS: dict[str, tuple[str, ...]] = {
    # the trial: BOIN, dfcrm, bcrm, trialr, escalation, crmPack in R
    "ncohort": ("max_n", "cohorts"),
    "ncohorts": ("max_n", "cohorts"),
    "n": ("max_n",),
    "nmax": ("max_n",),
    "npts": ("max_n",),
    "maxpatients": ("max_n",),
    "npatients": ("max_n",),
    "patients": ("max_n",),
    "samplesize": ("max_n",),
    "maxsize": ("max_n",),
    "cohort": ("cohort_size",),
    "cohortsize": ("cohort_size",),
    "mcohort": ("cohort_size",),
    "startdose": ("start_level",),
    "startingdose": ("start_level",),
    "start": ("start_level",),
    "x0": ("start_level",),
    "obswin": ("dlt_window_days",),
    "dltwindow": ("dlt_window_days",),
    "dltwindowweeks": ("dlt_window_days",),
    "dltperiod": ("dlt_window_days",),
    "window": ("dlt_window_days",),
    "targettox": ("target",),
    "targetdlt": ("target",),
    "theta": ("target",),
    "ttl": ("target",),
    "dosegrid": ("amounts",),
    "sdose": ("amounts",),
    "levels": ("amounts",),
    "values": ("amounts",),
    "doses": ("amounts",),
    "names": ("labels",),
    # truths
    "pi": ("dlt",),
    "ptrue": ("dlt",),
    "truep": ("dlt",),
    "truetox": ("dlt",),
    "truth": ("dlt",),
    "p": ("dlt",),
    "probs": ("dlt",),
    "probabilities": ("dlt",),
    "tox": ("dlt",),
    "toxicity": ("dlt",),
    "rates": ("dlt",),
    # simulation
    "ntrial": ("trials",),
    "ntrials": ("trials",),
    "nsim": ("trials",),
    "nsims": ("trials",),
    "numsims": ("trials",),
    "simulations": ("trials",),
    "repetitions": ("trials",),
    # BOIN and its kin
    "nearlystop": ("stop_at_n",),
    "cutoffeli": ("elimination_cutoff", "exclusion_certainty"),
    "psaf": ("p_safe",),
    "phi1": ("p_safe",),
    "ptox": ("p_toxic",),
    "phi2": ("p_toxic",),
    "extrasafe": ("extra_safe",),
    "boundmtd": ("bound_mtd",),
    "eps1": ("epsilon1",),
    "eps2": ("epsilon2",),
    "marginl": ("epsilon1",),
    "marginr": ("epsilon2",),
    "n0": ("prior_n",),
    # CRM and other models
    "prior": ("skeleton", "prior_mean"),
    "ptox0": ("skeleton",),
    "priorprobs": ("skeleton",),
    "scale": ("prior_sd",),
    "priorvar": ("prior_sd",),
    "priorvariance": ("prior_sd",),
    "betasd": ("prior_sd",),
    "intcpt": ("intercept",),
    "a0": ("intercept",),
    "ff": ("model",),
    "nu": ("prior_mtd",),
    "halfwidth": ("halfwidth",),
    "delta": ("halfwidth",),
    "refdose": ("reference",),
    "dref": ("reference",),
    "doseref": ("reference",),
    "overdose": ("feasibility_bound",),
    "ewoc": ("feasibility_bound",),
    "restrict": ("rules",),
    "constrain": ("rules",),
    # rules
    "threshold": ("confidence",),
    "cutoff": ("confidence",),
    "increments": ("times",),
    "intervals": ("by_amount",),
    "dltintervals": ("after_dlts",),
    "dltstart": ("dlt_start",),
    "cleanstart": ("clean_start",),
    "part1ladder": ("ladder",),
    # time
    "tite": ("Weighted",),
    "timetoevent": ("Weighted",),
    "rate": ("per_month",),
    "accrual": ("per_month",),
    "perweek": ("per_month",),
    "peryear": ("per_month",),
    "accrualrate": ("per_month",),
}
_NOTES = {
    "ncohort": _MAX_N,
    "ncohorts": _MAX_N,
    "priorvar": _SD,
    "priorvariance": _SD,
    "scale": "It is the prior's standard deviation, as in dfcrm",
    "restrict": "Write  rules: [{type: NoSkipping}, {type: CoherentEscalation}],  which do what dfcrm's restrict does",
    "constrain": "Write  rules: [{type: NoSkipping}],  which does what bcrm's constrain does",
    "increments": "An increment of 1 is  times: 2",
    "intervals": "Write pairs of an amount and the times from there on:  by_amount: [[20, 1.33]]",
    "dltintervals": "Write pairs of a number of DLTs and the times from there on:  after_dlts: [[1, 1.33]]",
    "perweek": "Patients a week times 4.35",
    "peryear": "Patients a year divided by 12",
    "dltwindowweeks": "Weeks times 7",
    "x0": "A path of several doses is the rule  FollowPath",
}

_DESIGNS = {
    "bayesianlogistic": "BLRM",
    "bayesianlogisticregression": "BLRM",
    "logistic": "BLRM",
    "neuenschwander": "BLRM",
    "continualreassessmentmethod": "CRM",
    "continualreassessment": "CRM",
    "dfcrm": "CRM",
    "escalationwithoverdosecontrol": "EWOC",
    "bayesianoptimalinterval": "BOIN",
    "modifiedtoxicityprobabilityinterval": "mTPI",
    "standard": "3+3",
    "33": "3+3",
    "threeplusthree": "3+3",
    "rolling6": "RollingSix",
    "kb": "Keyboard",
    "cumulativecohort": "CCD",
}
_COMMANDS = {
    "help": "--help",
    "version": "--version",
    "simulate": "run",
    "simulation": "run",
    "sim": "run",
    "exact": "run",
    "verify": "validate",
    "qualify": "validate",
    "testpackage": "validate",
    "check": "run",
    "new": "init",
    "create": "init",
    "start": "init",
    "list": "scenarios",
    "examples": "scenarios",
    "decide": "next",
    "recommend": "next",
    "dose": "next",
    "power": "phase2",
    "diff": "compare",
    "convert": "export",
    "docs": "guide",
    "tutorial": "guide",
    "manual": "guide",
    "describe": "explain",
    "info": "explain",
}


def squeezed(name: str) -> str:
    """Return a name without what people write differently: case, points, blanks, dashes and underscores.

    Examples
    --------
    >>> squeezed("n.earlystop"), squeezed("mTPI-2"), squeezed("3 + 3")
    ('nearlystop', 'mtpi2', '3+3')
    """
    return re.sub(r"[\s._-]", "", name).casefold()


def ours(name: str, known: Iterable[str]) -> tuple[str, str] | None:
    """Return the known name that stands for another program's, with what to mind; None where there is none.

    Examples
    --------
    >>> ours("n.earlystop", ["target", "stop_at_n"]), ours("Cutoff_Eli", ["target"])
    (('stop_at_n', ''), None)
    """
    names = list(known)
    key = squeezed(name)
    same = [each for each in names if squeezed(each) == key]
    if same:
        return same[0], ""
    for table in (_OURS, _DESIGNS, _COMMANDS):
        found = table.get(key, ())
        for each in (found,) if isinstance(found, str) else found:
            if each in names:
                return each, _NOTES.get(key, "")
    return None
