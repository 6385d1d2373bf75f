"""What a program's code tells without being run: what it imports, the text values that it spells
out, the destinations and models that it names (pure).
"""

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from attribution.identity.imports import Imports, imports_of, nodes_of, tree_of
from classifiers.sources.values import Value, values_of
from core.classification import Category
from core.discreet import opaque
from core.scanned import NamedService
from core.text import printable
from destinations.hosts import service_at
from destinations.sdks import services_of
from destinations.service import Service
from inventory.contents import Piece

_URL = re.compile(
    r"\b(?:https?|wss?|ftp|ftps|sftp)://([^\s\"'<>()\\{}|^`\[\]]{1,2000})", re.IGNORECASE
)
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}\.){1,8}[a-z]{2,24}", re.IGNORECASE)
_MODEL_KEYS = frozenset(
    "model model_name model_id modelid deployment deployment_name engine model_version llm_model"
    " embedding_model chat_model azure_deployment foundation_model".split()
)
_MODEL = re.compile(r"[A-Za-z0-9][\w.:/@+-]{1,99}")
_FAMILIES = tuple(
    "gpt- chatgpt- o1- o3- o4- claude- gemini- mistral- llama- command-r text-embedding- deepseek-"
    " grok- anthropic.claude amazon.titan amazon.nova meta.llama mixtral- codestral- qwen".split()
)
_NO_HOST_ENDS = frozenset(
    "py pyc txt csv json md html htm xml yaml yml toml ini cfg log sh xlsx xls docx pdf png "
    "jpg jpeg svg gif zip gz tar db sql sqlite parquet pkl js ts css name value id format "
    "read write append get items keys path join main test example invalid localhost local "
    "lan".split()
)
_MOST = 200
_TELLING = (ast.Import, ast.ImportFrom, ast.Call)
"""Nodes that may tell of an import."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedValue:
    """A text value of the code. Holds what may be a secret."""

    text: str = field(repr=False)
    key: str | None
    place: str
    line: int | None
    parts: int = 1
    """Literals that it is put together from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What all code of one program tells."""

    imports: tuple[str, ...] = ()
    """Of third parties, top level."""
    standard: tuple[str, ...] = ()
    readable: bool = True
    """False when some of it is no Python for this interpreter."""
    values: tuple[PlacedValue, ...] = field(default=(), repr=False)
    services: tuple[NamedService, ...] = ()
    models: tuple[str, ...] = ()


def read_code(pieces: Sequence[Piece], names: Sequence[str] = ()) -> Code:
    """Return what the code of these pieces tells. `names`: modules of the program itself."""
    third, standard, modules = set[str](), set[str](), dict[str, str]()
    values: list[PlacedValue] = []
    readable = True
    for piece in pieces:
        if not piece.is_code:
            continue
        tree = _tree(piece.text)
        if tree is None:
            readable = False
            continue
        nodes = nodes_of(tree)
        telling = [node for node in nodes if isinstance(node, _TELLING)]
        found: Imports = imports_of(telling)
        third.update(found.third_party)
        standard.update(found.standard)
        modules.update(_modules(telling, piece))
        values += _values(tree, nodes, piece)
    texts = values + [
        PlacedValue(text=p.text, key=None, place=p.where, line=None)
        for p in pieces
        if not p.is_code
    ]
    return Code(
        imports=tuple(sorted(third.difference(names))),
        standard=tuple(sorted(standard)),
        readable=readable,
        values=tuple(values),
        services=tuple(_services(texts, modules)),
        models=tuple(_models(values))[:20],
    )


def _tree(text: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they quote the source
        return tree_of(text.encode("utf-8", "replace"))


def _values(tree: ast.AST, nodes: list[ast.AST], piece: Piece) -> Iterator[PlacedValue]:
    try:
        found: list[Value] = values_of(tree, nodes)
    except (RecursionError, ValueError):
        return
    for value in found:
        line = value.parts[0].lineno
        yield PlacedValue(
            text=value.text,
            key=value.key,
            place=piece.place(line),
            line=line if piece.has_lines else None,
            parts=len(value.parts),
        )


def _modules(nodes: Sequence[ast.AST], piece: Piece) -> Iterator[tuple[str, str]]:
    """Yield dotted names of what is imported, each with its place."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, piece.place(node.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, piece.place(node.lineno)
            for alias in node.names[:50]:
                yield f"{node.module}.{alias.name}", piece.place(node.lineno)


def _services(values: Sequence[PlacedValue], modules: dict[str, str]) -> Iterator[NamedService]:
    told: set[tuple[str, str | None]] = set()
    for module, service in services_of(modules):
        if (service.id, None) not in told:
            told.add((service.id, None))
            yield _named(service, None, modules[module], "library")
    for value in values:
        for host, path, port in hosts_in(value.text):
            service_there = service_at(host, path, port)
            key = (service_there.id if service_there else "", host)
            if key not in told and len(told) < _MOST:
                told.add(key)
                yield _named(service_there, host, value.place, "address")


def _named(service: Service | None, host: str | None, place: str, how: str) -> NamedService:
    shown = None if host is None else ".".join(map(_label, printable(host, 253).split(".")))
    return NamedService(
        service=None if service is None else service.id,
        name=shown or "" if service is None else service.name,
        category=Category.OTHER.value if service is None else service.category.value,
        host=shown,
        place=place,
        how=how,
    )


def _label(label: str) -> str:
    """Return a part of a host name; what reads like a key is not shown."""
    return "{value}" if opaque(label) else label


def hosts_in(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield the host, path and port of addresses in a text; a text that is a host name and nothing
    else counts where the catalogue knows it.
    """
    for match in _URL.finditer(text[:200_000]):
        authority, slash, rest = match[1].partition("/")
        host, _, port = authority.rpartition("@")[2].partition(":")
        host = host.rstrip(".,;").lower()
        if "." in host and not host.startswith("."):
            number = int(port) if port.isdecimal() and len(port) < 6 else 443
            yield host, slash + rest.partition("?")[0], number
    bare = text.strip().lower()
    if len(bare) > 253 or bare.rpartition(".")[2] in _NO_HOST_ENDS or not _HOST.fullmatch(bare):
        return
    if service_at(bare, "/") is not None:
        yield bare, "/", 443


def _models(values: Sequence[PlacedValue]) -> Iterator[str]:
    told: set[str] = set()
    for value in values:
        text = value.text
        keyed = (value.key or "").lower() in _MODEL_KEYS and any(map(str.isalpha, text))
        is_model = keyed or text.lower().startswith(_FAMILIES)
        if is_model and _MODEL.fullmatch(text) and text not in told:
            told.add(text)
            yield printable(text, 100)
