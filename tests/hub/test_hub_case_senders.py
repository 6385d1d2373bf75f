"""Words about senders find in the fleet's list what they find on one machine, and tell of nobody
more than the list shows.
"""

import hashlib
from contextlib import closing
from dataclasses import replace

import pytest
from fleet_world import FleetWorld, Member

from app.demo.simulated_endpoints import made_up_records, write_evidence
from core.case_keys import case_id
from core.case_words import parse
from core.decision import Verdict
from core.ids import uuid7
from core.record import Record
from core.review import CaseFilter
from core.rights import Actor
from evidence.store import Store
from hub.council import Agreed, _set, council
from hub.review_store import HubCases

PEOPLE = ("Ada", "bob", "mary_ann")
WORDS = (
    *("user:ada", "user:ADA", "user:a", "user:nobody", "not user:ada", "user:mary_", "user:%"),
    *("user:machine", "user:grace", "user:ada user:bob"),
    *("script:/srv/", "script:SRV", "script:report", "script:nothing", "not script:/srv/ada"),
    *("script:%", "script:_", "text:/srv/bob", "text:ada", "text:invoice", "ada", "/srv"),
    *("user:ada script:/srv/ada", "not text:ada"),
)


def records(world: FleetWorld, count: int = 60) -> list[Record]:
    """Records of three people, each with scripts in a folder of their own."""
    made = []
    for number, record in enumerate(made_up_records(5, count, world.clock())):
        person = PEOPLE[number % 3]
        sender = replace(record.sender, user=person)
        if sender.script is not None:
            name = f"{person}-{sender.script.name}"  # one case of the fleet is one of the machine
            path = f"/srv/{person.lower()}/{name}"
            own = hashlib.sha256(f"{person}{sender.script.sha256}".encode()).hexdigest()
            script = replace(sender.script, name=name, path=path, sha256=own)
            sender = replace(sender, script=script)
        decision = replace(record.decision, verdict=Verdict.WATCH)
        made.append(replace(record, sender=sender, decision=decision))
    return made


def shipped(world: FleetWorld) -> Member:
    member = world.member("till-1")
    write_evidence(member.evidence, iter(records(world)))
    member.round()
    return member


def cases(world: FleetWorld) -> HubCases:
    return HubCases(world.hub.database, world.folder / "hub", Actor(name="ada", channel="test"))


def listed(world: FleetWorld, line: str) -> set[tuple[str, str, str]]:
    """What a line of words finds in the fleet's list."""
    found = cases(world).page(parse(line, world.clock()).wanted, 0, 500)
    return {(c.script, c.host, c.account_kind) for c in found}


def test_a_word_finds_at_the_hub_what_it_finds_on_the_machine(world: FleetWorld) -> None:
    """One machine, so each case of the fleet is one of its own."""
    member = shipped(world)
    with closing(Store(member.evidence, clock=world.clock)) as store:
        for line in WORDS:
            wanted = parse(f"all {line}", world.clock()).wanted
            page = store.page(wanted, 0, 500)
            here = {(c.script, c.service or c.host, c.account_kind) for c in page}
            assert listed(world, f"all {line}") == here, line
            assert cases(world).count(wanted) == len(here), line
    assert listed(world, "all user:ada") and listed(world, "all script:/srv/bob")


def test_whom_a_case_is_given_to_is_not_who_ran_it(world: FleetWorld) -> None:
    shipped(world)
    desk = cases(world)
    desk.assign(desk.page(CaseFilter(), 0, 1)[0].key, "grace")
    assert listed(world, "all user:grace") == set() == listed(world, "all user:machine")


def test_a_case_is_named_by_all_of_its_id(world: FleetWorld) -> None:
    shipped(world)
    first = case_id(cases(world).page(CaseFilter(), 0, 1)[0].key)
    assert len(listed(world, f"all case:{first}")) == 1
    assert len(listed(world, f"all case:{first.upper()}")) == 1
    assert listed(world, f"all case:{first[:-1]}") == set()


@pytest.mark.parametrize("few", [1, 3, 4])
def test_no_word_finds_whom_the_list_does_not_show(world: FleetWorld, few: int) -> None:
    """With pseudonyms people are found by these alone, where a case tells of them at all; neither
    their names nor their homes find anything.
    """
    member = world.member("till-1")
    made = [
        replace(
            one,
            sender=replace(
                one.sender,
                script=replace(
                    script, name="all.py", path=f"/home/{one.sender.user}/all.py", sha256="ab" * 32
                ),
            ),
        )
        for one in records(world)
        if (script := one.sender.script) is not None
    ]
    write_evidence(member.evidence, iter(made))
    member.round()
    agreed = Agreed(pseudonyms=True, smallest_group=few, may_reveal=("grace", "zoe"))
    with world.hub.database.work() as connection:
        _set(connection, agreed, who="grace", note="agreed", now=world.clock())
        pseudonym = council(connection, world.folder / "hub").person("Ada")
    desk = cases(world)
    keys = [case.key for case in desk.page(CaseFilter(status=None), 0, 500)]
    told = [desk.case(key) for key in keys]
    shows = sum(pseudonym in case.inside.users for case in told if case is not None)
    assert (shows > 0) is (few <= 3)
    assert len(desk.page(parse(f"all user:{pseudonym}", world.clock()).wanted, 0, 500)) == shows
    for line in ("user:ada", "script:ada", "text:ada", "script:/home/ada", "script:home/bob"):
        assert listed(world, f"all {line}") == set(), line
    assert listed(world, "all script:/home/~/all") == listed(world, "all script:all.py")
    assert listed(world, "all script:/home/~/all")


def test_one_person_written_two_ways_is_not_two(world: FleetWorld) -> None:
    """Directories and machines write capitals and domains otherwise: a case of two people stays one
    of few.
    """
    member = world.member("till-1")
    made = next(made_up_records(5, 1, world.clock()))
    watched = replace(made.decision, verdict=Verdict.WATCH)
    people = ("Ada", "ada", "CORP\\ada", "Bob", "BOB", "bob@corp.example")
    sent = (replace(made.sender, user=person) for person in people)
    write_evidence(
        member.evidence,
        (
            replace(made, id=uuid7(world.clock()), sender=sender, decision=watched)
            for sender in sent
        ),
    )
    member.round()
    agreed = Agreed(pseudonyms=True, smallest_group=3, may_reveal=("grace", "zoe"))
    with world.hub.database.work() as connection:
        _set(connection, agreed, who="grace", note="", now=world.clock())
        shown = council(connection, world.folder / "hub")
    [case] = cases(world).page(CaseFilter(status=None), 0, 9)
    opened = cases(world).case(case.key)
    assert opened is not None and not opened.inside.users
    assert listed(world, f"all user:{shown.person('ada')}") == set()
