"""Processes that are under way in a tenth of a second: they are forked from a server that has everything imported.

A test process has one such server, begun by whichever test needs it first.
"""

from __future__ import annotations

import multiprocessing

forked = multiprocessing.get_context("forkserver")
forked.set_forkserver_preload(["tests.oracle.kills", "tests.oracle.api.drivers"])
