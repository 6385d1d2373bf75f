"""The policy of a serving gate: changed while it runs, broken, mended."""

import json
import subprocess
import sys
import zipfile

from app.home import Home
from app.policy_in_force import deciding_path
from tests.scenarios.conftest import Outgate

SEND = """
import sys, urllib.request, urllib.error
try:
    print(urllib.request.urlopen('https://files.example/', data=b'iban DE90871318609139099603', timeout=30).status)
except urllib.error.HTTPError as error:
    print(error.code)
"""
BLOCKING = """
version: 1
mode: enforce
rules:
  - id: no-bank-data
    description: Bank data stays here
    when:
      findings: {kinds: bank}
    then: block
"""


def test_a_changed_policy_takes_effect_and_a_broken_one_does_not(outgate: Outgate) -> None:
    """A new policy file is in force within seconds; a broken one leaves the last good one and says
    so in the status.
    """
    outgate.start()
    behind = outgate.behind()
    assert _send(behind) == "200"

    (outgate.home / "outgate.yaml").write_text(BLOCKING)
    outgate.wait_for(lambda: _send(behind) == "403")

    (outgate.home / "outgate.yaml").write_text(BLOCKING.replace("then: block", "then: blok"))
    unwell = outgate.wait_for(lambda: (s := outgate("status")).returncode == 1 and s)
    assert "NOT HEALTHY" in unwell.stdout
    assert _send(behind) == "403"

    (outgate.home / "outgate.yaml").write_text(BLOCKING.replace("then: block", "then: watch"))
    outgate.wait_for(lambda: _send(behind) == "200")
    assert outgate("status").returncode == 0
    versions = {r["decision"]["policy"] for r in outgate.records()}
    assert len(versions) == 3


def test_the_file_that_a_gate_was_started_with_is_the_policy_in_force(outgate: Outgate) -> None:
    """The review and the pack tell its rules, also by a name from another folder; and what the
    preset decided before it was there has its text, too.
    """
    first = outgate.start()
    assert _send(outgate.behind()) == "200"
    assert deciding_path(Home(outgate.home)) is None
    first.terminate()
    first.wait(60)
    (outgate.folder / "mine.yaml").write_text(BLOCKING)
    outgate.start("--policy", "mine.yaml")
    assert _send(outgate.behind()) == "403"
    assert deciding_path(Home(outgate.home)) == outgate.folder / "mine.yaml"

    done = outgate("export", "--format", "pack", "--out", "all.zip")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(outgate.folder / "all.zip") as packed:
        texts = {name: packed.read(name) for name in packed.namelist()}
    assert json.loads(texts["coverage.json"])["policies_without_text"] == []
    policies = {text.decode() for name, text in texts.items() if name.startswith("policy/")}
    assert len(policies) == 2 and BLOCKING in policies


def _send(behind: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SEND],
        env=behind,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout.strip()
