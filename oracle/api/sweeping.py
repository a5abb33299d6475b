"""Oracle sweeps: started, resumed, extended. The caller gets the study; its progress goes to a display."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from oracle.api.driving import Driven, driven, train_oracle
from oracle.driver.engine_choice import with_engine
from oracle.driver.preflight import check_ready
from oracle.execution import make_executor
from oracle.study.extending import extend_study, extended
from oracle.study.opening import open_study, study_spec
from studies import Artifacts, Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.api.displays import Display
    from oracle.execution import ExecutionOptions
    from oracle.spec.model import Spec


def sweep(spec: Spec, name: str, db: str, artifacts: str, options: ExecutionOptions, display: Display) -> None:
    """Search the best `max_lr` at every level of a study; resume it if it exists.

    Args:
        spec: of the study.
        name: of the study.
        db: URL of the database, which is created if it is not there.
        artifacts: folder or URL below which a new study keeps its weights, in a folder of its name.
        options: how trials are trained.
        display: shows how far it is.

    Raises:
        InputError: the spec or the options cannot work, or the study exists with another spec; nothing was done.
        StudyError: the database or the artifact store cannot be used, or the study stopped before its end.
    """
    executor = make_executor(options, spec)
    folder = f"{artifacts.rstrip('/')}/{name}"
    check_ready(spec, Artifacts(folder), here=executor.here)
    with Store.open(db) as store:
        open_study(store, name, spec, folder, settle=with_engine)
        with driven(store, name) as held:
            open_study(held.store, name, spec, folder)  # it may have been extended before the lease was ours
            train_oracle(held, executor, options, display, db)


def resume(name: str, db: str, options: ExecutionOptions, display: Display) -> None:
    """Train what a study lacks; its spec comes from the database.

    Raises:
        InputError: the options cannot work.
        StudyError: there is no such study, or as for `sweep`.
    """
    with Store.open(db, create=False) as store:
        study = store.study(name)
        spec = study_spec(study)
        executor = make_executor(options, spec)
        check_ready(spec, Artifacts(study.artifacts), here=executor.here)
        with driven(store, name) as held:
            train_oracle(held, executor, options, display, db)


def extend(
    name: str,
    db: str,
    options: ExecutionOptions,
    display: Display,
    *,
    levels: int | None = None,
    seeds: Sequence[int] = (),
    candidates: Sequence[float] = (),
    count: int | None = None,
) -> None:
    """Add levels, seeds or candidates to a study, and train the new cells alone; see `oracle.study.extending`.

    Raises:
        InputError: nothing is added, or it does not go with the study; the options cannot work.
        StudyError: there is no such study, or as for `sweep`.
    """
    add = partial(extended, levels=levels, seeds=seeds, candidates=candidates, count=count)
    with Store.open(db, create=False) as store:
        study = store.study(name)
        spec = add(study_spec(study))
        executor = make_executor(options, spec)
        check_ready(spec, Artifacts(study.artifacts), here=executor.here)
        with driven(store, name) as held:
            _, reopened = extend_study(held.store, held.study, held.spec, add(held.spec))
            if reopened:
                display.say(f"{reopened} levels are decided again, with what is added to them.")
            train_oracle(Driven.read(held.store, name), executor, options, display, db)
