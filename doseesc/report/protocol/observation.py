"""DLTs, evaluability and attribution in a protocol, and the patients that must be enrolled for those who count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from doseesc.engines import Observed
from doseesc.report.protocol.open_points import open_point
from doseesc.report.protocol.sections import section
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import PageTable, Value, number
from doseesc.report.words import observed_words
from doseesc.results import PolicyComparison, PolicyFigures
from doseesc.study import Observation, Study
from doseesc.truth import times_words
from doseesc.wording import in_a_row, percent_words

if TYPE_CHECKING:
    from doseesc.results import Results

_UNCERTAIN = open_point("the list of events that are DLTs, with their grades, and who attributes them to the product")


_MADE_OF = MappingProxyType(
    {
        "replaced": "is not evaluable and is replaced",
        "dlt_free": "counts as a patient without a DLT",
        "weight_frozen": "stays in the analysis with the weight of the follow-up until then, and is not replaced",
    }
)


def dlt_blocks(study: Study) -> Iterator[Block]:
    """Yield the definition of a DLT, and what is made of patients who have an event, die or are lost."""
    yield section("9")
    yield section("9.1")
    yield Block("minor", "Dose-limiting toxicity")
    yield from paragraphs(
        f"A DLT is one of these events within {_days(study.watched_days)} of the first dose:", _UNCERTAIN
    )
    yield Block("minor", "Evaluability and attribution")
    if not study.observation:
        yield from paragraphs(
            f"A patient is evaluable for DLTs after {_days(study.dlt_window_days)} of observation, or with a DLT.",
            open_point("how deaths and losses within the window are counted, and who is replaced"),
            "In the simulation every patient is evaluable, and only the drug causes DLTs; the price of background "
            "events and deaths is not part of the figures of this protocol, and the numbers of patients are of "
            "evaluable ones.",
        )
        return
    own = study.observation[0]
    yield from paragraphs(*evaluability_sentences(own), assumed_rates(own, study.dlt_window_days))


def enrolment_blocks(results: Results, name: str) -> Iterator[Block]:
    """Yield the patients that must be enrolled for those who count; nothing where all do."""
    found = _seen(results, name)
    if not found:
        return
    yield Block("minor", "Patients to be enrolled")
    yield from paragraphs(_enrolment_sentence(found, results.study.designs[name].max_n))
    yield from captioned(_enrolment_table(found, name))


def most_enrolled(results: Results, name: str) -> int | None:
    """Return the number of patients that 95 % of trials do not exceed in any scenario; None where all are evaluable."""
    return max((_quantile(each.added, 0.95) for each in _seen(results, name).values()), default=None)


def policy_blocks(results: Results, name: str) -> Iterator[Block]:
    """Yield what other rules of evaluability and attribution would do; nothing where there are none."""
    compared, study = results.policies, results.study
    if compared is not None and len(study.observation) > 1:
        yield from captioned(_policy_table(study, compared, name))


def evaluable_words(study: Study) -> str:
    """Say who is evaluable for DLTs."""
    observed = f"All treated patients with a DLT, or observed for {_days(study.watched_days)} without one"
    if not study.observation:
        return observed
    own = study.observation[0]
    also = []
    if own.deaths in ("all_count", "dlt_free", "fraction"):
        also.append("who died" if own.deaths != "fraction" else "whose death is attributed to the product")
    if own.losses == "dlt_free":
        also.append("who were lost")
    return f"{observed}{f', and those {in_a_row(also)} within the window' if also else ''}"


def loss_sentence(study: Study) -> str:
    """Say what is made of patients lost within the window."""
    if not study.observation:
        return open_point("what is made of patients lost to follow-up, and who is replaced")
    return (
        f"A patient lost to follow-up within the window without a DLT before {_MADE_OF[study.observation[0].losses]}."
    )


def _seen(results: Results, name: str) -> dict[str, _Seen]:
    """Return what a trial sees by scenario; nothing where all patients are evaluable and only the drug matters."""
    compared = results.policies
    if compared is None or not results.study.observation:
        return {}
    own = results.study.observation[0].name
    return {
        scenario: _Seen(compared.cells[policy, scenario, design].best, cell.best)
        for (policy, scenario, design), cell in compared.observed.items()
        if (policy, design) == (own, name)
    }


def evaluability_sentences(given: Observation) -> list[str]:
    """Say who is evaluable and what counts as a DLT under a policy."""
    sentences = [
        "An event that looks like a DLT counts as one, whatever its cause; there is no adjudication."
        if given.adjudication is None
        else "Events are adjudicated, so that events of the underlying disease do not count where they are recognised."
    ]
    share = percent_words(given.attributed_fraction or 0.0)
    replaced, free, frozen = (_MADE_OF[each] for each in ("replaced", "dlt_free", "weight_frozen"))
    rest = replaced if given.unattributed == "replaced" else free
    died = "A patient who dies within the window without a DLT before"
    sentences.append(
        {
            "all_count": f"{died} counts as a patient with a DLT, whatever the cause of death.",
            "fraction": f"{died} counts as a patient with a DLT if the death is attributed to the product, which the "
            f"simulation takes to be so in {share} of these deaths; otherwise the patient {rest}.",
            "replaced": f"{died} {replaced}.",
            "dlt_free": f"{died} {free}.",
            "weight_frozen": f"{died} {frozen}.",
        }[given.deaths]
    )
    sentences.append(f"A patient lost to follow-up within the window without a DLT before {_MADE_OF[given.losses]}.")
    return [" ".join(sentences)]


def assumed_rates(given: Observation, dlt_window: float) -> str:
    """Say what the simulation assumes to happen to patients besides the drug."""
    model = given.model(dlt_window)
    rates = [
        f"an event that looks like a DLT and is not the drug's in {percent_words(given.background)} of patients",
        f"death in {percent_words(model.death)}"
        + (
            f" (28-day mortality {percent_words(given.mortality_28_days)})"
            if given.mortality_28_days is not None
            else ""
        ),
        f"loss to follow-up in {percent_words(given.loss)}",
    ]
    words = f"The simulation assumes, within {_days(model.window)}: {', '.join(rates[:-1])}, and {rates[-1]}."
    if given.death_relative_risk != 1:
        words += f" Patients with a DLT of the drug are {given.death_relative_risk:g} times as likely to die."
    if given.adjudication is not None:
        words += (
            f" Adjudication counts {percent_words(given.adjudication.sensitivity)} of the drug's DLTs and rightly "
            f"leaves out {percent_words(given.adjudication.specificity)} of the other events."
        )
    return f"{words} {times_words(model.dlt_times, dlt_window)}"


class _Seen(NamedTuple):
    """What a trial sees in a scenario: the design's figures, and what observation adds."""

    main: PolicyFigures
    added: Observed


def _enrolment_sentence(seen: Mapping[str, _Seen], max_n: int) -> str:
    scenario, most = max(seen.items(), key=lambda each: each[1].added.enrolled)
    return (
        f"The numbers of the design, at most {max_n}, are of evaluable patients. Enrolment is planned for more: in "
        f"scenario {scenario}, where it is largest, {most.added.enrolled:.1f} patients are enrolled on average, "
        f"and at most {_quantile(most.added, 0.95)} in 95 % of trials."
    )


def _enrolment_table(seen: Mapping[str, _Seen], name: str) -> PageTable:
    rows = [
        (
            Value(scenario),
            _with_error(main, "total_patients", 1),
            _with_error(added, "enrolled", 1),
            Value("–".join(str(_quantile(added, level)) for level in (0.05, 0.5, 0.95)), "", added.enrolled),
            *(_with_error(added, metric, 2) for metric in ("replaced", "deaths")),
            _with_error(main, "total_dlts", 2),
            _with_error(added, "drug_dlts", 2),
            _with_error(added, "not_caused_share", 1, 100),
        )
        for scenario, (main, added) in seen.items()
    ]
    return PageTable(
        "enrolment",
        f"Patients enrolled and evaluable per trial, {name}",
        "Expected numbers, ± one Monte Carlo standard error where they are simulated, and the 5, 50 and 95 % quantiles "
        "of the number enrolled. Deaths and DLTs of the drug are counted among all enrolled, DLTs counted among the "
        "evaluable. Not the drug's: the share of counted DLTs that are events of the disease or deaths.",
        (
            "scenario",
            "evaluable",
            "enrolled",
            "enrolled, 5–50–95 %",
            "replaced",
            "deaths in the window",
            "DLTs counted",
            "DLTs of the drug",
            "not the drug's, %",
        ),
        rows,
    )


def _policy_table(study: Study, compared: PolicyComparison, name: str) -> PageTable:
    rows = []
    for policy in study.observation:
        price = compared.price(policy.name, name)
        rows.append(
            (
                Value(policy.name),
                Value(observed_words(policy, study.dlt_window_days)),
                number(price.correct, 1, 100),
                number(price.overdose, 1, 100),
                number(price.stopped, 1, 100),
                number(price.enrolled, 1),
            )
        )
    return PageTable(
        "policies",
        f"Other rules of evaluability and attribution, {name}",
        "Means over all scenarios, each counted equally. The first is the protocol's. Safe product stopped: no dose is "
        "selected although there is a true MTD, over the scenarios in which there is one.",
        (
            "rule",
            "what it assumes and does",
            "correct selection, %",
            "selection above the MTD, %",
            "safe product stopped, %",
            "patients enrolled",
        ),
        rows,
    )


def _with_error(figures: PolicyFigures | Observed, metric: str, digits: int, scale: float = 1.0) -> Value:
    shown = number(getattr(figures, metric), digits, scale)
    error = getattr(figures.mcse, metric)
    return Value(shown.text, f"± {scale * error:.{digits + 1}f}" if error > 0 else "", shown.key)


def _quantile(observed: Observed, level: float) -> int:
    return int(np.searchsorted(np.cumsum(observed.enrolled_distribution), level - 1e-9))


def _days(days: float) -> str:
    return f"{days:g} day{'' if days == 1 else 's'}"
