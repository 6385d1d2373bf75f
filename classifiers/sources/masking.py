"""Masks the secrets and personal values in a script's source that is to be kept; its lines keep
their numbers.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from itertools import pairwise

from classifiers.credentials import CredentialDetector
from classifiers.hits import Hit
from classifiers.payload import Payload, Segment
from classifiers.personal import PersonalDetector
from classifiers.personal.tables.keyed import looks_like_name
from classifiers.sources.values import Value, values_of
from core.text import mask

_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_BETWEEN_NAMES = frozenset({" ", ", ", ". "})
_CONTENT = re.compile(r"[^\s'\"()\[\]+\\,]+")
_PREFIX = re.compile(r"[A-Za-z]{0,2}(?=['\"])")
_NAMES = re.compile(
    r"(?:^|_)(?:name|names|person|people|customer|client|patient|employee|contact|recipient|sender|user|author|owner"
    r"|kunde|kundin|vorname|nachname|mitarbeiter|nom|prenom|nombre|apellido)(?:s|_?name)?(?:$|_)",
    re.IGNORECASE,
)
"""Names given to values that are people."""
_HIDDEN = mask("", 0, 0)

type _Span = tuple[int, int]


class SourceMasker:
    """Finds what must not be kept: in the text as it stands, and in the values that its literals
    come to.
    """

    def __init__(self, credentials: CredentialDetector) -> None:
        self._credentials = credentials
        self._personal = PersonalDetector()

    def mask(self, source: str) -> str:
        """Return the source with those values masked. Raises ValueError when it is no Python that
        can be read.
        """
        try:
            tree = ast.parse(source)
            values = values_of(tree)
        except (SyntaxError, RecursionError, MemoryError):
            raise ValueError("no Python source") from None
        if not _does_something(tree):
            raise ValueError("a table or a document that Python can read, and no program")
        places = _Places(source)
        spans = [(hit.start, hit.end) for hit in self._hits([Segment(source, None)])]
        spans += _names_in(source)
        segments = [
            Segment(value.text, value.key, (number, 0)) for number, value in enumerate(values)
        ]
        spelled = [
            Segment(f'{v.key or "value"} = "{v.text}"', None, (n, 1)) for n, v in enumerate(values)
        ]
        for hit in self._hits(segments):
            spans += _spans(
                places, source, values[hit.segment], segments[hit.segment].text[hit.start : hit.end]
            )
        for hit in self._credentials.detect(Payload(segments=spelled), ""):
            text = spelled[hit.segment].text[hit.start : hit.end]
            spans += _spans(places, source, values[hit.segment], text)
        for value in values:
            if _is_name(value):
                spans += _spans(places, source, value, value.text)
        return _masked(source, spans)

    def _hits(self, segments: Sequence[Segment]) -> Iterator[Hit]:
        yield from self._credentials.detect(Payload(segments=list(segments)), "")
        yield from self._personal.detect(Payload(segments=list(segments)))


def _does_something(tree: ast.Module) -> bool:
    """True when a statement does more than name or spell values: rows of a table are read as
    Python, too.
    """
    return any(
        not isinstance(statement, ast.Expr | ast.Pass)
        or any(isinstance(node, ast.Call | ast.Await | ast.Yield) for node in ast.walk(statement))
        for statement in tree.body
    )


class _Places:
    """Where a node's text stands: nodes count bytes in lines, and texts characters from the
    beginning.
    """

    def __init__(self, source: str) -> None:
        self._lines = _lines(source)
        self.starts = [0]
        for line in self._lines:
            self.starts.append(self.starts[-1] + len(line))

    def span(self, node: ast.expr) -> _Span:
        begin = self._at(node.lineno, node.col_offset)
        return begin, self._at(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def _at(self, line: int, column: int) -> int:
        if line > len(self._lines):
            return self.starts[-1]
        before = self._lines[line - 1].encode("utf-8", "surrogatepass")[:column]
        return self.starts[line - 1] + len(before.decode("utf-8", "replace"))


def _lines(source: str) -> list[str]:
    """Return the lines as Python counts them: form feeds and the like end none."""
    return io.StringIO(source, newline="").readlines()


def _spans(places: _Places, source: str, value: Value, text: str) -> Iterator[_Span]:
    """Yield where this text stands in the value's literals; all of them where it stands in none as
    it is.
    """
    spans = [places.span(part) for part in value.parts]
    found = False
    for begin, end in spans:
        at = source.find(text, begin, end) if text else -1
        while at >= 0:
            found = True
            yield at, at + len(text)
            at = source.find(text, at + len(text), end)
    if not found:
        yield from (span for begin, end in spans for span in _contents(source, begin, end))


def _contents(source: str, begin: int, end: int) -> Iterator[_Span]:
    """Yield what stands between the quotes and line ends of a literal."""
    prefix = _PREFIX.match(source, begin, end)
    for word in _CONTENT.finditer(source, begin if prefix is None else prefix.end(), end):
        yield word.span()


def _is_name(value: Value) -> bool:
    if value.key is None or _NAMES.search(value.key) is None:
        return False
    return looks_like_name(value.text)


def _names_in(source: str) -> Iterator[_Span]:
    """Yield what reads like a person's name in comments and literals: two words or more with
    capital first letters.
    """
    starts = _Places(source).starts
    try:
        for token in tokenize.generate_tokens(io.StringIO(source, newline="").readline):
            if token.type in {
                tokenize.COMMENT,
                tokenize.STRING,
                getattr(tokenize, "FSTRING_MIDDLE", -1),
            }:
                begin = starts[token.start[0] - 1] + token.start[1]
                yield from _capitalised(source, begin, starts[token.end[0] - 1] + token.end[1])
    except (tokenize.TokenError, SyntaxError, IndexError):
        raise ValueError("no Python source") from None


def _capitalised(source: str, begin: int, end: int) -> Iterator[_Span]:
    words = [word.span() for word in _WORD.finditer(source, begin, end)]
    titled = [_is_titled(source[a:b]) for a, b in words]
    run: list[_Span] = []
    for (span, is_titled), following in pairwise(
        [*zip(words, titled, strict=True), ((end, end), False)]
    ):
        if is_titled:
            run.append(span)
            if following[1] and source[span[1] : following[0][0]] in _BETWEEN_NAMES:
                continue
        if len(run) > 1:
            yield run[0][0], run[-1][1]
        run = []


def _is_titled(word: str) -> bool:
    parts = re.split(r"[-'’]", word)
    return len(word) > 1 and all(part[:1].isupper() for part in parts) and not word.isupper()


def _masked(source: str, spans: Sequence[_Span]) -> str:
    """Return the source with dots in these places; line ends stay."""
    parts: list[str] = []
    at = 0
    for begin, end in _merged(spans):
        parts.append(source[at:begin])
        hidden = source[begin:end]
        parts.append("".join(_HIDDEN + kept for kept in _line_ends(hidden)))
        at = end
    parts.append(source[at:])
    return "".join(parts)


def _line_ends(text: str) -> list[str]:
    lines = _lines(text)
    return [line[len(line.rstrip("\r\n")) :] for line in lines] or [""]


def _merged(spans: Sequence[_Span]) -> list[_Span]:
    found: list[_Span] = []
    for begin, end in sorted(span for span in spans if span[0] < span[1]):
        if found and begin < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found
