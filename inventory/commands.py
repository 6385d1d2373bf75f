"""Which Python a shell's command line starts: the interpreter, and its file, module or notebook
(pure).

Only what is plain is told: a target that the shell would compute is none.
"""

import posixpath
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from string import Template

from attribution.interpreters import base_name, is_interpreter_name
from attribution.resolution.command_line import (
    Kind,
    option,
    parse,
    positionals,
    without_launcher_options,
)
from attribution.resolution.notebooks import executed_notebook
from attribution.resolution.runners import RUNNERS, Runner, Runs

_LONGEST = 32_768
_DEEPEST = 3
_SHELLS = frozenset("sh bash dash zsh ksh cmd cmd.exe".split())
_CARRIERS: dict[str, frozenset[str]] = {
    "env": frozenset({"-u", "--unset", "-C", "--chdir"}),
    "nice": frozenset({"-n", "--adjustment"}),
    "ionice": frozenset({"-c", "-n", "--class", "--classdata"}),
    "timeout": frozenset({"-s", "--signal", "-k", "--kill-after"}),
    "flock": frozenset({"-w", "--wait", "--timeout", "-E"}),
    "sudo": frozenset({"-u", "--user", "-g", "--group", "-D"}),
    "runuser": frozenset({"-u", "--user", "-g"}),
    "chronic": frozenset(),
    "cronic": frozenset(),
    "nohup": frozenset(),
    "time": frozenset({"-f", "-o"}),
    "exec": frozenset({"-a"}),
    "command": frozenset(),
    "setsid": frozenset(),
    "stdbuf": frozenset({"-i", "-o", "-e"}),
    "systemd-cat": frozenset({"-t", "-p"}),
    "run-one": frozenset(),
    "taskset": frozenset({"-c"}),
    "start": frozenset({"/D"}),
}
"""Commands that run the rest of their words, and their options that take the next word."""
_BUILT_IN = frozenset({"start", "exec", "command"})
"""Words of a shell itself: a file of such a name is another thing."""
_ONE_WORD_FIRST = frozenset({"timeout", "flock", "taskset"})
_MANAGERS = frozenset("uv poetry pipenv pdm hatch conda mamba micromamba rye pipx".split())
_RUN = "run"
_MANAGER_VALUES = frozenset(
    "--with --python -p --project --directory -n --name --prefix -e --env --extra --group "
    "--env-file -C --cwd".split()
)
_WORDS_BEFORE = frozenset("if then do else elif while until !".split())
"""Words of the shell before a command."""
_ENDS = frozenset({";", "&", "&&", "||", "|", "|&", "\n", "(", ")", "{", "}"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """One program that a command line starts."""

    interpreter: str | None
    """As it stands there; None where the file itself is the command."""
    target: str | None
    """A path, or a module's name; None for code in the command itself."""
    is_module: bool = False
    folder: str | None = None
    """Of a module: where it is run, where that is known."""


def started_by(
    command: str, folder: str | None = None, known: Mapping[str, str] | None = None
) -> Iterator[Started]:
    """Yield what a command line or a shell's script starts that is Python or may be: files of which
    only their content tells come without an interpreter. `folder`: where it is run. `known`:
    variables and their values.
    """
    yield from _of_text(command[:_LONGEST], folder, 0, known)


def _of_text(
    command: str, folder: str | None, depth: int, known: Mapping[str, str] | None = None
) -> Iterator[Started]:
    words: list[str] = []
    values = dict(known or {})
    for word in [*_words(command), ";"]:
        if word not in _ENDS:
            words.append(Template(word).safe_substitute(values) if "$" in word else word)
            continue
        while words and words[0] in _WORDS_BEFORE:
            words.pop(0)
        assigned = _assignments(words)
        if assigned is not None:
            values |= assigned
        elif len(words) > 1 and words[0] == "cd":
            to = words[2] if words[1].lower() == "/d" and len(words) > 2 else words[1]
            folder = _at(to, folder)
        elif words:
            yield from of_words(words, folder, depth)
        words = []


def _assignments(words: Sequence[str]) -> dict[str, str] | None:
    """Return what a command sets that does nothing else; None for any other. What the shell would
    compute is no value.
    """
    told = words[1:] if words[:1] == ["export"] else words
    found = {}
    for word in told:
        name, sign, value = word.partition("=")
        if not sign or not name.isidentifier():
            return None
        if not any(letter in value for letter in "$`"):
            found[name] = value
    return found if told else None


def _words(command: str) -> list[str]:
    lexer = shlex.shlex(command.replace("\n", " ; "), posix=True, punctuation_chars=";&|()<>")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:  # a quotation that does not end
        words = command.split()
    kept: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.strip("<>&") == "" and ("<" in word or ">" in word):
            skip = True
            if kept and kept[-1] in {"1", "2"}:
                kept.pop()
        else:
            kept.append(word)
    return kept


def of_words(words: Sequence[str], folder: str | None = None, depth: int = 0) -> Iterator[Started]:
    """Yield what one simple command starts."""
    rest = _without_carriers(list(words))
    if not rest or depth > _DEEPEST:
        return
    first, name = rest[0], base_name(rest[0]).removesuffix(".exe")
    if name in _SHELLS:
        yield from _of_shell(rest[1:], folder, depth)
    elif is_interpreter_name(first):
        yield from _of_python(first, rest[1:], folder)
    elif name in _MANAGERS and _RUN in rest[1:]:
        inner = rest[rest.index(_RUN) + 1 :]
        yield from _of_manager(first, inner, folder, depth)
    elif (notebook := executed_notebook(rest)) is not None:
        yield Started(interpreter=first, target=_at(notebook, folder))
    elif (runner := RUNNERS.get(name)) is not None and runner.runs in {Runs.SCRIPT, Runs.APP}:
        yield _of_runner(runner, rest, folder)
    else:  # a bare name is looked for where programs lie, not where the command is run
        named = "/" in first or "\\" in first
        yield Started(interpreter=None, target=_at(first, folder) if named else first)


def _of_shell(words: Sequence[str], folder: str | None, depth: int) -> Iterator[Started]:
    code = _code_of_shell(words)
    if code is not None and words[0].startswith("/"):
        yield from _of_text(code.replace("\\", "/"), folder, depth + 1)
    elif code is not None:
        yield from _of_text(code, folder, depth + 1)
    elif files := positionals(words, frozenset()):
        yield Started(interpreter=None, target=_at(files[0], folder))


def _of_runner(runner: Runner, words: Sequence[str], folder: str | None) -> Started:
    first, rest = words[0], words[1:]
    own = (runner.command or "").split("|")
    named = [word for word in positionals(rest, runner.values) if word not in own]
    app = option(rest, *runner.app_options) if runner.app_options else None
    target = app or (named[0] if named else None)
    is_module = runner.runs is Runs.APP
    return Started(
        interpreter=first,
        target=target if is_module else _at(target, folder),
        is_module=is_module,
        folder=folder if is_module else None,
    )


def _code_of_shell(words: Sequence[str]) -> str | None:
    for at, word in enumerate(words):
        if (
            word.startswith("-") and not word.startswith("--") and word.endswith("c")
        ) or word.lower() in {"/c", "/k"}:
            rest = words[at + 1 :]
            if not rest:
                return None
            return " ".join(rest) if word.startswith("/") else rest[0]
        if not word.startswith("-"):
            return None
    return None


def _of_python(interpreter: str, words: Sequence[str], folder: str | None) -> Iterator[Started]:
    command = parse(without_launcher_options(words))
    if command.kind is Kind.FILE:
        yield Started(interpreter=interpreter, target=_at(command.target, folder))
    elif command.kind is Kind.MODULE:
        runner = RUNNERS.get(command.target)
        if runner is not None:
            for inner in of_words([command.target, *command.rest], folder, 1):
                yield replace(inner, interpreter=interpreter)
        else:
            yield Started(
                interpreter=interpreter, target=command.target, is_module=True, folder=folder
            )
    elif command.kind is Kind.COMMAND:
        yield Started(interpreter=interpreter, target=None)


def _of_manager(
    manager: str, words: list[str], folder: str | None, depth: int
) -> Iterator[Started]:
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in {"--script", "-s"}:
            break
        if word in {"-m", "--module"} and words:
            yield Started(interpreter=manager, target=words[0], is_module=True, folder=folder)
            return
        if word in _MANAGER_VALUES and words:
            words.pop(0)
    for inner in of_words(words, folder, depth + 1):
        yield replace(inner, interpreter=inner.interpreter or manager)


def _without_carriers(words: list[str]) -> list[str]:
    """Drop assignments and the commands that only carry the one that is meant."""
    while words:
        if "=" in words[0] and words[0].partition("=")[0].isidentifier():
            words.pop(0)
            continue
        name = base_name(words[0])
        values = _CARRIERS.get(name)
        if values is None or (name in _BUILT_IN and name != words[0]):
            return words
        words = _without_options(words[1:], values)
        if name in _ONE_WORD_FIRST and words:
            words.pop(0)
        if name == "flock" and words and words[0] == "-c":
            return ["sh", *words]
    return words


def _without_options(words: list[str], values: frozenset[str]) -> list[str]:
    """Drop a carrier's options. `values`: those of them that take the next word."""
    while words and words[0].startswith("-"):
        option_word = words.pop(0)
        if option_word == "--":
            break
        if option_word in values and words:
            words.pop(0)
    return words


def _at(path: str | None, folder: str | None) -> str | None:
    """Return a path from where the command runs; None for one that the shell would compute."""
    if path is None or any(sign in path for sign in "$`*?"):
        return None
    if (
        folder is None
        or posixpath.isabs(path)
        or path.startswith("~")
        or path[1:3] in {":\\", ":/"}
    ):
        return path
    whole = posixpath.join(folder, path)
    return whole if whole.startswith("~") else posixpath.normpath(whole)
