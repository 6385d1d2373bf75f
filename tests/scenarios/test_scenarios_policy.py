"""The policy of a serving gate: changed while it runs, broken, mended."""

import subprocess
import sys

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
