"""The race of a level: from what its candidates have shown to the cells that are worth training next.

1. *Bracket*, on the first seed: from where the levels before put the best, outwards on both sides until a candidate is
   clearly worse. The steps grow, since the surface is smooth.
2. *Race*: the candidates that may be the best get further seeds, until one is known to lose no more than the tolerance
   with the wanted certainty. It is then trained on all seeds, so that the next level can start from it.
3. *Straddle*: what is left of the budget goes where it is least clear whether a candidate is as good as the best. Those
   are the ends of the interval.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from oracle.searching.candidates import Cell
from oracle.searching.racing.belief import Belief, forecast
from oracle.searching.racing.ladder import Ladder
from oracle.searching.standings import Standings, noise
from scyc import StopRule
from scyc.profiles import epoch_after_drop

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from oracle.spec.model import Spec

FIRST_STRIDE = 3
"""At the first level, the first round has one of so many candidates of the grid."""

TOGETHER = 2
"""Cells of a round of the race, one for either end of the interval. Each round asks the surface once."""


class Race:
    """The search of one level.

    Args:
        spec: spec of the study.
        level: number of prunings done.
        before: the cells of the levels before.
    """

    def __init__(self, spec: Spec, level: int, before: Sequence[Sequence[Cell]]) -> None:
        self._search, self._level = spec.search, level
        self._ladder = Ladder(spec.search)
        self._before = [Standings.of(number, cells, None, spec.metric) for number, cells in enumerate(before)]
        self._epochs, self._metric, self._tolerance = spec.length, spec.metric, spec.metric.tolerance
        self._spent_before = sum(self._trainings(cells) for cells in before)
        self._drop = epoch_after_drop(spec.profile.build(), spec.length) if spec.length else None
        self._at_drop: list[Standings] = []
        if self._drop is not None:
            self._at_drop = [
                Standings.of(number, cells, self._drop, spec.metric) for number, cells in enumerate(before)
            ]

    def wanted(self, seeds: Sequence[int], cells: Sequence[Cell], /) -> list[Cell]:
        """Return the next round; see `LevelSearch`."""
        if any(cell.state in ("pending", "failed") for cell in cells):
            return []
        now = Standings.of(self._level, cells, None, self._metric)
        allowed = self._search.budget * len(self._ladder.grid) * len(seeds) * (self._level + 1)
        left = allowed - self._spent_before - self._trainings(cells)
        chosen = self._start() if not cells else self._bracket(now, left - (len(seeds) - 1))
        chosen = [*chosen, *self._even(chosen, now)]
        rule = self._rule(cells, seeds[0]) if chosen else None
        pairs = [(place, seeds[0]) for place in chosen] or self._race(now, seeds, left)
        round_ = 1 + max((cell.round for cell in cells), default=-1)
        return [Cell(self._ladder.rungs[place], seed, round_, "pending", stop=rule) for place, seed in sorted(pairs)]

    def _start(self) -> list[int]:
        """Return the places of the candidates that the level starts with."""
        grid, expected = self._ladder.grid, forecast(self._before, self._tolerance)
        if expected is None:
            return list(grid[1::FIRST_STRIDE] or grid)
        middle = self._ladder.place(math.sqrt(expected.low * expected.high))
        low = self._ladder.place(expected.low) - expected.low_open
        high = self._ladder.place(expected.high) + expected.high_open
        around = {min(low, middle - 1), middle, max(high, middle + 1)}
        return sorted(place for place in around if place in grid)

    def _bracket(self, now: Standings, left: float) -> list[int]:
        """Return the places of the candidates that the bracket still lacks; none once it is closed on both sides."""
        rungs = self._ladder.rungs
        tried = {place for place, rate in enumerate(rungs) if rate in now.found or rate in now.given_up}
        if not now.means:
            return [place for place in [min(tried) - 1] if self._ladder.may_try(place, tried)]
        best = max(now.means, key=now.means.__getitem__)
        top, worse = rungs.index(best), self._tolerance + math.sqrt(2) * noise([*self._before, now])
        wanted: dict[int, float] = {}  # with what the candidate before has reached
        for side in (-1, 1):
            outwards = [place for place in range(top + side, top + side * len(rungs), side) if place in tried]
            end = next((at for at in outwards if now.means.get(rungs[at], -math.inf) < now.means[best] - worse), None)
            if end is not None:
                continue
            last = outwards[-1] if outwards else top
            leap = last + 2 * side if last != top and last + 2 * side in self._ladder.grid else last + side
            if self._ladder.may_try(leap, tried):
                wanted[leap] = now.means[rungs[last]]
        return sorted(wanted, key=lambda place: -wanted[place])[: max(int(left), 0)]

    def _race(self, now: Standings, seeds: Sequence[int], left: float) -> list[tuple[int, int]]:
        """Return the cells that the race needs to name a winner, and then those that show the interval's ends."""
        sure = self._search.certainty
        if not now.means:
            sound = [rate for rate in now.finite if len(now.found[rate]) < len(seeds)]
            done = any(len(now.found[rate]) == len(seeds) for rate in now.finite)
            return [] if done else self._finish(min(sound), now, seeds) if sound else []
        belief = Belief.of(now, self._before)
        losses = {rate: belief.loss(rate) for rate in self._open(now)}
        ranked = sorted(losses, key=lambda rate: (losses[rate], rate))
        leader = ranked[0]
        whole = [rate for rate in now.means if len(now.found[rate]) == len(seeds)]
        lacking = len(seeds) - len(now.found.get(leader, {}))
        certain = leader in now.found and belief.as_good(leader, self._tolerance) >= sure
        if not whole and (certain or left < lacking + TOGETHER):
            return self._finish(leader, now, seeds)
        if not whole:
            return self._next_seeds(ranked[:TOGETHER], now, seeds)
        if (
            leader not in whole
            and left >= lacking
            and max(belief.as_good(rate, self._tolerance) for rate in whole) < sure
        ):
            return self._finish(leader, now, seeds)
        return self._straddle(belief, now, seeds, whole) if left >= TOGETHER else []

    def _straddle(
        self, belief: Belief, now: Standings, seeds: Sequence[int], whole: Sequence[float]
    ) -> list[tuple[int, int]]:
        """Return the cells that tell most about the ends of the interval: one on either side of the best."""
        best, sure, found = belief.best, self._search.certainty, []
        for below in (True, False):
            scores = {
                rate: belief.unclear(rate, self._tolerance)
                for rate in self._open(now)
                if (rate < best) == below and rate not in whole
            }
            rate = max(scores, key=lambda one: (scores[one], -one), default=None)
            if rate is not None and scores[rate] > 0 and 1 - sure < belief.as_good(rate, self._tolerance) < sure:
                found.append(rate)
        return self._next_seeds(found, now, seeds)

    def _even(self, places: Sequence[int], now: Standings) -> list[int]:
        """Return another place for a round of an odd number, so that no worker waits: the nearest to the top."""
        rungs = self._ladder.rungs
        if len(places) % TOGETHER == 0:
            return []
        top = rungs.index(max(now.means, key=now.means.__getitem__)) if now.means else sorted(places)[len(places) // 2]
        free = [
            place
            for place in self._ladder.grid
            if place not in places and rungs[place] not in now.found and rungs[place] not in now.given_up
        ]
        near = [place for place in free if abs(place - top) <= 2]
        return [min(near, key=lambda place: (abs(place - top), place))] if near else []

    def _open(self, now: Standings) -> list[float]:
        """Return the candidates between the outermost that were tried, but for those that are out of the race."""
        tried = [*now.found, *now.given_up]
        out = now.diverged | now.given_up.keys()
        return [rate for rate in self._ladder.rungs if min(tried) <= rate <= max(tried) and rate not in out]

    def _next_seeds(self, rates: Iterable[float], now: Standings, seeds: Sequence[int]) -> list[tuple[int, int]]:
        """Return each candidate with the first seed that it lacks."""
        lacking = ((rate, [seed for seed in seeds if seed not in now.found.get(rate, {})]) for rate in rates)
        return [(self._ladder.rungs.index(rate), of_rate[0]) for rate, of_rate in lacking if of_rate]

    def _finish(self, rate: float, now: Standings, seeds: Sequence[int]) -> list[tuple[int, int]]:
        """Return a candidate with every seed that it lacks."""
        return [(self._ladder.rungs.index(rate), seed) for seed in seeds if seed not in now.found.get(rate, {})]

    def _rule(self, cells: Sequence[Cell], seed: int) -> StopRule | None:
        """Return when a bracket's training is hopeless: right after the first drop of the learning rate, by the best.

        Before the drop the ranking of candidates says little. After it, a candidate that is further behind the best of
        its seed than the tolerance and two standard deviations of a difference will not come back.
        """
        if self._drop is None:
            return None
        now = Standings.of(self._level, cells, self._drop, self._metric)
        reached = [by_seed[seed] for rate, by_seed in now.found.items() if rate not in now.diverged and seed in by_seed]
        if not reached:
            return None
        margin = self._tolerance + 2 * math.sqrt(2) * noise([*self._at_drop, now])
        return StopRule(self._drop, max(max(reached) - margin, self._metric.bounds[0]))

    def _trainings(self, cells: Iterable[Cell]) -> float:
        """Return how many trainings the cells have cost; one that was stopped has cost a part."""
        ended = [cell for cell in cells if cell.state in ("complete", "stopped")]
        return math.fsum(1.0 if cell.state == "complete" else cell.taken / (self._epochs or 1) for cell in ended)
