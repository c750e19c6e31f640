"""The further questions that a page offers; :mod:`doseesc.app.inquiries`, which takes long to load, answers them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A question: what it is called, what it answers, and the command that answers it too, "" for none."""

    name: str
    about: str
    command: str


QUESTIONS = {
    "worst": Question("Worst case", "The truths under which each design does least well.", "worst-case"),
    "size": Question("Number of patients", "Correct selection against the largest number of patients.", "size"),
    "calendar": Question("On the calendar", "How long trials last, and what they wait for, at this accrual.", "run"),
    "phase2": Question("Phase 2", "The power of the Phase 2 trial, and the whole programme's chance.", "phase2"),
    "ensemble": Question("Random truths", "Every design under many random curves.", "ensemble"),
    "optimum": Question("The optimum", "The best possible design, and how near to it the designs come.", "optimal"),
    "report": Question("Report", "One page for the trial team, with simulated trials, to be saved.", "report"),
    "protocol": Question("Protocol", "Design and statistics of a protocol, as a Word file.", "protocol"),
}
"""By the names that pages use."""

DECISIONS = "decisions"
"""What follows after which outcome by one design, and example trials."""
