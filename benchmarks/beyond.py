"""What a scan costs, what it finds of what was planted, and whether advisories are read by the
letter.

Run: python -m benchmarks.beyond [places] [findings] [advisories] [lineage]
    [cost --files 1000000 --scripts 5000]

Everything is made up in a temporary folder. Bars: 99 % of scripts in 14 kinds of places and no
library file; 95 % of credentials and of flaws in 200 of 400 scripts, at most 2 false in the other
200; all of 1,000 pairs; files that were sent in 2 ms
(median), 25 ms of 5 MB, none wrong; 1,000,000 files with 5,000 scripts in 30 s of CPU and 200 MB.
"""

import argparse
import json
import os
import random
import resource
import string
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.beyond_advisories import advisories
from benchmarks.beyond_lineage import lineage
from classifiers.credentials import CredentialDetector
from core.findings import Confidence
from core.organisation import Organisation
from core.scanned import Grade, ScanResult
from inventory import flaws
from inventory.scan import Question, scan

LETTERS = string.ascii_letters + string.digits


def detector() -> CredentialDetector:
    return CredentialDetector(None, Organisation(), long_tail=False)


def scanned(root: Path, *, with_flaws: bool = True) -> ScanResult:
    ruff = flaws.program() if with_flaws else None
    return scan(Question(roots=(str(root),), credentials=detector(), ruff=ruff))


def put(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def word(rng: random.Random, length: int, alphabet: str = LETTERS) -> str:
    return "".join(rng.choice(alphabet) for _ in range(length))


# Places.

_CODE = "import json\nprint(json.dumps({}))\n"
_SHEBANG = "#!/usr/bin/env python3\n" + _CODE


def _notebook(code: str) -> str:
    cell = {
        "cell_type": "code",
        "source": [code],
        "outputs": [],
        "metadata": {},
        "execution_count": 1,
    }
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def _zipapp() -> bytes:
    import io
    import zipfile

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("__main__.py", _CODE)
    return target.getvalue()


PLACES: dict[str, tuple[str, str | bytes]] = {
    "home": ("home/u{n}/report.py", _CODE),
    "hidden folder": ("home/u{n}/.config/jobs/sync.py", _CODE),
    "first line, no ending": ("usr/local/bin/tool{n}", _SHEBANG),
    "first line of uv": ("opt/t{n}/run", "#!/usr/bin/env -S uv run --script\n" + _CODE),
    "window program": ("home/u{n}/Desktop/form.pyw", _CODE),
    "notebook": ("home/u{n}/analysis.ipynb", _notebook(_CODE)),
    "zipapp": ("opt/z{n}/app.pyz", _zipapp()),
    "zipapp without ending": ("opt/z{n}/app", b"#!/usr/bin/env python3\n" + _zipapp()),
    "cron folder": ("etc/cron.daily/job{n}", _SHEBANG),
    "git hook": ("srv/repo{n}/.git/hooks/pre-push", _SHEBANG),
    "web": ("srv/www{n}/cgi-bin/form.cgi", "#!/usr/bin/python3\n" + _CODE),
    "in an environment's bin": ("srv/e{n}/venv/bin/mine", _SHEBANG),
    "temporary": ("tmp/x{n}/dump.py", _CODE),
    "bytecode alone": ("srv/b{n}/tool.pyc", b"\xcb\x0d\x0d\x0a" + bytes(60)),
}


def places(each: int) -> None:
    """Plant scripts, and library files beside them."""
    with tempfile.TemporaryDirectory(prefix="outgate-beyond-") as folder:
        root = Path(folder).resolve()
        planted = set()
        for n in range(each):
            for name, content in PLACES.values():
                path = root / name.format(n=n)
                put(path, content)
                planted.add(str(path))
            venv = root / f"srv/e{n}/venv"
            put(venv / "pyvenv.cfg", "home = /usr/bin\nversion = 3.12.1\n")
            site = venv / "lib/python3.12/site-packages"
            for module in range(20):
                put(site / f"lib/m{module}.py", _CODE)
            put(site / "lib-1.0.dist-info/METADATA", "Name: lib\nVersion: 1.0\n")
            put(site / "lib-1.0.dist-info/RECORD", "../../../bin/lib,,\n")
            put(venv / "bin/lib", _SHEBANG)
            put(venv / "bin/activate_this.py", _CODE)
            put(root / f"srv/w{n}/node_modules/gyp/gyp.py", _CODE)
            put(root / f"srv/c{n}/__pycache__/x.cpython-312.pyc", b"\xcb\x0d\x0d\x0a")
        found = {script.path for script in scanned(root, with_flaws=False).scripts}
        print(
            f"places: {len(planted & found)} of {len(planted)} scripts in {len(PLACES)} kinds of places,"
        )
        print(f"        {len(found - planted)} library files taken for scripts")
        for missed in sorted(planted - found)[:5]:
            print("        missed", missed)


# Credentials and flaws.


_PEM = ("-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----")


def _credentials(rng: random.Random) -> dict[str, str]:
    password = word(rng, 11) + rng.choice("!#%&*") + word(rng, 3)
    return {
        "assignment": f'DB_PASSWORD = "{password}"',
        "argument": f'connection = connect(host="db", user="app", password="{password}")',
        "dictionary": f'settings = {{"user": "app", "password": "{password}"}}',
        "default": f'key = os.environ.get("API_SECRET", "{word(rng, 32)}")',
        "url": f'ENGINE = create_engine("postgresql://app:{word(rng, 14)}@db.corp.internal:5432/ledger")',
        "two literals": f'password = "{word(rng, 8)}" + "{word(rng, 8)}"',
        "openai": f'client = OpenAI(api_key="sk-proj-{word(rng, 48)}")',
        "anthropic": f'KEY = "sk-ant-api03-{word(rng, 93)}AA"',
        "aws": f'aws_secret_access_key = "{word(rng, 40, LETTERS + "/+")}"',
        "slack": f'TOKEN = "xoxb-{rng.randrange(10**11, 10**12)}-{rng.randrange(10**12, 10**13)}-{word(rng, 24)}"',
        "stripe": f'stripe.api_key = "sk_live_{word(rng, 24)}"',
        "google": f'KEY = "AIza{word(rng, 35)}"',
        "gitlab": f'TOKEN = "glpat-{word(rng, 20)}"',
        "telegram": f'BOT = "{rng.randrange(10**9, 10**10)}:AA{word(rng, 33)}"',
        "hugging face": f'token = "hf_{word(rng, 34, string.ascii_letters)}"',
        "header": f'headers = {{"Authorization": "Bearer {word(rng, 40)}"}}',
        "basic": f'auth = ("svc-backup", "{password}")\nrequests.get(URL, auth=auth, timeout=9, headers={{"X-Api-Key": "{word(rng, 32)}"}})',
        "private key": f'"""{_PEM[0]}\n{"".join(word(rng, 64) for _ in range(12))}\n{_PEM[1]}"""',
        "smtp": f'server.login("alerts@corp.example", password="{password}")',
        "annotated": f'class Settings:\n    secret_key: str = "{word(rng, 40)}"',
    }  # fmt: skip


FLAWS = (
    "value = eval(text)",
    "exec(text)",
    "subprocess.run(command, shell=True)",
    'os.system("rm " + name)',
    "data = pickle.loads(blob)",
    "settings = yaml.load(text)",
    "answer = requests.get(url, verify=False, timeout=9)",
    "digest = hashlib.md5(blob).hexdigest()",
    "name = tempfile.mktemp()",
    "cursor.execute(\"SELECT * FROM t WHERE a = '%s'\" % name)",
    'cursor.execute(f"DELETE FROM t WHERE a = {name}")',
    "context = ssl._create_unverified_context()",
    "session = telnetlib.Telnet(name)",
    "session = ftplib.FTP(name)",
    "os.chmod(name, 0o777)",
    "client = paramiko.SSHClient()\nclient.set_missing_host_key_policy(paramiko.AutoAddPolicy())",
    "archive.extractall = None\ntarfile.open(name).extractall(path)",
    "app.run(debug=True)",
    "answer = requests.get(url)",
    "tree = xml.etree.ElementTree.parse(name)",
    "environment = jinja2.Environment(autoescape=False)",
    'server.bind(("0.0.0.0", 8080))',
)
HEAD = (
    "import hashlib, os, pickle, ssl, subprocess, tarfile, tempfile, telnetlib, ftplib, xml.etree.ElementTree\n"
    "import jinja2, paramiko, requests, yaml\nfrom flask import Flask\napp = Flask(__name__)\n"
)
CLEAN = (
    'password = os.environ["DB_PASSWORD"]',
    'token = keyring.get_password("service", "user")',
    "password = getpass.getpass()",
    'API_KEY = "YOUR_API_KEY"',
    'password = "<password>"',
    "subprocess.run(['ls', '-l'], check=True)",
    "digest = hashlib.sha256(blob).hexdigest()",
    "settings = yaml.safe_load(text)",
    'cursor.execute("SELECT * FROM t WHERE a = ?", (name,))',
    "answer = requests.get(url, timeout=9)",
    'COMMIT = "{hex40}"',
    'BUILD = "{uuid}"',
    'logger.info("the password of %s was changed", user)',
    "value = ast.literal_eval(text)",
    "with tempfile.NamedTemporaryFile() as file:\n    file.write(blob)",
    "assert rows, 'nothing was read'",
    "choice = random.choice(rows)",
    "try:\n    os.remove(name)\nexcept FileNotFoundError:\n    pass",
    'HOSTS = ["db.corp.example", "10.0.0.5"]',
    'icon = "data:image/png;base64,{b64}"',
    'parser.add_argument("--password", help="taken from the vault when left out")',
    'headers = {{"Authorization": f"Bearer {{token}}"}}',
)


def _filling(rng: random.Random, count: int) -> str:
    lines = [
        f"def step_{n}(rows):\n    return [row for row in rows if row['{word(rng, 6, string.ascii_lowercase)}'] > {n}]\n"
        for n in range(count)
    ]
    return "\n".join(lines)


def _clean(rng: random.Random) -> str:
    text = rng.choice(CLEAN)
    return text.format(
        hex40=word(rng, 40, "0123456789abcdef"),
        uuid=f"{word(rng, 8, '0123456789abcdef')}-1b2c-4d3e-8f90-{word(rng, 12, '0123456789abcdef')}",
        b64=word(rng, 200, LETTERS + "+/"),
    ) if "{" in text else text  # fmt: skip


def findings(count: int) -> None:
    """Plant one credential and one flaw into half of the scripts."""
    rng = random.Random(17)
    with tempfile.TemporaryDirectory(prefix="outgate-beyond-") as folder:
        root = Path(folder).resolve()
        told: dict[str, tuple[str, str] | None] = {}
        for n in range(count):
            path = root / f"d{n % 20}" / f"s{n}.py"
            body = HEAD + _filling(rng, 6)
            if n % 2:
                kinds = _credentials(rng)
                kind = list(kinds)[(n // 2) % len(kinds)]
                flaw = FLAWS[(n // 2) % len(FLAWS)]
                put(path, f"{body}\n{kinds[kind]}\n{_filling(rng, 3)}\n{flaw}\n")
                told[str(path)] = kind, flaw
            else:
                put(path, f"{body}\n" + "\n".join(_clean(rng) for _ in range(4)) + "\n")
                told[str(path)] = None
        result = scanned(root)
    missed_keys, missed_flaws, false_keys, false_flaws = Counter(), Counter(), Counter(), Counter()  # type: ignore[var-annotated]
    for script in result.scripts:
        planted = told[script.path]
        keys = [
            s for s in script.secrets if not s.test_data and s.confidence is not Confidence.POSSIBLE
        ]
        found = [f for f in script.flaws if f.grade is not Grade.REMARK]
        if planted is None:
            false_keys.update({s.type for s in keys})
            false_flaws.update({f.rule for f in found})
            continue
        if not keys:
            missed_keys[planted[0]] += 1
        if not found:
            missed_flaws[planted[1]] += 1
    half = count // 2
    print(
        f"credentials: {half - missed_keys.total()} of {half} scripts; false in {half} clean: {false_keys.total()}"
    )
    print(f"             missed {dict(missed_keys)}; false {dict(false_keys)}")
    print(
        f"flaws:       {half - missed_flaws.total()} of {half} scripts; false in {half} clean: {false_flaws.total()}"
    )
    print(f"             missed {dict(missed_flaws)}; false {dict(false_flaws)}")


# Cost.


def cost(files: int, scripts: int, size: int) -> None:
    """Scan many files with some scripts, in a process of its own that starts from nothing."""
    rng = random.Random(3)
    with tempfile.TemporaryDirectory(prefix="outgate-beyond-") as folder:
        root = Path(folder).resolve()
        per_folder = 100
        for n in range(files // per_folder):
            place = root / f"p{n // 500}" / f"q{n}"
            place.mkdir(parents=True)
            for m in range(per_folder):
                suffix = ("txt", "json", "csv", "js", "png", "dat", "log", "html", "md", "xml")[
                    m % 10
                ]
                os.close(os.open(place / f"f{m}.{suffix}", os.O_CREAT | os.O_WRONLY))
        for n in range(scripts):
            body = HEAD + _filling(rng, max(1, (size - len(HEAD)) // 90))
            put(root / f"p{n % 20}" / f"scripts{n % 200}" / f"s{n}.py", body)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [
            sys.executable,
            "-m",
            "app.cli",
            "scan",
            "--at-once",
            "--format",
            "json",
            "--out",
            f"{folder}/report.json",
            str(root),
        ]
        import subprocess

        begun = time.monotonic()
        subprocess.run(command, check=True, cwd=Path(__file__).parents[1])
        wall = time.monotonic() - begun
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        told = json.loads((root / "report.json").read_text())
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"cost: {told['files']:,} files, {len(told['scripts']):,} scripts of {size:,} characters:"
    )
    print(f"      {cpu:.1f} s CPU, {wall:.1f} s, {after.ru_maxrss / 1000:.0f} MB at most")


def main() -> None:
    """Run what is named, or everything but the cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["places", "findings", "advisories", "lineage"])
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--scripts", type=int, default=5_000)
    parser.add_argument("--size", type=int, default=3_000)
    given = parser.parse_args()
    if "places" in given.parts:
        places(20)
    if "findings" in given.parts:
        findings(400)
    if "advisories" in given.parts:
        advisories(1_000)
    if "lineage" in given.parts:
        lineage(20)
    if "cost" in given.parts:
        cost(given.files, given.scripts, given.size)


if __name__ == "__main__":
    main()
