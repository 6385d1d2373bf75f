"""Mounts that a test makes stay its own process's: else every script that a gate of another test
sees then may have been another file, and rightly no name of one is certain.
"""

import ctypes
import os
import shutil
import subprocess
import sys

_RECURSIVELY_PRIVATE = 0x4000 | 0x40000
"""MS_REC and MS_PRIVATE, as mount(2) has them."""


def have_own_mounts() -> bool:
    """Give this thread, and what begins in it, a namespace of mounts. Returns False where that is
    not allowed. To be called in the main thread, before there are others.
    """
    if sys.platform != "linux":
        return False
    try:
        os.unshare(os.CLONE_NEWNS)
    except OSError:
        return False
    failed: int = ctypes.CDLL(None).mount(b"none", b"/", None, _RECURSIVELY_PRIVATE, None)
    return not failed


def may_have_own_mounts() -> bool:
    """Return whether a process of this user may have them."""
    tried = ["unshare", "--mount", "true"]
    if sys.platform != "linux" or not shutil.which(tried[0]):
        return False
    return not subprocess.run(tried, capture_output=True, check=False).returncode
