"""When a trial ends: the rules that stop it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from designs.rules import StoppingRule
from doseesc.report.protocol.escalation import counting
from doseesc.report.protocol.open_points import open_paragraph
from doseesc.report.protocol.sections import section
from doseesc.report.protocol.text_blocks import Block, paragraphs
from doseesc.report.words import rules_of_backfill

if TYPE_CHECKING:
    from doseesc.conduct import Trial
    from doseesc.results import Results


def stopping_blocks(results: Results, trial: Trial) -> Iterator[Block]:
    """Yield the rules by which the trial stops."""
    design, words = trial.design, trial.doses.in_words
    besides = ", those backfilled not counted" if rules_of_backfill(results, trial.name) else ""
    yield section("4.3")
    yield Block("bullet", f"The trial stops after {counting(results, design.max_n)}{besides}.")
    rules = (rule for rule in design.all_rules() if isinstance(rule, StoppingRule))
    yield from (Block("bullet", words(rule.describe(design))) for rule in rules)
    yield from paragraphs("Stopping that belongs to the design itself is described with it in section 4.1.")
    yield open_paragraph("events that halt the trial at once whatever the design says, and who may resume it")
