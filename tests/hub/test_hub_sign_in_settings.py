"""`sign_in` of hub.yaml: what it says, every way to say it wrongly, and that `init` keeps it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.errors import SettingsError
from core.rights import Deed, Role
from hub.settings import SETTINGS, init, load
from hub.sign_in_settings import read_sign_in

SOUND: dict[str, Any] = {
    "issuer": "https://login.corp.example/realms/corp",
    "client_id": "outgate-hub",
    "address": "https://Hub.corp.example:8444/",
    "roles": {"reviewer": ["privacy"], "policy editor": "rules"},
}
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def test_what_is_needed_is_enough(tmp_path: Path) -> None:
    """The rest is as most directories have it."""
    found = read_sign_in(SOUND, tmp_path)
    assert (found.address, found.host) == ("https://hub.corp.example:8444", "hub.corp.example:8444")
    assert found.listen == ("0.0.0.0", 8444) and found.scopes == ("openid", "profile")
    assert found.roles == {Role.REVIEWER: ("privacy",), Role.POLICY_EDITOR: ("rules",)}
    assert found.client_secret() is None
    plain = read_sign_in({**SOUND, "address": "https://hub.corp.example:443"}, tmp_path)
    assert (plain.host, plain.listen[1]) == ("hub.corp.example", 443)


def test_paths_are_those_below_the_hubs_folder(tmp_path: Path) -> None:
    """And a secret that is not there, or empty, is told before anybody comes."""
    found = read_sign_in({**SOUND, "client_secret_file": "oidc.secret"}, tmp_path)
    for write in (None, b"", b" \n", b"\xff\xfe"):
        if write is not None:
            (tmp_path / "oidc.secret").write_bytes(write)
        with pytest.raises(SettingsError, match="no secret"):
            found.client_secret()
    (tmp_path / "oidc.secret").write_text("s3cret\n")
    assert found.client_secret() == "s3cret"
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"issuer": "http://login.corp.example"}, "issuer"),
        ({"issuer": "https://"}, "issuer"),
        ({"issuer": "https://login.corp.example:x"}, "issuer"),
        ({"issuer": "https://a:b@login.corp.example"}, "issuer"),
        ({"issuer": 7}, "issuer"),
        ({"issuer": None}, "issuer is missing"),
        ({"client_id": ""}, "client_id is missing"),
        ({"client_id": ["x"]}, "client_id"),
        ({"address": "https://hub.corp.example/desk"}, "address"),
        ({"address": "http://hub.corp.example"}, "address"),
        ({"address": "hub.corp.example:8444"}, "address"),
        ({"listen": "8444"}, "listen"),
        ({"listen": "0.0.0.0:99999"}, "listen"),
        ({"certificate": "x.pem"}, "certificate and key"),
        ({"ca": 7}, "ca"),
        ({"scopes": "open id"}, "scope"),
        ({"scopes": []}, "scopes"),
        ({"roles": None}, "roles is missing"),
        ({"roles": ["reviewer"]}, "roles"),
        ({"roles": {"revewer": ["x"]}}, "revewer is no role"),
        ({"roles": {"reviewer": []}}, "reviewer"),
        ({"roles": {"reviewer": [1]}}, "reviewer"),
        ({"roles": {"reviewer": ""}}, "reviewer"),
        ({"role": {}}, "role is no setting"),
        ({"name_claim": ""}, "name_claim"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    """In one line, and nobody is let in meanwhile."""
    with pytest.raises(SettingsError, match=words):
        read_sign_in({**SOUND, **change}, tmp_path)


@pytest.mark.parametrize("value", [[], "x", 7, True, {1: 2}])
def test_what_is_no_list_of_names_is_refused(tmp_path: Path, value: Any) -> None:
    """Whatever stands there instead."""
    with pytest.raises(SettingsError, match="list of names"):
        read_sign_in(value, tmp_path)


def test_a_role_is_a_groups_and_nobodys_by_name(tmp_path: Path) -> None:
    """A person who is called like a group, or like everybody, has no role by that."""
    here = read_sign_in(SOUND, tmp_path)
    for name in ("privacy", "@privacy", "*", "@*"):
        for groups in ([], ["staff"], ["@privacy"], ["Privacy"], ["*"]):
            person = here.person(name, groups)
            assert here.rights().refusal(person, Deed.READ) is not None
    assert here.rights().refusal(here.person("x", ["privacy"]), Deed.CLOSE) is None
    assert here.rights().refusal(here.person("x", ["privacy"]), Deed.ERASE) is not None


def test_init_keeps_what_it_is_not_told(tmp_path: Path) -> None:
    """Run again after an update it changes the names, and leaves sign_in and comments; a file that
    it cannot read it leaves, too.
    """
    told = ("host=/x", ("hub.corp.example",), "127.0.0.1:8443", NOW)
    path = init(tmp_path / "hub", *told).folder / SETTINGS
    lines = "sign_in:  # our directory\n  issuer: https://login.corp.example/realms/corp\n"
    lines += "  client_id: outgate-hub\n  address: https://hub.corp.example:8444\n"
    path.write_text(path.read_text() + lines + "  roles: {reviewer: [privacy]}\n")
    init(tmp_path / "hub", "host=/y", *told[1:])
    found = load(tmp_path / "hub", {})
    assert found.database == "host=/y" and found.sign_in is not None
    assert "# our directory" in path.read_text()
    for broken in ("database: [", "- a\n- b\n"):
        path.write_text(broken)
        with pytest.raises(SettingsError, match="no list of names"):
            init(tmp_path / "hub", *told)
        assert path.read_text() == broken


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("names: [a.example]\ndatabse: x\n", r"hub\.yaml:2:1: databse is no setting"),
        ("names: [a.example]\n7: x\n", r"hub\.yaml:2:1: 7 is no setting"),
        ("names: [a.example]\n  listen: x\n", r"hub\.yaml:2:3: this is not YAML"),
        ("# a\nlisten: 2027-02-31\n", r"hub\.yaml:2:9: this is not YAML"),
        ("names: [\n", r"hub\.yaml:1:8: this is not YAML"),
        (b"# a\nlisten: \xff\n", r"hub\.yaml:2:9: this is not YAML"),
    ],
)
def test_what_is_wrong_in_the_file_is_told_at_its_place(
    written: str | bytes, told: str, tmp_path: Path
) -> None:
    """Lines and columns from 1, as in a policy."""
    (tmp_path / "hub.yaml").write_bytes(written if isinstance(written, bytes) else written.encode())
    with pytest.raises(SettingsError, match=told):
        load(tmp_path, {})
