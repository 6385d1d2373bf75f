"""What endpoints ship is checked before it is kept, and kept once."""

import pytest
from fleet_world import FleetWorld

from fleet.line import HubAwayError


def test_all_that_an_endpoint_recorded_arrives_once(world: FleetWorld) -> None:
    """Every record and every act is at the hub after one round, and a second round ships none."""
    member = world.member("till-1")
    member.records(250)
    first, second = member.round(), member.round()

    assert first.shipped == {"records": 250, "acts": 0}
    assert second.shipped == {"records": 0, "acts": 0}
    assert world.value("SELECT count(*) FROM records") == 250
    assert world.value("SELECT sum(records) FROM sums") == 250
    assert world.alarms() == []


def test_what_was_delivered_and_not_acknowledged_is_not_kept_twice(world: FleetWorld) -> None:
    """When the answer is lost, the same records are sent again, and there are no more of them."""
    member = world.member("till-1")
    member.records(40)
    member.line.broken = lambda path, number: path == "/v1/upload"
    with pytest.raises(HubAwayError):
        member.round()
    member.line.broken = lambda path, number: False
    uploads = [body for path, body in member.line.sent if path == "/v1/upload"]
    for body in uploads * 2:
        member.line.send("/v1/upload", body)
    member.records(5, seed=1)

    assert member.round().shipped["records"] == 5
    assert world.value("SELECT count(*) FROM records") == 45
    assert world.value("SELECT sum(records) FROM sums") == 45
    assert world.alarms() == []
