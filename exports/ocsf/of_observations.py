"""An observation as an event of OCSF: Network Activity for what is connected or takes connections,
a base event for what has no class of its own.
"""

import ipaddress
from typing import Any

from core.case_keys import called
from core.ids import rfc3339
from core.observation import Kind, Observation, SeenValue
from core.stored import StoredObservation
from core.vocabulary.observations import observed
from exports.ocsf import parts

_BASE, _NETWORK_CLASS, _NETWORK = 0, 1, 4
_OTHER, _TRAFFIC, _LISTEN = 99, 6, 7
_ACTIVITIES = {Kind.LISTENER: _LISTEN, Kind.CONNECTION: _TRAFFIC}
_INFORMATIONAL, _LOW = 1, 2


def event_of(stored: StoredObservation, version: str) -> dict[str, Any]:
    """Return the event of one observation, with its place in the chain."""
    seen = stored.observation
    activity = _ACTIVITIES.get(seen.kind)
    common: dict[str, Any] = {
        "message": observed(seen),
        "metadata": {
            **parts.metadata(seen.id, version, stored.link),
            "original_time": rfc3339(seen.at),
        },
        "start_time": parts.millis(seen.at),
        "end_time": parts.millis(seen.ended),
        "unmapped": {**parts.place(stored.link), **_unmapped(seen)},
    }
    severity = _LOW if seen.notable else _INFORMATIONAL
    if activity is None:
        return parts.base(_BASE, 0, _OTHER, seen.at, severity, **common)
    return parts.base(
        _NETWORK, _NETWORK_CLASS, activity, seen.at, severity, **common, **_network(seen)
    )


def _network(seen: Observation) -> dict[str, Any]:
    end = parts.without_nothing(
        {
            "hostname": _text(seen.value("server")),
            "ip": _ip(seen.value("address")),
            "port": seen.value("port"),
            "svc_name": _text(seen.value("protocol")),
        }
    )
    sent, received = seen.value("bytes_sent"), seen.value("bytes_received")
    traffic: dict[str, Any] = {}
    if isinstance(sent, int) and isinstance(received, int):
        traffic = {"bytes_out": sent, "bytes_in": received, "bytes": sent + received}
    if seen.kind is Kind.LISTENER:
        return {"src_endpoint": end or {"svc_name": "unknown"}, "traffic": traffic}
    return {"dst_endpoint": end or {"svc_name": "unknown"}, "traffic": traffic}


def _text(value: SeenValue) -> str | None:
    return value if isinstance(value, str) else None


def _ip(value: SeenValue) -> str | None:
    """Return an address that is one, so that no reader stumbles over it."""
    try:
        return str(ipaddress.ip_address(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def _unmapped(seen: Observation) -> dict[str, Any]:
    sender, script = seen.sender, seen.sender.script
    facts = {
        f"outgate.observed.{name}": list(one.value) if isinstance(one.value, tuple) else one.value
        for name, one in seen.facts.items()
    }
    how = {f"outgate.observed.{name}.how": one.how for name, one in seen.facts.items()}
    process = sender.process
    return parts.without_nothing(
        {
            "outgate.observation": seen.kind.value,
            "outgate.observation.about": seen.about,
            "outgate.observation.notable": seen.notable,
            "outgate.sender": called(seen) or None,
            "outgate.sender.certainty": sender.certainty.value,
            "outgate.sender.method": sender.method,
            "outgate.sender.started_by": sender.started_by,
            "outgate.sender.user": sender.user,
            "outgate.sender.pid": None if process is None else process.pid,
            "outgate.script.path": None if script is None else script.path,
            "outgate.script.sha256": None if script is None else script.sha256,
            **facts,
            **how,
        }
    )
