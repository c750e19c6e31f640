"""The scenario file: one study, and what is asked of it; its sections are in :mod:`doseesc.study.study_sections`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import PrivateAttr, ValidationInfo, model_validator

from designs import Design, Rule, check_design, rule_conflicts, type_names
from designs.arrays import BoolArray, FloatArray
from doseesc.errors import FieldPath, field_name
from doseesc.named_doses import Doses as NamedDoses
from doseesc.study.arm_analysis_section import ArmAnalysis
from doseesc.study.checks import Parts, problems_across
from doseesc.study.designs import Shared, build_design
from doseesc.study.levels import level_of
from doseesc.study.optimal_section import constraint_rules
from doseesc.study.random_section import Ladder, RandomScenarios
from doseesc.study.sections import (
    EmaxCurve,
    LogisticCurve,
)
from doseesc.study.study_in_time import StudyInTime
from doseesc.study.yaml_source import Source
from doseesc.truth import (
    DoseProbability,
    dlt_probability_at,
    dose_status,
    highest_right,
    right_levels,
)


class Study(StudyInTime):
    """A dose-escalation study to simulate."""

    _origin: Source | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _check_across(self, info: ValidationInfo) -> Self:
        # A file's checks across sections are made by parse(), which reports them with their lines.
        if not (info.context or {}).get("from_file"):
            problems = problems_across(self.parts())
            if problems:
                data = self.model_dump(by_alias=True)
                raise ValueError("; ".join(f"{field_name(each.path, data)} {each.message}" for each in problems))
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy; one that is changed is no longer what its file says, and forgets the file."""
        copy = super().model_copy(update=update, deep=deep)
        if update:
            copy._origin = None
        return copy

    def read_from(self, source: Source) -> Self:
        """Take note of the file that the study was read from; return the study."""
        self._origin = source
        return self

    def to_piece(self) -> dict[str, Any]:
        """Return what pieces of work take with them: the content without its file, users' own models in memory.

        See :func:`doseesc.pieces.text_of`.
        """
        content = self.model_dump(mode="json", by_alias=True)
        for entry, written in zip(self.design_entries, content["designs"], strict=True):
            fitted = entry.parameters.get("fitted")
            if hasattr(fitted, "to_piece"):
                written["fitted"] = fitted
        return content

    @classmethod
    def from_piece(cls, given: Mapping[str, Any]) -> Self:
        """Return the study of which that is the content."""
        return cls.model_validate(given)

    @property
    def source(self) -> Path | None:
        """The file, where the study comes from one."""
        return Path(self._origin.path) if self._origin else None

    @property
    def text(self) -> str:
        """The file, verbatim."""
        return self._origin.text if self._origin else ""

    @property
    def source_sha256(self) -> str:
        """Hash of the file's bytes."""
        return self._origin.sha256 if self._origin else ""

    @property
    def n_doses(self) -> int:
        """Number of dose levels."""
        return len(self.doses.amounts)

    @property
    def dose_labels(self) -> tuple[str, ...]:
        """Labels of the dose levels, lowest first."""
        return self.doses.labels

    @property
    def named_doses(self) -> NamedDoses:
        """What the doses are called in sentences."""
        return NamedDoses(self.dose_labels, self.doses.amounts, self.doses.unit)

    @property
    def dose_amounts(self) -> FloatArray:
        """Amounts of the dose levels, shape (J,)."""
        return np.array(self.doses.amounts)

    @property
    def first_level(self) -> int:
        """Level of the first cohort, from 1."""
        return 1 if self.start_level is None else self.level_of(self.start_level)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the designs, which are not made for it."""
        return tuple(entry.name for entry in self.design_entries)

    @property
    def design_types(self) -> tuple[str, ...]:
        """Types of the designs, each once."""
        return tuple(sorted({entry.type for entry in self.design_entries}))

    @property
    def designs(self) -> dict[str, Design]:
        """The designs by name; the study gives what their entries leave out."""
        built, shared = {}, self._shared
        for place, entry in enumerate(self.design_entries):
            design, problems = build_design(entry, shared, self.doses.names, ("designs", place))
            if design is None:
                raise ValueError("; ".join(f"design {entry.name}: {each.message}" for each in problems))
            built[entry.name] = design
        return built

    @property
    def optimal_rules(self) -> tuple[Rule, ...]:
        """The constraints of the best possible design."""
        rules, problems = constraint_rules(self.optimal, self._shared, ("optimal", "constraints"))
        if problems:
            raise ValueError("; ".join(f"optimal.constraints {each.message}" for each in problems))
        return rules

    @property
    def _shared(self) -> Shared:
        """What designs take from the study."""
        return Shared(self.doses.names, self.doses.amounts, self.target, self.cohort_size, self.max_n, self.first_level)

    @property
    def truths(self) -> dict[str, FloatArray]:
        """True DLT probabilities (J,) of each scenario, by its name; those of random curves are left out."""
        return {each.name: each.probabilities(self.doses) for each in self.scenarios if each.random is None}

    @property
    def random_scenarios(self) -> dict[str, RandomScenarios]:
        """The scenarios that are random curves, by name."""
        return {each.name: each.random for each in self.scenarios if each.random is not None}

    def warnings(self) -> list[str]:
        """Return what the designs cannot do or should not, rules that contradict one another, and idle settings.

        See :func:`designs.check_design` and :func:`designs.rule_conflicts`.
        """
        found = [
            f"{name}: {self.named_doses.in_words(sentence)}"
            for name, design in self.designs.items()
            for sentence in (*rule_conflicts(design), *check_design(design))
        ]
        if self.arm_analysis != ArmAnalysis() and all(arm.control for arm in self.phase2_arms):
            found.append("arm_analysis: changes nothing, since phase2_arms has no arm with the drug")
        return found

    def backfill_notes(self, name: str) -> list[str]:
        """Return in plain words what of the rules of backfill a design cannot follow."""
        calendar = self.calendar_for(name)
        if calendar is None or calendar.backfill is None:
            return []
        return [self.named_doses.in_words(note) for note in calendar.backfill.notes(self.designs[name])]

    def line_of(self, path: FieldPath) -> int | None:
        """Return the line of a field in the file, where the study comes from one."""
        return self._origin.line(path) if self._origin else None

    def level_of(self, dose: int | str) -> int:
        """Return the level, from 1, of a dose given by its label, amount or level.

        Raises
        ------
        ValueError
            If there is no such dose.
        """
        return level_of(dose, self.doses.names)

    def draw(self, random: RandomScenarios) -> FloatArray:
        """Draw random curves for the study's doses, shape (K, J)."""
        rule = self.true_mtd_rule
        return random.draw(Ladder(self.doses.names, self.target, rule.rule, rule.margin))

    @property
    def unsafe_above(self) -> float:
        """DLT probability above which a dose is unsafe, in every output: ``arm_analysis: {unsafe_above: ...}``.

        By default the target plus the margin of the true MTD's definition.
        """
        return self.arm_analysis.limit(self.target + self.true_mtd_rule.margin)

    def true_mtd(self, p: FloatArray) -> int:
        """Return the level of the true MTD, 0 = none, of DLT probabilities (J,) by the study's own definition.

        Where several levels are equally right it is the highest of them.
        """
        return int(highest_right(self.right_levels(p)))

    def right_levels(self, p: FloatArray) -> BoolArray:
        """Return which levels are right to select, (J + 1,) or (K, J + 1), of DLT probabilities (J,) or (K, J).

        Index 0 is "none".
        """
        rule = self.true_mtd_rule
        return right_levels(p, self.target, rule.rule, rule.margin, rule.ties)

    def dlt_probability_at(self, scenario: str, amount: float) -> DoseProbability:
        """Return the true DLT probability of any dose amount in a scenario.

        On the scenario's own curve where it has one over amounts, else by
        :func:`doseesc.truth.dlt_probability_at`.
        """
        own = {each.name: each for each in self.scenarios}[scenario]
        curve = own.curve
        if isinstance(curve, LogisticCurve | EmaxCurve):
            method = f"the scenario's {curve.type} curve"
            return DoseProbability(float(curve.at([amount])[0]), dose_status(amount, self.dose_amounts), method)
        return dlt_probability_at(amount, self.dose_amounts, own.probabilities(self.doses))

    def parts(self) -> Parts:
        """Return what the checks across sections look at."""
        return Parts(
            doses=self.doses,
            target=self.target,
            cohort_size=self.cohort_size,
            max_n=self.max_n,
            start_level=self.start_level,
            designs=list(enumerate(self.design_entries)),
            scenarios=list(enumerate(self.scenarios)),
            arms=list(enumerate(self.phase2_arms)),
            window=self.dlt_window_days,
            observations=list(enumerate(self.observation)),
            analysis=self.analysis,
            comparison=self.comparison,
            optimal=self.optimal,
            time=self._time,
        )


def json_schema(designs: Sequence[str] | None = None) -> dict[str, object]:
    """Return the JSON Schema of the scenario file, with each design's and rule's own parameters.

    Parameters
    ----------
    designs : sequence of str, optional
        Types of design to describe; by default all registered ones, third parties' included.

    Examples
    --------
    >>> json_schema()["title"]
    'doseesc scenario'
    """
    from doseesc.study.schema import scenario_schema

    return scenario_schema(Study, type_names() if designs is None else designs)
