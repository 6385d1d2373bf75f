"""`outgate run`: an analyst's own script behind a private gate."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from patience import PATIENT_S

from tests.scenarios.conftest import Outgate

UPLOAD = """
import sys, urllib.request

def upload(rows):
    body = ("iban\\n" + "\\n".join(rows)).encode()
    request = urllib.request.Request("https://files.example/up?name=x", data=body, headers={"Content-Type": "text/csv"})
    return urllib.request.urlopen(request, timeout=30).status

def main():
    print(upload(["DE90871318609139099603", "DE52875260181590830166"]), sys.argv[1:], sys.stdin.read())
    sys.exit(7)

main()
"""


def summary(done: Any) -> Any:
    return json.loads(done.stderr.strip().splitlines()[-1])


def test_a_script_runs_as_if_alone_and_is_named(outgate: Outgate) -> None:
    """The script keeps its arguments, input, output and exit code; its record names script, hash,
    line and findings.
    """
    import hashlib

    script = outgate.script("upload.py", UPLOAD)
    done = outgate.run(
        sys.executable, str(script), "--any", "args", options=("--json",), input="typed in"
    )

    assert done.returncode == 7
    assert done.stdout.strip() == "200 ['--any', 'args'] typed in"
    told = summary(done)
    assert told["exit_code"] == 7
    [record] = told["records"]
    sender = record["sender"]
    assert record["schema"] == "outgate.record/1"
    assert (sender["certainty"], sender["script"]["path"]) == ("exact", str(script))
    assert sender["script"]["sha256"] == hashlib.sha256(script.read_bytes()).hexdigest()
    assert sender["script"]["launched_as"] == "file"
    assert (sender["line"]["file"], sender["line"]["function"]) == (str(script), "upload")
    assert UPLOAD.splitlines()[sender["line"]["line"] - 1].lstrip().startswith("return urllib")
    assert record["destination"]["host"] == "files.example"
    assert record["destination"]["path"] != "/up?name=x"
    found = {f["kind"]: f for f in record["findings"]}
    assert found["iban"]["records"] == 2
    assert record["request"] == {
        "method": "POST",
        "content_type": "text/csv",
        "bytes": 50,
        "complete": True,
    }
    assert record["response"]["status"] == 200
    assert record["chain"]["seq"] >= 1  # what others do on this machine may stand before it


def test_a_quiet_program_stays_quiet(outgate: Outgate) -> None:
    """A program that sends nothing gets one line and no findings. What other programs of the
    machine do at that time may stand beside it, as theirs or this one's.
    """
    done = outgate.run(sys.executable, "-c", "print('hello')")

    assert (done.returncode, done.stdout) == (0, "hello\n")
    nothing = "outgate: this program sent nothing through the gate"
    first, *others = sorted(done.stderr.splitlines(), key=lambda line: not line.startswith(nothing))
    assert first.startswith(nothing)
    assert all("this program's or another's" in line for line in others)
    assert others or first == f"{nothing}, and no connection past it was seen"


def test_signals_reach_the_program(outgate: Outgate) -> None:
    """A signal to `outgate run` reaches the program, and its way of ending becomes ours."""
    marker = outgate.folder / "ready"
    program = f"import pathlib, time; pathlib.Path({str(marker)!r}).touch(); time.sleep(600)"
    command = [
        sys.executable,
        "-m",
        "app.cli",
        "run",
        "-q",
        *outgate.staging,
        "--",
        sys.executable,
        "-c",
        program,
    ]
    running = subprocess.Popen(command, env=outgate.environment, cwd=outgate.folder)
    outgate.wait_for(marker.exists)
    running.send_signal(signal.SIGTERM)

    assert running.wait(PATIENT_S) == 128 + signal.SIGTERM


def test_a_program_that_does_not_exist_is_one_line(outgate: Outgate) -> None:
    """A mistyped program is a clear line, not a traceback, and the code is that of a shell."""
    done = outgate.run("no-such-program-here")

    assert done.returncode == 127
    assert done.stderr.strip().splitlines()[-1].startswith("outgate: There is no program")
    assert "Traceback" not in done.stderr


def test_a_module_and_a_command_are_named(outgate: Outgate) -> None:
    """`python -m` and `python -c` are named as what they are."""
    package = outgate.folder / "reports"
    package.mkdir()
    send = "import urllib.request as u; u.urlopen('https://files.example/', data=b'x', timeout=30)"
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(send)
    module = outgate.run(sys.executable, "-m", "reports", options=("--json",))
    command = outgate.run(sys.executable, "-c", send, options=("--json",))

    [by_module], [by_command] = summary(module)["records"], summary(command)["records"]
    assert by_module["sender"]["script"]["launched_as"] == "module"
    assert by_module["sender"]["script"]["path"] == str(package / "__main__.py")
    assert by_command["sender"]["script"]["launched_as"] == "command"
    assert by_command["sender"]["script"]["path"] is None


def test_a_block_is_one_readable_error(outgate: Outgate) -> None:
    """A blocked upload never arrives; the script gets one clear answer with rule, reason and
    reference.
    """
    policy = outgate.folder / "strict.yaml"
    preset = outgate("policy", "preset", "no-personal-cloud").stdout
    policy.write_text(preset.replace("mode: watch", "mode: enforce"))
    ledger = Path(__file__).resolve().parents[2] / "examples/finance/ledger_upload.py"
    done = outgate.run(sys.executable, str(ledger), options=("--policy", str(policy), "--json"))

    assert "OneDrive answered 403" in done.stdout
    assert "Outgate" in done.stdout
    assert outgate.internet.bytes_received == 0
    [record] = summary(done)["records"]
    assert record["decision"]["verdict"] == "block"
    assert record["id"] in done.stdout
    assert record["destination"]["account"]["kind"] == "personal"
