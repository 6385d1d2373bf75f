"""The port of a gate whose user chose none: several users of one machine have a gate each."""

import errno
import os
import socket

from app.gate_registry import health_at


def free_port(host: str, port: int) -> tuple[int, str]:
    """Return this port and nothing to say; where another program has it, 0 (any free port), and
    the words that tell so.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        if (
            os.name == "posix"
        ):  # what waits for its end there is no obstacle; elsewhere it means more
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return port, ""
        else:
            return port, ""
    whose = (
        "another gate, of another user or folder," if health_at(host, port, 1.0) else "a program"
    )
    return 0, f"{whose} listens at port {port} already, so this gate takes another one"
