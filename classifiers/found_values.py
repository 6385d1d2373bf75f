"""A value that was found stands nowhere in what is kept of its exchange: not in a place, a path, a
model or a tool.

What reads like a value is masked wherever it stands (`core.discreet`); this is for those that only
a detector can tell: names, passwords, an organisation's own words.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from classifiers.credentials.rules.own_words import WORD_KIND
from classifiers.decoding.names import decoded
from classifiers.hits import Hit
from classifiers.payload import Payload
from core.classification import Classification, Destination, LlmCall
from core.discreet import without
from core.findings import Finding
from core.organisation import Organisation

_MOST = 4_000
"""Values that are looked for."""
_MOST_DECODED = 200
_SHORTEST = 8
_RUN = re.compile(r"[A-Za-z0-9_-]{11,}")
_SIGNS = bytes(byte for byte in range(128) if not chr(byte).isalnum())
_SIGNS_OF_LINES = _SIGNS.replace(b"\n", b"")


def without_values(
    seen: Classification, payload: Payload, hits: Sequence[Hit], ours: Organisation
) -> Classification:
    """Return what is known of an exchange with none of its found values in clear.

    `ours`: its words are found in texts and may stand in names, too; but for the name of an
    account, which rules ask for. Its canaries name nothing.
    """
    if not hits and not ours.words and not ours.canaries:
        return seen
    written = "\n".join(dict.fromkeys(_told(seen)))
    told = _bare(written)
    found = list(_values(payload, hits))
    values = [value for value, bare in zip(found, _all_bare(found), strict=True) if bare in told]
    values += [canary for canary in ours.canaries if _bare(canary) in told]
    if _is_decoded(payload, hits):
        values += _encoded(written, found)
    words = [word for word in ours.words if _bare(word) in told]
    if not values and not words:
        return seen
    every = sorted((*values, *words), key=len, reverse=True)
    return replace(
        seen,
        destination=_destination(seen.destination, every, values),
        llm=None if seen.llm is None else _call(seen.llm, every),
        findings=tuple(_finding(finding, every) for finding in seen.findings),
    )


def _bare(text: str) -> str:
    """Return its letters and digits, capitals made small."""
    if text.isascii():
        return text.lower().encode().translate(None, _SIGNS).decode()
    return "".join(filter(str.isalnum, text.casefold()))


def _all_bare(texts: list[str]) -> list[str]:
    """Return `_bare` of each text, of all at once where that gives the same."""
    whole = "\n".join(texts)
    if texts and whole.isascii():
        bare = whole.lower().encode().translate(None, _SIGNS_OF_LINES).decode().split("\n")
        if len(bare) == len(texts):
            return bare
    return list(map(_bare, texts))


def _values(payload: Payload, hits: Sequence[Hit]) -> Iterable[str]:
    """Return the values as they stand in the payload, and as they were made alike."""
    found: dict[str, None] = {}
    for hit in hits[:_MOST]:
        if hit.rejected is None and hit.kind != WORD_KIND:
            found[payload.segments[hit.segment].text[hit.start : hit.end]] = None
            found[hit.value] = None
    return found


def _is_decoded(payload: Payload, hits: Sequence[Hit]) -> bool:
    """True when a hit is in what was written encoded."""
    for index in {hit.segment for hit in hits if hit.rejected is None}:
        for part in payload.segments[index].path:
            if part.__class__ is str and part[:1] == "(":
                return True
    return False


def _encoded(written: str, values: Sequence[str]) -> list[str]:
    """Return the stretches of what is kept that are one of these values, encoded."""
    sought = {bare for value in values[:_MOST_DECODED] if len(bare := _bare(value)) >= _SHORTEST}
    return [
        run
        for run in dict.fromkeys(_RUN.findall(written)[:_MOST_DECODED])
        if any(value in _bare(text) for text in decoded(run) for value in sought)
    ]


def _told(seen: Classification) -> Iterable[str]:
    for finding in seen.findings:
        yield from finding.where
        yield finding.note or ""
    for name in (seen.destination, *seen.destination.other_names):
        yield from (name.path, name.account.id or "")
    if (llm := seen.llm) is not None:
        yield from (llm.model or "", llm.organisation or "", llm.project or "", *llm.tools)
        yield from (attached.media_type or "" for attached in llm.attachments)


def _destination(where: Destination, every: Sequence[str], values: Sequence[str]) -> Destination:
    """Addresses stay in accounts, for rules ask for them: the record masks those."""
    told = [value for value in values if "@" not in value]

    def masked(one: Destination) -> Destination:
        account = replace(one.account, id=_or_none(one.account.id, told))
        return replace(one, path=without(one.path, every), account=account)

    return replace(masked(where), other_names=tuple(map(masked, where.other_names)))


def _call(llm: LlmCall, values: Sequence[str]) -> LlmCall:
    return replace(
        llm,
        model=_or_none(llm.model, values),
        organisation=_or_none(llm.organisation, values),
        project=_or_none(llm.project, values),
        tools=tuple(without(tool, values) for tool in llm.tools),
        attachments=tuple(
            replace(attached, media_type=_or_none(attached.media_type, values))
            for attached in llm.attachments
        ),
    )


def _finding(finding: Finding, values: Sequence[str]) -> Finding:
    where = tuple(dict.fromkeys(without(place, values) for place in finding.where))
    return replace(finding, where=where, note=_or_none(finding.note, values))


def _or_none(text: str | None, values: Sequence[str]) -> str | None:
    return None if text is None else without(text, values)
