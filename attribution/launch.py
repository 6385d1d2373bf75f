"""What started a process, from its ancestors: an AI agent, an IDE, a scheduler, a service, a
terminal (pure).
"""

import re
from collections.abc import Iterator, Sequence

from attribution.facts import ProcessFacts
from attribution.interpreters import base_name

_AGENTS = {
    "claude": "claude-code",
    "claude-code": "claude-code",
    "codex": "codex",
    "codex-cli": "codex",
    "cursor-agent": "cursor",
    "copilot": "copilot",
    "copilot-agent": "copilot",
    "aider": "aider",
    "gemini": "gemini-cli",
    "gemini-cli": "gemini-cli",
    "goose": "goose",
    "opencode": "opencode",
    "amp": "amp",
    "crush": "crush",
    "openhands": "openhands",
    "qwen": "qwen-code",
    "qwen-code": "qwen-code",
    "cline": "cline",
    "devin": "devin",
    "windsurf-agent": "windsurf",
    "kiro-cli": "kiro",
    "droid": "droid",
    "auggie": "auggie",
    "interpreter": "open-interpreter",
    "plandex": "plandex",
}
"""By program or script name, without suffix."""
_AGENT_PACKAGES = re.compile(
    r"[/\\](?:@anthropic-ai[/\\](claude-code)|@openai[/\\](codex)|@google[/\\](gemini-cli)|@github[/\\](copilot)|(opencode)-ai"
    r"|@sourcegraph[/\\](amp)|@qwen-code[/\\](qwen-code))[/\\]"
)
_AGENT_VARIABLES = {
    "CLAUDECODE": "claude-code",
    "CODEX_SANDBOX": "codex",
    "CURSOR_AGENT": "cursor",
    "GEMINI_CLI": "gemini-cli",
}
_IDES = {
    "code": "vscode",
    "code-insiders": "vscode",
    "code-server": "vscode",
    "codium": "vscodium",
    "cursor": "cursor",
    "windsurf": "windsurf",
    "pycharm": "pycharm",
    "pycharm64": "pycharm",
    "charm": "pycharm",
    "idea": "intellij",
    "dataspell": "dataspell",
    "spyder": "spyder",
    "jupyter-lab": "jupyter",
    "jupyter-notebook": "jupyter",
    "jupyter-server": "jupyter",
    "jupyter": "jupyter",
    "jupyterhub-singleuser": "jupyter",
    "rstudio": "rstudio",
    "rsession": "rstudio",
    "positron": "positron",
    "zed": "zed",
    "zed-editor": "zed",
    "emacs": "emacs",
    "nvim": "neovim",
    "vim": "vim",
    "idle": "idle",
    "idle3": "idle",
    "thonny": "thonny",
    "sublime_text": "sublime",
    "devenv": "visual-studio",
}
_SCHEDULERS = {
    "cron": "cron",
    "crond": "cron",
    "anacron": "cron",
    "atd": "at",
    "fcron": "cron",
    "taskeng": "task-scheduler",
    "taskhostw": "task-scheduler",
    "airflow": "airflow",
    "prefect": "prefect",
    "dagster-daemon": "dagster",
    "supervisord": "supervisord",
    "runsvdir": "runit",
    "s6-supervise": "s6",
}
_CI = {
    "Runner.Worker": "ci:github-actions",
    "gitlab-runner": "ci:gitlab",
    "buildkite-agent": "ci:buildkite",
}
_CI_VARIABLES = {
    "GITHUB_ACTIONS": "ci:github-actions",
    "GITLAB_CI": "ci:gitlab",
    "JENKINS_URL": "ci:jenkins",
    "BUILDKITE": "ci:buildkite",
    "TF_BUILD": "ci:azure-pipelines",
}
_CONTAINERS = frozenset(
    {"containerd-shim", "containerd-shim-runc-v2", "conmon", "docker-init", "tini", "dumb-init"}
)
_TERMINALS = frozenset(
    "gnome-terminal-server gnome-terminal- konsole xterm kitty alacritty wezterm-gui foot tilix"
    " terminator xfce4-terminal tmux screen zellij login Terminal iTerm2 iTermServer"
    " WindowsTerminal OpenConsole conhost ghostty mate-terminal lxterminal urxvt rxvt st warp hyper"
    " ptyxis".split()
)
_INTERPRETERS = re.compile(
    r"(?:python|pypy)[\d.]*w?t?|node|nodejs|bun|deno|ruby|perl|java|javaw|bash|sh|dash|zsh|ksh|fish|busybox|pwsh"
)
_TITLE_WRITERS = frozenset({"node", "nodejs", "bun"})
_MODULES = {
    "jupyterlab": "jupyter-lab",
    "notebook": "jupyter-notebook",
    "jupyter_server": "jupyter-server",
    "jupyter": "jupyter",
    "idlelib": "idle",
    "spyder": "spyder",
    "airflow": "airflow",
    "supervisor.supervisord": "supervisord",
}
"""Modules that are run by `-m` and whose name nobody else's has."""
_ALIASES = {
    "vim.basic": "vim",
    "vim.tiny": "vim",
    "vim.gtk3": "vim",
    "vim.nox": "vim",
    "emacs-gtk": "emacs",
    "emacs-nox": "emacs",
    "emacs-pgtk": "emacs",
}
_TOOL_FOLDERS = re.compile(r"/(?:pipx/venvs|uv/tools)/[^/]+/bin/")
"""Interpreters of programs that were installed for themselves; their starters lie in another
folder.
"""
_STARTERS = re.compile(r"/(pycharm|idea|dataspell|charm)[^/]*/bin/\1\.sh$")
type _Named = Sequence[tuple[ProcessFacts, Sequence[str]]]
"""Processes, each with the names of the program that it runs."""
_SHELLS = frozenset("bash sh zsh fish dash ksh tcsh pwsh powershell cmd nu".split())


def started_by(process: ProcessFacts, parents: Sequence[ProcessFacts]) -> str | None:
    """Return the launch context of a process; `parents` are its ancestors, nearest first. None when
    nothing tells.

    An agent anywhere above wins, since what it starts is not a person's own doing; then the nearest
    of CI, IDE and scheduler; then a service, remote login or terminal.
    """
    line = [(parent, _names(parent)) for parent in parents]
    for look in (_agent, _nearest, _service, _session):
        if found := look(process, line):
            return found
    return None


def _names(process: ProcessFacts) -> list[str]:
    """The names of the program that a process runs, as its executable and its package tell them.

    A word on a command line may be the name of anybody's file: an interpreter's script counts only
    where it was installed as a program. The kernel's short name counts only where the executable
    may not be read.
    """
    if not process.exe:
        return [_plain(process.name)] if process.name else []
    program = _plain(base_name(process.exe))
    if not _INTERPRETERS.fullmatch(program):
        return [_ALIASES.get(program, program)]
    return list(_run_by_interpreter(process, program))


def _run_by_interpreter(process: ProcessFacts, program: str) -> Iterator[str]:
    words = process.argv
    if len(words) == 1 and program in _TITLE_WRITERS and "/" not in words[0]:
        yield words[0]  # node writes a program's title over its whole command line
        return
    if "-m" in words[1:3]:
        module = next(iter(words[words.index("-m") + 1 :]), "")
        if module in _MODULES:
            yield _MODULES[module]
        return
    script = next((word for word in words[1:] if not word.startswith("-")), "")
    if _is_installed(process, script):
        yield _plain(base_name(script))


def _is_installed(process: ProcessFacts, script: str) -> bool:
    """True for a program's own starter: it has no suffix of a source and lies where its interpreter
    or a package does.
    """
    name = base_name(script)
    folder = script.replace("\\", "/").rpartition("/")[0]
    if not folder or name.endswith((".py", ".pyw", ".js", ".mjs", ".ts")):
        return False
    called = process.argv[0].replace("\\", "/").rpartition("/")[0]
    own = (process.exe or "").replace("\\", "/").rpartition("/")[0]
    if name.endswith(".sh"):
        return _STARTERS.search(script.replace("\\", "/")) is not None
    return folder in {called, own} or _TOOL_FOLDERS.search(f"{called}/") is not None


def _plain(name: str) -> str:
    return name.removesuffix(".exe").removesuffix(".sh")


def _lookup(names: Sequence[str], table: dict[str, str]) -> str | None:
    return next((table[name] for name in names if name in table), None)


def _agent(process: ProcessFacts, parents: _Named) -> str | None:
    for parent, names in parents:
        found = _lookup(names, _AGENTS)
        if found is None:
            match = next(
                filter(None, (_AGENT_PACKAGES.search(word) for word in parent.argv[:3])), None
            )
            found = next(filter(None, match.groups())) if match else None
        if found:
            return f"agent:{found}"
    for name, agent in _AGENT_VARIABLES.items():
        if process.env.get(name):
            return f"agent:{agent}"
    return None


def _nearest(process: ProcessFacts, parents: _Named) -> str | None:
    for parent, names in parents:
        if found := _lookup(names, _CI) or _lookup(names, _SCHEDULERS):
            return found
        if found := _lookup(names, _IDES):
            return f"ide:{found}"
        if parent.windows and parent.name.lower() == "svchost.exe" and "Schedule" in parent.argv:
            return "task-scheduler"
    ci = next((context for name, context in _CI_VARIABLES.items() if process.env.get(name)), None)
    if ci:
        return ci
    if process.env.get("PYCHARM_HOSTED"):
        return "ide:pycharm"
    return "ide:vscode" if process.env.get("TERM_PROGRAM") == "vscode" else None


def _service(process: ProcessFacts, parents: _Named) -> str | None:
    if process.terminal:
        return None
    if process.env.get("TRIGGER_UNIT", "").endswith(".timer"):
        return "systemd-timer"
    names = {name for _, its in parents for name in its}
    programs = {_plain(base_name(parent.exe or parent.name)) for parent, _ in parents}
    if process.env.get("INVOCATION_ID") and not programs & _SHELLS:
        return "systemd"
    return "container" if names & _CONTAINERS else None


def _session(process: ProcessFacts, parents: _Named) -> str | None:
    names = [name for _, its in parents for name in its]
    if "sshd" in names or "sshd-session" in names or process.env.get("SSH_CONNECTION"):
        return "ssh"
    if process.terminal or not _TERMINALS.isdisjoint(names):
        return "terminal"
    if any(parent.windows and parent.name.lower() == "explorer.exe" for parent, _ in parents):
        return "desktop"
    return None
