"""All that a hub answers, whoever brings it: enrolment, uploads, check-ins, orders, holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.errors import InputError
from core.ids import utc_now
from core.json_fields import Fields
from core.vocabulary.fleet import Alarm
from hub import file_rows, how_rows, rows_again
from hub.alarms import alarmed
from hub.authority import HubAuthority
from hub.case_list import keep_up
from hub.checkins import CheckIns, Told
from hub.compositions import MOST_SCRIPTS, keep_parts
from hub.database import Database
from hub.enrolment import Endpoint, Enrolment
from hub.erasing import erase_pending
from hub.file_rows import read_files
from hub.held import forget_old, take_held
from hub.how_rows import read_hows
from hub.inspection import Inspection
from hub.intake import Intake
from hub.months import remove_old
from hub.orders import meant_for, order_for
from hub.requests import forget_over, offered, take_replies
from hub.rows_again import read_rows
from hub.totals import IN_A_ROUND_S, make_totals
from hub.watching import note_silent, note_watched
from hub.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """All that answers."""

    database: Database
    authority: HubAuthority
    clock: Callable[[], datetime] = utc_now
    policy_key: bytes = b""
    """Public key that orders are signed with; endpoints are given it when they are enrolled."""
    sealing: bytes = field(default=b"", repr=False)
    """Key that requests about people are sealed with."""
    own_group: str | None = None
    """Group of endpoints that enrol by a certificate of the organisation's own; None: none do."""
    inspection: Inspection | None = None
    """Gives machines what they inspect with; None: nothing."""
    words: Words = field(default_factory=Words)

    @property
    def enrolment(self) -> Enrolment:
        """Who may speak."""
        return Enrolment(self.database, self.authority, self.clock, self.own_group)

    @property
    def intake(self) -> Intake:
        """What takes uploads."""
        return Intake(self.database, self.words, self.clock)

    @property
    def check_ins(self) -> CheckIns:
        """What takes check-ins."""
        return CheckIns(self.database, self.clock)

    def enrol(self, value: object, certificate: bytes | None = None) -> Mapping[str, Any]:
        """Enrol whoever holds a token, or without one shows a certificate of the organisation's."""
        fields = Fields(value, "enrolment")
        token, request = fields.text("token"), fields.text("request").encode()
        told = (request, fields.text("name"), fields.text("version"))
        if token or certificate is None:
            id_, signed = self.enrolment.enrol(token, *told)
        else:
            id_, signed = self.enrolment.enrol_by_own(certificate, *told)
        return {
            "endpoint": id_,
            "certificate": signed.pem.decode(),
            "policy_key": self.policy_key.hex(),
        }

    def renew(self, endpoint: Endpoint, value: object) -> Mapping[str, Any]:
        """Give another certificate."""
        request = Fields(value, "renewal").text("request")
        return {"certificate": self.enrolment.renew(endpoint, request.encode()).pem.decode()}

    def inspect(self, endpoint: Endpoint, value: object) -> Mapping[str, Any]:
        """Give an authority for inspection."""
        if self.inspection is None:
            raise InputError("This hub gives nothing to inspect with.")
        request = Fields(value, "inspection").text("request").encode()
        with self.database.work() as connection:
            told = (endpoint.number, endpoint.name, request, self.clock())
            return {"chain": self.inspection.give(connection, *told).decode()}

    def check_in_at_once(self, named: tuple[str, str], value: object) -> Mapping[str, Any] | None:
        """Take a check-in in one question, by id and serial number of the certificate; None where
        it is to be taken step by step.
        """
        try:
            told = Told.of(value)
        except ValueError:
            return None
        return self.check_ins.at_once(named, told)

    def check_in(
        self, endpoint: Endpoint, value: object, came_at: datetime | None = None
    ) -> Mapping[str, Any]:
        """Take a check-in, which the hub had at that time; None: now."""
        return self.check_ins.take(endpoint, Told.of(value), came_at or self.clock())

    def parts(self, endpoint: Endpoint, value: object) -> Mapping[str, Any]:
        """Take what scripts are made of."""
        if not isinstance(value, dict) or len(value) > MOST_SCRIPTS:
            raise InputError("That is not what scripts are made of.")
        now = self.clock()
        with self.database.work() as connection:
            kept = [
                keep_parts(connection, endpoint.number, str(sha256), parts, now)
                for sha256, parts in sorted(value.items())
            ]
        return {"kept": sum(kept)}

    def orders(self, endpoint: Endpoint, value: object) -> Mapping[str, Any]:
        """Give the orders that are meant for an endpoint."""
        fields = Fields(value, "orders", frozenset({"have"}))
        kind, have = fields.text("kind"), fields.whole_or_none("have") or 0
        with self.database.at_once() as connection:
            return order_for(connection, endpoint, kind, have)

    def held(self, endpoint: Endpoint, value: object) -> Mapping[str, Any]:
        """Take what an endpoint holds for a person; give what was said of it."""
        with self.database.work() as connection:
            said = take_held(connection, endpoint, value, self.clock())
            return {"answers": said, "orders": meant_for(connection, endpoint)}

    def requests(self, endpoint: Endpoint, value: object) -> Mapping[str, Any]:
        """Take what an endpoint answers to requests; give it those that are open."""
        with self.database.work() as connection:
            now = self.clock()
            take_replies(connection, endpoint, value, now)
            open_ = offered(connection, endpoint, self.sealing, now) if self.sealing else []
            return {"requests": open_}

    def poses(self, endpoint: Endpoint) -> None:
        """Note that an endpoint named another one as itself."""
        with self.database.work() as connection:
            alarmed(connection, endpoint.number, Alarm.POSES, self.clock())

    def watch(self) -> None:
        """Do what is done now and then."""
        with self.database.work() as connection:
            note_watched(connection, self.clock())
            note_silent(connection, self.clock())
            forget_old(connection, self.clock())
            forget_over(connection, self.clock())
        erase_pending(self.database, self.clock())
        remove_old(self.database, self.clock())
        make_totals(self.database, IN_A_ROUND_S)
        read_files(self.database, file_rows.IN_A_ROUND_S, self.clock())
        read_rows(self.database, rows_again.IN_A_ROUND_S)
        read_hows(self.database, how_rows.IN_A_ROUND_S)
        with self.database.work() as connection:
            keep_up(connection)
