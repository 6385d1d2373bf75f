"""The gate as a service of its own user: what is divided stays divided, and senders are named."""

import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from scratch_machine import on_scratch_machine

from app.demo.internet import StandInInternet
from tests.scenarios.conftest import is_sure_or_says_why

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(sys.executable)

_SET_UP = """
set -e
umask 022
chmod 755 /root
useradd --system --home-dir /nonexistent outgate
useradd --system --home-dir /nonexistent --gid outgate attributor
useradd --create-home eve
useradd --create-home officer
mkdir -p /etc/outgate /run/outgate /run/attributor /var/lib/outgate /srv
cp {internet} /srv/internet.pem
chown outgate /run/outgate
mkdir /var/lib/outgate/cache; cp -r {pack} /var/lib/outgate/cache/credentials
chown -R outgate:outgate /var/lib/outgate; chmod 700 /var/lib/outgate
chown attributor:outgate /run/attributor; chmod 750 /run/attributor
cat > /etc/outgate/settings.yaml <<'Y'
listen: 127.0.0.1:{port}
require_gate: true
attributor: /run/attributor/socket
Y
printf 'version: 1\\nmode: watch\\nrules: []\\n' > /etc/outgate/policy.yaml
cat > /srv/as <<'S'
#!/bin/sh
# Run as USER, with this user's own environment and nothing of ours.
user=$1; shift
exec setpriv --reuid $user --regid $(id -g $user) --init-groups --reset-env \\
  env PYTHONPATH={root} PYTHONDONTWRITEBYTECODE=1 "$@"
S
cat > /srv/outgate <<'S'
#!/bin/sh
exec {python} -m app.cli "$@"
S
cat > /home/eve/report.py <<'P'
import urllib.request as u
file = open("kept/rows.csv", "rb")
print(u.urlopen("https://rates.example.com/eur", data=file.read(), timeout=30).status)
P
cat > /home/eve/second.py <<'P'
import urllib.request as u
print(u.urlopen("https://rates.example.com/eur", timeout=30).status)
P
cat > /home/eve/fake.py <<'P'
import json, os, socket, sys
listener = socket.create_server(("127.0.0.1", {port}))
body = json.dumps(dict(outgate="gate", pid=int(sys.argv[1]))).encode()
print(os.getpid(), flush=True)
while True:
    talk = listener.accept()[0]
    talk.recv(65536)
    talk.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n" + body)
    talk.close()
P
printf 'import time\ntime.sleep(5)\n' > /home/eve/nightly.py
mkdir -m 700 /home/eve/kept
seq 20000 > /home/eve/kept/rows.csv
chmod 755 /srv/as /srv/outgate
chown -R eve /home/eve/*.py /home/eve/kept; chmod 600 /home/eve/report.py
setpriv --reuid attributor --regid outgate --clear-groups --reset-env \\
  --inh-caps -all,+sys_ptrace,+dac_read_search --ambient-caps -all,+sys_ptrace,+dac_read_search \\
  --bounding-set -all,+sys_ptrace,+dac_read_search \\
  env PYTHONPATH={root} /srv/outgate attributor --socket /run/attributor/socket --for outgate \\
  > /srv/attributor.log 2>&1 &
echo $! > /srv/attributor.pid
/srv/as outgate OUTGATE_HOME=/var/lib/outgate /srv/outgate start --public /run/outgate \\
  --upstream-ca /srv/internet.pem --connect-to {route} > /srv/gate.log 2>&1 &
echo $! > /srv/gate.pid
n=0
until [ -f /run/outgate/gate.json ] || [ $n -gt 400 ]; do sleep 0.1; n=$((n+1)); done
cat /srv/attributor.log /srv/gate.log
test -f /run/outgate/gate.json
"""
_BINDS = (
    f"{PYTHON} -c 'import os, socket, sys; os.unlink(sys.argv[1]);"
    " socket.socket(socket.AF_UNIX).bind(sys.argv[1])'"
)
_TRIED = {
    "the key": "cat /var/lib/outgate/authority/*",
    "the evidence": "cat /var/lib/outgate/evidence.db",
    "editing the evidence": "sh -c 'echo x >> /var/lib/outgate/evidence.db'",
    "the list of what is there": "ls /var/lib/outgate",
    "the policy": "sh -c 'echo x >> /etc/outgate/policy.yaml'",
    "the settings": "sh -c 'echo x >> /etc/outgate/settings.yaml'",
    "where the gate is announced": "sh -c 'echo x > /run/outgate/gate.json'",
    "a gate of her own in its place": "rm /run/outgate/gate.json",
    "the roots of everybody": "sh -c 'echo x >> /run/outgate/bundle.pem'",
    "the attributor": f"{PYTHON} -c 'import socket; socket.socket(socket.AF_UNIX)"
    '.connect("/run/attributor/socket")\'',
    "ending the gate": "/srv/outgate stop",
    "killing the gate": "sh -c 'kill $(cat /srv/gate.pid)'",
    "killing the attributor": "sh -c 'kill $(cat /srv/attributor.pid)'",
    "the evidence by the command line": "env OUTGATE_HOME=/var/lib/outgate /srv/outgate verify",
    "approving": "env OUTGATE_HOME=/var/lib/outgate /srv/outgate scripts"
    " /home/eve/report.py --approve --reason mine",
    "the review of the machine": "env OUTGATE_HOME=/var/lib/outgate /srv/outgate review",
    "approving as another": "env OUTGATE_HOME=/var/lib/outgate SUDO_USER=officer /srv/outgate"
    " scripts /home/eve/report.py --approve --reason his",
    "a drop-in": "sh -c 'echo require_gate: false > /etc/outgate/settings.d/99-eve.yaml'",
    "a folder of drop-ins": "mkdir /etc/outgate/settings.d",
    "an attributor of her own": f"{_BINDS} /run/attributor/socket",
    "a door for seals of her own": f"{_BINDS} /run/outgate/seals.sock",
    "a gate at its port": f"{PYTHON} -c 'import socket; socket.create_server"
    '(("127.0.0.1", {port}))\'',
    "the service's memory": "sh -c 'cat /proc/$(cat /srv/gate.pid)/environ'",
    "another policy": "/srv/outgate run --policy /home/eve/own.yaml -- true",
    "no gate": "env OUTGATE_REQUIRE_GATE=false /srv/outgate run --policy /home/eve/x -- true",
}
"""What an analyst tries; each must fail."""


def free_port() -> int:
    """Return a port that nobody has now: other runs of this test go on beside it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number: int = server.getsockname()[1]
    return number


@pytest.mark.timeout(600)
def test_what_is_the_services_is_nobody_elses(tmp_path: Path, rule_pack: Path) -> None:
    """An analyst's program runs behind the gate of the machine and is named, with a script
    that only she can read; she can neither read the key, nor evidence, nor change either,
    nor policy, nor settings, nor approve, nor take the gate's place.
    """
    with StandInInternet(tmp_path / "internet") as internet:
        (tmp_path / "root.pem").write_bytes(internet.authority.root_pem())
        [route] = internet.routes
        port = free_port()
        filled = _SET_UP.format(
            internet=tmp_path / "root.pem",
            root=ROOT,
            python=PYTHON,
            route=route,
            port=port,
            pack=rule_pack / "credentials",
        )
        eve = "cd /home/eve; /srv/as eve"
        # Not below the Python that takes these steps: what a run starts is part of it. The first
        # begins when the gate has hardly said that it is there, the second when it is at work.
        nightly = f"({eve} {PYTHON} nightly.py > /dev/null 2>&1 &);"
        steps = [
            filled,
            f"{nightly} {eve} /srv/outgate run -- {PYTHON} report.py",
            f"{nightly} {eve} /srv/outgate status",
            *(f"{eve} {attempt.replace('{port}', str(port))}" for attempt in _TRIED.values()),
            "touch /home/eve/enough;"
            "/srv/as outgate OUTGATE_HOME=/var/lib/outgate SUDO_USER=officer"
            " /srv/outgate export --format jsonl -o -",
            f"{eve} /srv/outgate trust install --user --proxy && {eve} sh -c"
            f" '. /home/eve/.profile; {PYTHON} second.py' && {eve} /srv/outgate trust remove",
            "cd /srv; OUTGATE_HOME=/tmp/roothome PYTHONPATH={root} /srv/outgate trust install"
            ' --system && grep -qF "$(sed -n 2p /run/outgate/roots/*.0)"'
            " /etc/ssl/certs/ca-certificates.crt".replace("{root}", str(ROOT)),
            # As a reviewer by sudo, with a folder whose settings she wrote.
            f"{eve} sh -c 'mkdir -m 777 own; echo hub: nowhere > own/settings.yaml';"
            "/srv/as outgate OUTGATE_HOME=/home/eve/own SUDO_USER=eve /srv/outgate settings show",
            "kill $(cat /srv/attributor.pid); sleep 0.5; cd /home/eve;"
            f" /srv/as eve /srv/outgate run -- {PYTHON} second.py",
            "/srv/as outgate OUTGATE_HOME=/var/lib/outgate /srv/outgate export --format jsonl -o -",
            "cp -p /run/outgate/gate.json /srv; kill $(cat /srv/gate.pid); sleep 3;"
            " ls -l /run/outgate; cat /srv/gate.log",
            # As after a gate that was killed, in whose place she listens.
            "cp -p /srv/gate.json /run/outgate; cd /home/eve;"
            f" (/srv/as eve {PYTHON} fake.py $(cat /srv/gate.pid) > /srv/fake.log 2>&1 &);"
            " until [ -s /srv/fake.log ]; do sleep 0.1; done;"
            f" /srv/as eve /srv/outgate run -- {PYTHON} second.py; code=$?;"
            " kill $(cat /srv/fake.log); exit $code",
        ]
        told = on_scratch_machine(tmp_path / "scratch", steps, quiet=("/root", "/var/log"))
    up, ran, status, *tried = told[: 3 + len(_TRIED)]
    exported, hers, roots, lent, unnamed, later, ended, fake = told[3 + len(_TRIED) :]
    assert up.code == 0, up.out + up.err
    assert (ran.code, ran.out) == (0, "200\n"), ran.err + up.out
    assert "on record at the gate of this machine" in ran.err
    assert status.code == 0, status.out + status.err
    for (what, _), step in zip(_TRIED.items(), tried, strict=True):
        assert step.code != 0, f"{what}: {step.out}{step.err}"
        told_no = "Permission" in step.err or "already in use" in step.err
        assert "Traceback" not in step.err or told_no, f"{what}: {step.err}"
    [sender] = senders(exported.out, "/home/eve/report.py")
    assert is_sure_or_says_why(sender), sender
    assert sender["user"] == "eve"
    assert sender["script"]["sha256"]
    [sent] = records(exported.out, "/home/eve/report.py")
    assert sent["files_look"] == "whole"
    named = [(one["path"], one["same"], one["owner"]) for one in sent["files"]]
    assert named == [("/home/eve/kept/rows.csv", "same_bytes", "eve")], "a folder only she can read"
    told_of = [json.loads(line) for line in later.out.splitlines() if '"kind":"run"' in line]
    runs = [run["sender"]["user"] for run in told_of if run["about"] == "nightly.py"]
    assert runs == ["eve", "eve"], "past the gate, and each told once"
    assert hers.code == 0, hers.out + hers.err
    assert "\n200\n" in hers.out, "without outgate run, by the machine's gate and its roots"
    assert roots.code == 0, roots.out + roots.err
    assert lent.code != 0, lent.out + lent.err
    assert "others may change" in lent.err, "as the service's user only its own folder is obeyed"
    assert unnamed.code == 0, "who cannot be named passes in watch mode, and is told as unknown"
    last = [json.loads(line) for line in later.out.splitlines() if '"sender"' in line][-1]
    assert last["sender"]["certainty"] == "unknown"
    assert "attributor" in json.dumps(last["sender"])
    assert "gate.json" not in ended.out
    assert fake.code != 0, fake.out + fake.err
    assert "require_gate" in fake.err, "whoever listens at the port of a gate that is gone is none"


def senders(lines: str, script: str) -> list[dict[str, Any]]:
    """Return who sent, of the records of this script."""
    return [one["sender"] for one in records(lines, script)]


def records(lines: str, script: str) -> list[dict[str, Any]]:
    """Return what this script sent."""
    found = [json.loads(line) for line in lines.splitlines() if '"sender"' in line]
    return [
        one
        for one in found
        if "observation" not in one["schema"]
        and (one["sender"].get("script") or {}).get("path") == script
    ]
