"""What an observation policy assumes and does, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.wording import percent_words

if TYPE_CHECKING:
    from doseesc.study import Observation

_DEATHS = {
    "all_count": "all deaths count",
    "replaced": "deaths replaced",
    "dlt_free": "deaths DLT-free",
    "weight_frozen": "deaths keep the weight of their follow-up",
}
_LOSSES = {"replaced": "replaced", "dlt_free": "DLT-free", "weight_frozen": "weight of the follow-up kept"}


def observed_words(given: Observation, dlt_window: float) -> str:
    """Return a policy's assumptions in a few words.

    Examples
    --------
    >>> from doseesc.study.observation_section import Observation
    >>> observed_words(Observation(background=0.05, mortality_28_days=0.3), 14)
    'window 14 days, background 5 %, 28-day mortality 30 %, deaths replaced'
    """
    window = given.days(dlt_window)
    words = [f"window {window:g} day{'' if window == 1 else 's'}"]
    if given.background:
        words.append(f"background {percent_words(given.background)}")
    if given.mortality_28_days is not None:
        words.append(f"28-day mortality {percent_words(given.mortality_28_days)}")
    if given.death_in_window is not None:
        words.append(f"death in the window {percent_words(given.death_in_window)}")
    if given.mortality_28_days or given.death_in_window:
        if given.deaths == "fraction":
            rest = "replaced" if given.unattributed == "replaced" else "DLT-free"
            words.append(f"{percent_words(given.attributed_fraction or 0.0)} of deaths count, the rest {rest}")
        else:
            words.append(_DEATHS[given.deaths])
        if given.death_relative_risk != 1:
            words.append(f"{given.death_relative_risk:g} times with a drug DLT")
    if given.adjudication is not None:
        judged = given.adjudication
        sensitivity, specificity = percent_words(judged.sensitivity), percent_words(judged.specificity)
        words.append(f"adjudicated (sensitivity {sensitivity}, specificity {specificity})")
    if given.loss:
        words.append(f"{percent_words(given.loss)} lost ({_LOSSES[given.losses]})")
    return ", ".join(words)
