"""Posteriors of DLT probabilities by NUTS, one for each distinct tally that a design is asked about.

Whatever is not in the cache yet is fitted, a batch at a time and in parallel; see
:mod:`doseesc.inference.any_model.nuts_fits`. A tally whose fit did not converge is decided conservatively: the design
does not go above the level in use, and names none above it as the MTD.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from designs.arrays import BoolArray, FloatArray
from designs.checks import require_whole
from designs.tally import Tally
from doseesc.files import OutputError
from doseesc.inference.any_model.nuts_cache import (
    Counts,
    Fit,
    FitName,
    default_cache,
    private_folder,
    read_fit,
    shared_by,
)
from doseesc.inference.any_model.nuts_fits import FittedModel, Sampler, Task, fit_all, fitted_model, model_hash
from doseesc.inference.sampling import chosen_sampler
from doseesc.input_files import json_of

if TYPE_CHECKING:
    import pymc as pm

    from doseesc.inference.any_model.model_source import ModelSource
    from doseesc.pieces import Jobs


MARK = "doseesc nuts 1\n"
_HASH = re.compile(r"[0-9a-f]{32}")
MOST_BYTES = 2**31
"""Bytes that the draws of all tallies may take."""

_PARTS = {"key": str, "cache": str, "prior": str, "n_doses": int, "patients": int, "backend": str, "sampler": list}
_EVERY = 25  # fits between two lines of progress


@dataclass(eq=False)
class NutsPosterior:
    """What a design asks of its model, by NUTS.

    Attributes
    ----------
    key : str
        Hash of the model and the sampler's settings, see :func:`doseesc.inference.any_model.nuts_fits.model_hash`.
    cache : str
        Folder of fits.
    prior : str
        The prior in PyMC's words.
    n_doses, patients : int
    sampler : Sampler
    backend : {"nutpie", "pymc"}
    model : FittedModel or None
        None where only fits in the cache can be used, as in results read back.
    jobs : int or Workers
        Processes, 0 = one for each processor; or the workers of a cluster.
    made, taken : int
        Fits made, and taken from the cache, by this process so far.
    damaged : int
        Fits in the cache that were not as they had been written, or not of this program, and not taken.
    """

    one_parameter: ClassVar[bool] = False
    """There is no curve at the mean of the only parameter: there are several."""

    key: str
    cache: str
    prior: str
    n_doses: int
    patients: int
    sampler: Sampler
    backend: str
    model: FittedModel | None = field(default=None, repr=False)
    jobs: Jobs = 0
    made: int = 0
    taken: int = 0
    damaged: int = 0
    _fits: dict[tuple[Counts, Counts], Fit] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        model: pm.Model,
        dlt_probability: str,
        *,
        patients: int,
        sampler: Sampler,
        prior: str,
        n_doses: int,
        cache: str = "",
        backend: str = "",
        jobs: int = 0,
        source: ModelSource | None = None,
    ) -> NutsPosterior:
        """Prepare a model; nothing is fitted yet."""
        backend = backend or chosen_sampler("auto")
        key = model_hash(model, dlt_probability, sampler, backend)
        folder = str(Path(cache) if cache else default_cache())
        fitted = fitted_model(model, dlt_probability, key, backend, source)
        return cls(key, folder, prior, n_doses, patients, sampler, backend, fitted, jobs)

    @property
    def words(self) -> str:
        """Say what the model is and how its posterior is found."""
        settings = f"{self.sampler.chains} chains of {self.sampler.draws} draws after {self.sampler.tune}"
        return (
            f"The prior is {self.prior}; posteriors are found by NUTS ({settings}, seed {self.sampler.seed}), one for "
            f"each tally. After one that has not converged the dose is not raised."
        )

    def notes(self) -> list[str]:
        """Say how many fits were made, and which did not converge."""
        said = [f"{self.made} fits made by NUTS ({self.backend}), {self.taken} taken from the cache {self.cache}"]
        if self.damaged:
            said.append(f"{self.damaged} in the cache were not as this version writes them, and were made again")
        shared = shared_by(Path(self.cache))
        if shared:
            said.append(f"the cache {self.cache} is shared ({shared}): whoever writes there may change the doses")
        doubtful = [key for key, fit in self._fits.items() if not fit.converged]
        if doubtful:
            shown = "; ".join(_shown(*key) for key in doubtful[:5]) + (" ..." if len(doubtful) > 5 else "")
            fits = f"{len(doubtful)} {'fit' if len(doubtful) == 1 else 'fits'}"
            said.append(
                f"{fits} did not converge, after which the dose was not raised; raise draws and tune in the scenario "
                f"file, or write the model in parameters that are nearly normal: {shown}"
            )
        return said

    def means(self, tally: Tally) -> FloatArray:
        """Return posterior means of the DLT probabilities, shape (S, J)."""
        fits, row = self._of(tally)
        return np.stack([fit.draws.mean(axis=0, dtype=np.float64) for fit in fits])[row]

    def squares(self, tally: Tally) -> FloatArray:
        """Return posterior means of the squared DLT probabilities, shape (S, J)."""
        fits, row = self._of(tally)
        return np.stack([(fit.draws.astype(np.float64) ** 2).mean(axis=0) for fit in fits])[row]

    def plug_in(self, tally: Tally) -> FloatArray:
        """Raise ValueError: there are several parameters."""
        raise ValueError("selection must not be plug_in with a model of several parameters")

    def exceedance(self, tally: Tally, limits: tuple[float, ...], with_means: bool = False) -> list[FloatArray]:
        """Return P(DLT probabilities > limit), (S, J) for each limit, and then the means if wanted."""
        fits, row = self._of(tally)
        found = [np.stack([(fit.draws > limit).mean(axis=0) for fit in fits])[row] for limit in limits]
        return [*found, self.means(tally)] if with_means else found

    def tails(self, tally: Tally, level: int, limits: FloatArray) -> FloatArray:
        """Return P(DLT probability at ``level`` > limits), shape (S, L)."""
        fits, row = self._of(tally)
        below = [np.searchsorted(np.sort(fit.draws[:, level - 1]), limits, side="right") for fit in fits]
        return 1 - np.stack(below)[row] / len(fits[0].draws)

    def settled(self, tally: Tally) -> BoolArray:
        """Return where (S,) the fit has converged."""
        fits, row = self._of(tally)
        return np.array([fit.converged for fit in fits])[row]

    def text(self) -> str:
        """Return all but the model itself, see :func:`nuts_from_text`."""
        return MARK + json.dumps({name: getattr(self, name) for name in _PARTS} | {"sampler": list(self.sampler)})

    def to_piece(self) -> dict[str, Any]:
        """Return what a piece of work takes with it; the user's own cache is that of whoever does it."""
        own = self.cache == str(default_cache())
        return {"text": replace(self, cache="").text(), "cache": "" if own else self.cache, "model": self.model}

    @classmethod
    def from_piece(cls, given: Mapping[str, Any]) -> NutsPosterior:
        """Return what :meth:`to_piece` has returned; fits are then made in one process."""
        cache = given["cache"] or str(default_cache())
        return replace(nuts_from_text(given["text"]), cache=cache, model=given["model"], jobs=1)

    def _of(self, tally: Tally) -> tuple[list[Fit], npt.NDArray[np.int64]]:
        """Return the fits of the distinct tallies, and which of them each tally has (S,)."""
        both = np.concatenate([tally.n, tally.dlt], axis=1).astype(np.int64)
        distinct, row = np.unique(both, axis=0, return_inverse=True)
        keys = [(tuple(each[: self.n_doses].tolist()), tuple(each[self.n_doses :].tolist())) for each in distinct]
        wanted = [key for key in keys if key not in self._fits]
        self._require_memory(len(wanted))
        nothing = ((0,) * self.n_doses,) * 2
        if wanted and self.model is not None and nothing not in (*self._fits, *wanted):
            wanted.append(nothing)  # the prior, which every report shows
        self._provide(wanted)
        return [self._fits[key] for key in keys], row.reshape(-1)

    def _require_memory(self, wanted: int) -> None:
        """Raise OutputError, before anything is fitted, where the draws of so many more tallies would be too many."""
        draws = self.sampler.draws * self.sampler.chains
        needed = (len(self._fits) + wanted) * draws * self.n_doses * np.dtype(np.float32).itemsize
        if needed > MOST_BYTES:
            raise OutputError(
                f"posteriors by NUTS of {len(self._fits) + wanted:,} distinct tallies, with {draws:,} draws of "
                f"{self.n_doses} DLT probabilities each, need {needed / 2**30:.1f} GiB, more than "
                f"{MOST_BYTES / 2**30:.0f} GiB\n  give larger cohorts, a smaller max_n, or fewer draws and chains"
            )

    def _provide(self, keys: list[tuple[Counts, Counts]]) -> None:
        """Read fits from the cache, and make those that are not there."""
        missing = []
        for key in keys:
            fit = self._read(key)
            if fit is None:
                missing.append(key)
                self.damaged += self._name(key).file(self.cache).exists()
            else:
                self._fits[key] = fit
                self.taken += 1
        if not missing:
            return
        if self.model is None:
            raise OutputError(
                f"the posterior after {_shown(*missing[0])} is not in the cache {self.cache}\n  run the study again, "
                f"with --report for a page"
            )
        from joblib import cpu_count

        private_folder(Path(self.cache))
        shared = shared_by(Path(self.cache))
        if shared and not self.made:
            print(f"warning: the cache {self.cache} is shared: {shared}", file=sys.stderr)
        tasks = [Task(*key, self.key, str(self._name(key).file(self.cache))) for key in missing]
        fits = fit_all(self.model, tasks, self.sampler, self.jobs or cpu_count())
        for done, _ in enumerate(fits, start=1):
            if done % _EVERY == 0 or done == len(tasks):
                said = f"{self.made + done} fits made by NUTS, {self.taken} from the cache"
                print(f"{said}; {len(tasks) - done} to make before the next cohort", file=sys.stderr)
        self.made += len(tasks)
        for key in missing:
            fit = self._read(key)
            if fit is None:
                file = self._name(key).file(self.cache)
                raise OutputError(f"{file} cannot be read although it has just been written")
            self._fits[key] = fit

    def _read(self, key: tuple[Counts, Counts]) -> Fit | None:
        name = self._name(key)
        return read_fit(name.file(self.cache), name)

    def _name(self, key: tuple[Counts, Counts]) -> FitName:
        return FitName(self.key, *key, self.sampler.draws * self.sampler.chains)


def nuts_from_text(text: str) -> NutsPosterior:
    """Read what :meth:`NutsPosterior.text` has written: it answers from the cache alone.

    Raises
    ------
    ValueError
        If the text is not such.
    """
    try:
        given = json_of(text.removeprefix(MARK).encode())
        if not _HASH.fullmatch(given["key"]):  # it names a folder
            raise ValueError("its key is no hash")
        kinds = {
            "key": str,
            "cache": str,
            "prior": str,
            "n_doses": int,
            "patients": int,
            "backend": str,
            "sampler": list,
        }
        if given.keys() != kinds.keys() or not all(isinstance(given[name], kind) for name, kind in kinds.items()):
            raise ValueError("a part of it is missing, or is of another kind")
        sampler = Sampler(*given["sampler"])
        for name, value in (*zip(Sampler._fields, sampler, strict=True), ("n_doses", given["n_doses"])):
            require_whole(name, value, 0 if name == "seed" else 1)
        return NutsPosterior(**{**given, "sampler": sampler})
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise ValueError(f"is damaged: {error}") from error


def _shown(n: Counts, dlt: Counts) -> str:
    """Write a tally as outcomes, such as 1NNN 2NNT."""
    cohorts = [f"{j}{'N' * (a - b)}{'T' * b}" for j, (a, b) in enumerate(zip(n, dlt, strict=True), start=1) if a]
    return " ".join(cohorts) or "no patient"
