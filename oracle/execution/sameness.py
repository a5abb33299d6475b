"""Whether a worker has what the study was begun with."""

from __future__ import annotations

import json
import platform
from functools import cache

from scyc import InputError
from scyc.data.sources import data_root
from scyc.fingerprints import changed, fingerprints


@cache
def check_same(workload: str, trained_on: str) -> None:
    """Check that this process has the data and the code that the driver has recorded.

    Raises:
        InputError: they are others; the message names what differs.
    """
    here = fingerprints(workload)
    if differing := changed(json.loads(trained_on), here):
        raise InputError(
            f"The worker on {platform.node()} would train on something else than the study has recorded: of the "
            f"workload {workload!r}, these differ there: {', '.join(differing)} (its data folder is {data_root()}). "
            "Give every machine the same data and code, and a seed to whatever is drawn; then train the failed trials "
            "again."
        )
