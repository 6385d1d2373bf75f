"""Tells people that something needs them, beside a gate; the gate never waits for it."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from app.notify_settings import NotifyBy, address_of, mail_place, secret_of
from app.settings import Settings
from core.duties import Duty
from core.errors import EvidenceError, OutgateError
from core.ids import utc_now, uuid7

if TYPE_CHECKING:
    from evidence.store import Store
    from exports.notices.notice import Channel, Notice
    from exports.notices.outbox import NoticeOutbox

log = logging.getLogger("outgate.notify")
EVERY_S = 2.0
_LONGEST_REST_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to people and its outbox."""

    outbox: "NoticeOutbox"
    channel: "Channel"


def ways_of(
    settings: Settings, store: "Store", clock: Callable[[], datetime] = utc_now
) -> Sequence[Way]:
    """Return the ways that the settings name. Raises SettingsError."""
    from exports.notices.notice import About
    from exports.notices.outbox import NoticeOutbox

    return [
        Way(
            outbox=NoticeOutbox(
                store, name, frozenset({*map(About, way.about), About.TRIAL}), clock
            ),
            channel=channel_of(way, name, settings),
        )
        for name, way in sorted(settings.notify.items())
    ]


def channel_of(way: NotifyBy, name: str, settings: Settings) -> "Channel":
    """Return what tells people this way. Raises SettingsError."""
    address, authority = address_of(way, name), settings.upstream_ca
    match way.to:
        case "desktop":
            from exports.notices.desktop import Desktop

            return Desktop()
        case "mail":
            from exports.notices.mail import Mail

            host, port = mail_place(address, way.encryption)
            return Mail(
                host=host,
                port=port,
                encryption=way.encryption,
                sender=way.sender,
                recipients=way.recipients,
                user=way.user,
                password=secret_of(way, name),
                authority=authority,
            )
        case "syslog":
            from exports.notices.system_log import UNANSWERED, Datagrams, SystemLog
            from exports.outbox.collectors import read_address

            if not address:
                return SystemLog()
            place = replace(read_address(address, UNANSWERED), authority=authority)
            answered = place.scheme not in UNANSWERED
            return SystemLog(address=place) if answered else Datagrams(address=place)
        case _:
            from exports.notices.web_hook import WebHook

            key = secret_of(way, name)
            return WebHook(address=address, shape=way.to, key=key, authority=authority)


class Herald:
    """Tells one way, again and again; rests longer each time that it is closed."""

    def __init__(
        self,
        way: Way,
        clock: Callable[[], float] = time.monotonic,
        failure: Callable[[], EvidenceError | None] = lambda: None,
    ) -> None:
        self._way = way
        self._clock = clock
        self._failure = failure
        self._failures = 0
        self._next = 0.0
        self._told_failure = False

    def look(self) -> None:
        """Tell what is new, where it is time. Raises nothing that a way causes."""
        now = self._clock()
        if now < self._next:
            return
        try:
            self._tell_failure()
            self._way.outbox.send(self._way.channel)
        except (OutgateError, OSError) as error:
            self._rest(now, error)
            return
        if self._failures:
            log.warning("notices by %s arrive again", self._way.outbox.name)
        self._failures = 0
        self._next = now + EVERY_S

    def _tell_failure(self) -> None:
        """Evidence that cannot be written is no outbox: this goes out at once."""
        from exports.notices.notice import PartlyDeliveredError

        failed = self._failure() is not None
        try:
            if failed and not self._told_failure:
                self._way.channel.tell(_failure_now())
        except PartlyDeliveredError as error:
            self._told_failure = failed
            raise error from None
        self._told_failure = failed

    def _rest(self, now: float, error: OutgateError | OSError) -> None:
        if not self._failures:
            why = error.strerror if isinstance(error, OSError) else error
            log.warning("notices by %s: %s", self._way.outbox.name, why)
        self._failures += 1
        longest = min(_LONGEST_REST_S, EVERY_S * 2.0 ** min(self._failures, 10))
        self._next = now + longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads, hides nothing


async def keep_telling(herald: Herald, *, every_s: float = 1.0) -> None:
    """Look again and again until cancelled. Each way has a task of its own: one that is slow holds
    up no other.
    """
    from proxy.boundaries import courtesy
    from proxy.threads import COURTESIES

    while True:
        async with courtesy(Duty.NOTICES):  # the next look tries again
            await COURTESIES.run(herald.look)
        await asyncio.sleep(every_s)


def _failure_now() -> "Notice":
    from exports.notices.seen import trouble_notice

    at = utc_now()
    what = "evidence cannot be written now, and nothing passes until it can"
    return trouble_notice(f"failure-{uuid7(at)}", at, what)
