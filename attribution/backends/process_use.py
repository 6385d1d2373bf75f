"""What a process that sends has used so far: CPU time and memory, by psutil, in some 70 µs."""

import psutil

from core.attribution import Attribution

_SAME_S = 2.0
"""So far the start that was recorded may be from the one that is read now: a pid may have gone to
another process.
"""


def use_of(sender: Attribution) -> tuple[float, int] | None:
    """Return seconds of CPU and bytes of memory of the process whose script sends; None where it
    is gone or not known.
    """
    process = sender.script_process or sender.process
    if process is None or process.started_at is None:
        return None
    try:
        found = psutil.Process(process.pid)
        with found.oneshot():
            if abs(found.create_time() - process.started_at.timestamp()) > _SAME_S:
                return None
            times = found.cpu_times()
            return times.user + times.system, int(found.memory_info().rss)
    except (psutil.Error, OSError):
        return None
