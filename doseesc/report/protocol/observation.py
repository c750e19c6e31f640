"""DLTs, evaluability and attribution in a protocol, and the patients that must be enrolled for those who count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from doseesc.engines import Observed
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import PageTable, Value, number
from doseesc.report.words import observed_words
from doseesc.results import PolicyComparison, PolicyFigures, SavedRun
from doseesc.study import Observation, Study
from doseesc.truth import times_words
from doseesc.wording import percent_words

_UNCERTAIN = "The list of events that are DLTs, and who attributes them to the product, are to be given here."


def dlt_blocks(saved: SavedRun, name: str) -> Iterator[Block]:
    """Yield the section on DLTs; ``name`` is the trial's design."""
    study = saved.results.study
    yield Block("heading", "Dose-limiting toxicity, evaluability and attribution")
    if not study.observation:
        yield from paragraphs(
            f"A patient is evaluable for DLTs after {_days(study.dlt_window_days)} of observation, or with a DLT. "
            f"{_UNCERTAIN} How deaths and losses within the window are counted, and who is replaced, are to be given "
            "here, too.",
            "In the simulation every patient is evaluable, and only the drug causes DLTs; the price of background "
            "events and deaths is not part of the figures below, and the numbers of patients are of evaluable ones.",
        )
        return
    own = study.observation[0]
    yield from paragraphs(
        f"Patients are observed for DLTs for {_days(own.days(study.dlt_window_days))}. {_UNCERTAIN}",
        *evaluability_sentences(own),
        assumed_rates(own, study.dlt_window_days),
    )
    compared = saved.results.policies
    if compared is None:
        return
    found = {
        scenario: _Seen(compared.cells[policy, scenario, design].best, cell.best)
        for (policy, scenario, design), cell in compared.observed.items()
        if (policy, design) == (own.name, name)
    }
    yield from paragraphs(_enrolment_sentence(found, study.designs[name].max_n))
    yield from captioned(_enrolment_table(found, name))
    if len(study.observation) > 1:
        yield from captioned(_policy_table(study, compared, name))


def evaluability_sentences(given: Observation) -> list[str]:
    """Say who is evaluable and what counts as a DLT under a policy."""
    sentences = [
        "An event that looks like a DLT counts as one, whatever its cause; there is no adjudication."
        if given.adjudication is None
        else "Events are adjudicated, so that events of the underlying disease do not count where they are recognised."
    ]
    share = percent_words(given.attributed_fraction or 0.0)
    replaced = "is not evaluable and is replaced"
    free = "counts as a patient without a DLT"
    frozen = "stays in the analysis with the weight of the follow-up until then, and is not replaced"
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
    lost = {"replaced": replaced, "dlt_free": free, "weight_frozen": frozen}[given.losses]
    sentences.append(f"A patient lost to follow-up within the window without a DLT before {lost}.")
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
