"""How much hangs on what is counted as a DLT, in a sentence."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from doseesc.results import DRUG_ALONE
from doseesc.wording import plain_words

if TYPE_CHECKING:
    from doseesc.results import Results


def attribution_finding(results: Results) -> str:
    """Say in a sentence how much hangs on what is counted as a DLT; nothing without an observation model."""
    compared = results.policies
    if compared is None:
        return ""
    correct = [
        (policy, design, float(each.correct_selection))
        for (policy, design), figures in compared.groups().items()
        for each in figures
    ]
    by_policy = {
        name: fmean(share for policy, _, share in correct if policy == name)
        for name in (DRUG_ALONE, *compared.policies)
    }
    alone = by_policy.pop(DRUG_ALONE)
    best, worst = max(by_policy, key=lambda each: by_policy[each]), min(by_policy, key=lambda each: by_policy[each])
    if best == worst:
        return (
            f"Events that the drug did not cause: the true MTD is found in {_whole(by_policy[best])} of trials, in "
            f"{_whole(alone)} without them."
        )
    by_design = [
        fmean(share for policy, its, share in correct if its == design and policy != DRUG_ALONE)
        for design in results.study.names
    ]
    policies, designs = by_policy[best] - by_policy[worst], max(by_design) - min(by_design)
    against = f", the choice of design by {100 * designs:.0f}" if len(by_design) > 1 else ""
    most = f"{_whole(by_policy[best])} at best ({plain_words(best)})"
    least = f"{_whole(by_policy[worst])} at worst ({plain_words(worst)})"
    return (
        f"What is counted as a DLT moves correct selection by up to {100 * policies:.0f} points{against}: it is "
        f"{most}, {least}, {_whole(alone)} if nothing but the drug causes DLTs."
    )


def _whole(share: float) -> str:
    return f"{100 * share:.0f} %"
