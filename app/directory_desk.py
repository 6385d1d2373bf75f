"""`hub review --web` where the organisation's directory lets people in: serves the desk to their
browsers, and hands each app a ticket of its person.
"""

import asyncio
import contextlib
import signal
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.web_review import EXTRA
from core.errors import ForbiddenError, SettingsError
from core.ids import utc_now
from core.rights import Deed

if TYPE_CHECKING:
    from hub.settings import HubSettings
    from hub.sign_in import Directory
    from hub.sign_in_settings import SignInSettings
    from tui.directory_desk import Departure, Entrance


TICKET = "OUTGATE_HUB_TICKET"
"""By which an app of the desk knows for whom it acts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Door:
    """Implements `tui.directory_desk.Door`."""

    hub: "HubSettings"
    directory: "Directory"

    async def leave(self) -> tuple[str, str]:
        left = await self.directory.begin()
        return left.address, left.cookie

    async def arrive(self, query: Mapping[str, str], kept: str) -> "Entrance":
        from hub import desk_ticket
        from tui.directory_desk import Entrance

        found = await self.directory.finish(query, kept)
        here = self.directory.settings
        person = here.person(found.name, found.groups)
        refused = here.rights().refusal(person, Deed.READ)
        if refused is not None:
            raise ForbiddenError(refused)
        ticket = desk_ticket.Ticket(
            name=found.name,
            subject=f"{here.issuer} {found.subject}",
            groups=tuple(sorted(person.groups)),
        )

        def environment() -> dict[str, str]:
            return {TICKET: desk_ticket.written(self.hub.folder, ticket, utc_now())}

        return Entrance(
            person=ticket.subject,
            until=found.until,
            environment=environment,
            session=found.session,
        )

    async def told_out(self, token: str) -> "Departure":
        from hub.sign_out import signed_out
        from tui.directory_desk import Departure

        found, issuer = await signed_out(self.directory, token), self.directory.settings.issuer
        person = None if found.subject is None else f"{issuer} {found.subject}"
        return Departure(person=person, session=found.session)


def serve(
    hub: "HubSettings",
    signing: "SignInSettings",
    words: Sequence[str],
    tell: Callable[[str], None],
    *,
    idle_minutes: float,
) -> int:
    """Serve until it is stopped. Raises SettingsError."""
    try:
        from tui.directory_desk import DirectoryDesk, ServedDesk
        from tui.web_desk import review_command
    except ImportError:
        raise SettingsError(
            "The review in a browser is not installed.", remedy=f"Install {EXTRA}."
        ) from None
    from hub.council import key_of
    from hub.desk_ticket import KEY_FILE
    from hub.sign_in import Directory
    from hub.sign_in_line import DirectoryLine

    secret, context = signing.client_secret(), _context(hub, signing)
    key_of(hub.folder, KEY_FILE)  # made, or told to be unreadable, before anybody comes

    async def run() -> None:
        line = DirectoryLine(signing.ca)
        desk = ServedDesk(
            command=review_command(words, ("hub", "review")),
            address=signing.address,
            host=signing.host,
            listen=signing.listen,
            context=context,
            idle=timedelta(minutes=idle_minutes),
            door=_Door(hub=hub, directory=Directory(signing, line, utc_now, secret)),
            clock=utc_now,
        )
        server = DirectoryDesk(desk)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # on Windows, Ctrl-C is an exception
                loop.add_signal_handler(number, server.stop)
        await server.serve(lambda port: tell(f"The desk serves {signing.address} on port {port}."))

    asyncio.run(run())
    return 0


def _context(hub: "HubSettings", signing: "SignInSettings") -> ssl.SSLContext:
    """Return what serves with the desk's certificate, or with the hub's own."""
    from hub.authority import load_authority, server_files

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if signing.certificate is None:
        authority, names = load_authority(hub.folder), list(hub.names)
        context.load_cert_chain(server_files(authority, hub.folder, names, utc_now()))
        return context
    try:
        context.load_cert_chain(signing.certificate, signing.key)
    except (OSError, ssl.SSLError):
        raise SettingsError(
            f"sign_in: {signing.certificate} and its key serve no TLS.",
            remedy="Both are PEM; the key has no pass phrase.",
        ) from None
    return context
