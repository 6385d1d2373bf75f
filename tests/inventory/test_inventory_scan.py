"""What a scan tells of a script: owner, parts, passwords, flaws, destinations, and why it is
urgent.
"""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scan_samples import alone, distribution, notebook, one, put, scanned, virtual_environment

from core.scanned import Grade, Known, OwnerState, PackageAtRisk
from inventory.owners import Listed, read_accounts

PASSWORD = "Tr0ub4dor-3x9Kq"


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("a.py", f'x = 1\ndb_password = "{PASSWORD}"\n', "line 2"),
        ("b.py", f'conn = connect(host="db", password="{PASSWORD}")\n', "line 1"),
        ("c.py", f'import x\n\nsettings = {{\n  "password": "{PASSWORD}",\n}}\n', "line 4"),
        ("d.py", f'password = "{PASSWORD[:6]}" + "{PASSWORD[6:]}"\n', "line 1"),
        ("e.py", f'url = "postgresql://app:{PASSWORD}@db.corp/ledger"\n', "line 1"),
        (
            "f.ipynb",
            notebook(("markdown", "x"), ("code", f'\npassword = "{PASSWORD}"')),
            "cell 2, line 2",
        ),
        (
            "g.ipynb",
            notebook(("code", "show()"), output=f"password={PASSWORD}\n"),
            "output of cell 1, line 1",
        ),
        ("h.ipynb", notebook(("markdown", f"the password: {PASSWORD}")), "cell 1, line 1"),
    ],
)
def test_a_password_in_a_script_is_found_masked_and_placed(
    tmp_path: Path, name: str, content: str, place: str
) -> None:
    """A hard-coded password is told with its place, and never shown."""
    script = alone(tmp_path, name, content)

    assert [secret.place for secret in script.secrets] == [place]
    assert PASSWORD not in repr(script)
    assert PASSWORD[3:9] not in repr(script)


@pytest.mark.parametrize(
    "content",
    [
        'password = os.environ["DB_PASSWORD"]\n',
        'password = getpass("password: ")\n',
        'password = "changeme"\n',
        'api_key = "YOUR_API_KEY"\n',
        'print("password updated")\n',
        "token = settings.token\n",
    ],
)
def test_a_script_that_asks_for_its_password_holds_none(tmp_path: Path, content: str) -> None:
    """What is read from elsewhere, and what stands in a password's place, is no password."""
    assert alone(tmp_path, "a.py", content).secrets == ()


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("eval(x)", "S307"),
        ("exec(x)", "S102"),
        ("import subprocess\nsubprocess.run(x, shell=True)", "S602"),
        ("import os\nos.system(x)", "S605"),
        ("import pickle\npickle.loads(x)", "S301"),
        ("import yaml\nyaml.load(x)", "S506"),
        ("import requests\nrequests.get(x, timeout=9, verify=False)", "S501"),
        ("import hashlib\nhashlib.md5(x)", "S324"),
        ("import tempfile\ntempfile.mktemp()", "S306"),
        ('cursor.execute(f"SELECT * FROM t WHERE a = {x}")', "S608"),
        ("import ssl\nssl._create_unverified_context()", "S323"),
        ("import telnetlib\ntelnetlib.Telnet(x)", "S312"),
        ("import os\nos.chmod(x, 0o777)", "S103"),
        (
            "import paramiko\nc = paramiko.SSHClient()\nc.set_missing_host_key_policy(paramiko.AutoAddPolicy)",
            "S507",
        ),
    ],
)
def test_dangerous_code_is_a_flaw(tmp_path: Path, code: str, rule: str) -> None:
    """Each kind of dangerous code is told, also where a comment asks to look away."""
    asked_away = "\n".join(f"{line}  # noqa" for line in code.split("\n"))
    plain = alone(tmp_path / "a", "a.py", f"{code}\n")
    quiet = alone(tmp_path / "b", "tool", f"#!/usr/bin/python3\n# ruff: noqa\n{asked_away}\n")

    for script in (plain, quiet):
        flaws = [flaw for flaw in script.flaws if flaw.grade is not Grade.REMARK]
        assert [flaw.rule for flaw in flaws] == [rule]


def test_ordinary_code_has_no_flaw(tmp_path: Path) -> None:
    """Assertions, programs run without a shell and quiet cleaning up are no flaws."""
    code = (
        "import subprocess, random, hashlib\nassert True\nsubprocess.run(['ls', '-l'], check=True)\n"
        "random.choice([1, 2])\nhashlib.sha256(b'x')\ntry:\n    x = 1\nexcept OSError:\n    pass\n"
    )
    script = alone(tmp_path, "a.py", code)

    assert [flaw for flaw in script.flaws if flaw.grade is not Grade.REMARK] == []


def test_without_the_rules_a_scan_says_so(tmp_path: Path) -> None:
    """Where the program for flaws is not installed, the report does not look like a clean bill."""
    put(tmp_path, "a.py", "eval(x)\n")
    result = scanned(tmp_path, ruff=None)

    assert any("were not looked for" in note for note in result.notes)


def test_imports_are_told_with_the_versions_of_the_scripts_own_environment(tmp_path: Path) -> None:
    """A part is told with the version that this script gets: of its environment, of its lock, or of
    its own first lines.
    """
    folder = virtual_environment(tmp_path / "app/.venv", "version_info = 3.12.4\nuv = 0.9\n")
    distribution(folder, "opencv-python", "4.10.0", modules="cv2")
    put(tmp_path, "app/requirements.txt", "PyYAML==5.3  # old\nrequests>=2\n-r other.txt\n")
    put(tmp_path, "app/helper.py", "x = 1\n")
    job = put(tmp_path, "app/job.py", "import cv2, yaml, requests, helper, json, sklearn\n")

    script = one(scanned(tmp_path), job)
    told = {(p.name, p.distribution, p.version, p.known) for p in script.parts}
    assert told == {
        ("cv2", "opencv-python", "4.10.0", Known.INSTALLED),
        ("yaml", "pyyaml", "5.3", Known.PINNED),
        ("requests", "requests", None, Known.WANTED),
        ("sklearn", "scikit-learn", None, Known.WANTED),
    }
    assert (script.environment, script.standard) == (
        str((tmp_path / "app/.venv").resolve()),
        ("json",),
    )


def test_a_script_names_its_interpreter_in_its_first_line(tmp_path: Path) -> None:
    """The environment of the first line comes before one that lies beside the script."""
    folder = virtual_environment(tmp_path / "envs/right")
    distribution(folder, "pandas", "2.0")
    other = virtual_environment(tmp_path / "srv/venv")
    distribution(other, "pandas", "1.0")
    job = put(tmp_path, "srv/job.py", f"#!{tmp_path}/envs/right/bin/python\nimport pandas\n")

    script = one(scanned(tmp_path), job)
    assert ([p.version for p in script.parts], script.environment_by) == (["2.0"], "its first line")


def test_inline_requirements_count(tmp_path: Path) -> None:
    """What a script asks for in its own block is a part of it."""
    text = '# /// script\n# dependencies = ["httpx==0.27.0"]\n# ///\nimport httpx\n'
    script = alone(tmp_path, "a.py", text)

    assert [(p.distribution, p.version) for p in script.parts] == [("httpx", "0.27.0")]


@pytest.mark.parametrize(
    ("code", "service", "how"),
    [
        ("import openai\n", "openai", "library"),
        ("from google.cloud import storage\n", "google-cloud-storage", "library"),
        ('U = "https://api.anthropic.com/v1/messages"\n', "anthropic", "address"),
        ('BASE = "https://api.telegram.org"\nU = BASE + "/bot"\n', "telegram", "address"),
        ('HOST = "api.mistral.ai"\n', "mistral", "address"),
        ('U = "https://files.corp.example/x"\n', None, "address"),
    ],
)
def test_destinations_that_the_code_names_are_told(
    tmp_path: Path, code: str, service: str | None, how: str
) -> None:
    """Addresses and libraries tell where a script would send, before it runs."""
    script = alone(tmp_path, "a.py", code)

    assert [(s.service, s.how) for s in script.services] == [(service, how)]


def test_models_personal_data_and_traces_of_models_are_told(tmp_path: Path) -> None:
    """The model that is called, the people whose data stands in the code, and hints
    at its author.
    """
    text = (
        "# Generated by ChatGPT\nimport openai\n"
        'client.chat.completions.create(model="gpt-4o-mini")\n'
        'recipients = ["anna.schmidt@kunde-muster.de", "DE89370400440532013000"]\n'
    )
    script = alone(tmp_path, "a.py", text)

    assert script.models == ("gpt-4o-mini",)
    assert {data.kind for data in script.personal} >= {"email"}
    assert [(hint.words, hint.place) for hint in script.hints] == [
        ("says that chatgpt made it", "line 1")
    ]
    assert "schmidt" not in repr(script)


@pytest.mark.parametrize(
    "text",
    [
        "# generated by setuptools\n",
        "def created_by(claude): ...\n",
        "report = generate(model='gpt-4')\n",
        "# the claude monet gallery\n",
    ],
)
def test_other_words_are_no_hint(tmp_path: Path, text: str) -> None:
    """Names and other generators are no trace of a language model."""
    assert alone(tmp_path, "a.py", text).hints == ()


def test_a_list_of_accounts_tells_who_left(tmp_path: Path) -> None:
    """An owner whom the organisation's list calls disabled is told with the successor, and makes
    the script more urgent.
    """
    import pwd

    me = pwd.getpwuid(os.getuid()).pw_name
    table = put(
        tmp_path, "accounts.csv", f"SamAccountName;Enabled;Manager\r\nCORP\\{me};False;Berta\r\n"
    )
    job = put(tmp_path, "srv/job.py")

    script = one(scanned(tmp_path / "srv", listed=read_accounts(table)), job)
    assert (script.owner.state, script.owner.successor) == (OwnerState.DISABLED, "Berta")
    assert any("nobody answers for it" in reason.words for reason in script.reasons)


@pytest.mark.parametrize(
    ("heading", "row", "active"),
    [
        ("account,enabled", "anna,true", True),
        ("account,enabled", "anna,False", False),
        ("user,disabled", "anna,true", False),
        ("user,disabled", "anna,no", True),
        ("userPrincipalName,accountEnabled", "Anna@corp.example,FALSE", False),
        ("login;status", "anna;terminated", False),
        ("login;status", "anna;active", True),
        ("uid\tstate", "anna\tsuspended", False),
    ],
)
def test_exports_of_several_systems_are_read(
    tmp_path: Path, heading: str, row: str, active: bool
) -> None:
    """Lists of accounts come from several systems, each with its own words."""
    table = put(tmp_path, "a.csv", f"{heading}\n{row}\n")

    assert read_accounts(table) == {"anna": Listed(active=active)}


def test_the_state_in_git_is_told(tmp_path: Path) -> None:
    """A script is as committed, changed since, or in no commit at all."""
    for name in ("kept.py", "changed.py"):
        put(tmp_path, f"repo/{name}")
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path / "repo", check=True, capture_output=True)
    put(tmp_path, "repo/changed.py", "print(2)\n")
    put(tmp_path, "repo/new.py")
    put(tmp_path, "alone.py")

    told = {
        Path(s.path).name: None if s.git is None else s.git["file"]
        for s in scanned(tmp_path).scripts
    }
    assert told == {
        "kept.py": "committed",
        "changed.py": "modified",
        "new.py": "untracked",
        "alone.py": None,
    }


def test_what_runs_at_every_start_is_told_with_its_owner(tmp_path: Path) -> None:
    """Hooks of interpreters are told, those of a package apart from those that nobody brought."""
    folder = virtual_environment(tmp_path / "venv")
    distribution(folder, "coverage", "7.0", files=("a_coverage.pth",))
    put(folder, "a_coverage.pth", "import coverage; coverage.process_startup()\n")
    put(folder, "evil.pth", "/srv/lib\nimport base64;exec(base64.b64decode('eA=='))\n")
    put(folder, "paths.pth", "../src\n# import this\n")
    put(folder, "sitecustomize.py", "import os\n")
    put(
        tmp_path,
        "home/anna/.bashrc",
        "# export PYTHONSTARTUP=/x\nexport PYTHONSTARTUP=~/.pythonrc.py\n",
    )
    put(tmp_path, "srv/lib/usercustomize.py", "import urllib.request\n")

    told = {
        (h.kind, Path(h.file).name, h.line, h.owner, h.builds_code) for h in scanned(tmp_path).hooks
    }
    assert told == {
        (".pth line", "a_coverage.pth", 1, "coverage 7.0", False),
        (".pth line", "evil.pth", 2, None, True),
        ("sitecustomize", "sitecustomize.py", None, None, False),
        ("PYTHONSTARTUP", ".bashrc", 2, None, False),
        ("usercustomize", "usercustomize.py", None, None, True),
    }


def test_each_kind_of_environment_is_named(tmp_path: Path) -> None:
    """Environments are told by who made them."""
    virtual_environment(tmp_path / "a")
    virtual_environment(tmp_path / "b", "uv = 0.9.1\n")
    virtual_environment(tmp_path / ".local/share/pipx/venvs/black")
    (tmp_path / "conda/conda-meta").mkdir(parents=True)
    (tmp_path / "conda/lib/python3.11/site-packages").mkdir(parents=True)
    (tmp_path / ".pyenv/versions/3.12.1/lib/python3.12/site-packages").mkdir(parents=True)

    kinds = {
        e.prefix.removeprefix(f"{tmp_path.resolve()}/"): e.kind
        for e in scanned(tmp_path).environments
    }
    assert kinds == {
        "a": "venv",
        "b": "uv",
        ".local/share/pipx/venvs/black": "pipx",
        "conda": "conda",
        ".pyenv/versions/3.12.1": "pyenv",
    }


def test_the_gravest_script_stands_first_and_says_why(tmp_path: Path) -> None:
    """The order explains itself: reasons with weights, whose sum it is."""
    put(tmp_path, "a.py")
    put(tmp_path, "b.py", f'import openai\npassword = "{PASSWORD}"\neval(x)\n')
    put(tmp_path, "c.py", "import openai\n")

    scripts = scanned(tmp_path).scripts
    assert [Path(s.path).name for s in scripts] == ["b.py", "c.py", "a.py"]
    assert [s.risk for s in scripts] == [sum(r.points for r in s.reasons) for s in scripts]
    assert scripts[2].reasons == ()


def test_a_package_at_risk_counts_by_the_version_that_is_used(tmp_path: Path) -> None:
    """Advisories are asked for the exact version of each part."""
    put(tmp_path, "requirements.txt", "pyyaml==5.3\n")
    job = put(tmp_path, "job.py", "import yaml\n")

    def risk_of(name: str, version: str) -> list[PackageAtRisk]:
        hit = PackageAtRisk(
            distribution=name,
            version=version,
            advisory="X-1",
            aliases=(),
            malicious=True,
            summary="bad",
        )
        return [hit] if (name, version) == ("pyyaml", "5.3") else []

    script = one(scanned(tmp_path, risk_of=risk_of), job)
    assert [risk.advisory for risk in script.packages_at_risk] == ["X-1"]
    assert script.reasons[0].words == "uses a package known to be malicious: pyyaml"


def test_a_malicious_package_counts_wherever_it_is_installed(tmp_path: Path) -> None:
    """It runs when an interpreter starts, whether a script imports it or not; a hole does not."""
    folder = virtual_environment(tmp_path / ".venv")
    distribution(folder, "evil", "1.0")
    distribution(folder, "weak", "1.0")
    job = put(tmp_path, "job.py", "import json\n")

    def risk_of(name: str, version: str) -> list[PackageAtRisk]:
        return [
            PackageAtRisk(
                distribution=name,
                version=version,
                advisory=f"X-{name}",
                aliases=(),
                malicious=name == "evil",
                summary="",
            )
        ]

    script = one(scanned(tmp_path, risk_of=risk_of), job)
    assert [risk.distribution for risk in script.packages_at_risk] == ["evil"]


def test_what_a_gate_saw_is_joined(tmp_path: Path) -> None:
    """A script is seen running or never seen running; where no gate is, neither is said."""
    job, other = put(tmp_path, "job.py"), put(tmp_path, "other.py", "print(2)\n")
    seen = {str(job.resolve()): datetime(2026, 11, 1, tzinfo=UTC)}

    assert one(scanned(tmp_path), job).seen_running is None
    result = scanned(tmp_path, seen_running=seen)
    assert (one(result, job).seen_running, one(result, other).seen_running) == (True, False)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("deep.py", "(" * 5000),
        ("deep2.py", "-" * 50_000 + "1"),
        ("dots.py", "import " + "a." * 20_000 + "a\n"),
        ("bad.py", b"\xff\xfe\x00"),
        ("null.py", b"x = 1\0\n"),
        ("coding.py", "# -*- coding: no-such -*-\nx = 1\n"),
        ("bad.ipynb", "[1"),
        ("deep.ipynb", "[" * 100_000),
        ("odd.ipynb", '{"cells": [1, {"source": 5, "outputs": [{"data": {"a": {"b": 1}}}]}]}'),
        ("bad.pyz", b"PK\x03\x04" + bytes(50)),
        ("escape.py", 'x = "\\d"\nassert (x, 1)\n'),
    ],
)
def test_no_content_ends_a_scan(
    tmp_path: Path, name: str, content: str | bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever stands in a file, the others are still told of, and nothing of it is printed."""
    put(tmp_path, name, content)
    put(tmp_path, "other.py")

    assert len(scanned(tmp_path).scripts) == 2
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "content", ["{}", "[1]", '{"cells": 5}', '{"worksheets": [5, {}]}', "null"]
)
def test_a_notebook_without_cells_is_one_that_nobody_read(tmp_path: Path, content: str) -> None:
    """What holds no list of cells is no notebook that anybody looked through, and says so; one
    whose list is empty was read.
    """
    broken = put(tmp_path, "broken.ipynb", content)
    empty = put(tmp_path, "empty.ipynb", '{"cells": [], "nbformat": 4}')
    found = scanned(tmp_path)
    assert one(found, broken).why_unread is not None
    assert one(found, empty).why_unread is None
