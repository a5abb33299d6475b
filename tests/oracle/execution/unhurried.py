"""A workload whose trials take a while and no processor, so that what befalls a cluster falls into some of them.

They can be held, so that none of them ends before something has happened, however long that takes.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scyc.workloads import load_workload

if TYPE_CHECKING:
    from torch import nn

SECONDS = "SCYC_TEST_SECONDS"
"""Variable with the seconds that it takes to build a network, and so at least a trial; 0 by default."""

HELD = "SCYC_TEST_HELD"
"""Variable with the path of a file: as long as it is there, no network is built. Default: none."""

_BASE = load_workload("mnist1d/mlp-300-100")


def _build() -> nn.Module:
    time.sleep(float(os.environ.get(SECONDS, "0")))
    while HELD in os.environ and Path(os.environ[HELD]).exists():
        time.sleep(0.1)
    return _BASE.build_model()


workload = replace(_BASE, name="unhurried", build_model=_build)
