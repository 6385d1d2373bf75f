"""`outgate attributor`: the privileged process that names senders for the gate of one user."""

import os
import signal
from pathlib import Path
from types import FrameType

from app.systemd_notify import notify
from core.errors import SettingsError


def serve(path: Path, user: str) -> None:
    """Answer the processes of this user at a Unix socket until SIGTERM. Raises SettingsError."""
    from app.wiring import pseudonyms
    from attribution import build
    from attribution.attributor import SocketAttributor
    from attribution.remote.server import AttributorServer
    from attribution.remote.watch import Watch
    from attribution.remote.wire import Hello

    def builds(hello: Hello, pid: int) -> SocketAttributor:
        key = _key(hello.pseudonym_key)
        pseudonym = None if key is None else pseudonyms(key)
        return build(hello.user_names, pseudonym, frozenset({pid}), watch=watch)

    try:
        server = AttributorServer(path, _uid(user), builds)
    except OSError as error:
        raise SettingsError(
            f"Cannot listen at {path}: {error.strerror}.", remedy="Check the path after --socket."
        ) from error

    watch = Watch()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        notify("STOPPING=1")
        server.close()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    watch.warm()
    notify("READY=1")
    server.serve()
    watch.close()
    path.unlink(missing_ok=True)


def _uid(user: str) -> int:
    if os.name != "posix":
        raise SettingsError("The attributor service takes Linux.")
    import pwd

    try:
        return int(user) if user.isascii() and user.isdigit() else pwd.getpwnam(user).pw_uid
    except KeyError:
        raise SettingsError(
            f"There is no user {user!r}.", remedy="Name the user of outgate.service after --for."
        ) from None


def _key(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text) or None
    except ValueError:
        return None
