"""What is asked of a scenario file about time, and about what happens to patients in it."""

from __future__ import annotations

from dataclasses import replace

from doseesc.engines import Calendar
from doseesc.study.calendar_section import TimeParts, calendar_of
from doseesc.study.study_sections import StudySections
from doseesc.truth import EVEN_TIMES, EventTimes, LateWeibull, ObservationModel


class StudyInTime(StudySections):
    """How patients are observed and arrive; what :class:`doseesc.study.Study` says of time."""

    @property
    def observations(self) -> dict[str, ObservationModel]:
        """The observation models by name, the study's own first; none where only the drug matters."""
        times = self._shared_times
        return {each.name: each.model(self.dlt_window_days, times) for each in self.observation}

    @property
    def own_policy(self) -> str | None:
        """The name of the observation model by which the study sees the trial, the first; None = the drug alone."""
        return self.observation[0].name if self.observation else None

    @property
    def own_model(self) -> ObservationModel | None:
        """The observation model of :attr:`own_policy`."""
        return None if self.own_policy is None else self.observations[self.own_policy]

    @property
    def watched_days(self) -> float:
        """Days that the study itself watches a patient for DLTs."""
        return float(self.dlt_window_days) if self.own_model is None else self.own_model.window

    @property
    def _shared_times(self) -> EventTimes:
        """The law of the time of a DLT, for policies of observation without their own."""
        law = EVEN_TIMES if self.dlt_times is None else self.dlt_times.law()
        return EVEN_TIMES if isinstance(law, LateWeibull) else law  # no policy then asks for it, see the checks

    @property
    def calendar(self) -> Calendar | None:
        """Everything about time; None where the study says nothing of accrual.

        Backfill has the responses of no scenario; see :meth:`calendar_for`.
        """
        if self.accrual is None:
            return None
        return calendar_of(self.accrual, self._time, self.doses.labels)

    def calendar_for(self, design: str, scenario: str | None = None) -> Calendar | None:
        """Return the calendar of a design's trials, with the probabilities of a response where a scenario is named."""
        calendar = self.calendar
        if calendar is None or calendar.backfill is None:
            return calendar
        chosen = self.backfill.designs if self.backfill is not None else None
        if chosen is not None and design not in chosen:
            return replace(calendar, backfill=None)
        responses = None
        if scenario is not None:
            responses = {each.name: each for each in self.scenarios}[scenario].responses(self.doses)
        return replace(calendar, backfill=replace(calendar.backfill, response_probabilities=responses))

    @property
    def _time(self) -> TimeParts:
        given = self.accrual is not None
        return TimeParts(given, self.dlt_times, self.stagger, self.backfill, self.max_duration_months)
