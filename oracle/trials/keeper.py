"""Keeps a command: starts it, and leaves nothing of it running, however it, its starter or this process ends.

A process of its own, which runs this file alone. The command's processes may found groups and sessions of their own, as
launchers of several processes do. So this process is the one to whom orphans below it fall (a "subreaper"): whoever it
cannot see as a child now becomes one when its parent dies, and is killed then. It learns by the end of its standard
input that its starter has died.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
PAUSE = 0.005  # seconds between two looks at who is still there


def kill_below(process: int) -> None:
    """Kill every process below one."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            after_name = (
                folder.joinpath("stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            )
            children.setdefault(int(after_name[1]), []).append(int(folder.name))
    waiting = [process]
    while waiting:
        for child in children.pop(waiting.pop(), []):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
            waiting.append(child)


def clear() -> None:
    """Kill everything below this process, until there is nothing."""
    while True:
        kill_below(os.getpid())
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(PAUSE)


def main(command: list[str]) -> int:
    """Run a command to its end, or to that of the starter; return its exit code, that of a signal as the negative."""
    library = ctypes.CDLL(None)
    library.prctl(PR_SET_CHILD_SUBREAPER, 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the starter decides

    def last_with_me() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    wake, awake = os.pipe()
    os.set_blocking(awake, False)
    signal.set_wakeup_fd(awake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    try:
        running = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=last_with_me, process_group=0)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    starter = sys.stdin.fileno()
    while running.poll() is None:
        ready, _, _ = select.select([starter, wake], [], [], 1.0)
        if wake in ready:
            os.read(wake, 4096)
        if starter in ready and not os.read(starter, 4096):
            break
    code = running.poll()
    clear()
    return -signal.SIGKILL if code is None else code


if __name__ == "__main__":
    ended = main(sys.argv[1:])
    if ended < 0:  # end as the command did, but leave no memory dump
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with suppress(OSError):
            signal.signal(-ended, signal.SIG_DFL)
        os.kill(os.getpid(), -ended)
    sys.stdout.flush()
    os._exit(ended if ended >= 0 else 128 - ended)
