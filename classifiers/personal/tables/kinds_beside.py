"""Which other kinds the cells of a column hold beside the one that nearly all of them are."""

from collections.abc import Sequence

from classifiers.hits import Hit

_TEXTS = frozenset({"person", "address", "health_data", "special_category"})
"""Kinds of which a whole cell is one because its column's name says so."""


def kinds_beside(own: Sequence[Hit], hits: Sequence[Hit]) -> set[str]:
    """Return the kinds, but that of `own`, of hits that stand beside these, or in their text."""
    places: dict[int, list[Hit]] = {}
    for hit in own:
        places.setdefault(hit.segment, []).append(hit)
    return {
        hit.kind
        for hit in hits
        if hit.kind != own[0].kind
        and not any(_is_same(hit, other) for other in places.get(hit.segment, ()))
    }


def _is_same(hit: Hit, own: Hit) -> bool:
    """True for two readings of one value; a value within a name or an address is another one."""
    if own.kind in _TEXTS and hit.end - hit.start < own.end - own.start:
        return False
    return hit.start < own.end and own.start < hit.end
