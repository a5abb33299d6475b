"""A study as its reader sees it, and as `scyc show --json` prints it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from oracle.results.intervals import RULES, TOLERANCE, DecidedLevel, Interval, Rule
from oracle.results.plain import to_json
from oracle.results.study_view import oracle_intervals, view_study
from oracle.study.extending import extend_study, extended
from oracle.study.opening import study_spec
from studies import StudyNotFound, schema
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oracle.results.study_view import StudyView


def strict_json(view: StudyView) -> dict[str, Any]:
    """What a program would read: through text, NaN refused."""
    read: dict[str, Any] = json.loads(json.dumps(to_json(view), allow_nan=False))
    return read


def read(lab: Laboratory) -> StudyView:
    return view_study(lab.store, "s")


@pytest.fixture(scope="module")
def finished() -> Iterator[Laboratory]:
    with Laboratory(small_spec(), growth=1.5) as lab:
        yield lab.finish()


class TestFinished:
    def test_the_levels_and_their_winners(self, finished: Laboratory) -> None:
        view = read(finished)
        assert (view.name, view.state) == ("s", "finished")
        assert [level.level for level in view.levels] == [0, 1, 2]
        assert [level.winner for level in view.levels] == finished.winners()
        assert [level.density for level in view.levels] == pytest.approx([1.0, 0.8, 0.64])
        assert not any(level.edge for level in view.levels)

    def test_the_winning_candidate_is_the_best_on_average(self, finished: Laboratory) -> None:
        for level in read(finished).levels:
            assert level.winning is not None
            assert level.winning.max_lr == level.winner
            assert level.winning.val == max(candidate.val or 0 for candidate in level.candidates)
            assert level.winning.seeds == 2

    def test_the_candidates_are_means_over_seeds(self, finished: Laboratory) -> None:
        candidate = read(finished).levels[0].candidates[0]
        results = [finished.left_by(0, 0.1, seed) for seed in (0, 7)]
        assert candidate.max_lr == 0.1
        assert candidate.val == pytest.approx(sum(r.val or 0 for r in results) / 2)
        assert candidate.test == pytest.approx((candidate.val or 0) - 0.01)
        assert candidate.diverged == 0

    def test_the_intervals_are_those_of_the_rules(self, finished: Laboratory) -> None:
        levels = read(finished).levels
        decided = []
        for level in levels:
            scores: dict[float, list[float]] = {}
            for trial in sorted(level.trials, key=lambda trial: trial.seed):
                assert trial.val is not None
                scores.setdefault(trial.max_lr, []).append(trial.val)
            assert level.winner is not None
            assert level.scores == scores
            decided.append(DecidedLevel(level.level, level.density, level.winner, scores))
        for name, rule in RULES.items():
            judged = rule.judge(decided, TOLERANCE)
            assert [level.intervals[name] for level in levels] == judged
            assert None not in judged

    def test_a_rule_judges_all_decided_levels_of_the_study_at_once(self, finished: Laboratory) -> None:
        seen: list[Sequence[DecidedLevel]] = []

        def judge(levels: Sequence[DecidedLevel], tolerance: float) -> list[Interval | None]:
            seen.append(levels)
            return [Interval(0.1, tolerance) for _ in levels]

        view = read(finished)
        found = oracle_intervals(view.levels, Rule(judge, "what it is", needs="nothing"), 0.3)
        assert found == dict.fromkeys(range(3), Interval(0.1, 0.3))
        assert [[level.level for level in levels] for levels in seen] == [[0, 1, 2]]

    def test_the_trials_are_in_order(self, finished: Laboratory) -> None:
        for level in read(finished).levels:
            cells = [(trial.max_lr, trial.seed) for trial in level.trials]
            assert cells == sorted(cells)
            assert {seed for _, seed in cells} == {0, 7}

    def test_the_cost(self, finished: Laboratory) -> None:
        finished.store.add_wall_seconds(finished.run.id, 12.0)
        cost, trials = read(finished).cost, len(finished.handed_out)
        assert (cost.trials, cost.failed, cost.epochs) == (trials, 0, 2 * trials)
        assert (cost.compute_seconds, cost.wall_seconds) == (1.5 * trials, 12.0)

    def test_the_spec_and_the_provenance_are_the_stored_ones(self, finished: Laboratory) -> None:
        view = read(finished)
        assert view.spec == study_spec(finished.store.study("s"))
        assert strict_json(view)["spec"] == finished.spec.to_dict()
        assert {"versions", "hardware", "commit", "started"} <= view.provenance.keys()


class TestJson:
    def test_has_the_promised_keys(self, finished: Laboratory) -> None:
        printed = strict_json(read(finished))
        assert {"study", "levels"} <= printed.keys()
        assert len(printed["levels"]) == 3
        for level in printed["levels"]:
            assert {"level", "density", "winner", "interval", "edge", "trials"} <= level.keys()
            assert level["interval"].keys() == set(RULES)
            assert level["trials"]
            for trial in level["trials"]:
                promised = {"max_lr", "seed", "val", "test", "diverged", "state", "seconds"}
                assert promised <= trial.keys()

    def test_has_the_values_of_the_view(self, finished: Laboratory) -> None:
        view, printed = read(finished), strict_json(read(finished))
        assert printed["study"] == "s"
        for level, shown in zip(view.levels, printed["levels"], strict=True):
            assert (shown["level"], shown["winner"], shown["edge"]) == (level.level, level.winner, level.edge)
            assert shown["density"] == level.density
            within, paired = level.intervals["within"], level.intervals["paired"]
            assert within is not None
            assert paired is not None
            assert shown["interval"]["within"] == [within.low, within.high]
            assert shown["interval"]["paired"] == [paired.low, paired.high]
            assert shown["open"]["within"] == [within.low_open, within.high_open]
            assert shown["trials"][0] == {
                "max_lr": level.trials[0].max_lr,
                "seed": level.trials[0].seed,
                "val": level.trials[0].val,
                "test": level.trials[0].test,
                "diverged": False,
                "state": "complete",
                "seconds": 1.5,
                "id": level.trials[0].id,
            }


class TestUnderWay:
    def test_a_study_that_has_not_begun(self) -> None:
        with Laboratory(small_spec()) as lab:
            view = read(lab)
            assert (view.state, view.levels, view.cost.trials) == ("waiting", (), 0)
            assert strict_json(view)["levels"] == []

    def test_a_level_that_is_not_decided_yet(self) -> None:
        with Laboratory(small_spec()) as lab:
            lab.work(lab.sweep(), most=8)
            view = read(lab)
            assert view.state == "waiting"
            decided, under_way = view.levels
            assert (decided.winner, under_way.winner, under_way.winning) == (0.2, None, None)
            assert (under_way.intervals, under_way.edge) == (dict.fromkeys(RULES), False)
            assert under_way.density == pytest.approx(0.8)
            states = [trial.state for trial in under_way.trials]
            assert (states.count("complete"), states.count("pending")) == (2, 4)
            assert [candidate.seeds for candidate in under_way.candidates] == [2]
            level = strict_json(view)["levels"][1]
            assert (level["winner"], level["interval"]) == (None, dict.fromkeys(RULES))
            pending = next(trial for trial in level["trials"] if trial["state"] == "pending")
            assert [pending[name] for name in ("val", "test", "diverged", "seconds")] == [None] * 4

    def test_a_study_that_failed_trials_block(self) -> None:
        with Laboratory(small_spec(), fails=[(1, 7, 0.2), (1, 0, 0.4)]) as lab:
            view = read(lab.finish())
            assert (view.state, view.cost.failed, view.cost.trials) == ("blocked", 2, 10)
            shown = strict_json(view)
            assert (shown["state"], shown["levels"][1]["winner"]) == ("blocked", None)
            states = [trial["state"] for trial in shown["levels"][1]["trials"]]
            assert states.count("failed") == 2

    def test_a_failed_trial_blocks_only_once_the_others_have_ended(self) -> None:
        with Laboratory(small_spec(), fails=[(0, 0, 0.1)]) as lab:
            lab.work(lab.sweep(), most=2)
            assert lab.store.counts(lab.run.id)["failed"] == 1
            assert read(lab).state == "waiting"


class TestDivergence:
    def test_a_level_where_everything_diverged_has_no_interval(self) -> None:
        with Laboratory(small_spec(levels=2)) as lab:
            lab.flat = frozenset({0, 1})
            view = read(lab.finish())
            level = view.levels[1]
            assert view.state == "finished"
            assert (level.winner, level.edge, level.silence) == (None, False, "diverged")
            assert level.chosen == 0.1
            assert len(level.candidates) == 3
            assert all(trial.diverged for trial in level.trials)
            assert all(candidate.diverged == candidate.seeds for candidate in level.candidates)
            assert level.intervals == dict.fromkeys(RULES)
            shown = strict_json(view)["levels"][1]
            assert shown["interval"] == dict.fromkeys(RULES)
            assert (shown["winner"], shown["chosen"], shown["silence"]) == (None, 0.1, "diverged")

    def test_a_level_where_nothing_is_finite_is_not_decided(self) -> None:
        with Laboratory(small_spec(levels=2), ceiling=0.001) as lab:
            view = read(lab.finish())
            again = lab.sweep()
            assert (again.next(), again.stuck, again.finished) == ([], True, True)
            assert (view.state, view.status.stuck) == ("blocked", True)
            [level] = view.levels
            assert (level.winner, level.chosen, level.silence) == (None, None, None)
            assert {candidate.val for candidate in level.candidates} == {0}

    def test_a_smaller_candidate_frees_a_study_that_is_stuck(self) -> None:
        with Laboratory(small_spec(levels=2), ceiling=0.08) as lab:
            lab.finish()
            study = lab.store.study("s")
            lab.spec = extended(lab.spec, candidates=[0.07])
            extend_study(lab.store, study, small_spec(levels=2), lab.spec)
            view = read(lab.finish())
            assert view.state == "finished"
            assert [level.winner for level in view.levels] == [0.07, 0.07]
            assert all(level.edge for level in view.levels) is False

    def test_what_an_earlier_version_recorded_of_nan_counts_for_nothing(self) -> None:
        """It recorded how often class 0 was right, and let it win."""
        with Laboratory(small_spec(levels=2, search={"max_lr": {"values": [0.1, 0.2, 0.4]}, "widen": 0})) as lab:
            lab.work(lab.sweep(), most=6)
            with lab.store._database.write() as connection:
                hot = schema.trials.c.max_lr == 0.4
                nan = {"val": 0.97, "test": 0.97, "val_loss": None, "diverged": False}
                connection.execute(update(schema.trials).where(hot).values(nan))
            level = read(lab).levels[0]
            assert [(c.val, c.diverged) for c in level.candidates][2] == (0, 2)
            again = lab.sweep()
            again.next()
            assert lab.winners() == [0.2]
            lab.store.reopen_levels(lab.run.id, 0)
            lab.store.decide_level(lab.run.id, 0, 1.0, 0.4, True)
            level = read(lab).levels[0]
            assert (level.winner, level.edge, level.chosen, level.silence) == (None, False, 0.4, "unsound")
            assert level.intervals == dict.fromkeys(RULES)

    def test_losers_that_diverged_leave_the_interval_alone(self) -> None:
        with Laboratory(small_spec(levels=1), ceiling=0.3) as lab:
            [level] = read(lab.finish()).levels
            assert [candidate.diverged for candidate in level.candidates] == [0, 0, 2]
            within = level.intervals["within"]
            assert within is not None
            assert within.high < 0.4


def test_one_seed_has_no_paired_interval() -> None:
    with Laboratory(small_spec(levels=1, seeds=[3])) as lab:
        [level] = read(lab.finish()).levels
        assert level.intervals["paired"] is None
        assert level.intervals["within"] is not None


def test_a_study_that_is_not_there() -> None:
    with Laboratory(small_spec()) as lab, pytest.raises(StudyNotFound, match="'t'"):
        view_study(lab.store, "t")
