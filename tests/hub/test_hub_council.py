"""Works council and employer agree on how far people are shown, and the hub keeps to it."""

from datetime import timedelta
from itertools import combinations_with_replacement
from typing import Any

import orjson
import pytest
from fleet_world import FleetWorld

from core.errors import InputError
from core.rights import Actor
from hub.council import (
    Agreed,
    Council,
    agree,
    agreed,
    ask,
    confirm,
    council,
    key_of,
    revealed_to,
)
from hub.verification import verify

BOTH = Agreed(pseudonyms=True, smallest_group=5, may_reveal=("ada", "bert"))


def shown(**more: object) -> Council:
    values = {"pseudonyms": True, "smallest_group": 5, "may_reveal": ("ada", "bert"), **more}
    return Council(agreed=Agreed(**values), key=b"k" * 32)  # type: ignore[arg-type]


def set_to(world: FleetWorld, wanted: Agreed, who: str = "ada") -> str:
    with world.hub.database.work() as connection:
        return agree(connection, wanted, who=who, note="agreed", now=world.clock())


def asked(world: FleetWorld, pseudonym: str, who: str = "ada") -> int:
    with world.hub.database.work() as connection:
        return ask(connection, pseudonym, who=who, note="case 1", now=world.clock())


def confirmed(world: FleetWorld, number: int, who: str = "bert") -> str:
    with world.hub.database.work() as connection:
        now, seen = world.clock(), council(connection, world.folder)
        return confirm(connection, seen, number, who=who, note="agreed", now=now)


def test_one_person_has_one_pseudonym_and_nobody_else_has_it() -> None:
    """The same everywhere, however the name is written; another key gives another one."""
    one = shown()
    assert one.person("fatima") == one.person("Fatima") != one.person("goran")
    assert one.person(one.person("fatima")) == one.person("fatima")
    assert one.person("") == ""
    assert "fatima" not in one.person("fatima")
    other = Council(agreed=one.agreed, key=b"x" * 32)
    assert one.person("fatima") != other.person("fatima")
    assert shown(pseudonyms=False).person("fatima") == "fatima"
    assert repr(one).count("kkkk") == 0


@pytest.mark.parametrize(
    "name", ["person-ada", "person-", "person-abcdefghi1", "PERSON-abcdefghij"]
)
def test_whoever_is_called_like_a_pseudonym_has_one(name: str) -> None:
    """What is one already stays as it is."""
    shown = Council(agreed=Agreed(pseudonyms=True, may_reveal=("a", "b")), key=b"k" * 32)
    told = shown.person(name)
    assert told != name
    assert shown.person(told) == told


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/home/fatima/jobs/a.py", "/home/~/jobs/a.py"),
        ("/Users/Fatima/a.py", "/Users/~/a.py"),
        ("C:\\Users\\fatima.k\\x\\a.py", "C:\\Users\\~\\x\\a.py"),
        ("D:\\Documents and Settings\\fk\\a.py", "D:\\Documents and Settings\\~\\a.py"),
        ("/data/fatima/a.py", "/data/~/a.py"),
        ("C:\\Users/fatima\\jobs/a.py", "C:\\Users/~\\jobs/a.py"),
        ("python3 /home/goran/x/a.py --quiet", "python3 /home/~/x/a.py --quiet"),
        ("/home//a.py", "/home//a.py"),
        ("/srv/jobs/a.py", "/srv/jobs/a.py"),
        ("/home/a.py", "/home/a.py"),
        ("/srv/homework/b/a.py", "/srv/homework/b/a.py"),
        ("fatima.py", "fatima.py"),
        ("", ""),
    ],
)
def test_paths_do_not_tell_whose_home_they_are_in(path: str, told: str) -> None:
    """The name of a home's owner, and of a known person, stands in no path; other folders do."""
    assert shown().path(path, ["fatima"]) == told
    assert shown(pseudonyms=False).path(path, ["fatima"]) == path


def test_whoever_is_named_in_an_entry_is_covered_on_the_way_out() -> None:
    """Who sent, who owns the script, who acted; what is no entry of ours goes as it is."""
    sender = {"user": "fatima", "script": {"version": {"owner": "bruno"}, "path": "/home/goran/a"}}
    for value in ({"sender": sender}, {"who": "fatima", "note": "/srv/bruno/x"}):
        text = shown().text(orjson.dumps(value)).decode()
        assert not any(f'"{name}"' in text for name in ("fatima", "bruno", "goran"))
        assert "/home/goran" not in text
        assert "person-" in text
    for odd in (
        b"",
        b"no json",
        b"[1]",
        b'{"sender": 7, "who": null}',
        b'{"sender": {"script": 1}}',
    ):
        assert shown(pseudonyms=False).text(odd) == odd
    assert shown().text(b"no json") == b"no json"


def test_small_groups_are_told_together() -> None:
    """Whoever is alone in a department is not told by it."""
    people = {"finance": set("abcde"), "board": {"x"}, "legal": set("yz")}
    told = shown().groups(people)
    assert told == ["3 more, not told apart"]
    people["sales"] = {f"s{number}" for number in range(7)}
    assert shown().groups(people) == ["sales (7)", "3 more, not told apart"]
    people["board"] |= set("uvw")
    assert shown().groups(people) == ["finance (5)", "sales (7)", "2 more, not told apart"]
    assert shown().groups({"all": set("abcdef")}) == ["all (6)"]
    assert len(shown(pseudonyms=False).groups(people)) == 4


@pytest.mark.parametrize("agreed", [2, 3, 5, 8])
def test_no_small_group_is_found_by_subtraction(agreed: int) -> None:
    """What is told of all less what is told of groups is nobody, or as many as a group must have:
    in every fleet of up to four groups.
    """
    council = shown(smallest_group=agreed)
    for sizes in combinations_with_replacement(range(1, 11), 4):
        people = {f"g{at}": size for at, size in enumerate(sizes)}
        apart = council.apart(people)
        assert all(people[group] >= agreed for group in apart)
        left = sum(sizes) - sum(people[group] for group in apart)
        assert left == 0 or left >= agreed or not apart
        if all(size >= agreed for size in sizes):
            assert apart == set(people)


def test_where_a_machine_is_named_no_pseudonym_is() -> None:
    """Else one row would tell whose it is, and that stands for all others of that pseudonym."""
    row = {"endpoint": "laptop-of-ada", "people": ["ada"], "paths": ["/home/ada/x.py"]}
    assert shown().on_a_machine(row) == {**row, "people": [], "paths": ["/home/~/x.py"]}
    assert shown(pseudonyms=False).on_a_machine(row) == row


def test_who_runs_a_script_is_told_of_large_groups_alone() -> None:
    """Neither who nor how many, be there fewer than was agreed on; one name is one person's,
    however its domain is written.
    """
    four = ["ada", "bo", "cy", "Cy", "di"]
    spelt = shown().script({"people": [*four, "CORP\\ada", "bo@corp.example"], "paths": []})
    assert (spelt["people_told"], spelt["people"]) == ("fewer than 5", [])
    for people, told in ((four, "fewer than 5"), ([*four, "ed"], "5")):
        row = shown().script({"people": people, "paths": ["/home/ada/x.py"]})
        assert (row["people_told"], row["paths"]) == (told, ["/home/~/x.py"])
        assert len(row["people"]) == (5 if told == "5" else 0)
    names = shown(pseudonyms=False).script({"people": four, "paths": []})
    assert (names["people"], names["people_told"]) == (sorted(four), "4")
    assert shown().naming_nobody().person("ada") == ""


def test_what_could_never_be_undone_is_not_agreed_on(world: FleetWorld) -> None:
    """Pseudonyms need two different persons who can look behind them."""
    spelt = ("ada", "Ada", "CORP\\ada", "ada@corp.example")
    for named, least in ((("ada",), 5), (("ada", "ada"), 5), (spelt, 5), (("a", "b"), 0)):
        with pytest.raises(InputError):
            set_to(world, Agreed(pseudonyms=True, may_reveal=named, smallest_group=least))
    assert world.value("SELECT count(*) FROM hub_deeds") == 0


@pytest.mark.parametrize(
    "looser",
    [
        Agreed(),
        Agreed(pseudonyms=True, smallest_group=2, may_reveal=("ada", "bert")),
        Agreed(pseudonyms=True, smallest_group=5, may_reveal=("ada", "bert", "eve")),
        Agreed(pseudonyms=True, smallest_group=5, may_reveal=("ada", "eve")),
    ],
)
def test_showing_more_of_people_takes_two_persons(world: FleetWorld, looser: Agreed) -> None:
    """Nobody alone turns pseudonyms off, makes groups smaller, or names who may look; hiding more
    takes one.
    """
    set_to(world, BOTH)
    with pytest.raises(InputError):
        set_to(world, looser, who="eve")
    set_to(world, looser)
    number = world.value("SELECT max(seq) FROM hub_deeds")
    with world.hub.database.work() as connection:
        assert agreed(connection) == BOTH
    for nobody in ("ada", "Ada", "eve"):
        with pytest.raises(InputError):
            confirmed(world, number, who=nobody)
    confirmed(world, number)
    with world.hub.database.work() as connection:
        found = agreed(connection)
    assert found == looser
    if looser.pseudonyms:
        set_to(world, Agreed(pseudonyms=True, smallest_group=9, may_reveal=looser.may_reveal))


def test_a_name_is_told_to_two_named_persons_and_chained(world: FleetWorld) -> None:
    """One asks, another confirms, both are named for it; what is chained names nobody."""
    member = world.member("till-1")
    member.records(20)
    member.round()
    name = world.value("SELECT min(name) FROM people")
    set_to(world, BOTH)
    with world.hub.database.work() as connection:
        seen = council(connection, world.folder)
    pseudonym = seen.person(name)
    with pytest.raises(InputError, match="named"):
        asked(world, pseudonym, who="eve")
    number = asked(world, pseudonym)
    with pytest.raises(InputError, match="second person"):
        confirmed(world, number, who="ada")
    with world.hub.database.work() as connection:
        now = world.clock()
        assert revealed_to(connection, seen, pseudonym, who="ada", now=now) is None
    assert name in confirmed(world, number)
    with pytest.raises(InputError, match="already"):
        confirmed(world, number)
    with world.hub.database.work() as connection:
        now = world.clock()
        assert revealed_to(connection, seen, pseudonym, who="ada", now=now) == name
        assert revealed_to(connection, seen, pseudonym, who="bert", now=now) is None
        late = now + timedelta(days=2)
        assert revealed_to(connection, seen, pseudonym, who="ada", now=late) is None
    bodies = world.rows("SELECT body FROM hub_deeds")
    assert name not in str([bytes(body) for (body,) in bodies])
    number = asked(world, pseudonym)
    world.clock.on(days=2)
    with pytest.raises(InputError, match="more than a day"):
        confirmed(world, number)


@pytest.mark.parametrize(
    "second",
    [
        Actor(name="Ada"),
        Actor(name="CORP\\ada"),
        Actor(name="ada@corp.example"),
        Actor(name="ada.admin", subject="https://idp.example/#7"),
    ],
)
def test_nobody_is_the_second_person_by_another_name(world: FleetWorld, second: Actor) -> None:
    """Another spelling of the own name, though it is named, and an alias of the same subject of the
    directory: neither looks behind a pseudonym alone, nor changes what was agreed on.
    """
    named = ("ada", "bert", second.name)
    told = Agreed(pseudonyms=True, smallest_group=5, may_reveal=named)
    set_to(world, told)
    first = Actor(name="ada", subject="https://idp.example/#7")
    with world.hub.database.work() as connection:
        more: Any = {"who": first, "note": "asked for", "now": world.clock()}
        number = ask(connection, "person-x", **more)
        agree(connection, Agreed(), **more)
    for seq in (number, number + 1):
        with (
            pytest.raises(InputError, match="second person"),
            world.hub.database.work() as connection,
        ):
            seen = council(connection, world.folder)
            confirm(connection, seen, seq, who=second, note="", now=world.clock())


def test_what_nobody_asked_for_is_not_confirmed(world: FleetWorld) -> None:
    """Neither a number that is none, nor a deed of another kind."""
    set_to(world, BOTH)
    for wrong in (0, -1, 99, 1 << 62, 1 << 70, 1):
        with pytest.raises(InputError):
            confirmed(world, wrong)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE hub_deeds SET who = 'eve' WHERE seq = 2",
        "UPDATE hub_deeds SET body = set_byte(body, 20, 65) WHERE seq = 2",
        "UPDATE hub_deeds SET hash = sha256('x') WHERE seq = 3",
        "DELETE FROM hub_deeds WHERE seq = 2",
    ],
)
def test_a_changed_deed_is_seen(world: FleetWorld, change: str) -> None:
    """Whoever looked behind a pseudonym cannot take that back by the database."""
    set_to(world, BOTH)
    for _ in range(3):
        asked(world, "person-x")
    with world.hub.database.work() as connection:
        assert verify(connection).problems == []
    world.rows(change + " RETURNING 1")
    with world.hub.database.work() as connection:
        found = verify(connection)
    assert any("people did at the hub" in problem for problem in found.problems)


def test_the_key_of_pseudonyms_is_made_once_and_private(world: FleetWorld) -> None:
    """It lies in the hub's folder, not in the database."""
    assert key_of(world.folder) == key_of(world.folder)
    assert (world.folder / "pseudonym.key").stat().st_mode & 0o077 == 0
