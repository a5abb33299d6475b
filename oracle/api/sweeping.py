"""Starting, resuming and extending an oracle sweep. Progress goes to a display."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from oracle.api.defaults import check_artifacts, folder_name
from oracle.api.driving import ready_executor, train_oracle, training
from oracle.driver.engine_choice import with_engine
from oracle.study.extending import extend_study, extended
from oracle.study.opening import open_study, study_spec
from studies import Store, claim

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.api.displays import Display
    from oracle.execution import ExecutionOptions
    from oracle.spec.model import Spec


def sweep(spec: Spec, name: str, db: str, artifacts: str, options: ExecutionOptions, display: Display) -> None:
    """Find the best `max_lr` at every level of a study. If the study exists, resume it.

    Args:
        spec: spec of the study.
        name: name of the study.
        db: URL of the database, which is created if it does not exist.
        artifacts: folder or URL where a new study's weights go, into a folder named after the study.
        options: how trials are trained.
        display: shows how far the study is.

    Raises:
        InputError: the spec or an option is not valid, or the study exists with another spec; nothing was changed.
        StudyError: the database or the artifact store cannot be used, or the study stopped before its end.
    """
    check_artifacts(artifacts)
    folder = f"{artifacts.rstrip('/')}/{folder_name(name)}"
    executor, ready = ready_executor(options, spec, folder)
    with Store.open(db) as store:
        if store.find_study(name) is None:
            folder = claim(store, folder).url
        open_study(store, name, spec, folder, settle=with_engine, recorded=ready.recorded)
        with training(store, name, options, display, ready) as held:
            open_study(held.store, name, spec, folder)  # another driver may have extended it before we held the lease
            train_oracle(held, executor, options, display, db)


def resume(name: str, db: str, options: ExecutionOptions, display: Display) -> None:
    """Train what is missing from a study. Its spec comes from the database.

    Raises:
        InputError: an option is not valid.
        StudyError: there is no such study, or one of the reasons of `sweep`.
    """
    with Store.open(db, create=False) as store:
        study = store.study(name)
        executor, ready = ready_executor(options, study_spec(study), study.artifacts)
        with training(store, name, options, display, ready) as held:
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
    """Add levels, seeds or candidates to a study, and train only the new cells; see `oracle.study.extending`.

    Raises:
        InputError: nothing is added, it does not fit the study, or an option is not valid.
        StudyError: there is no such study, or one of the reasons of `sweep`.
    """
    add = partial(extended, levels=levels, seeds=seeds, candidates=candidates, count=count)
    with Store.open(db, create=False) as store:
        study = store.study(name)
        executor, ready = ready_executor(options, add(study_spec(study)), study.artifacts)
        with training(store, name, options, display, ready) as held:
            _, reopened = extend_study(held.store, held.study, held.spec, add(held.spec))
            if reopened:
                display.say(f"{reopened} levels are decided again once their new cells are trained.")
            train_oracle(held.read_again(), executor, options, display, db)
