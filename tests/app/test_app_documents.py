"""The documents say what the code says: clients, records, settings, commands."""

import ast
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from families import with_each

from app.cli import application
from certs.matrix import CLIENTS
from tests.app.conftest import Runs

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"(?:^|[`$(;&|]\s*)(?:uv run )?outgate ([a-z][^`\n|)]*)", re.MULTILINE)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_the_client_table_is_the_matrix(client: Any) -> None:
    """The page on clients tells of each client what the program knows of it."""
    lines = (ROOT / "docs/clients.md").read_text().splitlines()
    [row] = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith(f"| {client.name} |")
    ]
    _, proxy, trust, store, strict, remedy = row

    assert proxy == str(client.proxy)
    assert re.findall("`([A-Z_]+)`", trust) == list(client.trust)
    assert (store, strict) == ("yes" if client.os_store else "no", "yes" if client.strict else "no")
    assert client.remedy in remedy
    assert ("not measured" in remedy) is not client.measured


def test_the_client_table_has_no_others() -> None:
    """The page on clients names nobody whom the program does not know."""
    rows = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs/clients.md").read_text(), re.MULTILINE)

    assert rows == ["client", *(client.name for client in CLIENTS)]


@with_each("page", PAGES)
def test_links_between_documents_resolve(page: Path) -> None:
    """Whatever a page links to is there."""
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]

    assert missing == []


def commands() -> dict[str, Any]:
    """All commands by the words that call them."""
    from typer.main import get_command

    found: dict[str, Any] = {}

    def walk(command: Any, words: str) -> None:
        for name, inner in getattr(command, "commands", {}).items():
            found[f"{words} {name}".strip()] = inner
            walk(inner, f"{words} {name}".strip())

    walk(get_command(application), "")
    return found


KNOWN = commands()


def written_commands() -> list[tuple[str, str]]:
    return [
        (str(page.relative_to(ROOT)), text.strip())
        for page in PAGES
        if page.name != "CHANGELOG.md"
        for text in COMMAND.findall(page.read_text())
    ]


def test_the_reader_of_commands_finds_some() -> None:
    """The pages do hold commands: the next test looks at something."""
    assert len(written_commands()) > 20


def test_commands_in_documents_exist() -> None:
    """Every command that a page names exists, with the options it is written with."""
    wrong = []
    for page, text in written_commands():
        words = re.split(r"[\s·…]+", text.strip(" .,;:"))
        name = " ".join(words[:2]) if " ".join(words[:2]) in KNOWN else words[0]
        if name not in KNOWN:
            wrong.append((page, text))
            continue
        options = {o for p in KNOWN[name].params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
        given = [w.partition("=")[0] for w in text.split(" -- ")[0].split() if w.startswith("--")]
        wrong += [(page, text) for option in given if option.rstrip(".,;:") not in options]
    assert wrong == []


@pytest.mark.parametrize("name", ["", *KNOWN])
def test_every_command_explains_itself(outgate: Runs, name: str) -> None:
    """Every command has help in plain text, and every one that does something has an example that
    is true.
    """
    told = outgate(*name.split(), "--help")

    assert (told.code, told.err) == (0, "")
    assert "\x1b" not in told.out
    if not getattr(KNOWN.get(name), "commands", None) and name:
        shown = told.out.partition("Example")[2].partition("\n\n")[0]
        examples = re.findall(r"^(?:s?:)? +((?:\w.*)?outgate .*)", shown, re.MULTILINE)
        assert examples
        for example in examples:
            assert shlex.split(example)
            _true_to(KNOWN[name], name, example)


def _true_to(command: Any, name: str, example: str) -> None:
    """The example calls this command with options that it has."""
    assert re.search(rf"outgate {name}\b", example), example
    options = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
    for word in example.split(f"outgate {name}", 1)[1].split(" -- ")[0].split():
        assert not word.startswith("--") or word in options, word


def test_the_settings_page_is_the_settings() -> None:
    """The page on settings names every setting, and no other, with its default as it would be
    written and is shown.
    """
    from app.settings import Settings

    rows = dict(
        re.findall(
            r"^\| `(\w+)` \| (.*?) \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE
        )
    )

    shown = Settings().model_dump(mode="json")
    assert list(rows) == list(Settings.model_fields) == list(shown)
    for name, default in shown.items():
        written = re.fullmatch("`(.+)`", rows[name])
        plain = isinstance(default, str) and default  # without the quotes that JSON has
        assert written is not None, name
        assert (written[1] if plain else json.loads(written[1])) == default, name


def test_the_example_of_the_record_page_is_a_record() -> None:
    """The example holds exactly the fields that a record has, and every field is explained on the
    page.
    """
    from core.record import Record

    page = (ROOT / "docs/record.md").read_text()
    example = json.loads(page.split("```json\n")[1].split("```")[0])
    chain = example.pop("chain")

    assert Record.from_json(example).to_json() == example
    assert set(chain) == {"id", "seq", "prev", "hash", "salt", "parts"}
    explained = {name.rpartition(".")[2] for name in re.findall(r"`([a-z_0-9.]+)`", page)}
    assert _names(example) - explained == {"size"}, (
        "`size` is one of the free values of a script's version"
    )


def _names(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_names, value))
    return set(value).union(*map(_names, value.values())) if isinstance(value, dict) else set()


def test_the_page_of_accuracy_says_what_its_maker_does() -> None:
    """Whoever mends what is not read mends it where the page is made."""
    tree = ast.parse((ROOT / "benchmarks/truth.py").read_text())
    [unread] = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "UNREAD"
    ]
    assert (ROOT / "docs/accuracy.md").read_text().endswith(f"\n{unread}\n")
