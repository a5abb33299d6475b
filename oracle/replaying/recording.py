"""A finished grid study as arrays: what every candidate reached at every level with every seed."""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from oracle.replaying.study_arrays import study_arrays
from oracle.spec.files import parse_spec
from oracle.study.writing import replacing, writing
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from oracle.spec.model import Spec
    from studies import Store

Floats = NDArray[np.float64]

_FORMAT = 1


@dataclass(frozen=True)
class Reading:
    """What a recording says of one `max_lr` at one level, seed by seed, in the order of the recording.

    Attributes:
        validation: scores, shape (S,).
        test: the same.
        curve: validation score after each epoch, on the examples that are watched, shape (S, E); NaN after the last
            epoch that was trained.
        epochs: how many were trained, shape (S,).
        diverged: shape (S,).
        finite: shape (S,).
        answers: which validation examples were classified correctly, shape (S, examples), if on record.
        outside: whether the `max_lr` is outside the grid, so that this is the nearest end of it.
    """

    validation: Floats
    test: Floats
    curve: Floats
    epochs: NDArray[np.int64]
    diverged: NDArray[np.bool_]
    finite: NDArray[np.bool_]
    answers: NDArray[np.bool_] | None
    outside: bool


@dataclass(frozen=True, eq=False)
class Recording:
    """A grid study with L levels, K candidates, S seeds and E points of each learning curve, usually epochs.

    Scores are values of the study's metric, as fractions where it is written in percent, and with a minus sign where
    less is better.

    Attributes:
        name: of the study.
        made_by: the command that made it, and on what.
        spec: spec of the study.
        rates: the candidates, ascending, shape (K,).
        seeds: in the order of the study, shape (S,).
        densities: fractions of prunable weights left, shape (L,).
        winners: what each next level started from, shape (L,).
        validation: scores, shape (L, K, S); the worst, or as bad as any, where the training is not finite.
        test: the same; NaN if they are not known.
        curves: validation score after each epoch, on the examples that are watched, shape (L, K, S, E); NaN after the
            last epoch that was trained.
        epochs: how many were trained, shape (L, K, S).
        diverged: shape (L, K, S).
        finite: shape (L, K, S).
        answers: bits of the answers on the validation examples, shape (L, K, S, bytes); bytes is 0 if they are not on
            record.
        examples: how many validation examples the answers are on.
        steps: of the points of the learning curves, shape (E,).
    """

    name: str
    made_by: str
    spec: Spec
    rates: Floats
    seeds: NDArray[np.int64]
    densities: Floats
    winners: Floats
    validation: Floats
    test: Floats
    curves: NDArray[np.float32]
    epochs: NDArray[np.int64]
    diverged: NDArray[np.bool_]
    finite: NDArray[np.bool_]
    answers: NDArray[np.uint8]
    examples: int
    steps: NDArray[np.int64]

    @classmethod
    def from_study(cls, store: Store, name: str, made_by: str | None = None, *, answers: bool = True) -> Self:
        """Return the recording of a finished grid study.

        Args:
            store: its database.
            name: its name.
            made_by: the command that made it. Default: `scyc replay`.
            answers: whether to take the answers too, which are most of the file.

        Raises:
            InputError: the study is not finished, or not a full grid; the message says what is missing.
            StudyNotFound: there is no such study.
        """
        return cls(name=name, made_by=made_by or f"scyc replay {name} --save", **study_arrays(store, name, answers))

    @property
    def levels(self) -> int:
        """Number of levels."""
        return len(self.winners)

    def places(self, seeds: Sequence[int]) -> list[int]:
        """Return where seeds are along the axis of the seeds.

        Raises:
            InputError: one is not on record.
        """
        there = self.seeds.tolist()
        if unknown := [seed for seed in seeds if seed not in there]:
            raise InputError(
                f"The recording {self.name!r} has no seed {unknown[0]}; choose among {', '.join(map(str, there))}."
            )
        return [there.index(seed) for seed in seeds]

    def read(self, level: int, max_lr: float) -> Reading:
        """Return what is on record of a `max_lr`, or what follows from its neighbours in the grid.

        Between two candidates, accuracies and curves are interpolated linearly in log `max_lr`, seed by seed; all else
        is that of the nearer one. Outside the grid, everything is that of the nearest end.
        """
        low, high, share = self._between(max_lr)
        near = high if share > 0.5 else low
        finite = self.finite[level, near]

        def between(values: NDArray[Any]) -> Floats:
            first, second = (values[level, place].astype(np.float64) for place in (low, high))
            if share == 0:
                return np.asarray(first)
            with np.errstate(invalid="ignore"):  # a training that is not finite has -inf
                mixed = (1 - share) * first + share * second
            return np.asarray(np.where(np.isfinite(mixed), mixed, values[level, near]))

        return Reading(
            validation=np.where(finite, between(self.validation), self.validation[level, near]),
            test=np.where(finite, between(self.test), self.test[level, near]),
            curve=between(self.curves),
            epochs=self.epochs[level, near],
            diverged=self.diverged[level, near],
            finite=finite,
            answers=self._answers(level, near),
            outside=not self.rates[0] <= max_lr <= self.rates[-1],
        )

    def save(self, path: Path) -> None:
        """Write one compressed file that numpy reads without pickle.

        Raises:
            InputError: it cannot be written.
        """
        arrays = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "spec"}
        text = {"spec": json.dumps(self.spec.to_dict()), "format": _FORMAT}
        with writing(path), replacing(path) as fresh, fresh.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **(arrays | text))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            InputError: it cannot be read, or is no recording.
        """
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                found = {name: file[name] for name in file.files}
        except OSError as error:
            raise InputError(f"The recording {path} cannot be read: {error.strerror or error}.") from error
        except (ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise _no_recording(path, "it is no .npz file of plain arrays") from error
        names = {field.name for field in fields(cls)}
        if "steps" not in found and "curves" in found and found["curves"].ndim:  # of a version that knew only epochs
            found["steps"] = np.arange(found["curves"].shape[-1])
        if lacking := {"format", *names} - found.keys():
            raise _no_recording(path, f"it lacks {', '.join(sorted(lacking))}")
        if str(found["format"]) != str(_FORMAT):
            raise _no_recording(path, "another version of scyc wrote it")
        spec = parse_spec(json.loads(str(found["spec"])), str(path))
        values: dict[str, Any] = {name: found[name] for name in names} | {"spec": spec}
        values |= {name: str(found[name]) for name in ("name", "made_by")} | {"examples": int(found["examples"])}
        recording = cls(**values)
        if wrong := recording._misshapen():
            raise _no_recording(path, f"the shape of {wrong} does not fit the others'")
        return recording

    def _between(self, max_lr: float) -> tuple[int, int, float]:
        """Return the two neighbours of a `max_lr` in the grid, and how far it is from the first to the second."""
        rates = self.rates
        high = int(np.searchsorted(rates, max_lr))
        if high == len(rates) or high == 0 or rates[high] == max_lr:
            place = min(high, len(rates) - 1)
            return place, place, 0.0
        return high - 1, high, math.log(max_lr / rates[high - 1]) / math.log(rates[high] / rates[high - 1])

    def _answers(self, level: int, place: int) -> NDArray[np.bool_] | None:
        if not self.answers.shape[-1]:
            return None
        return np.unpackbits(self.answers[level, place], axis=-1, count=self.examples).view(np.bool_)

    def _misshapen(self) -> str | None:
        shape = (len(self.winners), len(self.rates), len(self.seeds))
        of_cells = ("validation", "test", "epochs", "diverged", "finite")
        expected = dict.fromkeys(of_cells, shape) | {
            "densities": shape[:1],
            "curves": (*shape, len(self.steps)),
            "answers": (*shape, -(-self.examples // 8)),
        }
        return next((name for name, wanted in expected.items() if getattr(self, name).shape != wanted), None)


def _no_recording(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} is no recording of a study: {why}. Write one with `scyc replay NAME --save {path.name}`."
    )
