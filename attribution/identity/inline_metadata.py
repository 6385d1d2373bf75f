"""Inline script metadata (PEP 723): what a single-file script says it needs."""

import re
import tomllib
from dataclasses import dataclass

_MOST = 200
_LONGEST, _MOST_DOTS = 32 << 10, 300
"""Bytes of a block, and dots in one of its lines: the time of `tomllib` grows with the square of a
key's parts.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineMetadata:
    """The `script` block of one file."""

    dependencies: tuple[str, ...] = ()
    requires_python: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return the block as JSON values."""
        return {"dependencies": list(self.dependencies), "requires_python": self.requires_python}


def read_inline_metadata(source: bytes) -> InlineMetadata | None:
    """Return the one `script` block of a source file; None when there is none, several, or none
    that parses.
    """
    blocks = _blocks(source)
    if len(blocks) != 1 or _is_too_much(blocks[0]):
        return None
    lines = (line[2:] if line.startswith(b"# ") else line[1:] for line in blocks[0].splitlines())
    try:
        table = tomllib.loads(b"\n".join(lines).decode())
    except (ValueError, RecursionError):  # TOMLDecodeError; numbers too long for Python; nesting
        return None
    dependencies, python = table.get("dependencies"), table.get("requires-python")
    named = (
        [d for d in dependencies if isinstance(d, str)] if isinstance(dependencies, list) else []
    )
    return InlineMetadata(
        dependencies=tuple(_without_login(d[:300]) for d in named[:_MOST]),
        requires_python=python[:100] if isinstance(python, str) else None,
    )


def _is_too_much(block: bytes) -> bool:
    return len(block) > _LONGEST or any(
        line.count(b".") > _MOST_DOTS for line in block.splitlines()
    )


def _blocks(source: bytes) -> list[bytes]:
    """Return what stands between each `# /// script` and the first `# ///` behind it, one comment
    line at least.
    """
    blocks: list[bytes] = []
    inside: list[bytes] | None = None
    for line in source.split(b"\n"):
        marker = line.removesuffix(b"\r").rstrip(b" \t")
        if inside and marker == b"# ///":
            blocks.append(b"\n".join(inside))
            inside = None
        elif inside is None:
            inside = [] if marker == b"# /// script" else None
        elif line.startswith(b"# ") or line in {b"#", b"#\r"}:
            inside.append(line)
        else:
            inside = None
    return blocks


def _without_login(dependency: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//", dependency)
