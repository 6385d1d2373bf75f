"""A rule on countries, with real processes: decided on the address, and only the allowed address is
connected to.
"""

import sys

from tests.scenarios.conftest import Outgate

SEND = """
import sys, urllib.request, urllib.error
for host in sys.argv[1:]:
    try:
        print(host, urllib.request.urlopen(f'https://{host}/', data=b'report', timeout=30).status)
    except urllib.error.HTTPError as error:
        print(host, error.code)
"""
POLICY = """
mode: enforce
organisation: {countries: countries.csv}
rules:
  - id: at-home-only
    description: Uploads stay in the country
    when:
      not: {destination: {country: US}}
    then: block
"""


def test_a_destination_abroad_is_refused(outgate: Outgate) -> None:
    """Hosts go where their address is; those whose address lies elsewhere get no byte, not even a
    connection.
    """
    (outgate.home / "countries.csv").write_text("127.0.0.1,127.0.0.1,US\n127.0.0.2,127.0.0.2,CN\n")
    (outgate.home / "outgate.yaml").write_text(POLICY)
    near = outgate.internet.port
    away = [
        "--connect-to",
        f"far.example:443:127.0.0.2:{near}",
        "--connect-to",
        f"odd.example:443:127.0.0.3:{near}",
    ]
    root = outgate.folder / "internet-root.pem"
    root.write_bytes(outgate.internet.authority.root_pem())
    near_route = ["--connect-to", f"near.example:443:127.0.0.1:{near}"]
    hosts = ("near.example", "far.example", "odd.example")
    staged = ["--upstream-ca", str(root), *away, *near_route]
    done = outgate("run", "--quiet", *staged, "--", sys.executable, "-c", SEND, *hosts)
    assert done.stdout.splitlines() == ["near.example 200", "far.example 403", "odd.example 403"], (
        done.stderr
    )
    assert [a.host for a in outgate.internet.arrivals] == ["near.example"]
    where = {r["destination"]["host"]: r["destination"] for r in outgate.records()}
    assert {h: (d["address"], d["country"]) for h, d in where.items()} == {
        "near.example": ("127.0.0.1", "US"),
        "far.example": ("127.0.0.2", "CN"),
        "odd.example": ("127.0.0.3", "unknown"),
    }
