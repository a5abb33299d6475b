"""A training that cannot be imported, on its way from the driver to its workers. It is stored nowhere.

Only what the driver itself has pickled is unpickled, from the private channel to its workers or from Ray.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from oracle.execution import search_path
from oracle.execution.surroundings import without_hints
from scyc import InputError
from scyc.own_objects import give, given

if TYPE_CHECKING:
    from oracle.spec.model import Spec
    from scyc.own_objects import Training


def pickled(spec: Spec) -> str | None:
    """Return the training of a study as text, if it was given to this process; None if workers can import it.

    Raises:
        InputError: it holds something that cannot be sent to another process.
    """
    training = given(spec.workload) if spec.trial.command is None else None
    if training is None:
        return None
    with without_hints():
        from ray import cloudpickle

    try:
        return base64.b64encode(cloudpickle.dumps(training)).decode()  # type: ignore[no-untyped-call]
    except Exception as error:  # whatever the pickling of a user's objects raises
        raise InputError(
            f"The training {spec.workload!r} cannot be sent to workers, since it holds on to something that stays in "
            f"its process ({type(error).__name__}: {error}); create that inside the function, put the function into a "
            'module, or train with executor="inline".'
        ) from error


def receive(spec: Spec, text: str | None) -> None:
    """Let this process know a training that `pickled` has packed up; nothing happens without one.

    Modules that it uses are also looked for in the working folder. If it cannot be unpacked, each of its trials fails,
    and says why.
    """
    if text is None:
        return
    with without_hints():
        from ray import cloudpickle

    search_path.append([str(Path.cwd())])
    try:
        training = cloudpickle.loads(base64.b64decode(text))
    except Exception as error:  # whatever importing a user's modules raises
        training = _failing(
            f"The training {spec.workload!r} arrived at a worker, but cannot be used there ({type(error).__name__}: "
            f"{error}); what it imports must be installed, or lie in {Path.cwd()} or in the script's folder."
        )
    give(spec.workload, training)


def _failing(message: str) -> Training:
    def train(_trial: object) -> None:
        raise InputError(message)

    return train
