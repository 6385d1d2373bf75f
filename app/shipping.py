"""The shipper at work: rounds, how long it rests between them, what it keeps of the last one."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TextIO

import orjson

from app.asked_by_hub import AskedByHub
from app.asking_hub import LOOK_S, AskingHub, Looking
from app.home import Home
from certs.files import PRIVATE_FILE, replace_file
from core.errors import InputError, OutgateError, SettingsError
from core.ids import rfc3339, utc_now
from core.json_fields import Fields
from core.text import printable
from core.vocabulary.sizes import counted, number
from core.vocabulary.times import ago
from fleet.line import HttpsLine, HubAwayError, HubRefusesError
from fleet.membership import Membership
from fleet.orders import KeptOrders
from fleet.outbox import Cap
from fleet.patience import Patience
from fleet.shipper import Round, Shipper

if TYPE_CHECKING:
    from types import FrameType

_STATE = "shipped.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is kept of the last round."""

    at: datetime
    records: int
    """Up to where the hub has the records."""
    acts: int
    trouble: str
    """Empty where all is well."""
    erased: Mapping[str, Any] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Return it for a person."""
        told = [
            f"Last heard of the hub {ago(utc_now() - self.at)}; it has "
            f"{counted(self.records, 'record')} and {counted(self.acts, 'act')} of this "
            "endpoint.",
        ]
        if self.trouble:
            told.append(printable(self.trouble, 400))
        told += [_erasure(one) for one in self.erased.values() if isinstance(one, dict)]
        return told

    def save(self, home: Home) -> None:
        """Keep it."""
        value = {
            "at": rfc3339(self.at),
            "records": self.records,
            "acts": self.acts,
            "trouble": self.trouble,
            "erased": dict(self.erased),
        }
        replace_file(home.fleet / _STATE, orjson.dumps(value), PRIVATE_FILE)


def _erasure(told: Mapping[str, Any]) -> str:
    done, swept = told.get("done"), told.get("swept")
    if type(swept) is int:
        return f"The hub has erased, and swept, what was erased here up to act {number(swept)}."
    if type(done) is int:
        return f"The hub has erased what was erased here up to act {number(done)}; not swept yet."
    return "What was erased here is not erased at the hub yet."


def kept_state(home: Home) -> State | None:
    """Return what is kept of the last round; None before the first."""
    try:
        fields = Fields(orjson.loads((home.fleet / _STATE).read_bytes()), "shipped.json")
        erased = fields.value("erased")
        return State(
            at=fields.time("at"),
            records=fields.whole("records"),
            acts=fields.whole("acts"),
            trouble=fields.text("trouble"),
            erased=erased if isinstance(erased, dict) else {},
        )
    except (OSError, ValueError):
        return None


def orders_of(home: Home, member: Membership) -> KeptOrders:
    """Return what takes the fleet's policy and approvals."""

    def check(content: bytes) -> None:
        from policy.loading import load_bytes

        load_bytes(content, "the fleet's policy")

    from app.settings_layers import refuse_no_settings

    return KeptOrders(home.fleet, member.policy_key, home.policy, check, refuse_no_settings)


def shipper_of(home: Home, member: Membership) -> Shipper:
    """Return the shipper of this endpoint."""
    from app.kept_sources import source_store
    from app.settings import load_settings

    settings = load_settings(home.settings)
    kept = source_store(home)

    def parts(sha256: str) -> Mapping[str, Any] | None:
        try:
            return kept.parts(sha256)
        except ValueError:  # what the hub asks for is foreign text
            return None

    return Shipper(
        evidence=home.evidence,
        membership=member,
        line=HttpsLine.of(member),
        version=version("outgate"),
        parts=parts,
        orders=orders_of(home, member),
        cap=Cap(bytes=settings.ship_waiting_mb << 20, days=settings.ship_waiting_days),
    )


def one_round(home: Home, shipper: Shipper) -> Round:
    """Ship once and keep what came of it. Raises as `Shipper.round`."""
    try:
        done = shipper.round()
        if done.requests:
            asked = AskedByHub(home=home, member=shipper.membership, line=shipper.line)
            troubles = asked.answer_all()
            # What was erased is an act, and the hub erases by it.
            again = shipper.round()
            shipped = {k: v + done.shipped[k] for k, v in again.shipped.items()}
            done = replace(again, shipped=shipped, troubles=[*again.troubles, *troubles])
        done.troubles += _authority_renewed(home, shipper)
    except OutgateError as error:
        before = kept_state(home)
        if before is not None:
            State(
                at=before.at,
                records=before.records,
                acts=before.acts,
                trouble=error.message,
                erased=before.erased,
            ).save(home)
        raise
    State(
        at=utc_now(),
        records=done.last["records"],
        acts=done.last["acts"],
        trouble="; ".join(done.troubles),
        erased=done.erased,
    ).save(home)
    return done


def _authority_renewed(home: Home, shipper: Shipper) -> list[str]:
    """Renew what this machine inspects with, where the hub gave it; return what is wrong."""
    from app.fleet_authority import renew_authority

    try:
        renew_authority(home, shipper.line, shipper.clock())
    except (InputError, SettingsError, HubRefusesError) as error:
        return [f"the authority for inspection is not renewed: {error.message}"]
    return []


def keep_shipping(
    home: Home,
    shipper: Shipper,
    out: TextIO,
    *,
    chance: Callable[[], float] = random.random,
    stop: threading.Event | None = None,
    rested: "Callable[[threading.Event, float, Looking], bool] | None" = None,
) -> int:
    """Ship again and again until told to stop; what fails is told once and tried again later.

    `rested` rests so many seconds and returns whether to stop.
    """
    stopped = threading.Event() if stop is None else stop
    if stop is None:
        _stop_on_signals(stopped)

    def say(words: str) -> None:
        out.write(f"outgate: {printable(words, 400)}\n")
        out.flush()

    looking = Looking(AskingHub(home, shipper.membership, shipper.line, shipper.orders), say)
    shipper = replace(shipper, between=looking)
    patience, told = Patience(), ""
    rest = patience.start(chance())
    rests = _rested if rested is None else rested
    while not rests(stopped, rest, looking):
        try:
            done = one_round(home, shipper)
            rest = patience.worked(chance())
            said = "; ".join(done.troubles)
        except OutgateError as error:
            again_s = error.again_s if isinstance(error, HubAwayError) else None
            rest = patience.failed(chance(), again_s)
            said = error.message
        if said != told:
            say(said or "The hub takes everything again.")
            told = said
    looking.close()
    shipper.line.close()
    return 0


def _rested(stopped: threading.Event, rest: float, looking: Looking) -> bool:
    """Rest so many seconds, and look meanwhile whether a request waits for a person; return whether
    to stop.
    """
    end = time.monotonic() + rest
    while (left := end - time.monotonic()) > 0:
        looking()
        if stopped.wait(min(left, LOOK_S)):
            return True
    return stopped.is_set()


def _stop_on_signals(stopped: threading.Event) -> None:
    import signal

    def stop(number: int, frame: "FrameType | None") -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
