"""The gate killed under load, its evidence afterwards, and what may never be written anywhere."""

import base64
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from urllib.parse import quote

import pypdfium2
from deep_search import all_in, packed_everywhere
from patience import PATIENT_S
from reading_files import readable

from exports.formats import formats
from exports.report.forms import FORMS
from tests.scenarios.conftest import Outgate

CANARIES = {
    "email": "canary.person.7341@nordwind-logistik.de",
    "iban": "DE32100500004417889213",
    "password": "Kx7" + "-canary-9Qz!mW4",
    "key": "sk-proj-" + "Canary7Zq" * 6,
    "word": "canaryword8842",
}


def test_a_killed_gate_leaves_whole_evidence(outgate: Outgate) -> None:
    """After kill -9 under load the evidence verifies, and every answer that a client saw has its
    record.
    """
    gate = outgate.start()
    behind = outgate.behind()
    seen: list[str] = []
    stop = threading.Event()

    def ask(worker: int) -> None:
        host, port = behind["HTTPS_PROXY"].removeprefix("http://").split(":")
        context = ssl.create_default_context(cafile=behind["SSL_CERT_FILE"])
        number = 0
        connection = http.client.HTTPSConnection(host, int(port), timeout=20, context=context)
        connection.set_tunnel("files.example", 443)
        while not stop.is_set():
            mark = f"/w{worker}-n{number}"
            try:
                connection.request("POST", mark, body=b"x" * 100)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return
            if answer.status == 200:
                seen.append(mark)
            number += 1

    workers = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for worker in workers:
        worker.start()
    outgate.wait_for(lambda: len(seen) > 60)
    gate.send_signal(signal.SIGKILL)
    stop.set()
    for worker in workers:
        worker.join(30)
    gate.wait(10)

    outgate.start()
    verified = outgate("verify", "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert json.loads(verified.stdout)["ok"] is True
    recorded = [r for r in outgate.records() if r["destination"]["host"] == "files.example"]
    assert len(recorded) >= len(seen)
    answered = [r for r in recorded if r["response"]["status"] == 200]
    interrupted = [r for r in recorded if r["notes"]]
    assert len(answered) + len(interrupted) >= len(seen)


def test_nothing_sensitive_is_written_anywhere(outgate: Outgate) -> None:
    """Values from payloads, keys and passwords stand in no file below the home and on no screen."""
    body = {
        "model": "gpt-4o-mini",
        "messages": [
            {
                "role": "user",
                "content": (
                    f"Write to {CANARIES['email']}, pay {CANARIES['iban']}, {CANARIES['word']}, "
                    f"postgresql://app:{CANARIES['password']}@db.example/x"
                ),
            }
        ],
    }
    script = outgate.script(
        "leak.py",
        "import json, os, urllib.request as u\n"
        f"body = {json.dumps(json.dumps(body))}\n"
        "request = u.Request('https://api.openai.com/v1/chat/completions?note="
        + CANARIES["word"]
        + f"', data=body.encode(),\n    headers={{'Authorization': 'Bearer {CANARIES['key']}',"
        f" 'Content-Type': 'application/json',\n             'X-Note': '{CANARIES['word']}',"
        f" 'Cookie': 'session={CANARIES['password']}'}})\nu.urlopen(request,"
        " timeout=30).read()\n",
    )
    done = outgate.run(sys.executable, str(script), options=("--json",))
    exported = outgate("export", "--format", "jsonl", "--out", "-")
    table = outgate("export", "--format", "csv", "--out", str(outgate.folder / "out.csv"))
    queue = outgate("review", "--plain")
    assert done.returncode == exported.returncode == table.returncode == queue.returncode == 0
    kinds = {f["kind"] for r in outgate.records() for f in r["findings"]}
    assert {"email", "iban", "secret"} <= kinds

    shown = (
        done.stdout + done.stderr + exported.stdout + exported.stderr + queue.stdout + table.stdout
    )
    written = [p for p in [*outgate.home.rglob("*"), outgate.folder / "out.csv"] if p.is_file()]
    for name, canary in CANARIES.items():
        assert canary not in shown, name
        for path in written:
            assert canary not in str(path), name
            assert canary.encode() not in path.read_bytes(), f"{name} in {path}"


def test_everything_is_private_to_the_user(outgate: Outgate) -> None:
    """The home and all that matters in it can be read by its user only, whatever the umask."""
    before = os.umask(0)
    try:
        outgate.run(
            sys.executable,
            "-c",
            "import urllib.request as u; u.urlopen('https://files.example/', timeout=30)",
        )
    finally:
        os.umask(before)

    assert outgate.home.stat().st_mode & 0o077 == 0
    for path in outgate.home.rglob("*"):
        if (
            path.is_file() and path.suffix in {".db", ".key", ".db-wal", ".db-shm"}
        ) or path.name == "authority.pem":
            assert path.stat().st_mode & 0o077 == 0, path


def test_the_gate_dies_with_the_program_that_wanted_it(outgate: Outgate) -> None:
    """When `outgate run` itself is killed, its private gate serves the program that it started, and
    does not stay behind after it.
    """
    marker = outgate.folder / "ready"
    program = (
        "import os, pathlib, time;"
        f" marker = pathlib.Path({str(marker)!r});"
        " marker.with_suffix('.new').write_text(f\"{os.getpid()} {os.environ['HTTPS_PROXY']}\");"
        " marker.with_suffix('.new').rename(marker); time.sleep(60)"
    )
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
    pid, address = marker.read_text().split()
    port = int(address.rpartition(":")[2])
    running.kill()
    running.wait(PATIENT_S)
    assert _listens(port)

    os.kill(int(pid), signal.SIGKILL)
    outgate.wait_for(lambda: not _listens(port))


def test_a_full_disk_refuses_and_says_so(outgate: Outgate) -> None:
    """When the evidence cannot grow, requests are refused, the status is unwell, and nothing is
    lost silently.
    """
    import resource

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    gate = outgate.start(preexec_fn=small)
    send = (
        "import requests\n"
        "with requests.Session() as session:\n"
        "    for n in range(2000):\n"
        "        answer = session.post('https://files.example/', data=b'x', timeout=30)\n"
        "        if answer.status_code != 200: print(answer.status_code, answer.text[:80]); break\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", send],
        env=outgate.behind(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.startswith("403 Blocked by Outgate"), done.stdout + done.stderr
    status = outgate("status")
    assert status.returncode == 1
    assert "NOT HEALTHY" in status.stdout
    gate.kill()


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


NAMING = {
    "email": "canary.person.8842@nordwind-logistik.de",
    "iban": "DE32100500004417889213",
    "card": "4539578763621486",
    "phone": "+49 170 4417882",
    "key": "sk-proj-" + "Canary8Zq" * 6,
}
"""Values that stand where names do."""
_NAMING_CLIENT = """
import base64, json, os, socket, ssl, sys, urllib.parse, urllib.request as u
proxy = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"])
def plain(text):
    return "".join(c if c.isalnum() else "-" for c in text)[:60].strip("-").lower()
def labels(v):
    yield plain(v)
    yield base64.b32encode(v.encode()).decode().rstrip("=").lower()
    yield v.encode().hex()
    yield base64.urlsafe_b64encode(v.encode()).decode().rstrip("=")
def tunnel(host, sni, named, headers):
    # Through the gate by hand: each name of the destination may be another one.
    try:
        with socket.create_connection((proxy.hostname, proxy.port), 20) as s:
            s.sendall(f"CONNECT {host}:443 HTTP/1.1\\r\\nHost: {host}:443\\r\\n{headers}\\r\\n".encode())
            if b" 200 " not in s.recv(4096):
                return
            context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
            context.check_hostname = False
            with context.wrap_socket(s, server_hostname=sni) as t:
                t.sendall(f"POST /{sni} HTTP/1.1\\r\\nHost: {named}\\r\\n{headers}Content-Length: 1\\r\\n\\r\\nx".encode())
                t.recv(4096)
    except OSError:
        pass
def post(url, body, kind, **headers):
    request = u.Request(url, data=body, headers={"Content-Type": kind, **headers})
    try:
        u.urlopen(request, timeout=30).read()
    except Exception:
        pass
for v in json.load(open(sys.argv[1])):
    q = urllib.parse.quote(v)
    json_of = lambda o: json.dumps(o).encode()
    post("https://files.example/x", json_of({v: {"iban": v, v: [v]}}), "application/json")
    post(f"https://files.example/{q}/y?{q}=1", json_of([{v: 1, "email": v}] * 3), "application/json")
    post("https://files.example/x", f"id,{v}\\n1,{v}\\n2,{v}\\n3,{v}\\n".encode(), "text/csv")
    post("https://files.example/x", f"{q}={q}".encode(), "application/x-www-form-urlencoded")
    part = f'--B\\r\\nContent-Disposition: form-data; name="{v}"; filename="{v}.csv"\\r\\n'
    part += f"Content-Type: image/{v}\\r\\n\\r\\nid,email\\n1,{v}\\n\\r\\n--B--\\r\\n"
    post("https://files.example/x", part.encode(), f"multipart/form-data; boundary=B; x={v}")
    tool = {"type": "function", "function": {"name": v, "description": v}}
    call = {"model": v, "messages": [{"role": "user", "content": v}], "tools": [tool]}
    named = {"OpenAI-Organization": v, "OpenAI-Project": v, "X-" + v.replace(" ", "").replace("@", "."): v}
    post("https://api.openai.com/v1/chat/completions", json_of(call), "application/json", **named)
    post("https://files.example/x", v.encode(), f"text/{v}", **{"Content-Encoding": v})
    post(f"https://{v.replace('@', '.').replace('+', '').replace(' ', '')[:60]}.files.example/", b"x", "text/plain")
    told = {"User-Agent": v, "Referer": f"https://a.example/{q}?u={q}", "Cookie": f"s={v}; {q}=1",
            "X-Forwarded-For": v, "From": v, "Idempotency-Key": v, "Traceparent": v, "Via": v,
            "Authorization": f"Bearer {v}", "Baggage": f"user={q}", "X-Note": v.encode().hex(),
            "Origin": f"https://{plain(v)}.example", "X-Amz-Target": v, "Range": f"bytes={v}"}
    post("https://files.example/x", b"{}", "application/json", **told)
    post("http://files.example/x", b"{}", "application/json", **told)
    lines = "".join(f"{name}: {value}\\r\\n" for name, value in told.items())
    lines += f"Proxy-Authorization: Basic {base64.b64encode(v.encode()).decode()}\\r\\n"
    for label in filter(lambda one: len(one) < 64, labels(v)):
        tunnel(f"{label}.files.example", f"{label}.sni.example", f"{label}.host.example", lines)
        tunnel("127.0.0.1", f"{label}.sni.example", f"a.{label}", lines)
        tunnel(f"a.{label}.example", "files.example", f"files.example\\r\\nHost: {label}.example", "")
        post(f"http://{label}.files.example/{label}", b"x", "text/plain")
"""


def spellings_of(value: str) -> set[str]:
    """Return how a value is written in names of hosts, paths and headers."""
    data = value.encode()
    base32 = base64.b32encode(data).decode().rstrip("=")
    coded = {base32, base32.lower(), base64.urlsafe_b64encode(data).decode().rstrip("=")}
    return {value, value.lower(), value.replace(" ", ""), quote(value), data.hex()} | coded


def unpack(path: Path) -> None:
    """Lay beside an export all that can be read in it."""
    text = readable(path)
    if path.suffix == ".pdf" or path.suffix == ".pack":
        data = path.read_bytes()
        if path.suffix == ".pack":
            with zipfile.ZipFile(path) as archive:
                data = archive.read("report.pdf")
        pages = pypdfium2.PdfDocument(data)
        text += "".join(page.get_textpage().get_text_range() for page in pages)
    path.with_suffix(f"{path.suffix}.unpacked").write_text(text, "utf-8")


def test_no_name_of_a_payload_is_written_in_clear(outgate: Outgate) -> None:
    """Values that stand as keys, columns, files, models, tools, paths, types, headers and names of
    hosts (asked for, in the handshake, in the request; encoded, too) are in no
    file, compressed content and database cells included, on no screen, and in no export."""
    values = outgate.folder / "values.json"
    values.write_text(json.dumps(list(NAMING.values())))
    kept = "".join(f"# write to {v}\nx_{n} = {v!r}\n" for n, v in enumerate(NAMING.values()))
    script = outgate.script("naming.py", _NAMING_CLIENT + kept)
    done = outgate.run(sys.executable, str(script), str(values), options=("--json",))
    exports = {kind: outgate.folder / f"all.{kind}" for kind in (*formats(), "pack")}
    for kind, path in exports.items():
        assert outgate("export", "--format", kind, "--out", str(path)).returncode == 0
    for form in FORMS:
        path = exports[f"report.{form}"] = outgate.folder / f"report.{form}"
        assert outgate("report", "--format", form, "--out", str(path)).returncode == 0
    for path in exports.values():
        unpack(path)
    screens = [
        outgate(*words)
        for words in (
            ("review", "--plain"),
            ("scripts",),
            ("status",),
            ("verify",),
            ("inspect", str(values)),
        )
    ]
    records = outgate.records()
    kinds = {f["kind"] for r in records for f in r["findings"]}
    assert {"email", "iban", "secret", "phone", "credit_card"} <= kinds
    assert len(records) >= 7 * len(NAMING)

    shown = [text.encode() for s in (done, *screens) for text in (s.stdout, s.stderr)]
    unpacked = [*exports.values(), *outgate.folder.glob("*.unpacked")]
    assert len(unpacked) == 2 * len(exports)
    written = [p for p in [*outgate.home.rglob("*"), *unpacked] if p.is_file()]
    told = [(str(p), piece) for p in written for piece in all_in(p)]
    told += [("a screen", text) for text in shown]
    found = {
        (name, spelling, where)
        for name, value in NAMING.items()
        for spelling in spellings_of(value)
        for where, piece in told
        if spelling.encode() in piece or spelling in where
    }
    assert found == set()


def test_the_search_looks_into_what_is_compressed(tmp_path: Path) -> None:
    """The test above would find a value inside zlib inside gzip inside zstd."""
    hidden = tmp_path / "hidden"
    hidden.write_bytes(packed_everywhere(b"a value"))
    assert b"a value" not in hidden.read_bytes()
    assert any(b"a value" in piece for piece in all_in(hidden))
