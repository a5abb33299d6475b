"""The suites for what others write: what breaks a promise does not pass."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from oracle.execution.inline import InlineExecutor
from oracle.testing.executors import ExecutorConformance
from oracle.testing.proposers import ProposerConformance

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from oracle.execution import Executor, TrialSource
    from oracle.execution.gate import Gate
    from oracle.execution.messages import Answer, Request
    from oracle.searching.candidates import Candidate
    from oracle.searching.proposers import Proposer
    from oracle.spec.model import Spec
    from studies import Artifacts


class Whimsical:
    """Proposes what it feels like, as long as it can remember fewer than three values."""

    def __init__(self) -> None:
        self.random, self.proposed = Random(0), 0

    def propose(self, observed: Sequence[Candidate], /) -> list[float]:
        self.proposed += 1
        return [self.random.uniform(0.1, 0.2)] if self.proposed < 4 else []


class WhimsicalSuite(ProposerConformance):
    def make_proposer(self, spec: Spec, level: int) -> Proposer:
        return Whimsical()


def test_a_proposer_with_a_memory_does_not_pass() -> None:
    suite = WhimsicalSuite()
    suite.test_it_proposes_each_value_once_and_comes_to_an_end("log", 0.2)
    with pytest.raises(AssertionError):
        suite.test_it_proposes_the_same_after_an_interruption_anywhere()
    with pytest.raises(AssertionError):
        suite.test_it_keeps_no_memory_between_proposals()


class Deaf:
    """A source that loses the last answer of every group, as an executor might."""

    def __init__(self, source: TrialSource) -> None:
        self.source = source

    @property
    def finished(self) -> bool:
        return self.source.finished

    @property
    def gate(self) -> Gate | None:
        return self.source.gate

    def next(self, most: int = 1) -> Sequence[Request]:
        return self.source.next(most)

    def record(self, answers: Sequence[tuple[Request, Answer]], /) -> None:
        self.source.record(answers[:-1])


class LosingExecutor(InlineExecutor):
    def run(self, source: TrialSource, spec: Spec, artifacts: Artifacts) -> None:
        super().run(Deaf(source), spec, artifacts)


class LosingSuite(ExecutorConformance):
    def make_executor(self, workers: int) -> Executor:
        return LosingExecutor()


def test_an_executor_that_loses_answers_does_not_pass(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        LosingSuite().test_it_gives_what_this_process_gives(1, "eager", tmp_path)
