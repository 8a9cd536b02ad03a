"""What a process leaves that is killed while it writes a file."""

import os
import signal

from uncertain_densepose.atomic_file import replacing


def leave_half_written(path):
    """Have a process killed in the middle of writing ``path``; where its half is."""
    before = set(path.parent.iterdir())
    child = os.fork()
    if child == 0:
        try:
            with replacing(path) as temporary:
                temporary.write_text("half")
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    (left,) = set(path.parent.iterdir()) - before
    assert left.read_text() == "half"
    return left
