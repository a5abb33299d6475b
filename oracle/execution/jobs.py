"""Ray Jobs: a command that runs on a cluster, even when the machine that sent it sleeps."""

from __future__ import annotations

import logging
import shlex
from typing import TYPE_CHECKING

from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def submit_job(address: str, command: Sequence[str], folder: Path) -> str:
    """Send a command to a cluster's job server, with a folder that it starts in; return the job's id.

    Args:
        address: of the job server, which is part of Ray's dashboard: "http://head:8265".
        command: what runs on the head node. It is shown in the dashboard: it must hold no secret.
        folder: is copied to the cluster; its modules can be imported there, on every node.

    Raises:
        InputError: the job server cannot be reached or refuses the job, or Ray is installed without the client.
    """
    from ray.job_submission import JobSubmissionClient

    for chatty in ("ray.dashboard.modules.dashboard_sdk", "ray._private.runtime_env.packaging"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        client = JobSubmissionClient(address)
    except RuntimeError as error:
        raise InputError(
            f"The client of Ray Jobs cannot be used ({error}); it comes with `pip install 'scyc[cluster]'`."
        ) from error
    except ConnectionError as error:
        raise InputError(
            f"No job server answers at {address}; give --ray-address the URL of the cluster's dashboard, "
            f"by default http://HEAD:8265."
        ) from error
    try:
        job: str = client.submit_job(entrypoint=shlex.join(command), runtime_env={"working_dir": str(folder)})
    except (RuntimeError, ValueError) as error:
        raise InputError(
            f"The job server at {address} refuses the job ({str(error).strip()}); see its dashboard."
        ) from error
    return job
