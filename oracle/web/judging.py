"""Schedules against a study's decided levels, quickly: what all verdicts share is worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.comparison.contenders import FITTED, contenders, on_surface, pick
from oracle.comparison.decided import judged_levels
from oracle.comparison.fit import FEWEST_LEVELS, fit_scyc
from oracle.comparison.verdict import judge
from oracle.results.intervals import DEFAULT_RULE, RULES
from oracle.study.opening import ORACLE, REPLAYED
from oracle.surface import fit_surface
from oracle.web.decided import MOST_CANDIDATES
from oracle.web.refusals import Refusal
from scyc import InputError
from scyc.policies import policy_from_dict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from oracle.comparison.levels import OracleLevel
    from oracle.comparison.verdict import Verdict
    from oracle.surface import Surface
    from oracle.web.decided import Decided
    from scyc import LevelSchedule, Policy
    from studies import RunRecord

PLAIN_RULE = "paired"
"""The rule by which studies are judged to which the surface is not fitted."""


def default_rule(decided: Decided | None) -> str:
    """Return the name of the rule that a study is judged by unless another one is asked for."""
    return DEFAULT_RULE if decided is not None and decided.affordable else PLAIN_RULE


def too_many(decided: Decided) -> str:
    """Return why the surface is not fitted."""
    number = sum(len(level.candidates) for level in decided.levels)
    return (
        f"The model of the surface is not fitted here, as the levels have {number:,} candidates together and it would "
        f"take minutes from {MOST_CANDIDATES} on; `scyc show` and `scyc compare` fit it."
    )


@dataclass(frozen=True)
class Bench:
    """What schedules are judged by.

    Attributes:
        decided: the study's decided levels.
        rule: name of the rule of the intervals.
        levels: those with a winner.
        surface: fitted to them; None if that takes too long.
        policies: the schedules by name.
    """

    decided: Decided
    rule: str
    levels: tuple[OracleLevel, ...]
    surface: Surface | None
    policies: Mapping[str, Policy]

    @classmethod
    def of(cls, decided: Decided, runs: Iterable[RunRecord], rule: str) -> Bench:
        """Work out what schedules are judged by.

        Args:
            decided: the study's decided levels.
            runs: of the study; the schedules of those that were trained can be judged too.
            rule: name of the rule of the intervals.

        Raises:
            InputError: the dense network has no winner.
            Refusal: the rule needs the surface, and that takes too long.
        """
        if RULES[rule].modelled and not decided.affordable:
            raise Refusal(409, f"{too_many(decided)} Choose another rule: {PLAIN_RULE}.")
        spec, chosen = decided.spec, [one.chosen for one in decided.levels if one.chosen is not None]
        levels = judged_levels(decided.levels, RULES[rule], spec.metric.tolerance)
        surface = fit_surface(levels) if levels and decided.affordable else None
        enough = surface is not None and len(levels) >= FEWEST_LEVELS
        fit = fit_scyc(levels, spec.pruning.rate, refits=1) if enough else None
        policies = contenders(levels, spec, fit.schedule if fit else None, chosen, surface)
        for run in runs:
            if run.name not in (ORACLE, REPLAYED, *policies):
                policies[run.name] = policy_from_dict(run.policy or {})
        return cls(decided, rule, levels, surface, policies)

    @property
    def start(self) -> str:
        """Name of the schedule that sliders begin with."""
        return FITTED if FITTED in self.policies else "s-cyc"

    def schedules(self) -> dict[str, LevelSchedule]:
        """Return the schedules that can be judged, by name."""
        found = {name: self._on_surface(policy) for name, policy in self.policies.items()}
        return {name: schedule for name, schedule in found.items() if schedule is not None}

    def judge(self, name: str) -> tuple[LevelSchedule, Verdict]:
        """Return a schedule and the verdict on it.

        Args:
            name: of a schedule, or a name with other parameters, "s-cyc:delta=0.1,q=2".

        Raises:
            Refusal: there is no such schedule, or the surface cannot judge it.
        """
        try:
            schedule = self._on_surface(pick(self.policies, name))
        except InputError as error:
            raise Refusal(400, str(error)) from error
        if schedule is None:
            raise Refusal(400, "That schedule cannot be judged by the surface; train it with `scyc run`.")
        metric = self.decided.spec.metric
        probable = RULES[self.rule].modelled
        verdict = judge(schedule, self.levels, self.surface, metric.tolerance, probable=probable, metric=metric)
        return schedule, verdict

    def _on_surface(self, policy: Policy) -> LevelSchedule | None:
        schedule = on_surface(policy)
        if schedule is None:
            return None
        try:
            schedule(self.levels[-1].level)
        except InputError:  # the curve of an oracle that had fewer levels
            return None
        return schedule
