"""Two ways to save trainings that are no search methods of the program: i-epoch, and ASHA by Ray Tune's own scheduler.

Both rank candidates by how far their learning curves are. They only need a recording.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
from ray.tune.schedulers import ASHAScheduler, TrialScheduler

from oracle.replaying.simulation import Decision, TrainedCell, Walk
from oracle.searching.candidates import Cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.replaying import Recording

_SEED = 20211017
"""Of the order in which ASHA gets the candidates."""


def i_epoch(recording: Recording, seeds: Sequence[int], share: float) -> Walk:
    """Train all candidates for a few epochs, then the best of them to the end (Egele et al., arXiv 2404.04111).

    Args:
        recording: what stands in for training.
        seeds: of the study.
        share: of the grid's epochs that this takes, about; one epoch of all candidates is the least.
    """
    candidates, epochs = len(recording.rates), recording.spec.epochs
    first = min(max(round((share * candidates - 1) * epochs / (candidates - 1)), 1), epochs)
    walked = []
    for level in range(recording.levels):
        means = _curves(recording, level, seeds)[:, first - 1]
        best = int(np.nanargmax(means))
        walked.append({place: epochs if place == best else first for place in range(candidates)})
    return _walk(recording, seeds, walked)


def asha(recording: Recording, seeds: Sequence[int], reduction: int, at_once: int = 4) -> Walk:
    """Let Ray Tune's ASHA decide after every epoch which candidates go on; all seeds of one are trained together.

    Args:
        recording: what stands in for training.
        seeds: of the study.
        reduction: ASHA's reduction factor.
        at_once: how many candidates are trained at a time.
    """
    epochs, random, walked = recording.spec.epochs, np.random.default_rng(_SEED), []
    for level in range(recording.levels):
        curves = np.nan_to_num(_curves(recording, level, seeds))
        scheduler = ASHAScheduler(
            time_attr="epoch", metric="accuracy", mode="max", max_t=epochs, grace_period=1, reduction_factor=reduction
        )
        waiting = random.permutation(len(recording.rates)).tolist()
        trained: dict[int, int] = {}
        running: list[int] = []
        while waiting or running:
            while waiting and len(running) < at_once:
                running.append(waiting.pop(0))
                scheduler.on_trial_add(None, _trial(running[-1]))
            for place in list(running):
                trained[place] = trained.get(place, 0) + 1
                result = {"epoch": trained[place], "accuracy": float(curves[place, trained[place] - 1])}
                if scheduler.on_trial_result(None, _trial(place), result) == TrialScheduler.STOP:
                    running.remove(place)
        walked.append(trained)
    return _walk(recording, seeds, walked)


def _trial(place: int) -> SimpleNamespace:
    """Return what the scheduler needs of a trial."""
    return SimpleNamespace(trial_id=str(place), is_saving=False)


def _curves(
    recording: Recording, level: int, seeds: Sequence[int]
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return mean accuracies over the seeds, shape (candidates, epochs)."""
    return np.asarray(recording.curves[level][:, recording.places(seeds)].astype(np.float64).mean(axis=1))


def _walk(recording: Recording, seeds: Sequence[int], walked: Sequence[Mapping[int, int]]) -> Walk:
    """Return a walk in which each candidate of each level was trained for so many epochs, one worker for each seed.

    Only those that were trained to the end have results, and the best of these wins.
    """
    trained, decisions, clock = [], [], 0.0
    for level, epochs_of in enumerate(walked):
        means: dict[float, float] = {}
        for place, epochs in sorted(epochs_of.items()):
            rate = float(recording.rates[place])
            reading = recording.read(level, rate)
            for seed, at in zip(seeds, recording.places(seeds), strict=True):
                done = epochs >= reading.epochs[at]
                cell = Cell(rate, seed, 0, "stopped", curve=tuple(reading.curve[at, :epochs].tolist()))
                if done:
                    cell = Cell(
                        rate, seed, 0, "complete", float(reading.validation[at]), bool(reading.diverged[at]),
                        bool(reading.finite[at]), curve=cell.curve,
                    )  # fmt: skip
                trained.append(TrainedCell(level, cell, clock, clock + min(epochs, int(reading.epochs[at])), False))
            clock += epochs
            if epochs >= recording.spec.epochs and not reading.diverged[recording.places(seeds)].any():
                means[rate] = float(reading.validation[recording.places(seeds)].mean())
        if not means:  # none was trained to the end without diverging: the level is as good as not decided
            break
        winner = min(means, key=lambda rate: (-means[rate], rate))
        decisions.append(Decision(level, winner, silent=False, end=clock))
    return Walk(tuple(seeds), len(seeds), tuple(trained), tuple(decisions))
