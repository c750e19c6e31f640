"""From the text on a page to a study, and to its exact answer; the last few answers are kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import replace
from typing import TYPE_CHECKING

import doseesc.study  # whose parts are loaded when they are asked for
from doseesc.app.edits import read_text
from doseesc.app.limits import Limits, Trusted, check_size
from doseesc.engines import MOST_ENDS

if TYPE_CHECKING:
    from designs import Design
    from doseesc.engines import Paths
    from doseesc.results import Results
    from doseesc.study import Study

_Question = tuple[str, "tuple[Design, ...]"]

_KEPT = 16
_WALKS_KEPT = 48
_LIVE_TRIALS = 2000


class Answers:
    """Reads texts and answers them; it knows no page, and keeps no more than the last few answers.

    Parameters
    ----------
    trusted : Trusted
    limits : Limits
    """

    def __init__(self, trusted: Trusted, limits: Limits) -> None:
        self._trusted, self._limits, self._lock = trusted, limits, threading.Lock()
        self._known: OrderedDict[_Question, Results] = OrderedDict()
        self._walks = _Walks()

    @property
    def path(self) -> str:
        """The file in whose folder others are looked for."""
        return self._trusted.path

    def study(self, name: str, text: str) -> Study:
        """Read a scenario file.

        Parameters
        ----------
        name : str
            What the file is called in messages.
        text : str

        Raises
        ------
        ScenarioError
            If anything is wrong, in the words of the command line.
        """
        source = read_text(name, text)
        self._trusted.check(source)
        if self._trusted.files or self._trusted.code:
            source = replace(source, path=self._trusted.path)
        study = doseesc.study.parse(source)
        check_size(study, self._limits, name)
        return study

    def known(self, study: Study) -> Results | None:
        """Return the answer to a study if it is still kept."""
        with self._lock:
            found = self._known.get(_question(study))
            if found is not None:
                self._known.move_to_end(_question(study))
            return found

    def takes_long(self, study: Study) -> bool:
        """Tell whether an answer that is not known takes long beyond doubt: by the best policy that is asked for."""
        from doseesc.results import asks_attainable

        unasked = study.model_copy(update={"optimal": study.optimal.model_copy(update={"benchmark": None})})
        count = len(study.truths)
        asked = asks_attainable(study, count) and not asks_attainable(unasked, count)
        return asked and self.known(study) is None

    def exact(self, study: Study, told: Callable[[str, int, int], None]) -> Results:
        """Return the exact figures of every design, without time, and without what Phase 2 learns of its arms.

        Parameters
        ----------
        study : Study
        told : callable
            Takes a design's name, the patients treated and the most of its trial; may raise to end the work.
        """
        found = self.known(study)
        if found is not None:
            return found
        from doseesc.planning import without_time
        from doseesc.runs import run

        timeless = without_time(study)
        ran = run(
            timeless.model_copy(update={"phase2_arms": ()}),
            method="exact",
            trials=min(study.simulation.trials, _LIVE_TRIALS),
            memory_limit=self._limits.states_bytes,
            progress=lambda done, total: told("trials simulated", done, total),
            enumerating=told,
            walks=self._walks,
        )
        results = replace(ran, study=timeless)
        self.keep(study, results, {})
        return results

    def walks(self, study: Study) -> dict[Design, Paths]:
        """Return what was enumerated for a study and is still kept."""
        found = {each: self._walks.get(each) for each in study.designs.values()}
        return {design: paths for design, paths in found.items() if paths is not None}

    def keep(self, study: Study, results: Results, walks: Mapping[Design, Paths]) -> None:
        """Keep the exact answer to a study that was found elsewhere."""
        self._walks.update(walks)
        with self._lock:
            self._known[_question(study)] = results
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)

    def paths(self, walk: Callable[[Design], Paths], design: Design) -> Paths:
        """Return the ways in which a design's trials can end, which a walk enumerates unless they are still kept.

        Raises
        ------
        TooManyStates
            If they are too many for a page.
        """
        kept = self._walks.get(design)
        if kept is None:
            kept = self._walks[design] = walk(design)
        return kept


def _question(study: Study) -> _Question:
    """Return what tells studies apart: the text, and its designs, which other files may have made."""
    return study.source_sha256, tuple(study.designs.values())


class _Walks(MutableMapping["Design", "Paths"]):
    """The last designs that were enumerated; those with more ends than a page sums are not kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Design, Paths] = OrderedDict()
        self._lock = threading.Lock()

    def __getitem__(self, design: Design) -> Paths:
        with self._lock:
            self._kept.move_to_end(design)
            return self._kept[design]

    def __setitem__(self, design: Design, paths: Paths) -> None:
        with self._lock:
            if len(paths.selected) <= MOST_ENDS:
                self._kept[design] = paths
            while len(self._kept) > _WALKS_KEPT:
                self._kept.popitem(last=False)

    def __delitem__(self, design: Design) -> None:
        with self._lock:
            del self._kept[design]

    def __iter__(self) -> Iterator[Design]:
        return iter(list(self._kept))

    def __len__(self) -> int:
        return len(self._kept)
