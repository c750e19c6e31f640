"""Our designs from the arguments of other programs' calls, and patients as those programs list them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logit, ndtr

from designs import (
    BOIN,
    CRM,
    CRMMLE,
    MTPI,
    MTPI2,
    TPI,
    CoherentEscalation,
    FollowPath,
    IntervalDesign,
    NoSkipping,
    Pending,
    Rule,
    StopAtDose,
    StopAtRecommended,
    StopTooToxic,
    Tally,
    Weighted,
)
from doseesc.validation.golden_numbers import Item


def by_id(item: Item) -> str:
    """Return an item's name in lists."""
    return f"id{item['id']}"


def tally_of(levels: Sequence[int], dlts: Sequence[int], n_doses: int) -> Tally:
    """Count patients listed one by one."""
    n, y = np.zeros((1, n_doses), dtype=int), np.zeros((1, n_doses), dtype=int)
    np.add.at(n[0], np.array(levels) - 1, 1)
    np.add.at(y[0], np.array(levels) - 1, dlts)
    return Tally(n=n, dlt=y, level=np.array([levels[-1]]))


def one_tally(n: Any, dlt: Any, level: int) -> Tally:
    """Return one trial's tally from its patients and DLTs at each dose."""
    return Tally(n=np.array([n]), dlt=np.array([dlt]), level=np.array([level]))


# BOIN


def boin_of_get_boundary(item: Item, **more: Any) -> BOIN:
    """Build the design of BOIN's get.boundary and select.mtd."""
    options = {
        "target": item["target"],
        "p_safe": item.get("p.saf"),
        "p_toxic": item["p.tox"],
        "elimination_cutoff": item["cutoff.eli"],
        "extra_safe": item["extrasafe"],
        "offset": item["offset"],
    }
    return BOIN(**(options | more))


def boin_of_get_oc(item: Item) -> BOIN:
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


@dataclass(frozen=True, kw_only=True)
class NextDoseBOIN(BOIN):
    """BOIN without its final isotonic choice: the recommended dose is the one the next cohort would get."""

    def pick(self, tally: Tally) -> Any:
        """Return the next level (S,) as the dose selected."""
        return self.next_level(tally)


def boin_of_escalation(item: Item) -> BOIN:
    """Build the design of escalation's get_boin with its stopping rules."""
    config = item["config"]
    kind = BOIN if "final" in config else NextDoseBOIN
    return kind(
        target=config["target"],
        n_doses=item["num_doses"],
        elimination_cutoff=config["cutoff.eli"],
        cohort_size=item["cohort_sizes"][0],
        max_n=sum(item["cohort_sizes"]),
        start_level=config.get("start_dose", 1),
        rules=tuple(_limits_of_patients(config)),
    )


def _limits_of_patients(config: Item) -> list[Rule]:
    """Return escalation's rules that stop at a number of patients."""
    rules: list[Rule] = []
    if "stop_n_at_recommended" in config:
        rules.append(StopAtRecommended(config["stop_n_at_recommended"]))
    if "stop_n_at_any" in config:
        rules.append(StopAtDose(config["stop_n_at_any"]))
    return rules


# CRM


def crm_of(item: Item, **more: Any) -> CRM:
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


def crm_of_crmsim(item: Item) -> CRM:
    """Build the design of dfcrm's crmsim."""
    rules = (NoSkipping(), CoherentEscalation()) if item["restrict"] else ()
    (start,) = np.atleast_1d(item["x0"])
    return crm_of(item, cohort_size=item["mcohort"], max_n=item["n"], start_level=int(start), rules=rules)


@dataclass(frozen=True, kw_only=True)
class NormalTailCRM(CRM):
    """A CRM whose stopping rule takes the posterior of the parameter for normal, as escalation does with dfcrm."""

    def probability_above(self, tally: Tally, level: Any, above: float) -> Any:
        """Return (S,) probabilities that the DLT probability of a level exceeds a limit."""
        prior = self.skeleton[level - 1]
        if self.model == "empiric":
            limit = np.log(np.log(above) / np.log(prior))
        else:
            limit = np.log((logit(above) - self.intercept) / (logit(prior) - self.intercept))
        posterior = self.posterior(tally)
        return ndtr((limit - posterior.mean) / np.sqrt(posterior.variance))


def crm_of_escalation(item: Item, kind: type[CRM] = CRM) -> CRM:
    """Build our design from a chain of escalation's selectors."""
    config = item["config"]
    rules: list[Rule] = []
    if config.get("no_skip_up"):
        rules.append(NoSkipping(down=config.get("no_skip_down", False)))
    toxic = config.get("stop_too_toxic", [])
    for stop in toxic if isinstance(toxic, list) else [toxic]:
        rules.append(StopTooToxic(level=stop["dose"], above=stop["tox_threshold"], confidence=stop["confidence"]))
    return kind(
        target=config["target"],
        skeleton=config["skeleton"],
        model=config["model"],
        intercept=config.get("intcpt", 3.0),
        prior_sd=config["scale"],
        cohort_size=item["cohort_sizes"][0],
        max_n=sum(item["cohort_sizes"]),
        start_level=config.get("start_dose", 1),
        selection="next_level",
        rules=(*rules, *_limits_of_patients(config)),
    )


# Interval designs of escalation


def interval_of_escalation(item: Item, **more: Any) -> IntervalDesign:
    """Build our TPI, mTPI or mTPI-2 from the arguments of an R call; the R package excludes from two patients on."""
    config = item.get("config", item)
    kind = item["design"].replace(",", " ").split()[0]
    names = ("k1", "k2") if kind == "TPI" else ("epsilon1", "epsilon2")
    options = {name: config[name] for name in ("target", "alpha", "beta", "exclusion_certainty", *names)}
    options |= {"exclusion_min_n": 2, "mtd_fit": "all", "mtd_alpha": config["alpha"], "mtd_beta": config["beta"]}
    if kind == "TPI":
        options |= {"exclusion_alpha": config["alpha"], "exclusion_beta": config["beta"]}
    designs: dict[str, Any] = {"mTPI": MTPI, "mTPI2": MTPI2, "TPI": TPI}
    made: IntervalDesign = designs[kind](**(options | more))
    return made


# Patients under observation


def entered(
    level: Sequence[int], dlt: Any, followup: Any, window: float, n_doses: int, dlt_days: bool = True
) -> tuple[Tally, Pending]:
    """Return the tally of known patients and those pending from one patient after another."""
    levels, events = np.array(level, dtype=int), np.array(dlt, dtype=bool)
    days = np.array(followup, dtype=float)
    known = events | (days >= window)
    n, y = (np.bincount(levels[mask], minlength=n_doses + 1)[None, 1:] for mask in (known, events))
    pending = Pending(
        level=levels[None, ~known],
        days=days[None, ~known],
        window_days=window,
        dlt_days=days[None, events] if dlt_days else None,
    )
    return Tally(n=n, dlt=y, level=np.array([levels[-1]])), pending


def at_arrival(item: Item, patient: int) -> tuple[Tally, Pending]:
    """Return what dfcrm's titesim sees when ``patient`` (from 0) arrives."""
    now = item["arrival"][patient]
    entry = np.array(item["arrival"][:patient])
    after = np.array([np.inf if days is None else days for days in item["dlt_after"][:patient]])
    seen = entry + after <= now
    followup = np.where(seen, after, np.minimum(now - entry, item["obswin"]))
    return entered(item["dose"][:patient], seen, followup, item["obswin"], len(item["prior"]))


def titecrm_of(item: Item, **more: Any) -> CRM | CRMMLE:
    """Build the design of dfcrm's titecrm and titesim."""
    start = item.get("x0", [1])
    rules: tuple[Rule, ...] = (NoSkipping(),) if item.get("restrict") else ()
    options = {
        "target": item["target"],
        "skeleton": item["prior"],
        "model": item["model"],
        "intercept": item.get("intcpt", 3),
        "max_n": item.get("n", 60),
        "cohort_size": 1,
        "start_level": start[0],
        "pending": Weighted(weights=item.get("scheme", "linear")),
        "rules": rules,
    }
    if item.get("method") == "mle":
        return CRMMLE(**(options | {"initial_levels": start, "minimum_days": item.get("tgrp")} | more))
    if len(start) > 1:
        options["rules"] = (*rules, FollowPath(tuple(start), minimum_days=item["tgrp"]))
    return CRM(**(options | {"prior_sd": item["scale"]} | more))


def tite_boin_of(item: Item) -> BOIN:
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
