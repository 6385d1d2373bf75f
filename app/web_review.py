"""`review --web` and `hub review --web`: serves the review to a browser of this machine."""

import asyncio
import contextlib
import signal
import ssl
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from app.home import Home
from core.errors import SettingsError
from core.vocabulary.times import lasting

if TYPE_CHECKING:
    from tui.web_desk import DeskServer

EXTRA = "outgate[web]"


def serve(
    home: Home,
    words: Sequence[str],
    tell: Callable[[str], None],
    *,
    port: int,
    idle_minutes: float,
    tls: bool,
    command: Sequence[str] = ("review",),
) -> int:
    """Serve until it is idle or interrupted; the address with its token is told. Raises
    SettingsError where what serves is not installed.
    """
    try:
        from tui.web_desk import DeskServer, WebDesk, review_command
    except ImportError:
        raise SettingsError(
            "The review in a browser is not installed.", remedy=f"Install {EXTRA}."
        ) from None
    desk = WebDesk(
        command=review_command(words, command),
        port=port,
        idle_s=idle_minutes * 60,
        context=_context(home) if tls else None,
    )

    def said(address: str) -> None:
        tell(f"Open {address}")
        tell(
            "The address works once. Ctrl-C ends the review, and so do "
            f"{lasting(timedelta(minutes=idle_minutes))} without a key."
        )

    async def run() -> "DeskServer":
        server = DeskServer(desk)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # on Windows, Ctrl-C is an exception
                loop.add_signal_handler(number, server.stop)
        await server.serve(said)
        return server

    if asyncio.run(run()).is_idle:
        tell("Nobody touched a key for a while: the review is closed.")
    return 0


def _context(home: Home) -> ssl.SSLContext:
    """Return what serves with a certificate of this installation's own authority."""
    from certs.authority import open_authority
    from certs.leaf import LeafMinter

    leaf = LeafMinter(open_authority(home.authority)).mint("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.TemporaryDirectory(dir=home.root) as folder:
        path = Path(folder) / "leaf.pem"
        path.touch(mode=0o600)
        path.write_bytes(leaf.key_pem() + leaf.certificates_pem())
        context.load_cert_chain(path)
    return context
