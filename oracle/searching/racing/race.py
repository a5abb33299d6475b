"""The race of a level: from what its candidates have shown to the cells that are worth training next.

1. *Bracket*, on the first seed: from where the levels before put the best, outwards on both sides until a candidate is
   clearly worse. The steps grow, since the surface is smooth.
2. *Race*: the candidates that may be the best get further seeds, until one is known to lose no more than the tolerance
   with the wanted certainty. It is named, and trained on all seeds, so that the next level can start from it.
3. *Straddle*: what is left of the budget goes where it is least clear whether a candidate is as good as the best. Those
   are the ends of the interval. The level is decided by then.

Levels overlap: the bracket of the next one needs the first seed's weights only, so it begins once a candidate is named;
and the straddle trails along. So what a race knows of the level before is fixed: the bracket, what was known when the
candidate was named; all else, what the level was decided by. Of the levels before that it knows everything.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from oracle.searching.candidates import Cell
from oracle.searching.racing.belief import Belief, forecast
from oracle.searching.racing.ladder import Ladder
from oracle.searching.racing.naming import named, when_decided, when_named
from oracle.searching.racing.past import Past, trainings
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
        self._metric, self._tolerance = spec.metric, spec.metric.tolerance
        self._epochs = spec.length
        self._drop = epoch_after_drop(spec.profile.build(), spec.length) if spec.length else None
        earlier, last = before[:-1], before[-1:]
        self._named, self._decided = (
            Past.of(
                [*earlier, *(view(spec.seeds, cells) for cells in last)], self._epochs or 1, self._drop, spec.metric
            )
            for view in (when_named, when_decided)
        )

    def named(self, seeds: Sequence[int], cells: Sequence[Cell], /) -> float | None:
        """Return the candidate that is being trained on all seeds; see `LevelSearch`."""
        return named(seeds, cells)

    def opening(self, seeds: Sequence[int], cells: Sequence[Cell], /) -> list[Cell]:
        """Return the next round of the bracket; see `LevelSearch`."""
        if _waits(cells):
            return []
        now = self._standings(cells)
        left = self._left(self._named, seeds, cells) - (len(seeds) - 1)
        chosen = self._bracket(now, left) if cells else self._start()
        if not chosen:
            return []
        rule = self._rule(cells, seeds[0])
        return self._round([(place, seeds[0]) for place in [*chosen, *self._even(chosen, now)]], cells, rule)

    def wanted(self, seeds: Sequence[int], cells: Sequence[Cell], /) -> list[Cell]:
        """Return the next round of the bracket, then of the race; see `LevelSearch`."""
        if _waits(cells):
            return []
        if bracket := self.opening(seeds, cells):
            return bracket
        now, left = self._standings(cells), self._left(self._decided, seeds, cells)
        return self._round(self._race(now, seeds, left), cells)

    def trailing(self, seeds: Sequence[int], cells: Sequence[Cell], /) -> list[Cell]:
        """Return the next round of the straddle; see `LevelSearch`."""
        if _waits(cells):
            return []
        now = self._standings(cells)
        decided = when_decided(seeds, cells)
        own = self._share(seeds) - trainings(decided, self._epochs or 1)
        kept = _kept(own, self._left(self._decided, seeds, decided))
        if not now.means or kept - (len(cells) - len(decided)) < TOGETHER:
            return []
        return self._round(self._straddle(now, seeds), cells)

    def _standings(self, cells: Sequence[Cell], epoch: int | None = None) -> Standings:
        return Standings.of(self._level, cells, epoch, self._metric)

    def _left(self, past: Past, seeds: Sequence[int], cells: Sequence[Cell]) -> float:
        """Return how many trainings the level may take still, without those that are kept for the straddle before."""
        share = self._share(seeds)
        left = share * self._level - past.spent
        return share + left - _kept(share - past.last, left) - trainings(cells, self._epochs or 1)

    def _share(self, seeds: Sequence[int]) -> float:
        """Return how many trainings a level may take on average."""
        return self._search.budget * len(self._ladder.grid) * len(seeds)

    def _round(
        self, pairs: Sequence[tuple[int, int]], cells: Sequence[Cell], rule: StopRule | None = None
    ) -> list[Cell]:
        """Return the cells at places and with seeds, as the round that comes next."""
        number = 1 + max((cell.round for cell in cells), default=-1)
        return [Cell(self._ladder.rungs[place], seed, number, "pending", stop=rule) for place, seed in sorted(pairs)]

    def _start(self) -> list[int]:
        """Return the places of the candidates that the level starts with."""
        grid, expected = self._ladder.grid, forecast(self._named.standings, self._tolerance)
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
        top, worse = rungs.index(best), self._tolerance + math.sqrt(2) * noise([*self._named.standings, now])
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
        """Return the cells that the race needs to name a winner."""
        sure = self._search.certainty
        if not now.means:
            sound = [rate for rate in now.finite if len(now.found[rate]) < len(seeds)]
            done = any(len(now.found[rate]) == len(seeds) for rate in now.finite)
            return [] if done else self._finish(min(sound), now, seeds) if sound else []
        belief = Belief.of(now, self._decided.standings)
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
        return []

    def _straddle(self, now: Standings, seeds: Sequence[int]) -> list[tuple[int, int]]:
        """Return the cells that tell most about the ends of the interval: one on either side of the best.

        None of them makes a candidate whole, so that the winner stays.
        """
        belief = Belief.of(now, self._decided.standings)
        best, sure, found = belief.best, self._search.certainty, []
        for below in (True, False):
            scores = {
                rate: belief.unclear(rate, self._tolerance)
                for rate in self._open(now)
                if (rate < best) == below and len(now.found.get(rate, {})) < len(seeds) - 1
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
        margin = self._tolerance + 2 * math.sqrt(2) * noise([*self._named.at_drop, now])
        return StopRule(self._drop, max(max(reached) - margin, self._metric.bounds[0]))


def _waits(cells: Sequence[Cell]) -> bool:
    return any(cell.state in ("pending", "failed") for cell in cells)


def _kept(own: float, left: float) -> float:
    """Return how many trainings are kept for a level's straddle; the levels after it may take the others at once.

    Args:
        own: what the level has left of its own share.
        left: what all levels so far have left together.
    """
    return max(min(max(own, left / 2), left), 0.0)
