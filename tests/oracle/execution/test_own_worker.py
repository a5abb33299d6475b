"""The worker that runs the user's own trainings."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import oracle
from oracle.execution.messages import Failure, Outcome, Stopped, TrialRequest
from oracle.execution.worker import make_worker
from oracle.spec.files import parse_spec
from scyc import OneCycle, Policy, StopRule, own_objects, policy_to_dict
from scyc.schedules import Constant
from studies import Artifacts

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.execution.messages import Answer

NAME = "__main__:train"
DENSE = TrialRequest(1, 0, 3, 0.1, None, None)


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(str(tmp_path / "weights"))


@pytest.fixture
def attempt(artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Run one trial of a function, or of a command."""
    monkeypatch.setattr(own_objects, "_given", {})

    def of(train: Callable[[oracle.Trial], Any] | str, request: TrialRequest = DENSE, **fields: Any) -> Answer:
        spec: dict[str, Any] = {"engine": "own", "trial": {"budget": 10}} | fields
        if isinstance(train, str):
            spec["trial"] = spec["trial"] | {"command": train}
        else:
            spec["workload"] = NAME
            own_objects.give(NAME, train)
        worker = make_worker(parse_spec(spec, "of the test"), artifacts)
        [answer] = worker.attempt([request])
        return answer

    return of


def outcome(answer: Answer) -> Outcome:
    assert isinstance(answer, Outcome), answer
    return answer


def failure(answer: Answer) -> str:
    assert isinstance(answer, Failure), answer
    return answer.error


def test_what_a_function_returns_and_reports_is_the_result(
    attempt: Callable[..., Answer], artifacts: Artifacts
) -> None:
    def train(trial: oracle.Trial) -> dict[str, float]:
        trial.report(0.25, train_loss=2.0, val_loss=1.5)
        trial.report(0.5, step=4)
        (trial.out / "weights").write_text("abc")
        return {"val": 0.75, "test": 0.5}

    answer = outcome(attempt(train))
    result = answer.result
    assert (result.val, result.test, result.diverged, result.finite) == (0.75, 0.5, False, True)
    assert [(point.step, point.val, point.train_loss) for point in result.epochs] == [(0, 0.25, 2.0), (4, 0.5, None)]
    assert result.spent == 5
    assert result.density == 1
    [saved] = answer.saved
    assert (saved.hash, saved.size, saved.parent) == (result.checkpoint, 3, None)
    assert answer.machine is not None
    assert list(artifacts.hashes()) == [result.checkpoint]
    assert list(Path(artifacts.root, "tmp").iterdir()) == []


def test_the_next_level_gets_what_was_left(attempt: Callable[..., Answer]) -> None:
    seen: list[tuple[Any, ...]] = []

    def train(trial: oracle.Trial) -> dict[str, float]:
        before = (trial.parent / "weights").read_text() if trial.parent else ""
        (trial.out / "weights").write_text(before + "x")
        seen.append((trial.level, trial.seed, trial.density, before))
        return {"val": 0.5}

    first = outcome(attempt(train)).result.checkpoint
    second = outcome(attempt(train, TrialRequest(2, 1, 3, 0.1, first, None)))
    assert seen == [(0, 3, 1.0, ""), (1, 3, 0.8, "x")]
    assert second.saved[0].parent == first
    assert second.result.test is None


def test_what_it_spent_is_what_it_says_or_the_budget(attempt: Callable[..., Answer]) -> None:
    assert outcome(attempt(lambda _: {"val": 0.5, "spent": 7.5})).result.spent == 7.5
    assert outcome(attempt(lambda _: {"val": 0.5})).result.spent == 10
    assert outcome(attempt(lambda _: {"val": 0.5}, trial={"unit": "epochs"})).result.spent == 0


@pytest.mark.parametrize("val", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_a_divergence(val: float, attempt: Callable[..., Answer]) -> None:
    result = outcome(attempt(lambda _: {"val": val, "test": math.nan})).result
    assert (result.val, result.test, result.diverged, result.finite) == (None, None, True, False)


def test_a_training_without_hope_is_stopped_and_leaves_nothing(
    attempt: Callable[..., Answer], artifacts: Artifacts
) -> None:
    """Also one that goes on all the same."""

    def stubborn(trial: oracle.Trial) -> dict[str, float]:
        for step in range(10):
            try:
                trial.report(0.1, step)
            except oracle.Stop:
                continue
        return {"val": 0.9}

    def willing(trial: oracle.Trial) -> dict[str, float]:
        for step in range(10):
            trial.report(0.1, step)
        return {"val": 0.9}

    ruled = TrialRequest(1, 0, 3, 0.1, None, None, stop=StopRule(5, 0.5))
    for train in (stubborn, willing):
        answer = attempt(train, ruled)
        assert isinstance(answer, Stopped)
        assert [point.step for point in answer.epochs] == list(range(6))
    assert list(artifacts.hashes()) == []
    assert isinstance(attempt(willing, TrialRequest(1, 0, 3, 0.1, None, None, stop=StopRule(5, 0.05))), Outcome)


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (None, "The training '__main__:train' should return {\"val\": NUMBER}"),
        ({"val": "good"}, "should be a number, but it is 'good'"),
        ({"val": 1.5}, "the study's accuracy, which is a fraction from 0 to 1, but it is 1.5"),
    ],
)
def test_a_wrong_result_is_a_failure(
    returned: object, said: str, attempt: Callable[..., Answer], artifacts: Artifacts
) -> None:
    assert said in failure(attempt(lambda _: returned)).splitlines()[-1]
    assert list(artifacts.hashes()) == []


def test_an_exception_is_a_failure(attempt: Callable[..., Answer]) -> None:
    def raising(trial: oracle.Trial) -> None:
        raise RuntimeError("no luck")

    def leaving(trial: oracle.Trial) -> None:
        sys.exit(3)

    assert failure(attempt(raising)).endswith("RuntimeError: no luck\n")
    assert "wanted to end the process (SystemExit: 3)" in failure(attempt(leaving))


def test_the_candidates_of_a_level_and_seed_draw_the_same(attempt: Callable[..., Answer]) -> None:
    def train(trial: oracle.Trial) -> dict[str, float]:
        return {"val": random.random()}

    drawn = [
        outcome(attempt(train, TrialRequest(1, 0, seed, max_lr, None, None))).result.val
        for seed, max_lr in [(0, 0.1), (0, 0.2), (1, 0.1)]
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_schedule_may_have_a_profile_of_its_own(attempt: Callable[..., Answer]) -> None:
    seen: list[Any] = []

    def train(trial: oracle.Trial) -> dict[str, float]:
        seen.append((trial.lr_at(0.1), trial.momentum_at(0.0)))
        return {"val": 0.5}

    profile = OneCycle(momentum=(0.85, 0.95))
    policy = json.dumps(policy_to_dict(Policy(Constant(0.5), profile)))
    outcome(attempt(train, TrialRequest(1, 0, 3, 0.5, None, None, policy=policy)))
    assert seen == [(0.5 * profile(0.1), 0.95)]


def test_what_is_no_training_is_said(artifacts: Artifacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "no_training.py").write_text("def x(): pass")
    with pytest.raises(oracle.InputError, match="'no_training:x' is no training of your own"):
        make_worker(parse_spec({"engine": "own", "workload": "no_training:x"}, "of the test"), artifacts)


def test_neither_data_nor_networks_are_loaded(tmp_path: Path) -> None:
    """The module of this program's own loop is not even imported."""
    code = f"""
import sys
from oracle.execution.messages import TrialRequest
from oracle.execution.worker import make_worker
from oracle.spec.files import parse_spec
from studies import Artifacts
spec = parse_spec({{"trial": {{"command": {f"{sys.executable} -c 1"!r}}}}}, "of the test")
make_worker(spec, Artifacts({str(tmp_path)!r})).attempt([TrialRequest(1, 0, 3, 0.1, None, None)])
print([name for name in sys.modules if name in ("oracle.execution.network_worker", "scyc.training.loop", "sklearn")])
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


COMMAND = """
import sys, oracle
trial = oracle.current_trial()
print("level", trial.level)
{body}
"""


def command(folder: Path, body: str) -> str:
    (folder / "command.py").write_text(COMMAND.format(body=body))
    return f"{sys.executable} {folder / 'command.py'}"


def test_a_command_finds_its_trial_and_says_what_came_of_it(
    attempt: Callable[..., Answer], tmp_path: Path, artifacts: Artifacts
) -> None:
    body = """
before = (trial.parent / "weights").read_text() if trial.parent else ""
(trial.out / "weights").write_text(before + "x")
for step in range(3):
    trial.report(trial.lr_at(0.3), step)
trial.finish(val=0.5, test=len(before))
"""
    words = command(tmp_path, body)
    first = outcome(attempt(words)).result
    assert [point.val for point in first.epochs] == [0.1] * 3
    assert (first.val, first.test, first.spent) == (0.5, 0, 3)
    second = outcome(attempt(words, TrialRequest(2, 1, 3, 0.1, first.checkpoint, None))).result
    assert second.test == 1
    assert set(artifacts.hashes()) == {first.checkpoint, second.checkpoint}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("sys.exit(3)", "ended with exit code 3."),
        ("raise RuntimeError('no luck')", "ended with exit code 1."),
        ("import os; os.kill(os.getpid(), 15)", "ended by SIGTERM."),
        ("pass", "ended without a result; let it call oracle.current_trial().finish(val=...)"),
        ("trial.finish(0.5); sys.exit(3)", "ended with exit code 3."),
    ],
)
def test_a_command_without_a_result_is_a_failure(
    body: str, said: str, attempt: Callable[..., Answer], tmp_path: Path
) -> None:
    error = failure(attempt(command(tmp_path, body)))
    assert said in error.splitlines()[-1]
    assert "level 0" in error
    assert ("no luck" in error) == ("no luck" in body)


def test_a_command_that_its_rule_stops_has_not_failed(attempt: Callable[..., Answer], tmp_path: Path) -> None:
    body = "for step in range(10): trial.report(0.1, step)"
    ruled = TrialRequest(1, 0, 3, 0.1, None, None, stop=StopRule(5, 0.5))
    answer = attempt(command(tmp_path, body), ruled)
    assert isinstance(answer, Stopped)
    assert len(answer.epochs) == 6


def test_a_command_in_another_language(attempt: Callable[..., Answer], tmp_path: Path) -> None:
    script = tmp_path / "train.sh"
    script.write_text(
        """
        of() { tr -d '\\n' < "$SCYC_TRIAL" | sed "s/.*\\"$1\\": \\"\\([^\\"]*\\)\\".*/\\1/"; }
        echo '{"step": 0, "val": 0.25}' >> "$(of reports)"
        echo weights > "$(of out)/weights"
        echo '{"val": 0.5}' > "$(of result)"
        """
    )
    result = outcome(attempt(f"sh {script}")).result
    assert (result.val, result.epochs[0].val, result.spent) == (0.5, 0.25, 1)
