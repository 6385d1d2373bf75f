"""What an endpoint knows of its fleet is private, whole, and told in one line where it is not."""

import ssl
from pathlib import Path

import pytest
from fleet_world import FleetWorld

from core.errors import InputError, SettingsError
from fleet.line import HttpsLine, HubAwayError
from fleet.membership import address_of, membership, request, use_certificate


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://hub.corp.example:9000", ("hub.corp.example", 9000)),
        ("https://hub.corp.example", ("hub.corp.example", 8443)),
        ("https://127.0.0.1:1/", ("127.0.0.1", 1)),
        ("https://[::1]:7", ("::1", 7)),
    ],
)
def test_the_address_of_a_hub_is_read(url: str, place: tuple[str, int]) -> None:
    """Without a port it is 8443."""
    assert address_of(url) == place


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hub.corp.example",
        "http://hub.corp.example",
        "https://",
        "https://hub:99999",
        "https://hub:x",
        "https://user:secret@hub",
        "https://hub/path",
        "https://[::1",
        "ftp://hub",
    ],
)
def test_what_is_no_address_of_a_hub_is_refused(url: str) -> None:
    """In one line that does not quote it: it may hold a password."""
    with pytest.raises(InputError) as refused:
        address_of(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff", b'{"hub": 1}', b'{"hub":"h","endpoint":"e","policy_key":"z"}'],
)
def test_a_damaged_membership_is_named(tmp_path: Path, content: bytes) -> None:
    """Nobody mistakes it for none: then it would be enrolled a second time."""
    assert membership(tmp_path) is None
    (tmp_path / "hub.json").write_bytes(content)
    with pytest.raises(SettingsError, match="damaged"):
        membership(tmp_path)


@pytest.mark.parametrize("content", [None, b"", b"nothing", b"-----BEGIN CERTIFICATE-----\n"])
def test_a_damaged_identity_is_named(world: FleetWorld, content: bytes | None) -> None:
    """A key or certificate that is gone or broken is told before anything is sent."""
    member = world.member("till-1").membership
    if content is None:
        member.identity.unlink()
    else:
        member.identity.write_bytes(content)
    with pytest.raises(SettingsError, match="damaged"):
        HttpsLine.of(member)
    with pytest.raises(SettingsError, match="damaged"):
        member.due_for_renewal(world.clock())


@pytest.mark.parametrize("certificate", [b"", b"nothing"])
def test_an_answer_without_our_certificate_changes_nothing(
    world: FleetWorld, certificate: bytes
) -> None:
    """What the hub answers at a renewal is used only where it belongs to the key that was made;
    else the identity before stays in use.
    """
    member = world.member("till-1").membership
    other = world.member("till-2").membership
    before = member.identity.read_bytes()
    foreign = other.identity.read_bytes().partition(b"-----END PRIVATE KEY-----\n")[2]
    for answer in (certificate, foreign):
        request(member.folder)
        with pytest.raises(InputError):
            use_certificate(member.folder, answer)
        assert member.identity.read_bytes() == before
        assert isinstance(member.context(), ssl.SSLContext)


def test_all_that_is_kept_is_the_users_own(world: FleetWorld) -> None:
    """No file of a membership can be read by others, and the key is in no other file."""
    member = world.member("till-1").membership
    for path in member.folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    key = member.identity.read_bytes().partition(b"-----END PRIVATE KEY-----")[0][40:]
    assert [p.name for p in member.folder.iterdir() if key in p.read_bytes()] == ["identity.pem"]


@pytest.mark.parametrize("hub", ["https://127.0.0.1:1", "https://localhost:1"])
def test_a_hub_that_is_not_there_is_away(world: FleetWorld, hub: str) -> None:
    """Nothing is lost: the same is tried again later."""
    member = world.member("till-1").membership
    with pytest.raises(HubAwayError):
        HttpsLine(hub, member.context(), member, timeout_s=2).send("/v1/check-in", b"{}")
