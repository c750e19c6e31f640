"""What the app answers: the page, the state of a study on it, and its jobs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from doseesc._version import __version__
from doseesc.app.answers import Answers
from doseesc.app.asked import AskedDurations, AskedQuestion, AskedState, AskedStudy, BadRequest, edits_of
from doseesc.app.edits import edited, read_text
from doseesc.app.fields import path_name
from doseesc.app.form import form_of
from doseesc.app.jobs import Busy, PageJobs, Report, Work, enumerated
from doseesc.app.limits import Cancelled, Deadline, TooLong, names_files
from doseesc.app.questions import DECISIONS
from doseesc.app.workers import EXACT, Task
from doseesc.errors import ScenarioError, field_name
from doseesc.guide import UnknownGuideTopic, guide_page
from doseesc.study import shipped_scenarios, shipped_summaries

if TYPE_CHECKING:
    from doseesc.app.conduct import Conduct
    from doseesc.app.fragments import Fragments
    from doseesc.app.settings import Settings
    from doseesc.app.workers import AnsweringProcesses
    from doseesc.results import Results
    from doseesc.study import Study

_ENDING = (".yaml", ".yml")


class Views:
    """Everything that pages are told; knows the app's settings, and no page.

    Parameters
    ----------
    settings : Settings
    jobs : PageJobs
    workers : AnsweringProcesses
    """

    def __init__(self, settings: Settings, jobs: PageJobs, workers: AnsweringProcesses) -> None:
        self._settings, self._jobs, self._workers, self._lock = settings, jobs, workers, Lock()
        self._answers = Answers(settings.trusted, settings.limits)

    @cached_property
    def _fragments(self) -> Fragments:
        from doseesc.app.fragments import Fragments

        with self._lock:
            return Fragments()

    @cached_property
    def conduct(self) -> Conduct:
        """What answers about running trials."""
        from doseesc.app.conduct import Conduct

        def code(*asked: Any) -> str:
            return self._fragments.code(*self._settings.question(*asked))

        return Conduct(self._answers.study, code, self._settings.limits)

    def page(self) -> str:
        """Return the whole page."""
        start = {"name": self._settings.name, "text": self._settings.text}
        shipped = {name: each.title for name, each in shipped_summaries().items()}
        return self._fragments.page(start, __version__, shipped)

    def style_sheet(self) -> str:
        """Return the style sheet."""
        return self._fragments.style_sheet()

    def guide(self, topic: str | None) -> str:
        """Return a page of the guide; None lists them.

        Raises
        ------
        BadRequest
            If there is no such page.
        """
        try:
            page = None if topic is None else guide_page(topic)
        except UnknownGuideTopic as error:
            raise BadRequest(str(error)) from None
        return self._fragments.guide(page)

    def shipped(self, name: str) -> dict[str, Any]:
        """Return a shipped study by its name.

        Raises
        ------
        BadRequest
            If there is none of that name.
        """
        found = shipped_scenarios().get(name)
        if found is None:
            raise BadRequest(f"there is no shipped study {name}")
        return {"name": f"{name}.yaml", "text": Path(found).read_text(encoding="utf-8")}

    def durations(self, asked: AskedDurations, gone: Callable[[], bool] | None = None) -> dict[str, Any]:
        """Return how long trials of each design last under the curve that is dragged on a page.

        Parameters
        ----------
        asked : AskedDurations
        gone : callable, optional
            Tells whether the page is closed; then it is simulated no further.

        Raises
        ------
        BadRequest
            If the study on the page cannot be used, or is of other doses, which the page itself knows; or if the page
            is closed.
        """
        from doseesc.app.durations import durations

        try:
            study = self._answers.study(file_name(asked.name), asked.text)
            deadline = Deadline(self._settings.limits.follow_seconds, gone)
            return durations(study, asked.truth, asked.scenario, asked.designs, deadline)
        except ValueError as error:
            raise BadRequest(str(error)) from error
        except TooLong as error:
            words = f"it takes longer than {self._settings.limits.follow_seconds:.0f} s; ask “On the calendar”"
            raise BadRequest(words) from error
        except Cancelled as error:
            raise BadRequest("the page that asked is closed") from error

    def state(self, asked: AskedState) -> dict[str, Any]:
        """Make the changes that are asked for, and answer the study that is then on the page."""
        name, text = file_name(asked.name), asked.text
        data: Any = None
        try:
            data = read_text(name, text).data
            if asked.edits:
                text = edited(name, text, edits_of(data, asked.edits))
            source = read_text(name, text)
        except ScenarioError as error:
            return {"name": name, "text": text, **problems(error, data)}
        told: dict[str, Any] = {
            "name": name,
            "text": text,
            "title": _title(source.data),
            "command": self._settings.command(name),
            "python": self._settings.python(name),
        }
        if asked.form and isinstance(source.data, dict):
            told["form"] = self._fragments.form(form_of(source.data))
        try:
            study = self._answers.study(name, text)
            told["warnings"] = study.warnings()
            return told | self._answered(study, Task(name, text, EXACT), alone=names_files(source.data))
        except ScenarioError as error:
            return told | problems(error, source.data)

    def further(self, asked: AskedStudy) -> dict[str, Any]:
        """Return what stands below the first screen of an answer that has been given.

        Raises
        ------
        BadRequest
            If the study on the page cannot be used, which the page itself knows.
        """
        try:
            study = self._answers.study(file_name(asked.name), asked.text)
        except ScenarioError as error:
            raise BadRequest(str(error)) from error
        results = self._answers.known(study)
        if results is None:
            raise BadRequest("the answer to this study is not kept any more; change the study, or reload the page")
        return {"further": self._fragments.further(results, timed=study.accrual is not None)}

    def ask(self, asked: AskedQuestion) -> dict[str, Any]:
        """Begin to answer a question in the background.

        Raises
        ------
        BadRequest
            If no page asks it.
        """
        from doseesc.app.inquiries import ANSWERS, Asked, told_besides

        answer = ANSWERS.get(asked.question)
        if answer is None:
            raise BadRequest("this question is not one of the app's page")
        name = file_name(asked.name)
        try:
            study = self._answers.study(name, asked.text)
        except ScenarioError as error:
            return {"message": str(error)}

        def work(report: Report) -> dict[str, Any]:
            if asked.question == DECISIONS:  # which need little more than what is known here
                exact = partial(self._answers.exact, study, partial(enumerated, report))
                own = self._fragments, self._settings.limits
                found = answer(Asked(study, asked.design, asked.truth, exact, *own, report))
            else:
                found = self._workers.answer(Task(name, asked.text, asked.question, asked.design, asked.truth), report)
            code = self._settings.question(name, asked.question, told_besides(study, asked.design, asked.truth))
            return found | {"code": self._fragments.code(*code)}

        return self._begun(work)

    def _answered(self, study: Study, task: Task, *, alone: bool) -> dict[str, Any]:
        try:
            if self._answers.takes_long(study):
                raise TooLong
            deadline = Deadline(self._settings.limits.live_seconds)
            return self._shown(study, self._answers.exact(study, deadline))
        except TooLong:
            return self._begun(partial(self._slowly if alone else self._elsewhere, study, task))

    def _slowly(self, study: Study, _: Task, report: Report) -> dict[str, Any]:
        return self._shown(study, self._answers.exact(study, partial(enumerated, report)))

    def _elsewhere(self, study: Study, task: Task, report: Report) -> dict[str, Any]:
        results, walks = self._workers.answer(task, report)
        self._answers.keep(study, results, walks)
        return self._shown(study, results)

    def _shown(self, study: Study, results: Results) -> dict[str, Any]:
        return self._fragments.answer(results, self._answers.paths, timed=study.accrual is not None)

    def _begun(self, work: Work) -> dict[str, Any]:
        try:
            return {"job": self._jobs.begin(work)}
        except Busy as error:
            return {"message": str(error)}


def file_name(name: str) -> str:
    """Return what a file is called: without folders, and with the ending of its kind.

    Examples
    --------
    >>> file_name("../my study.yaml"), file_name("")
    ('my study.yaml', 'study.yaml')
    """
    last = "".join(char for char in name.replace("\\", "/").rpartition("/")[2] if char.isprintable()).strip()[:100]
    last = last.lstrip(".-") or "study.yaml"
    return last if last.lower().endswith(_ENDING) else f"{last}.yaml"


def problems(error: ScenarioError, data: Any) -> dict[str, Any]:
    """Return what is wrong: each thing for its field, and everything as the command line says it.

    Parameters
    ----------
    error : ScenarioError
    data : object
        The file's content, which gives the items of lists their names.
    """
    return {
        "problems": [
            {
                "path": path_name(each.path),
                "field": field_name(each.path, data),
                "line": each.line,
                "words": f"{each.message}{'; ' + each.remedy if each.remedy else ''}",
            }
            for each in error.problems
        ],
        "whole": str(error),
    }


def _title(data: Any) -> str:
    about = data.get("study") if isinstance(data, dict) else None
    about = about if isinstance(about, dict) else {}
    return next((str(about[key]) for key in ("short_title", "title") if isinstance(about.get(key), str)), "doseesc")
