"""A workload whose trials take a while and no processor, so that what befalls a cluster falls into some of them."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from scyc.workloads import load_workload

if TYPE_CHECKING:
    from torch import nn

SECONDS = "SCYC_TEST_SECONDS"
"""Variable with the seconds that it takes to build a network, and so at least a trial; 0 by default."""

_BASE = load_workload("mnist1d/mlp-300-100")


def _build() -> nn.Module:
    time.sleep(float(os.environ.get(SECONDS, "0")))
    return _BASE.build_model()


workload = replace(_BASE, name="unhurried", build_model=_build)
