"""The `scyc` command: exit codes, and errors as one sentence on standard error."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from oracle.api.errors import InputError, LeaseLost, StudyError, StudyUnavailable
from oracle.cli.app import BAD_INPUT, DONE, FAILED, INTERRUPTED, app, register_commands
from oracle.cli.speaking import err, say
from oracle.cli.terminal import show_what_it_can

if TYPE_CHECKING:
    from types import FrameType


def main() -> NoReturn:
    """Run the command line and exit with its code: 0 done, 1 failed, 2 wrong usage or input, 130 interrupted."""
    show_what_it_can()
    signal.signal(signal.SIGTERM, _interrupt)
    register_commands()
    try:
        app(standalone_mode=True)
        code = DONE
    except KeyboardInterrupt:
        code = INTERRUPTED
    except (StudyUnavailable, LeaseLost) as error:
        code = _complain(error, FAILED)  # the same command may succeed later
    except (InputError, StudyError) as error:
        code = _complain(error, BAD_INPUT)
    except Exception as error:
        code = _complain(error, FAILED, expected=False)
    sys.exit(code)


def _complain(error: Exception, code: int, *, expected: bool = True) -> int:
    if os.environ.get("SCYC_DEBUG"):
        raise error
    message = str(error) if expected else f"{type(error).__name__}: {error}"
    err.print(message, style="red", highlight=False, soft_wrap=True)
    if not expected:
        say(err, "Run the command again as `scyc --debug ...` to see the traceback.")
    return code


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
