"""What the panel "drag the truth" is made from: the exact ends of a study's designs, and by what they are judged.

The page and the app show the same panel: :data:`PANEL_SCRIPTS` and :data:`PANEL_STYLE` are its files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.engines import MOST_ENDS, Paths, TooManyStates, ends_document, enumerate_paths
from doseesc.report.charts import DESIGN_COLOURS, dose_colour, ink_for
from doseesc.report.page.template import SCRIPTS
from doseesc.results import arm_amounts, on_calendar, scenario_weights
from doseesc.wording import in_a_row, plain_number

if TYPE_CHECKING:
    from designs import Design
    from doseesc.study import Study

PANEL_SCRIPTS = tuple(SCRIPTS / name for name in ("exact_ends.js", "verdict.js", "truth_panel.js"))
"""The scripts of the panel, in the order in which they are loaded; the last one says how it is used."""
PANEL_STYLE = SCRIPTS / "truth_panel.css"

_MEMORY = 2**25  # bytes: a walk that needs more has several times the ends that a page sums


def panel_paths(design: Design) -> Paths:
    """Enumerate a design for the panel, silently, and no longer than its ends may still be few enough.

    Raises
    ------
    TooManyStates
        If they are not.
    """
    return enumerate_paths(design, memory_limit=_MEMORY, progress=lambda _done, _of: None)


def truth_panel_data(
    study: Study,
    *,
    start: str = "",
    first: Sequence[str] = (),
    colours: Mapping[str, int | None] | None = None,
    paths: Callable[[Design], Paths] = panel_paths,
    most_ends: int = MOST_ENDS,
) -> dict[str, Any]:
    """Return what the panel's script shows, as values for JSON.

    Parameters
    ----------
    study : Study
    start : str
        The scenario that is shown first; by default the first of the file.
    first : sequence of str
        Designs that come in before others where not all do.
    colours : mapping of str to int or None, optional
        The place in the palette of each design, by name; by default their order, as far as there are colours.
    paths : callable, optional
        Enumerates a design, or raises :class:`doseesc.engines.TooManyStates`; such as a cache of
        :func:`panel_paths`.
    most_ends : int
        Ends of all designs together.

    Returns
    -------
    dict
        Of a study with a scenario that is no random curve. ``designs`` are those that can be summed in a page; where
        there are none, or not all, ``notes`` say why. The rest is described where it is read, in ``truth_panel.js``.
    """
    rule, comparison = study.true_mtd_rule, study.comparison
    names, truths = tuple(study.truths), list(study.truths.values())
    mtds = np.array([study.true_mtd(truth) for truth in truths], dtype=np.int64)
    by_mtd = comparison.weights == "true_mtds"
    described = {each.name: each.description for each in study.scenarios}
    colours = dict(zip(study.names, range(len(DESIGN_COLOURS)), strict=False)) if colours is None else colours
    ends = _ends(study, sorted(study.names, key=lambda name: name not in first), paths, most_ends)
    shown = [name for name in study.names if name in ends]
    return {
        "doses": [_dose(study, level) for level in range(1, study.n_doses + 1)],
        "rule": {"target": study.target, "rule": rule.rule, "margin": rule.margin, "ties": rule.ties},
        "scenarios": [
            {"name": name, "description": described[name] or "", "dlt": truth.tolist()}
            for name, truth in study.truths.items()
        ],
        "start": start or names[0],
        "seen": _seen(study),
        "weights": None if by_mtd else scenario_weights(comparison.weights, names, mtds).tolist(),
        "penalty": comparison.price,
        "worstCase": comparison.counts == "worst_case",
        "margin": comparison.margin,
        "designs": [{"name": name, "colour": colours.get(name), "ends": ends[name]} for name in shown],
        "whole": len(shown) == len(study.names),
        "notes": _notes(study, shown, most_ends),
    }


def _dose(study: Study, level: int) -> dict[str, str]:
    fill = dose_colour(level, study.n_doses)
    doses = study.named_doses
    mtd = float(study.dose_amounts[level - 1])
    arms = [
        f"{plain_number(round(arm_amounts(study, arm, mtd)[1], 6))} ({arm.name})"
        for arm in study.phase2_arms
        if not arm.control
    ]
    then = f"then Phase 2 gets {in_a_row(arms)}" if arms else ""
    return {"name": doses.name(level), "words": doses.words(level), "fill": fill, "ink": ink_for(fill), "then": then}


def _ends(
    study: Study, names: Sequence[str], paths: Callable[[Design], Paths], most_ends: int
) -> dict[str, dict[str, Any]]:
    """Return the ends of designs by name, of one after the other as long as there are not too many."""
    found, left = {}, most_ends
    designs, sampled = study.designs, _sampled(study)
    for name in names:
        if name in sampled:
            continue
        try:
            ends = ends_document(paths(designs[name]), most_ends=left)
        except TooManyStates:
            continue
        found[name] = ends
        left -= len(ends["orders"])
    return found


def _sampled(study: Study) -> list[str]:
    """Return the designs whose model is sampled for every tally."""
    from doseesc.inference import PymcDesign

    return [name for name, design in study.designs.items() if isinstance(design, PymcDesign)]


def _seen(study: Study) -> list[list[float]] | None:
    """Return the probabilities of being counted and of being evaluable, without and with a DLT of the drug.

    Whatever the drug's DLT probability is, what a trial sees lies on the straight line between these two.
    """
    model = study.own_model
    if model is None:
        return None
    try:
        without, with_dlt = np.column_stack([(law := model.law([0.0, 1.0])).counted, law.evaluable])
    except ValueError:  # hardly anybody would be evaluable there: the line is known from the study's own truths
        most = max(float(truth.max()) for truth in study.truths.values())
        without, at = np.column_stack([(law := model.law([0.0, most])).counted, law.evaluable])
        with_dlt = without + (at - without) / most
    return [without.tolist(), with_dlt.tolist()]


def _notes(study: Study, shown: list[str], most_ends: int) -> list[str]:
    """Say what the figures are, and which designs are not among them."""
    notes = []
    if shown:
        notes.append("Figures are exact: sums over all ways in which a trial can end, for whatever curve is drawn.")
        if study.own_policy is not None:
            notes.append(
                f"The curve is of DLTs that the drug causes; designs meet them as the policy “{study.own_policy}” "
                "observes them, and patients are those evaluable."
            )
    timed = [name for name in on_calendar(study) if name in shown]
    if timed:
        decide = "decides" if len(timed) == 1 else "decide"
        notes.append(
            f"Here all outcomes are known before each decision and nobody is backfilled: {in_a_row(timed)} {decide} "
            "otherwise on the study's calendar, so that the figures at its scenarios differ from those of its runs."
        )
    sampled = _sampled(study)
    for left, why in (
        ([name for name in sampled if name not in shown], "a model in PyMC is sampled for every tally"),
        (
            [name for name in study.names if name not in shown and name not in sampled],
            f"the trials would end in more ways than the {most_ends:,} that this page sums",
        ),
    ):
        if left:
            notes.append(f"{in_a_row(left)} {'is' if len(left) == 1 else 'are'} not here: {why}.")
    return notes
