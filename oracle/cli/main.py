"""The `scyc` command: exit codes, and errors as one sentence on standard error."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

from oracle.api.errors import InputError, LeaseLost, StudyError, StudyUnavailable
from oracle.cli.app import BAD_INPUT, DONE, FAILED, INTERRUPTED, app, register_commands
from oracle.cli.speaking import err, say
from oracle.cli.terminal import show_what_it_can

if TYPE_CHECKING:
    from types import FrameType

GRACE = 2.0  # seconds that threads have for ending when the command is done


def main() -> NoReturn:
    """Run the command line and exit with its code: 0 done, 1 failed, 2 wrong usage or input, 130 interrupted."""
    show_what_it_can()
    signal.signal(signal.SIGTERM, _interrupt)
    register_commands()
    code: str | int | None
    try:
        app(standalone_mode=True)
        code = DONE
    except SystemExit as ended:  # this is how the command line itself ends
        code = ended.code
    except KeyboardInterrupt:
        code = INTERRUPTED
    except (StudyUnavailable, LeaseLost) as error:
        code = _complain(error, FAILED)  # the same command may succeed later
    except (InputError, StudyError) as error:
        code = _complain(error, BAD_INPUT)
    except Exception as error:
        code = _complain(error, FAILED, expected=False)
    _end(code)


def _complain(error: Exception, code: int, *, expected: bool = True) -> int:
    if os.environ.get("SCYC_DEBUG"):
        raise error
    message = str(error) if expected else f"{type(error).__name__}: {error}"
    err.print(message, style="red", highlight=False, soft_wrap=True)
    if not expected:
        say(err, "Run the command again as `scyc --debug ...` to see the traceback.")
    return code


def _end(code: str | int | None) -> NoReturn:
    """Exit, even if a workload has started a thread that never ends, for which Python would wait."""
    if any(thread is not threading.main_thread() and not thread.daemon for thread in threading.enumerate()):

        def leave() -> None:
            sys.stdout.flush()
            os._exit(code if isinstance(code, int) else DONE if code is None else FAILED)

        timer = threading.Timer(GRACE, leave)
        timer.daemon = True
        timer.start()
    if "triton" not in sys.modules:  # which complains of what is left at the end
        gc.freeze()  # Python would look for garbage once more, which takes half a second with PyTorch
    sys.exit(code)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
