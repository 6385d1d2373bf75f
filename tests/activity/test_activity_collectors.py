"""What holds for every collector of observations, present and future, and what each collects."""

import json
from dataclasses import replace

import pytest

from activity.collectors import CollectorKind, Means, collector_kinds
from core.attribution import Attribution
from core.observation import Kind, Observation
from core.vocabulary.observations import FACTS, KINDS
from core.vocabulary.protocols import OBSERVED_PORTS, protocol_at
from tests.activity.conftest import Machine, program

BY_NAME = {kind.name: kind for kind in collector_kinds()}


def busy(machine: Machine) -> None:
    """Python programs that listen and are connected, and others that are and do, too."""
    for number, (owner, port) in enumerate(
        ((program(7), 5432), (program(8, python=False), 6379), (None, 3306)), 1
    ):
        machine.listens(number, owner, 8000 + number)
        machine.connects(number + 10, owner, port, carried=(100, 200))


@pytest.mark.parametrize("kind", collector_kinds(), ids=lambda kind: kind.name)
class TestEveryCollector:
    """What holds for each."""

    def test_what_it_tells_is_whole_and_of_its_kind(
        self, kind: CollectorKind, machine: Machine, means: Means
    ) -> None:
        """Each observation is of a Python program, is of a kind that the collector announces, can
        be stored, and its facts have words.
        """
        busy(machine)
        collector = kind.make(means)
        seen = [*collector.look(), *collector.end()]
        assert seen and {one.kind for one in seen} <= kind.collects <= set(Kind)
        for one in seen:
            assert one.sender.is_python
            assert Observation.from_json(json.loads(json.dumps(one.to_json()))) == one
            assert one.facts.keys() <= FACTS.keys() and one.kind in KINDS
            assert all(fact.how for fact in one.facts.values())

    def test_outgate_does_not_tell_of_itself(
        self, kind: CollectorKind, machine: Machine, means: Means
    ) -> None:
        """Its own review in a browser or hub is no case; what only bears its name is one."""
        own, other = program(7, name="outgate"), program(8, name="elsewhere/outgate")
        for number, owner in enumerate((own, other), 1):
            machine.listens(number, owner, 8000 + number)
            machine.connects(number + 10, owner, 5432)
        collector = kind.make(replace(means, own_scripts=frozenset({"/srv/outgate"})))
        seen = [*collector.look(), *collector.end()]
        assert seen and {one.sender for one in seen} == {other}

    def test_what_is_told_is_not_told_again(
        self, kind: CollectorKind, machine: Machine, means: Means
    ) -> None:
        """A thousand looks at what stands still are one observation."""
        busy(machine)
        collector = kind.make(means)
        assert list(collector.look())
        for _ in range(20):
            machine.passes(1)
            assert not list(collector.look())

    def test_nothing_is_told_of_a_machine_on_which_nothing_happens(
        self, kind: CollectorKind, means: Means
    ) -> None:
        """Silence is no observation."""
        collector = kind.make(means)
        assert not [*collector.look(), *collector.look(), *collector.end()]

    def test_a_machine_that_does_not_answer_is_asked_again(
        self, kind: CollectorKind, machine: Machine, means: Means
    ) -> None:
        """What failed once is seen at the next look, and nothing is lost."""
        busy(machine)
        collector = kind.make(means)
        machine.refuses = True
        with pytest.raises(OSError, match="kernel"):
            list(collector.look())
        machine.refuses = False
        assert list(collector.look())

    def test_a_socket_is_asked_about_once_and_an_unknown_owner_a_few_times(
        self, kind: CollectorKind, machine: Machine, means: Means
    ) -> None:
        """Who holds a socket takes milliseconds to find: that is not spent each second."""
        busy(machine)
        collector = kind.make(means)
        for _ in range(30):
            list(collector.look())
        assert max(map(machine.asked.count, machine.asked), default=0) <= 3


def looks(machine: Machine, means: Means, name: str) -> list[Observation]:
    return list(BY_NAME[name].make(means).look())


@pytest.mark.parametrize(
    ("host", "reach"),
    [
        ("0.0.0.0", "everywhere"),
        ("::", "everywhere"),
        ("127.0.0.1", "this machine"),
        ("127.8.9.1", "this machine"),
        ("::1", "this machine"),
        ("::ffff:127.0.0.1", "this machine"),
        ("10.0.0.5", "this network"),
        ("192.168.1.9", "this network"),
        ("172.16.0.1", "this network"),
        ("fe80::1%eth0", "this network"),
        ("fd00::7", "this network"),
        ("8.8.8.8", "everywhere"),
        ("2001:4860:4860::8888", "everywhere"),
        ("nonsense", "everywhere"),
    ],
)
def test_a_listener_is_told_with_where_it_can_be_reached_from(
    machine: Machine, means: Means, host: str, reach: str
) -> None:
    """An officer reads whether a port is open to the world; what cannot be told is the worst."""
    machine.listens(1, program(7), 8000, host)
    (seen,) = looks(machine, means, "listeners")
    assert (seen.value("reach"), seen.value("port"), seen.value("address")) == (reach, 8000, host)
    assert seen.about == f"port 8000, reachable from {reach}" and seen.notable


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_ports_that_the_system_gives_out_are_one_case_or_none(
    machine: Machine, means: Means, host: str
) -> None:
    """A notebook takes other ports in each run: that is no new case each time, and none at all
    where only this machine reaches them.
    """
    for number, port in enumerate((33001, 45123, 60999), 1):
        machine.listens(number, program(number), port, host)
    seen = looks(machine, means, "listeners")
    assert {one.about.partition(",")[0] for one in seen} == {"a changing port"} and len(seen) == 3
    assert {one.notable for one in seen} == {host == "0.0.0.0"}


def test_a_program_that_listens_again_in_its_next_run_is_told_again(
    machine: Machine, means: Means
) -> None:
    """Each run is told once; several sockets of one port (two families, workers) are one."""
    collector = BY_NAME["listeners"].make(means)
    machine.listens(1, program(7), 8000, "0.0.0.0")
    machine.listens(2, program(7), 8000, "::")
    assert len(list(collector.look())) == 1
    machine.closes(1)
    machine.closes(2)
    assert not list(collector.look())
    machine.listens(3, program(9), 8000)
    assert len(list(collector.look())) == 1


@pytest.mark.parametrize("port", sorted(OBSERVED_PORTS))
def test_a_connection_to_any_of_these_ports_is_told_with_what_usually_listens_there(
    machine: Machine, means: Means, port: int
) -> None:
    """Databases, mail, file shares, queues: by port, and it says that it is by port."""
    machine.connects(1, program(7), port)
    (seen,) = looks(machine, means, "connections")
    assert seen.value("protocol") == protocol_at(port) != "tcp"
    assert "usually" in seen.facts["protocol"].how
    assert seen.about.endswith(f" at 10.0.0.7:{port}") and seen.notable


def test_at_least_thirteen_kinds_of_servers_are_known_by_port() -> None:
    """The servers that scripts talk to in companies."""
    known = {protocol_at(port) for port in OBSERVED_PORTS}
    asked = (
        "postgresql mysql sqlserver oracle mongodb redis cassandra clickhouse amqp kafka smtp imap"
        " ssh ftp ldap smb"
    )
    assert known >= set(asked.split())


@pytest.mark.parametrize("port", [80, 443, 8080, 8000, 5000, 12345, 53, 3128, 8899, 9200])
def test_web_ports_and_unknown_ones_are_none_of_these(
    machine: Machine, means: Means, port: int
) -> None:
    """A web request is no database connection."""
    machine.connects(1, program(7), port)
    assert not looks(machine, means, "connections")


def test_what_a_connection_carried_is_told_when_the_last_of_them_has_ended(
    machine: Machine, means: Means
) -> None:
    """A pool closes connections and opens others: it is one talk with one server, and its sums
    are those of all.
    """
    collector = BY_NAME["connections"].make(means)
    began = machine.now
    machine.connects(1, program(7), 5432, carried=(10, 20))
    assert [seen.ended for seen in collector.look()] == [None]
    for second in range(1, 11):
        machine.passes(1)
        machine.connects(1, program(7), 5432, carried=(10 * second, 20 * second))
        assert not list(collector.look())
    machine.closes(1)
    machine.connects(2, program(7), 5432, carried=(5, 7))
    assert not list(collector.look())
    last = machine.now
    machine.closes(2)
    for _ in range(29):
        machine.passes(1)
        assert not list(collector.look())
    machine.passes(1)
    (seen,) = collector.look()
    assert (seen.at, seen.ended) == (began, last)
    assert (seen.value("connections"), seen.value("bytes_sent"), seen.value("bytes_received")) == (
        2, 105, 207,
    )  # fmt: skip
    machine.passes(60)
    assert not [*collector.look(), *collector.end()]


def test_other_servers_and_other_runs_are_told_apart(machine: Machine, means: Means) -> None:
    """Who reads from two databases, or runs twice, is told twice; about what is the same."""
    machine.connects(1, program(7), 5432)
    machine.connects(2, program(7), 5432, "10.0.0.8")
    machine.connects(3, program(9), 5432)
    seen = looks(machine, means, "connections")
    assert len(seen) == 3 and len({one.about for one in seen}) == 2


def test_what_the_system_does_not_count_is_not_known(machine: Machine, means: Means) -> None:
    """Unknown is never nought."""
    collector = BY_NAME["connections"].make(means)
    machine.connects(1, program(7), 5432, carried=(None, None))
    list(collector.look())
    (seen,) = collector.end()
    assert seen.value("bytes_sent") is None and seen.value("connections") == 1


def test_a_connection_of_a_day_is_told_each_hour(machine: Machine, means: Means) -> None:
    """A service that never closes its connection leaves its sums with each hour, and none twice."""
    collector = BY_NAME["connections"].make(means)
    told: list[Observation] = []
    for minute in range(180):
        machine.connects(1, program(7), 5432, carried=(minute, 2 * minute))
        told += collector.look()
        machine.passes(60)
    told += collector.end()
    sums = [one.value("bytes_sent") for one in told if one.ended is not None]
    assert len(sums) == 3 and sum(int(str(one)) for one in sums) == 179
    ended = [one for one in told if one.ended is not None]
    assert [one.value("connections") for one in ended] == [1, 1, 1]


def test_what_ends_with_the_hour_is_told_once_and_never_ends_before_it_began(
    machine: Machine, means: Means
) -> None:
    """A connection that closes just before it is told of the hour leaves no second, empty one."""
    collector = BY_NAME["connections"].make(means)
    told: list[Observation] = []
    for second in range(0, 3_640, 10):
        if second < 3_590:
            machine.connects(1, program(7), 5432, carried=(100, 200))
        elif second == 3_590:
            machine.closes(1)
        told += collector.look()
        machine.passes(10)
    told += collector.end()
    ended = [one for one in told if one.ended is not None]
    assert [one.value("connections") for one in ended] == [1]
    assert all(one.ended is not None and one.ended >= one.at for one in ended)


def test_a_connection_at_the_ends_of_one_that_closed_is_another(
    machine: Machine, means: Means
) -> None:
    """The system gives ports out again: what the second carries is not taken for the first's."""
    collector = BY_NAME["connections"].make(means)
    for sent in (100, None, 30):
        if sent is None:
            machine.closes(1)
        else:
            machine.connects(1, program(7), 5432, carried=(sent, sent))
        list(collector.look())
        machine.passes(1)
    (seen,) = collector.end()
    assert (seen.value("connections"), seen.value("bytes_sent")) == (2, 130)


def test_an_owner_that_is_not_known_is_no_observation(machine: Machine, means: Means) -> None:
    """Nobody is named who was not seen; a program that is no Python is none of ours."""
    unknown: list[Attribution | None] = [None, program(3, python=None), program(4, python=False)]
    for number, owner in enumerate(unknown, 1):
        machine.connects(number, owner, 5432)
        machine.listens(number + 10, owner, 8000)
    assert not looks(machine, means, "connections") and not looks(machine, means, "listeners")


def test_a_run_is_told_with_how_it_ended_and_what_it_used(machine: Machine, means: Means) -> None:
    """Exit code, CPU, memory, programs started, office programs marked; it is no case."""
    machine.owners[1] = program(7)
    (seen,) = looks(machine, means, "runs")
    assert (seen.kind, seen.about, seen.notable) == (Kind.RUN, "load.py", False)
    assert {name: one.value for name, one in seen.facts.items()} == {
        "exit_code": 0,
        "cpu_milliseconds": 250,
        "bytes_peak_memory": 5_000_000,
        "children": ("cat", "soffice.bin"),
        "office_programs": ("soffice.bin",),
    }


def test_where_nobody_follows_runs_none_is_told(means: Means) -> None:
    """A gate without the rights tells nothing, and fails at nothing."""
    collector = BY_NAME["runs"].make(replace(means, runs=None))
    assert not [*collector.look(), *collector.end()]


@pytest.mark.parametrize("kind", collector_kinds(), ids=lambda kind: kind.name)
def test_each_is_still_only_where_its_machine_is_and_it_waits_for_nothing(
    kind: CollectorKind, machine: Machine, means: Means
) -> None:
    """What is to be told or asked for is told though no socket comes or goes."""
    collector = kind.make(means)
    list(collector.look())
    assert not collector.still(), "the machine is not"
    machine.rests = True
    assert collector.still()


def test_an_owner_that_is_not_known_yet_is_asked_for_on_a_machine_at_rest(
    machine: Machine, means: Means
) -> None:
    """Three times, as ever."""
    machine.listens(1, None, 8000)
    machine.rests = True
    listeners = BY_NAME["listeners"].make(means)
    looks = 0
    while looks < 20 and not (looks and listeners.still()):
        list(listeners.look())
        looks += 1
    assert machine.asked == [1] * looks == [1] * 3


def test_a_connection_that_has_ended_is_told_on_a_machine_at_rest(
    machine: Machine, means: Means
) -> None:
    """Its end is known half a minute later."""
    machine.connects(1, program(7), 5432)
    connections = BY_NAME["connections"].make(means)
    assert list(connections.look())
    machine.closes(1)
    machine.rests = True
    list(connections.look())
    assert not connections.still()
    machine.passes(31)
    assert list(connections.look()) and connections.still()
