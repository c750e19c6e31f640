"""Where the command line starts: signals and streams are seen to before anything else is loaded.

Ctrl-C, and SIGTERM as schedulers and ``timeout`` send it, end with one word and without a traceback, at whatever
moment they come, and no other process is left.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Handler = Callable[[int, FrameType | None], None] | signal.Handlers

_UNUSABLE = 2
_OBJECTS_BETWEEN_COLLECTIONS = 400_000  # a program that mostly adds objects has little to collect: a run none at all
_SOON = 0.02  # seconds after which a signal is sent again that came at the wrong moment


def main() -> None:
    """Run the command line; see :func:`doseesc.cli.main`.  After SIGTERM the exit code is 143."""
    _leave_out_working_folder()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    stop = _Stop()
    stop.listen(stop.at_once)
    _open_streams()
    code: str | int | None = None
    try:
        from doseesc.cli import main as run

        stop.listen(stop.gently)
        run()
    except SystemExit as ended:
        code = ended.code
    except (Exception, KeyboardInterrupt):
        if stop.received is None:  # else it is what became of the interrupt, or what an import made of it
            raise
    if stop.received is not None:
        stop.end()
    gc.freeze()  # what is left goes with the process; to look for rings in it first would take a tenth of a run
    sys.exit(code)


class _Stop:
    """What becomes of Ctrl-C and SIGTERM; ``received`` is the signal that came."""

    def __init__(self) -> None:
        self.received: int | None = None

    def listen(self, handler: Handler) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(each) is not signal.SIG_IGN:  # as a shell's background jobs ignore Ctrl-C
                signal.signal(each, handler)

    def at_once(self, number: int, _: FrameType | None) -> None:
        """End: nothing has been begun yet."""
        self.say()
        os._exit(128 + number)

    def gently(self, number: int, frame: FrameType | None) -> None:
        """Let what is open be closed, and what is half done be undone."""
        self.received = number
        if _in_destructor(frame):
            again = threading.Timer(_SOON, os.kill, (os.getpid(), number))
            again.daemon = True
            again.start()
            return
        raise KeyboardInterrupt(f"signal {number}")

    def end(self) -> None:
        """End this process and those that it has started."""
        from doseesc.pieces import end_workers

        self.listen(signal.SIG_IGN)
        end_workers()
        self.say()
        atexit._run_exitfuncs()
        # Not sys.exit: where the interrupt fell into code that exec runs, Python would end as if killed by it.
        os._exit(128 + (self.received or 0))

    def say(self) -> None:
        os.write(2, b"interrupted\n")


def _in_destructor(frame: FrameType | None) -> bool:
    """Tell whether an exception would be lost: Python lets none out of ``__del__``."""
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False


def _leave_out_working_folder() -> None:
    """Import nothing from the folder worked in, which ``python -m`` puts first, nor let workers do so.

    What Python and this package's first lines have imported by now cannot be taken back: in a folder of others use the
    console script, or  python -P -m doseesc.
    """
    os.environ["PYTHONSAFEPATH"] = "1"  # for the processes that this one starts
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if not sys.flags.safe_path and sys.path[:1] == [os.getcwd()] and sys.path[0] != own:
        del sys.path[0]


def _open_streams() -> None:
    """Refuse to run without standard output; without standard error what would go there is lost.

    A number of theirs that is free would go to the next file that is opened, into which others might then print.
    """
    without_output = sys.stdout is None
    null = os.open(os.devnull, os.O_RDWR)
    while null < 3:
        null = os.open(os.devnull, os.O_RDWR)
    os.close(null)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # for as long as this runs
    if without_output:
        print("standard output is closed; send it to a file, or to /dev/null", file=sys.stderr)
        sys.exit(_UNUSABLE)
