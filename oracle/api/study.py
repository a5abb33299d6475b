"""A study in the hand: what it says, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.api.displays import display_for
from oracle.api.study_reader import StudyReader
from oracle.execution import ExecutionOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.api.displays import Display


class Study(StudyReader):
    """One study of a database.

    What shows something only reads, see `StudyReader`. `resume`, `extend`, `run` and `delete` write, under the study's
    lease.

    Args:
        name: of the study.
        db: URL of its database. Default: `$SCYC_DB`, else `sqlite:///scyc.db`.

    Raises:
        StudyError: by every method, where the database cannot be used.
        StudyNotFound: by every method, where there is no such study.
        StudyBusy: by methods that write, where another driver holds the lease.
    """

    def resume(self, *, progress: bool | Display | None = None, **options: Any) -> Study:
        """Train what it lacks.

        Args:
            progress: whether to show a bar. Default: in a notebook.
            options: how trials are trained, see `oracle.ExecutionOptions`.

        Raises:
            TrialsFailed: failed trials are in the way; `retry_failed=True` trains them again.
            KeyboardInterrupt: it was interrupted; it can be resumed.
        """
        from oracle.api.sweeping import resume

        resume(self.name, self.db, ExecutionOptions(**options), display_for(progress))
        return self

    def extend(
        self,
        *,
        levels: int | None = None,
        seeds: Sequence[int] = (),
        candidates: Sequence[float] = (),
        count: int | None = None,
        progress: bool | Display | None = None,
        **options: Any,
    ) -> Study:
        """Add levels, seeds or candidates, and train the new cells alone.

        Args:
            levels: number of levels from now on.
            seeds: to add.
            candidates: `max_lr` values to add to a grid.
            count: candidates per level from now on, where a sampler proposes them.
            progress: whether to show a bar. Default: in a notebook.
            options: how trials are trained, see `oracle.ExecutionOptions`.

        Raises:
            InputError: nothing is added, or it does not go with the study.
            TrialsFailed: failed trials are in the way.
            KeyboardInterrupt: it was interrupted; `resume` trains the rest.
        """
        from oracle.api.sweeping import extend

        more = {"levels": levels, "seeds": seeds, "candidates": candidates, "count": count}
        extend(self.name, self.db, ExecutionOptions(**options), display_for(progress), **more)  # type: ignore[arg-type]
        return self

    def run(
        self,
        schedules: Sequence[str] = (),
        seeds: Sequence[int] = (),
        *,
        name: str | None = None,
        progress: bool | Display | None = None,
        **options: Any,
    ) -> Study:
        """Train schedules for real, and the oracle's curve with them; what is on record is not trained again.

        Args:
            schedules: by name, or with other parameters, `s-cyc:delta=0.1,q=2`. Default: those that differ from the
                oracle in `max_lr` alone.
            seeds: to train on. Default: fresh ones, which had no part in the oracle's choice.
            name: of the run of one schedule. Default: the schedule's.
            progress: whether to show a bar. Default: in a notebook.
            options: how trials are trained, see `oracle.ExecutionOptions`.

        Raises:
            InputError: there is no such schedule, or the oracle is not finished.
            TrialsFailed: failures are in the way.
            KeyboardInterrupt: it was interrupted; the same call resumes it.
        """
        from oracle.api.running import run_schedules

        run_schedules(
            self.name,
            self.db,
            ExecutionOptions(**options),
            display_for(progress),
            schedules=schedules,
            seeds=seeds,
            run_name=name,
        )
        return self

    def delete(self) -> None:
        """Delete it with its trials, its weights and its mirror; nothing asks again."""
        from oracle.api.managing import delete_study

        delete_study(self.name, self.db, display_for(False).warn)
