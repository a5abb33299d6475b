"""The checks before a sweep in a process of their own, where a workload can neither end nor block the command."""

from __future__ import annotations

import json
import os
import traceback
from contextlib import closing
from typing import TYPE_CHECKING

from oracle.driver.ready import Ready
from oracle.execution.child_process import ChildProcess, channel_to_driver, heard_of
from oracle.execution.deaths import TOO_LATE, how_it_ended
from oracle.spec.files import parse_spec
from scyc import InputError, policy_from_dict, policy_to_dict
from studies import Artifacts, StudyError, StudyUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oracle.spec.model import Spec
    from scyc import Policy

_KINDS = {kind.__name__: kind for kind in (InputError, StudyError, StudyUnavailable)}


def check_ready_apart(
    spec: Spec, artifacts: Artifacts, policies: Iterable[Policy] = (), *, here: bool, limit: float | None = None
) -> Ready:
    """Check what `check_ready` checks, in another process, and return what it found.

    Args:
        spec: spec of the study.
        artifacts: where its weights will go.
        policies: what runs of schedules will train with.
        here: whether trials train on this machine.
        limit: time limit of a trial in seconds; the checks have as much time as a worker has before it trains. None for
            no limit.

    Raises:
        InputError: as `check_ready`; or the workload raised another error, ended the process or took too long.
        StudyError: as `check_ready`.
    """
    with closing(ChildProcess("oracle.driver.apart")) as process:
        asked = {"spec": spec.to_dict(), "artifacts": artifacts.url, "here": here, "limit": limit}
        process.send(json.dumps(asked | {"policies": [policy_to_dict(policy) for policy in policies]}))
        heard_of([process])
        text = process.receive()
        if text is None:
            code = process.end()
            late = limit is not None and code == TOO_LATE
            what = "took too long" if late else f"ended the process {how_it_ended(code)}"
            raise InputError(
                f"The workload {spec.workload!r} {what} when its data were loaded and its network was built, before "
                "anything was trained; see above for what it printed."
            )
    answer = json.loads(text)
    if answer["kind"] in _KINDS:
        raise _KINDS[answer["kind"]](answer["said"])
    if answer["kind"] is not None:
        raise InputError(
            f"The workload {spec.workload!r} failed when its data were loaded and its network was built, before "
            f"anything was trained ({answer['kind']}: {answer['said']})."
        )
    return Ready.from_dict(answer["ready"])


def main() -> None:
    """Check what the driver asks for, and tell it what is wrong."""
    from oracle.driver.preflight import check_ready
    from oracle.execution.trainer import Clock
    from scyc.fence import fenced

    driver = channel_to_driver()
    asked = json.loads(driver.recv_bytes())
    spec = parse_spec(asked["spec"], "from the driver")
    kind, said, ready = None, "", None
    try:
        with Clock(asked["limit"]).preparing(), fenced(spec.workload):
            policies = [policy_from_dict(policy) for policy in asked["policies"]]
            ready = check_ready(spec, Artifacts(asked["artifacts"]), policies, here=asked["here"]).to_dict()
    except BaseException as error:  # whatever a user's own code raises
        if os.environ.get("SCYC_DEBUG"):
            traceback.print_exc()
        kind, said = type(error).__name__, str(error)
    driver.send_bytes(json.dumps({"kind": kind, "said": said, "ready": ready}).encode())


if __name__ == "__main__":
    main()
