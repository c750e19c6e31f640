"""What a Phase 2 trial rests on: every value of its section, and the basis of those that the file does not give."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import NamedTuple

from doseesc.phase2.patients import BERLIN
from doseesc.study.phase2_section import Phase2
from doseesc.study.values import Section

_BASIS = MappingProxyType(
    {
        "patients_per_arm": "169 patients were planned, perhaps 3 x 50 of them in Phase 2",
        "control.improved": "ACTT-1, ventilated patients on placebo",
        "control.died": "recommended for this protocol, between trials' controls of 20 and 40 %",
        "control.improvement_times": "fit to Wang et al. 2020",
        "control.death_times": "fit to ACTT-1 and Wang et al. 2020",
        "effect.shr": "a large effect",
        "effect.mortality_rr": "paired with sHR 1.5",
        "effect.dose_response": "MTD/4 has half the log effect of the MTD",
        "effect.at_dose": "the highest dose level",
        "adverse_background": "related events of grade 3 or more to day 14",
        "loss": "between 0 and 10 %",
        "mtd": "the highest dose level",
        "analysis.ttci": "as the published antiviral trials",
        "analysis.death": "as the published antiviral trials",
        "analysis.mortality": "not registered",
        "analysis.reactions": "not registered",
        "analysis.multiplicity": "not registered",
        "analysis.endpoints": "not registered",
        "analysis.alpha": "one-sided",
    }
)
_OF_STRATA = ("control.improved", "control.died")
_BERLIN_BASIS = (
    "mix and mortality between published cohorts' and this protocol's patients'; improvement as in Wang et al. 2020, "
    "in ACTT-1, and lower"
)


class Assumption(NamedTuple):
    """A value that Phase 2 rests on: where it stands in the file, whether the file gives it, and its basis if not."""

    key: str
    value: str
    from_file: bool
    basis: str


def assumptions_of(section: Phase2) -> list[Assumption]:
    """Return every value that the trial rests on."""
    without = set(_OF_STRATA) if section.strata else set()
    if section.total_patients is not None:
        without.add("patients_per_arm")
    found = [each for each in _leaves(section, "") if each.key not in without]
    if section.strata == "berlin":
        for each in BERLIN:
            improved, died = 100 * each.course.improved, 100 * each.course.died
            value = f"{100 * each.share:g} % of patients; improve {improved:g} %, die {died:g} %"
            found.append(Assumption(f"strata.{each.name}", value, False, _BERLIN_BASIS))
    return found


def assumed_words(section: Phase2) -> str:
    """Return one line that names what the file does not give.

    Examples
    --------
    >>> from doseesc.study.phase2_section import Phase2
    >>> assumed_words(Phase2(loss=0.1))[:73]
    'assumed, not in the file: patients_per_arm 50; control.improved 0.5; cont'
    """
    listed = [f"{each.key} {each.value or each.basis}" for each in assumptions_of(section) if not each.from_file]
    return "assumed, not in the file: " + "; ".join(listed) if listed else ""


def _leaves(section: Section, prefix: str, given: bool = True) -> Iterator[Assumption]:
    for name in type(section).model_fields:
        value, from_file = getattr(section, name), given and name in section.model_fields_set
        key = f"{prefix}{name}"
        if isinstance(value, Section) and not hasattr(value, "one_value"):
            yield from _leaves(value, f"{key}.", from_file)
        elif from_file or key in _BASIS:
            basis = "" if from_file else _BASIS[key]
            yield Assumption(key, "" if value is None else _shown(value), from_file, basis)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{arm} {count}" for arm, count in value.items())
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
