"""A round of the shipper: what keeps it from shipping, and what does not."""

import pytest
from fleet_world import FleetWorld, HandClock

from core.errors import EvidenceError
from fleet.line import Answer, HubRefusesError
from hub.authority import ENDPOINT_LIFE


def test_an_endpoint_whose_clock_is_far_ahead_goes_on_shipping(world: FleetWorld) -> None:
    """When its certificate is renewed is told by the hub's clock, by which it ends: not at each
    round, until the hub gives no more and nothing is shipped for the rest of the day.
    """
    member = world.member("till-1")
    member.clock = HandClock(world.clock() + ENDPOINT_LIFE)
    for number in range(25):
        member.records(1, seed=number)
        assert member.round().shipped["records"] == 1
    assert world.value("SELECT count(*) FROM certificates") == 1


def test_an_endpoint_whose_clock_is_far_behind_renews_before_its_certificate_ends(
    world: FleetWorld,
) -> None:
    """Nobody has to enrol it again."""
    member = world.member("till-1")
    member.records(1)
    member.clock = HandClock(world.clock())
    world.clock.on(days=ENDPOINT_LIFE.days * 0.7)
    before = member.membership.certificate.serial_number
    assert member.round().troubles == []
    assert member.membership.certificate.serial_number != before


def test_a_hub_that_renews_nothing_is_shipped_to_all_the_same(world: FleetWorld) -> None:
    """What is wrong is told; the certificate is good for weeks yet."""
    member = world.member("till-1")
    member.records(1)
    world.clock.on(days=ENDPOINT_LIFE.days * 0.7)
    send = member.line.send

    def refuses(path: str, body: bytes) -> Answer:
        if path == "/v1/renew":
            raise HubRefusesError("not now", 400)
        return send(path, body)

    member.line.send = refuses
    done = member.round()
    assert done.shipped["records"] == 1
    assert done.troubles == ["the certificate is not renewed: not now"]


def test_who_has_no_evidence_yet_stays_a_member(world: FleetWorld) -> None:
    """A gate that is first started after months finds a certificate that is good."""
    member = world.member("till-1")
    world.clock.on(days=ENDPOINT_LIFE.days * 0.7)
    before = member.membership.certificate.serial_number
    with pytest.raises(EvidenceError, match="no evidence yet"):
        member.round()
    assert member.membership.certificate.serial_number != before
