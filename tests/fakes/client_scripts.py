"""What data people send with: one small script for each way, and what becomes of it behind the
gate.

Read from `client_scripts.toml`, which says what its keys mean.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_FILE = Path(__file__).with_suffix(".toml")


class Ends(StrEnum):
    """What becomes of what a script sends."""

    WORKS = "works"
    """It goes through the gate, arrives, and is on record."""
    PAST = "goes past"
    """It goes past the gate, and is on record as a connection that nobody read."""
    BREAKS = "breaks"
    """It goes to the gate and does not accept its certificate: nothing arrives."""
    REFUSED = "refused"
    """It is no HTTP: the gate does not let it through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientScript:
    """One way to send."""

    name: str
    client: str
    way: str
    ends: Ends
    code: str
    needs: str = ""
    program: bool = False
    port: int = 443
    host: str = ""
    requests: int = 1
    mend: str = ""
    fails: bool = False
    """The script itself ends badly, whatever it sent."""

    @property
    def target(self) -> str:
        """The host it goes to."""
        return self.host or f"{self.name}.example"


_HEAD = """import os, sys
HOST, ROOTS, GATE = {host!r}, os.environ["SSL_CERT_FILE"], os.environ.get("HTTPS_PROXY")
URL = "{scheme}://" + HOST + "/up"
def until_seen():
    import json, time
    seen, until = os.path.join(os.path.dirname(__file__), "..", "seen"), time.monotonic() + 9
    while time.monotonic() < until:
        if os.path.exists(seen) and os.path.abspath(__file__) in json.load(open(seen))["paths"]:
            return
        time.sleep(0.1)
"""
"""What a script begins with. `until_seen`: it waits until the gate has it on record, or so long."""


def text_of(script: ClientScript) -> str:
    """Return the script as a file."""
    scheme = "http" if script.port == 80 else "https"
    return _HEAD.format(host=script.target, scheme=scheme) + script.code


def _read() -> tuple[ClientScript, ...]:
    entries = tomllib.loads(_FILE.read_text())["client"]
    return tuple(ClientScript(**{**entry, "ends": Ends(entry["ends"])}) for entry in entries)


CLIENT_SCRIPTS = _read()


def table() -> str:
    """Return the table of docs/clients-tried.md."""
    rows = ["| client | way | outcome | what to do |", "|---|---|---|---|"]
    for script in CLIENT_SCRIPTS:
        cells = (script.client, script.way, script.ends.value, script.mend or "–")
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"
