"""Schedules against the oracle, and the verdict on one while its parameters are moved."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from oracle.comparison import as_python
from oracle.results.intervals import RULES
from oracle.study.commands import command
from oracle.web.judging import default_rule, too_many
from oracle.web.refusals import Refusal
from oracle.web.seeing import Seen
from oracle.web.service import Asked
from oracle.web.v1 import models
from oracle.web.v1.answering import Number, judge
from scyc import InputError, LevelSchedule, SCyc

router = APIRouter(tags=["schedules"])


@router.get("/studies/{number}/schedules", response_model=models.Schedules, summary="List schedules")
async def schedules(service: Asked, number: Number) -> Response:
    """List the schedules that can be compared with the oracle, and ranges for the parameters of S-Cyc."""

    def work() -> models.Schedules:
        seen = Seen.of(service, number)
        decided = seen.decided()
        try:
            bench = seen.bench(default_rule(decided), decided)
        except InputError as error:  # the dense network has no winner, as long as its level is under way
            return models.Schedules(schedules=[], sliders={}, start="", note=str(error))
        levels = decided.spec.levels
        found = [_schedule(name, one, levels) for name, one in bench.schedules().items()]
        begin = next(one.parameters for one in found if one.name == bench.start)
        assert begin is not None
        tried = [max_lr for level in bench.levels for max_lr in level.scores]
        low, high = min(tried), max(tried)
        return models.Schedules(
            schedules=found,
            sliders={
                "delta": models.Slider(low=min(low, begin.delta), high=max(high, begin.delta), value=begin.delta),
                "epsilon": models.Slider(low=0.0, high=max(high, begin.epsilon), value=begin.epsilon),
                "beta": models.Slider(low=0.5, high=max(20.0, begin.beta), value=begin.beta),
                "q": models.Slider(low=0, high=max(levels - 1, begin.q), value=begin.q),
            },
            start=bench.start,
            note=None if decided.affordable else too_many(decided),
        )

    return await judge(service, work)


@router.get("/studies/{number}/verdict", response_model=models.Verdict, summary="Judge a schedule")
async def verdict(
    service: Asked,
    number: Number,
    schedule: Annotated[str, Query(max_length=200, description="A name, or `s-cyc:delta=0.1,q=2`.")],
    rule: Annotated[
        str | None, Query(max_length=40, description="Rule of the intervals. Default: the study's.")
    ] = None,
) -> Response:
    """Judge a schedule on the oracle's surface."""
    if rule is not None and rule not in RULES:
        raise Refusal(400, f"There is no interval rule of that name; choose one of {', '.join(RULES)}.")

    def work() -> models.Verdict:
        seen = Seen.of(service, number)
        decided = seen.decided()
        bench = seen.bench(rule or default_rule(decided), decided)
        chosen, judged = bench.judge(schedule)
        return models.Verdict(
            schedule=schedule,
            code=as_python(chosen),
            command=command("run", decided.name, "--schedule", schedule, db=service.store.url),
            sentence=judged.sentence,
            hits=judged.hits,
            judged=judged.judged,
            mean_regret=judged.mean_regret,
            levels=[
                models.VerdictLevel(
                    level=level.level,
                    max_lr=level.max_lr,
                    inside=level.inside,
                    off=level.off,
                    regret=level.regret,
                )
                for level in judged.levels
            ],
        )

    return await judge(service, work)


def _schedule(name: str, schedule: LevelSchedule, levels: int) -> models.Schedule:
    parameters = None
    if isinstance(schedule, SCyc):
        parameters = models.Parameters(
            delta=schedule.delta, epsilon=schedule.epsilon, beta=schedule.beta, q=schedule.q, p=schedule.p
        )
    covered = range(min(levels, len(getattr(schedule, "values", range(levels)))))
    return models.Schedule(
        name=name,
        code=as_python(schedule),
        kind="s-cyc" if parameters else None,
        parameters=parameters,
        max_lrs=[schedule(level) for level in covered],
    )
