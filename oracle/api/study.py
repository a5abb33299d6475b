"""A study as an object: what it shows, and what can be done with it."""

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

    Methods that show something only read (see `StudyReader`). `resume`, `extend`, `run` and `delete` write; they hold
    the study's lease while they do.

    Args:
        name: name of the study.
        db: URL of its database. Default: `$SCYC_DB`, else `sqlite:///scyc.db`.

    Raises:
        StudyError: by every method, if the database cannot be used.
        StudyNotFound: by every method, if there is no such study.
        StudyBusy: by methods that write, if another driver holds the lease.
    """

    def resume(self, *, progress: bool | Display | None = None, **options: Any) -> Study:
        """Train what is missing.

        Args:
            progress: whether to show a bar. Default: only in a notebook.
            options: how trials are trained, see `oracle.ExecutionOptions`.

        Raises:
            TrialsFailed: failed trials block the study; `retry_failed=True` trains them again.
            KeyboardInterrupt: the call was interrupted; call it again to resume.
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
        """Add levels, seeds or candidates, and train only the new cells.

        Args:
            levels: new number of levels.
            seeds: seeds to add.
            candidates: `max_lr` values to add, for a study that searches a grid.
            count: new number of candidates per level, for a study whose sampler proposes them.
            progress: whether to show a bar. Default: only in a notebook.
            options: how trials are trained, see `oracle.ExecutionOptions`.

        Raises:
            InputError: nothing is added, or it does not fit the study.
            TrialsFailed: failed trials block the study.
            KeyboardInterrupt: the call was interrupted; `resume` trains the rest.
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
        """Train schedules through all levels, and the oracle's curve beside them. Recorded trials are not repeated.

        Args:
            schedules: by name, also with other parameters: `s-cyc:delta=0.1,q=2`. Default: all that differ from the
                oracle only in `max_lr`.
            seeds: seeds to train on. Default: fresh ones, on which the oracle did not choose its winners.
            name: name of the run, if there is one schedule. Default: the schedule's name.
            progress: whether to show a bar. Default: only in a notebook.
            options: how trials are trained, see `oracle.ExecutionOptions`.

        Raises:
            InputError: there is no such schedule, or the oracle is not finished.
            TrialsFailed: failures block some of the runs.
            KeyboardInterrupt: the call was interrupted; the same call resumes the runs.
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

    def pause(self) -> None:
        """Let no more trials start, whoever trains the study; those under way are finished and recorded.

        `resume` continues.
        """
        from oracle.api.controlling import pause

        pause(self.name, self.db)

    def cancel(self) -> None:
        """Stop whoever trains the study at once; trials under way are lost, and are trained again by `resume`."""
        from oracle.api.controlling import cancel

        cancel(self.name, self.db)

    def delete(self) -> None:
        """Delete the study with its trials, weights and Optuna mirror, without asking."""
        from oracle.api.managing import delete_study

        delete_study(self.name, self.db, display_for(False).warn)
