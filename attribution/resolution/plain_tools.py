"""Tools of Python's own that run one script and load nothing else, and which script their words
name: read as the tools do, or not at all (pure).

`pdb` is none: whoever stands at its prompt, and its settings, may have anything run. `trace` with
`--file` is none: that is loaded by pickle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from attribution.resolution.command_line import Kind, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What may stand before the script. Anything else, as a word that is cut short, is not read."""

    flags: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    """Options with a value in the next word, or behind `=`."""


_PROFILE = _Words(values=frozenset("-o --outfile -s --sort".split()))
_TRACE = _Words(
    flags=frozenset(
        "-c --count -t --trace -l --listfuncs -T --trackcalls -m --missing -s --summary -g --timing"
        " -R --no-report".split()
    ),
    values=frozenset("-C --coverdir --ignore-module --ignore-dir".split()),
)
_PLAIN: Mapping[str, _Words] = {"cProfile": _PROFILE, "profile": _PROFILE, "trace": _TRACE}


def plain_tool(arguments: Sequence[str]) -> tuple[str, str] | None:
    """Return the tool and the word that names its script, by what stands after the interpreter's
    own name; None where another program is run, or that is not sure.
    """
    command = parse(arguments)
    known = _PLAIN.get(command.target) if command.kind is Kind.MODULE else None
    if known is None:
        return None
    words = iter(command.rest)
    for word in words:
        if not word.startswith("-"):
            return (command.target, word) if word else None
        if word in known.values:
            next(words, None)
        elif word not in known.flags and not _is_given(word, known):
            return None
    return None


def _is_given(word: str, known: _Words) -> bool:
    name, equals, _ = word.partition("=")
    return bool(equals) and name.startswith("--") and name in known.values
