"""What started a script: agents, editors, schedulers, services and people at a terminal."""

from dataclasses import replace
from typing import Any

import pytest

from attribution.facts import ProcessFacts
from attribution.launch import started_by
from attribution.os_users import People


def process(exe: str, *argv: str, **more: Any) -> ProcessFacts:
    name = exe.rpartition("/")[2][:15]
    plain = ProcessFacts(pid=1, start=1, exe=exe, argv=argv or (exe,), name=name)
    return replace(plain, **more)


JOB = process("/usr/bin/python3", "python3", "job.py")
ON_TTY = process("/usr/bin/python3", "python3", "job.py", terminal=True)
BASH = process("/usr/bin/bash", "bash", terminal=True)
SH = process("/usr/bin/dash", "sh", "-c", "x")
INIT = process("/usr/lib/systemd/systemd", "/sbin/init")
NODE_CLAUDE = process(
    "/usr/bin/node", "node", "/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js"
)
CODE = process("/usr/share/code/code")

TABLE = [
    (ON_TTY, (BASH, process("/usr/bin/gnome-terminal-server"), INIT), "terminal"),
    (ON_TTY, (BASH, process("/usr/sbin/sshd"), INIT), "ssh"),
    (JOB, (SH, process("/usr/sbin/cron"), INIT), "cron"),
    (JOB, (SH, process("/usr/sbin/crond"), INIT), "cron"),
    (process("/usr/bin/python3", env={"INVOCATION_ID": "x"}), (INIT,), "systemd"),
    (
        process("/usr/bin/python3", env={"INVOCATION_ID": "x", "TRIGGER_UNIT": "job.timer"}),
        (INIT,),
        "systemd-timer",
    ),
    (ON_TTY, (BASH, process("/home/u/.local/bin/claude"), BASH, INIT), "agent:claude-code"),
    (JOB, (SH, NODE_CLAUDE, BASH), "agent:claude-code"),
    (JOB, (SH, process("/usr/bin/codex"), BASH), "agent:codex"),
    (
        JOB,
        (
            SH,
            process(
                "/usr/bin/python3",
                "/home/u/.local/share/uv/tools/aider-chat/bin/python",
                "/home/u/.local/bin/aider",
            ),
            BASH,
        ),
        "agent:aider",
    ),
    (JOB, (SH, process("/usr/bin/node", "claude"), BASH), "agent:claude-code"),
    (JOB, (process("/usr/bin/python3", "python3", "/usr/bin/idle3"),), "ide:idle"),
    (
        JOB,
        (process("/usr/bin/python3.12", "/w/.venv/bin/python", "-m", "jupyterlab", "--port", "1"),),
        "ide:jupyter",
    ),
    (
        JOB,
        (process("/usr/bin/bash", "/bin/bash", "/opt/pycharm-2026/bin/pycharm.sh"),),
        "ide:pycharm",
    ),
    (JOB, (process("/usr/bin/vim.basic", "vim", "job.py"),), "ide:vim"),
    (JOB, (SH, process("", name="cron"), INIT), "cron"),
    (JOB, (SH, process("/opt/cursor-agent"), BASH), "agent:cursor"),
    (process("/usr/bin/python3", env={"CLAUDECODE": "1"}), (INIT,), "agent:claude-code"),
    (JOB, (SH, NODE_CLAUDE, CODE, INIT), "agent:claude-code"),
    (ON_TTY, (BASH, CODE, INIT), "ide:vscode"),
    (JOB, (process("/opt/pycharm/bin/pycharm"),), "ide:pycharm"),
    (
        JOB,
        (process("/usr/bin/python3", "/opt/bin/python3", "/opt/bin/jupyter-lab"),),
        "ide:jupyter",
    ),
    (process("/usr/bin/python3", env={"PYCHARM_HOSTED": "1"}), (INIT,), "ide:pycharm"),
    (JOB, (SH, process("/opt/runner/bin/Runner.Worker")), "ci:github-actions"),
    (process("/usr/bin/python3", env={"GITLAB_CI": "true"}), (SH,), "ci:gitlab"),
    (JOB, (process("/usr/bin/containerd-shim-runc-v2"), INIT), "container"),
    (
        JOB,
        (
            process(
                "C:\\Windows\\System32\\svchost.exe",
                "svchost.exe",
                "-k",
                "netsvcs",
                "-s",
                "Schedule",
                name="svchost.exe",
                windows=True,
            ),
        ),
        "task-scheduler",
    ),
    (process("/usr/bin/python3", env={"INVOCATION_ID": "x"}), (BASH, INIT), None),
    (JOB, (INIT,), None),
    (JOB, (), None),
]


@pytest.mark.parametrize(("job", "parents", "context"), TABLE)
def test_the_launch_context_is_told_by_who_stands_above(
    job: ProcessFacts, parents: tuple[ProcessFacts, ...], context: str | None
) -> None:
    """An investigator reads what started a script: a person, a schedule, a service or an agent."""
    assert started_by(job, parents) == context


@pytest.mark.parametrize(
    "words",
    [
        ("python3", "cursor.py"),
        ("python3", "/w/code.py"),
        ("python3", "amp.py", "goose"),
        ("python3", "-u", "/w/bin/goose.py"),
        ("python3", "/home/u/bin/goose"),
        ("python3", "goose"),
        ("python3", "-m", "goose"),
        ("python3", "-m", "cursor"),
        ("python3", "-c", "code"),
        ("/w/.venv/bin/python", "/w/tools/aider"),
        ("cursor",),
        ("python3", "/w/cron"),
    ],
)
def test_a_scripts_own_name_is_not_what_started_it(words: tuple[str, ...]) -> None:
    """Somebody's script that is called like an agent, an editor or a scheduler is none of them."""
    assert started_by(JOB, (process("/usr/bin/python3.12", *words), INIT)) is None
    shell = process("/usr/bin/bash", "bash", *words[1:])
    assert started_by(JOB, (shell, INIT)) is None
    assert started_by(JOB, (process("/usr/bin/node", "node", "/w/amp.js"), INIT)) is None


def test_a_program_given_another_name_is_not_that_one() -> None:
    """The first word of a command line can be anything: the executable counts."""
    assert started_by(JOB, (process("/usr/bin/sleep", "cursor", "9"), INIT)) is None
    assert started_by(JOB, (process("/usr/bin/make", "code"), INIT)) is None


@pytest.mark.parametrize(
    "name", ["/home/u/claudette", "/usr/bin/encode", "/usr/bin/coder", "/opt/gemini-data/run"]
)
def test_similar_names_are_not_agents_or_editors(name: str) -> None:
    """A name that only resembles a known one says nothing."""
    assert started_by(JOB, (process(name), INIT)) is None


def test_the_script_itself_is_not_what_started_it() -> None:
    """A script called like an agent was not started by that agent."""
    assert started_by(process("/usr/bin/python3", "python3", "aider"), (INIT,)) is None


@pytest.mark.parametrize(
    ("path", "none", "pseudonym"),
    [
        ("/home/jdoe/job.py", "/home/-/job.py", "/home/p-1/job.py"),
        ("/Users/jdoe/a/job.py", "/Users/-/a/job.py", "/Users/p-1/a/job.py"),
        ("C:\\Users\\jdoe\\job.py", "C:\\Users\\-\\job.py", "C:\\Users\\p-1\\job.py"),
        (
            "/proc/77/root/home/jdoe/job.py",
            "/proc/77/root/home/-/job.py",
            "/proc/77/root/home/p-1/job.py",
        ),
        ("/srv/job.py", "/srv/job.py", "/srv/job.py"),
        ("/Users/Shared/job.py", "/Users/Shared/job.py", "/Users/Shared/job.py"),
    ],
)
def test_home_folders_tell_no_more_than_user_names(path: str, none: str, pseudonym: str) -> None:
    """When names are not to be kept, a path does not give them away."""
    assert People("clear", None).path(path) == path
    assert People("none", None).path(path) == none
    assert People("pseudonym", lambda _: "p-1").path(path) == pseudonym


def test_pseudonyms_need_a_key() -> None:
    """A pseudonym without a keyed function would be no pseudonym."""
    with pytest.raises(ValueError, match="keyed"):
        People("pseudonym", None)
