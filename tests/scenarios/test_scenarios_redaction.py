"""Redaction with a real SDK: values stay here, the answer has them again."""

import json
import subprocess
import sys

from tests.scenarios.conftest import Outgate

POLICY = """
version: 1
mode: enforce
rules:
  - id: redact-personal-data
    description: Personal data is replaced before it leaves
    when:
      findings: {kinds: [bank, contact]}
    then: redact
"""
ASK = """
import sys
from openai import OpenAI
text = "Pay to DE90 8713 1860 9139 0996 03 and write to erika.probe@nordwind-logistik.de, again DE90 8713 1860 9139 0996 03."
client = OpenAI()
ask = dict(model="echo", messages=[{"role": "user", "content": text}])
whole = client.chat.completions.create(**ask).choices[0].message.content
stream = client.chat.completions.create(**ask, stream=True)
pieces = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
assert whole == text, whole
assert pieces == text, pieces
"""
SIGNED = """
import urllib.request, urllib.error
request = urllib.request.Request("https://files.example/", data=b"iban DE90871318609139099603",
    headers={"Authorization": "AWS4-HMAC-SHA256 Credential=AKIA/x", "Content-Type": "text/plain"})
try:
    urllib.request.urlopen(request, timeout=30)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""


def test_values_stay_here_and_come_back_in_the_answer(outgate: Outgate) -> None:
    """The model never sees the values; the script, streamed or not, reads them in the answer as if
    nothing had happened.
    """
    (outgate.folder / "p.yaml").write_text(POLICY)
    script = outgate.script("ask.py", ASK)
    done = outgate.run(
        sys.executable, str(script), options=("--json", "--policy", str(outgate.folder / "p.yaml"))
    )

    assert done.returncode == 0, done.stdout + done.stderr
    sent = [json.loads(a.body)["messages"][0]["content"] for a in outgate.internet.arrivals]
    assert sent == ["Pay to <IBAN_1> and write to <EMAIL_1>, again <IBAN_1>."] * 2
    records = json.loads(done.stderr.strip().splitlines()[-1])["records"]
    assert [r["decision"]["verdict"] for r in records] == ["redact", "redact"]
    assert {f["kind"] for f in records[0]["findings"]} >= {"iban", "email"}
    assert outgate("verify").returncode == 0


def test_a_signed_body_is_refused_with_the_reason(outgate: Outgate) -> None:
    """A body that its sender signed cannot be redacted: it is refused, and the reason says so."""
    (outgate.folder / "p.yaml").write_text(POLICY)
    outgate.start("--policy", str(outgate.folder / "p.yaml"))
    done = subprocess.run(
        [sys.executable, "-c", SIGNED],
        env=outgate.behind(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout.startswith("403"), done.stdout + done.stderr
    assert "signed" in done.stdout
    assert outgate.internet.arrivals == []
