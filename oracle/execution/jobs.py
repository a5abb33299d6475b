"""Ray Jobs: a command runs on a cluster, even if the machine that sent it is switched off."""

from __future__ import annotations

import logging
import shlex
from typing import TYPE_CHECKING

from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def submit_job(address: str, command: Sequence[str], folder: Path) -> str:
    """Send a command to a cluster's job server, with the folder that it starts in; return the job's id.

    Args:
        address: URL of the job server, which is part of Ray's dashboard: "http://head:8265".
        command: command to run on the head node. The dashboard shows it, so it must hold no secret.
        folder: folder to copy to the cluster; its modules can be imported on every node.

    Raises:
        InputError: the job server cannot be reached or refuses the job, or Ray is installed without its job client.
    """
    from ray.job_submission import JobSubmissionClient

    for chatty in ("ray.dashboard.modules.dashboard_sdk", "ray._private.runtime_env.packaging"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        client = JobSubmissionClient(address)
    except RuntimeError as error:
        raise InputError(
            f"The client of Ray Jobs cannot be used ({error}); install it with `pip install 'scyc[cluster]'`."
        ) from error
    except ConnectionError as error:
        raise InputError(
            f"No job server answers at {address}; give the URL of the cluster's dashboard, which is usually "
            "http://HEAD:8265."
        ) from error
    try:
        job: str = client.submit_job(entrypoint=shlex.join(command), runtime_env={"working_dir": str(folder)})
    except (RuntimeError, ValueError) as error:
        raise InputError(
            f"The job server at {address} refuses the job ({str(error).strip()}); its dashboard may say more."
        ) from error
    return job
