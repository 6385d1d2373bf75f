"""A hub behind HTTPS on loopback, and endpoints that reach it so."""

import http.client
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fleet_world import FleetWorld

from app.demo.simulated_endpoints import parts_of
from core.ids import utc_now
from fleet.enrolling import enrol
from fleet.line import HttpsLine
from fleet.membership import Membership
from fleet.shipper import Shipper
from hub.authority import server_files
from hub.service import Serving, server_context

MESSAGES = (
    "/v1/check-in",
    "/v1/upload",
    "/v1/parts",
    "/v1/renew",
    "/v1/orders",
    "/v1/holds",
    "/v1/requests",
    "/v1/inspection",
)


@contextmanager
def over_tls(world: FleetWorld) -> Iterator[Serving]:
    """The hub behind HTTPS, by the machine's clock."""
    world.clock.now = utc_now()
    folder = world.folder / "hub"
    server = server_files(world.authority, folder, ["127.0.0.1"], utc_now())
    with Serving(world.hub, server_context(server, folder / "authority.pem")) as serving:
        yield serving


def joined(world: FleetWorld, serving: Serving, name: str) -> Membership:
    """An endpoint that enrols as one does."""
    token = world.hub.enrolment.token("all")
    url = f"https://127.0.0.1:{serving.port}"
    authority = world.folder / "hub" / "authority.pem"
    return enrol(world.folder / name / "fleet", url, token, authority, name=name)


def shipper(member: Membership, **more: Any) -> Shipper:
    evidence = member.folder.parent / "evidence.db"
    line = HttpsLine.of(member)
    fields: dict[str, Any] = {"version": "1.0", "parts": parts_of, **more}
    return Shipper(evidence=evidence, membership=member, line=line, **fields)


def unended(
    serving: Serving,
    path: str,
    context: ssl.SSLContext,
    begun: bytes = b"x",
    source: str = "127.0.0.1",
) -> http.client.HTTPSConnection:
    """A message whose body does not end, from this address."""
    connection = http.client.HTTPSConnection(
        "127.0.0.1", serving.port, context=context, timeout=30, source_address=(source, 0)
    )
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(len(begun) + 999))
    connection.endheaders(begun)
    return connection
