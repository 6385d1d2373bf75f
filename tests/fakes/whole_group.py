"""A command with all that it starts: where its test is cut, nothing of it stays."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path


def run_to_end(
    command: Sequence[str], folder: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command in a process group of its own, and return what it said; the group is killed
    when the wait for it ends otherwise. `folder`: where it works, else here.
    """
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        start_new_session=True,
    ) as process:
        try:
            out, told = process.communicate()
        except BaseException:  # pytest's limit of time, or a key
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, told)
