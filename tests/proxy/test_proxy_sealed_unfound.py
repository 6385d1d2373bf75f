"""Names that are not found in a seal, and what of them is told."""

from pathlib import Path

import pytest
from dns_words import query

from capture.address_book import AddressBook
from core.attribution import Attribution, unknown_sender
from core.exchange import Connection
from proxy.sealed.members import Members
from proxy.sealed.names import Names
from proxy.sealed.unfound import Asker, Unfound, name_server, search_list
from tests.proxy.conftest import FakeAttributor

type Told = list[tuple[str, bool]]


class Blind(FakeAttributor):
    """Sees no process of a seal."""

    def attribute(self, connection: Connection) -> Attribution:
        assert (connection.network, connection.gate_port) == (1, 53)
        return unknown_sender("none", "nobody")


def made(told: Told, *domains: str) -> Unfound:
    def tell(sender: Attribution, name: str, gone: bool) -> None:
        assert [one.pid for one in sender.candidates] == [77], "it is of the run at least"
        told.append((name, gone))

    return Unfound(tell, Members(Blind(), 1, 77), lambda: domains)


@pytest.mark.parametrize(
    ("domains", "asked", "found", "expected"),
    [
        # (name, there is none such)
        ([], [("no.example", True)], [], [("no.example", True)]),
        ([], [("slow.example", False)], [], [("slow.example", False)]),
        (
            [],
            [("example", True), ("api.example", True)],
            [],
            [("example", True), ("api.example", True)],
        ),
        (["corp.example"], [("db.corp.example", True)], ["db"], []),
        (["corp.example"], [("db.lab", True)], ["db.lab.corp.example"], []),
        (["corp.example"], [("db.corp.example", True), ("db", True)], [], [("db", True)]),
        (
            ["corp.example"],
            [("db.lab", True), ("db.lab.corp.example", True)],
            [],
            [("db.lab", True)],
        ),
        (["corp.example"], [("db.corp.example", True)], ["other"], [("db.corp.example", True)]),
        (["corp.example"], [("db.corp.example", True)], [], [("db.corp.example", True)]),
        (["a.example", "example"], [("x.a.example", True), ("x.example", True)], ["x"], []),
        (
            ["corp.example"],
            [("no.example", True), ("no.example", True)],
            [],
            [("no.example", True)],
        ),
    ],
)
async def test_each_name_is_told_once_and_no_attempt_of_the_search_list(
    domains: list[str], asked: Told, found: list[str], expected: Told
) -> None:
    """What a program asked for and did not get is told; what its resolver put together on the way
    to it, or to what it did get, is not.
    """
    told: Told = []
    unfound = made(told, *domains)
    for name, gone in asked:
        await unfound.failed(name, Asker(host="127.0.0.1", port=4000), gone=gone)
    for name in found:
        unfound.found(name)
    unfound.settle()
    assert told == expected


async def test_what_is_answered_as_not_there_is_told() -> None:
    """Every failed look-up is told by the run's own end, and every one that succeeds is not."""
    told: Told = []

    def look_up(name: str) -> list[str]:
        if name == "there.example":
            return ["192.0.2.5"]
        raise TimeoutError

    names = Names(AddressBook(), lambda name: name == "far.example", look_up, made(told))
    for name in ("there.example", "slow.example", "far.example"):
        await names.answer(query(name))
    names.over()
    assert told == [("slow.example", False)]


def test_the_machines_resolver_is_read(tmp_path: Path) -> None:
    """The first name server counts, and the last list of domains, with or without dots."""
    file = tmp_path / "resolv.conf"
    file.write_text(
        "# by hand\nsearch a.example\nnameserver fe80::1%eth0\nnameserver 9.9.9.9\n"
        "search Corp.example. lab.example\n"
    )
    assert (name_server(file), search_list(file)) == ("fe80::1", ["corp.example", "lab.example"])
    file.write_text("search .\n")
    assert (name_server(file), search_list(file)) == (None, [])
    assert name_server(tmp_path / "none") is None
