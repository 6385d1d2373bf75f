"""What a sealed program sees of the machine's file of names."""

from capture.hosts_file import addresses, inside

_FILE = b"""# names
127.0.0.1 localhost
127.0.1.1\tthis-machine # mine
::1 ip6-localhost
ff02::1 ip6-allnodes
fe80::1%lo0 localhost
10.0.0.7 warehouse.corp db
2001:db8::7 warehouse.corp
  192.168.1.9 printer
not an address
"""


def test_only_the_machines_own_names_stay() -> None:
    """By what name a program goes to another machine the gate hears, because it is asked."""
    told = inside(_FILE).decode()
    for kept in ("# names", "127.0.0.1 localhost", "this-machine", "ip6-allnodes", "fe80::1"):
        assert kept in told
    for gone in ("warehouse", "printer", "not an address"):
        assert gone not in told
    assert inside(b"") == b""
    assert inside(b"127.0.0.1 localhost") == b"127.0.0.1 localhost"


def test_the_gate_finds_there_what_the_program_asks_for() -> None:
    """A name is found in any case, by each of its words, with all of its addresses."""
    assert addresses(_FILE, "Warehouse.corp") == ("10.0.0.7", "2001:db8::7")
    assert addresses(_FILE, "db.") == ("10.0.0.7",)
    for other in ("warehouse", "corp", "#", "mine", "10.0.0.7", "", "address"):
        assert addresses(_FILE, other) == ()
