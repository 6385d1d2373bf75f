"""What YAML knows beside names, lists and plain values, and no policy needs: told with its
place.
"""

from datetime import date
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from policy.faults import Problem

_PLAIN = (str, int, float, date, type(None))


def not_used_here(tree: Any) -> Problem | None:
    """Return the first part of a file that carries a tag (`!x`, `!!set`) or merges another section
    into its own (`<<`); None where there is none.

    `tree`: what ruamel.yaml's round-trip reader returns.
    """
    return _first(tree, (0, 0))


def _first(node: Any, place: tuple[int, int]) -> Problem | None:
    if isinstance(node, CommentedMap):
        return _in_section(node, place)
    if type(node) is CommentedSeq:
        if node.tag.value is not None:
            return _said(place, _TAG)
        inner = ((node[at], node.lc.item(at)) for at in range(len(node)))
        return next((odd for one in inner if (odd := _first(*one)) is not None), None)
    if isinstance(node, _PLAIN):
        return None
    return _said(place, _TAG)


def _in_section(node: CommentedMap, place: tuple[int, int]) -> Problem | None:
    if type(node) is not CommentedMap or node.tag.value is not None:
        return _said(place, _TAG)
    if node.merge:
        return _said(place, "“<<” is not used here: write out what the section holds")
    for name, value in node.items():
        if (odd := _first(value, node.lc.value(name))) is not None:
            return odd
    return None


_TAG = "tags (!name) are not used here; put text that begins with ! in quotes"


def _said(place: tuple[int, int], words: str) -> Problem:
    return Problem(line=place[0] + 1, column=place[1] + 1, message=words)
