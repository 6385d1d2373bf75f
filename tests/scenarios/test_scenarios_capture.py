"""What all programs of a machine send comes to its gate, by rules of the kernel: in a network of
its own, with real processes of several users.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from scratch_machine import Step, on_scratch_machine

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(sys.executable)

pytestmark = [
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0,
        reason="rules for a machine take root on Linux",
    ),
    pytest.mark.timeout(900),  # the first test waits for the whole of one machine's life
]

_SET_UP = """
set -e
umask 022
chmod 755 /root
ip link set lo up
ip link add outside type veth peer name far
ip link set far up
ip addr add 10.99.0.1/24 dev outside
ip link set outside up
ip neigh add 10.99.0.2 lladdr 02:00:00:00:00:01 dev outside
ip route add default via 10.99.0.2
echo '10.99.0.80 rates.example.com files.example.com' >> /etc/hosts
useradd --system --home-dir /nonexistent outgate
useradd --system --home-dir /nonexistent --gid outgate attributor
useradd --create-home eve
useradd --create-home max
mkdir -p /srv /var/lib/outgate /run/attributor /etc/outgate
chown attributor:outgate /run/attributor; chmod 750 /run/attributor
echo 'attributor: /run/attributor/socket' > /etc/outgate/settings.yaml
mkdir /var/lib/outgate/cache
cp -r {pack} /var/lib/outgate/cache/credentials
chown -R outgate:outgate /var/lib/outgate; chmod 700 /var/lib/outgate
printf 'version: 1\\nmode: watch\\nrules: []\\n' > /var/lib/outgate/outgate.yaml
mkdir -p /srv/internet
cp /bin/dash /usr/local/bin/login
cat > /srv/internet.py <<'P'
import sys, time
from pathlib import Path
from app.demo.internet import StandInInternet
with StandInInternet(Path("/srv/internet/files")) as internet:
    Path("/srv/internet/root.pem").write_bytes(internet.authority.root_pem())
    Path("/srv/internet/port").write_text(str(internet.port))
    time.sleep(600)
P
cat > /srv/plain.py <<'P'
import http.server
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("content-length", "6"); self.end_headers()
        self.wfile.write(b"plain\\n")
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("127.0.0.1", 18080), H).serve_forever()
P
cat > /srv/as <<'S'
#!/bin/sh
user=$1; shift
exec setpriv --reuid $user --regid $(id -g $user) --init-groups --reset-env \\
  env PYTHONPATH={root} PYTHONDONTWRITEBYTECODE=1 "$@"
S
cat > /srv/outgate <<'S'
#!/bin/sh
export OUTGATE_HOME=/var/lib/outgate PYTHONPATH={root} PYTHONDONTWRITEBYTECODE=1
exec {python} -m app.cli "$@"
S
cat > /srv/gate <<'S'
#!/bin/sh
rm -f /var/lib/outgate/gate.json
/srv/as outgate /srv/outgate start --listen 127.0.0.1:18991 --upstream-ca /srv/internet/root.pem \\
  --connect-to rates.example.com:443:127.0.0.1:$(cat /srv/internet/port) \\
  --connect-to :80:127.0.0.1:18080 --connect-to 10.99.0.80:443:127.0.0.1:$(cat /srv/internet/port) \\
  > /srv/gate.log 2>&1 &
echo $! > /srv/gate.pid
n=0
until [ -f /var/lib/outgate/gate.json ] || [ $n -gt 400 ]; do sleep 0.05; n=$((n+1)); done
test -f /var/lib/outgate/gate.json || cat /srv/gate.log
S
cat > /home/eve/bare.py <<'P'
import http.client, ssl, sys
trust = ssl.create_default_context(cafile="/srv/gate-root.pem")
c = http.client.HTTPSConnection("rates.example.com", timeout=20, context=trust)
c.request("POST", "/up", body="iban DE90871318609139099603")
print(c.getresponse().status)
P
cat > /home/eve/child.py <<'P'
import subprocess
print(subprocess.run(["curl", "-sS", "-m", "20", "http://files.example.com/x"], capture_output=True, text=True).stdout)
P
chmod 755 /srv/as /srv/outgate /srv/gate
export PYTHONPATH={root}
{python} /srv/internet.py > /srv/internet.log 2>&1 &
echo $! > /srv/others.pid
{python} /srv/plain.py > /srv/plain.log 2>&1 &
echo $! >> /srv/others.pid
n=0
until [ -f /srv/internet/port ] || [ $n -gt 400 ]; do sleep 0.05; n=$((n+1)); done
setpriv --reuid attributor --regid outgate --clear-groups --reset-env \\
  --inh-caps -all,+sys_ptrace,+dac_read_search --ambient-caps -all,+sys_ptrace,+dac_read_search \\
  --bounding-set -all,+sys_ptrace,+dac_read_search \\
  env PYTHONPATH={root} /srv/outgate attributor --socket /run/attributor/socket --for outgate \\
  > /srv/attributor.log 2>&1 &
echo $! >> /srv/others.pid
"""
_WAIT = (
    "n=0; until grep -q '{words}' /run/outgate-capture/state.json || [ $n -gt 100 ]; do"
    " sleep 0.1; n=$((n+1)); done; /srv/outgate capture status"
)
_NO_GATE, _ONE, _GATE = '"open": true', '"connections": 1,', '"open": false'
_SESSION = "/usr/local/bin/login"
"""Stands for what a person's session begins with."""
_CURL = "/srv/as max curl -sS -m 1 http://files.example.com/x"
_ALONE = (
    "(setsid /srv/as max {shell} -c 'curl -sSk -m 9 {url} > /tmp/max{at} 2>&1;"
    " touch /tmp/max{at}.over' &); n=0; until [ -f /tmp/max{at}.over ] || [ $n -gt 200 ]; do"
    " sleep 0.05; n=$((n+1)); done; cat /tmp/max{at}"
)
"""By a process that the tests' own Python is no ancestor of."""

_KILL_KEEPER = (
    r"""kill -9 $(sed -n 's/^{"pid": \([0-9]*\),.*/\1/p' /run/outgate-capture/state.json)"""
)


def until(words: str) -> str:
    return _WAIT.format(words=words)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, rule_pack: Path) -> dict[str, Step]:
    """One machine from its first rule to its last."""
    folder = tmp_path_factory.mktemp("capture")
    steps = {
        "up": _SET_UP.replace("{root}", str(ROOT))
        .replace("{python}", str(PYTHON))
        .replace("{pack}", str(rule_pack / "credentials")),
        "nobody": "/srv/as eve /srv/outgate capture on",
        "closed": f"/srv/outgate capture on --fail closed; {_CURL}; {until(_ONE)}",
        "closed and killed": f"{_KILL_KEEPER}; sleep 0.3; {_CURL}; /srv/outgate capture status",
        "gate": "/srv/gate; cp /var/lib/outgate/bundle.pem /srv/gate-root.pem;"
        " chmod 644 /srv/gate-root.pem",
        "on": "/srv/outgate capture on --user eve --user max",
        "twice": "/srv/outgate capture on; nft list ruleset",
        "python": f"cd /home/eve; /srv/as eve {PYTHON} bare.py",
        "child": f"cd /home/eve; /srv/as eve {PYTHON} child.py",
        "orphan": _ALONE.format(shell="sh", url="https://rates.example.com/z", at=2),
        "other before": _ALONE.format(shell=_SESSION, url="http://files.example.com/y", at=3),
        "gate killed": f"kill -9 $(cat /srv/gate.pid); {until(_NO_GATE)}",
        "open": f"{_CURL}; {until(_ONE)}",
        "back": f"/srv/gate; {until(_GATE)}",
        "other": _ALONE.format(shell=_SESSION, url="http://files.example.com/y", at=1),
        "killed": f"{_KILL_KEEPER}; sleep 0.5; nft list ruleset; {_CURL}",
        "again": "/srv/outgate capture on; /srv/outgate capture off; nft list ruleset;"
        " ls -A /run/outgate-capture",
        "off twice": "/srv/outgate capture off",
        "told": "/srv/as outgate /srv/outgate export --format jsonl -o -;"
        " kill $(cat /srv/gate.pid /srv/others.pid)",
    }
    done = on_scratch_machine(
        folder / "scratch", list(steps.values()), quiet=("/root", "/var/log"), own_network=True
    )
    return dict(zip(steps, done, strict=True))


def entries(told: dict[str, Step]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told["told"].out.splitlines() if line.startswith("{")]


def happened(told: dict[str, Step], event: str) -> list[dict[str, Any]]:
    return [one["facts"] for one in entries(told) if one.get("event") == event]


def test_only_root_captures(told: dict[str, Step]) -> None:
    """A user is told that it takes root, and nothing is changed."""
    assert told["up"].code == 0, told["up"].err
    assert told["nobody"].code == 2
    assert (
        told["nobody"].err
        == "outgate: Only root captures what a machine sends. Run it with sudo.\n"
    )


def test_without_a_gate_connections_are_refused_where_that_is_set(told: dict[str, Step]) -> None:
    """Fail-closed means refused, at once and counted, also when the keeper is killed."""
    closed, killed = told["closed"], told["closed and killed"]
    assert "No gate is there yet: until then connections are refused" in closed.out
    assert "Couldn't connect" in closed.err
    assert "connections are refused (1 so far)" in closed.out
    assert "Couldn't connect" in killed.err
    assert "was killed" in killed.out


def test_what_descends_from_python_is_inspected(told: dict[str, Step]) -> None:
    """A program that heeds no proxy, and a program that it started, are on record by name, with
    the script and the user of each.
    """
    assert (told["on"].code, told["on"].out) == (0, "Captured: user eve, user max.\n")
    assert told["twice"].code == 0
    assert "captured already" in told["twice"].err
    assert (told["python"].code, told["python"].out) == (0, "200\n"), told["python"].err
    assert told["child"].out.strip() == "plain", told["child"].err
    records = [r for r in records_of(told) if r["sender"]["user"] == "eve"]
    assert [
        (r["destination"]["host"], r["destination"]["port"], r["sender"]["user"], script_of(r))
        for r in records
    ] == [
        ("rates.example.com", 443, "eve", "bare.py"),
        ("files.example.com", 80, "eve", "child.py"),
    ]
    assert "iban" in json.dumps(records[0]["findings"]).lower()


def records_of(told: dict[str, Step]) -> list[dict[str, Any]]:
    return [one for one in entries(told) if one["schema"] == "outgate.record/1"]


def script_of(record: dict[str, Any]) -> str | None:
    script = record["sender"]["script"]
    return None if script is None else str(script["name"])


def test_what_descends_from_no_python_passes_unread_and_is_counted(told: dict[str, Step]) -> None:
    """A program of its own goes where it wanted to go; only how many and how much is told."""
    assert told["other"].out == "plain\n"
    assert '"/y"' not in told["told"].out
    counted = [one["connections_of_no_python"] for one in happened(told, "capture_ended")]
    assert counted == [1, 0], "of the first capture and the second"


def test_what_a_gate_that_was_killed_had_counted_is_told_by_the_next(told: dict[str, Step]) -> None:
    """Killed outright, a gate loses no count of what it passed: the next one tells it, with the
    time that it is of.
    """
    assert told["other before"].out == "plain\n"
    [passed] = happened(told, "capture_passed")
    assert (passed["connections_of_no_python"], passed["the_gate_was"]) == (1, "killed")
    assert passed["bytes_sent"] > 0 and passed["bytes_received"] > 0
    assert passed["since"] <= passed["until"]


def test_what_may_be_of_python_is_on_record_and_not_opened(told: dict[str, Step]) -> None:
    """A program whose parent has gone is answered by the very server, and is on record as not
    inspected.
    """
    assert "EUR" in told["orphan"].out
    [record] = [r for r in records_of(told) if r["sender"]["user"] == "max"]
    assert record["destination"]["scheme"] == "tls"
    assert record["destination"]["host"] == "rates.example.com"
    assert record["sender"]["is_python"] is None
    assert [one["kind"] for one in record["findings"]] == ["not_inspected"]


def test_every_time_without_a_gate_is_told(told: dict[str, Step]) -> None:
    """The evidence has each window: from when to when, where connections went, and how many; where
    the keeper itself was killed, that nobody counted.
    """
    assert "connections go past the gate, counted" in told["gate killed"].out
    assert "(1 so far)" in told["open"].out
    assert "timed out" in told["open"].err, "it really went out"
    assert "Captured since" in told["back"].out
    windows = happened(told, "capture_window")
    assert [(one["went"], one["connections"]) for one in windows] == [
        ("nowhere", None),
        ("past the gate", 1),
        ("past the gate", None),
    ]
    assert all(one["since"] < one["until"] for one in windows)


def test_nothing_is_left(told: dict[str, Step]) -> None:
    """Rules go with the keeper, however it ends, where connections may go on without it; `off`
    leaves no rule and no file.
    """
    assert "outgate_capture" in told["twice"].out
    assert told["killed"].out == ""
    assert "timed out" in told["killed"].err
    assert told["again"].out == (
        "Captured: all users but the gate's own.\nNothing is captured any more.\n"
    )
    assert (told["off twice"].code, told["off twice"].out) == (0, "Nothing was captured.\n")
