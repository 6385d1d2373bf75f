"""Whether rows are a table: names above them, and values that agree column by column."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from classifiers.credentials.rules.generic import is_secret_column
from classifiers.payload import PlacedText as Cell
from classifiers.personal.vocabulary import is_telling
from classifiers.shapes.confirming import confirms
from classifiers.shapes.found import Row
from classifiers.shapes.long_form import are_values_named

_LONGEST_NAME = 60
_MOST_WORDS = 7
_LONGEST_SHORT_FORM = 8
"""Characters of a last word that ends with a point and is no end of a sentence: `Tel.nr.`."""
_NO_NAME = frozenset('{}<>=\\"`;$@|*^~')
_MARKUP = ("**", "__", "~~", "*", "_", "`")
_MOST_MARKUP = 4
_SENTENCE = frozenset("is are that this will should be was were we it if when — –".split())
"""Words of sentences, which no name of a column holds."""
_NUMERIC = frozenset("0123456789+-/(). ,:%")
_CODE = ("(", "{", "}", "=", "<", ">", "\\")
_AGREED = 0.8
_LOOKED_AT = 60
_MOST_FIELDS, _MOST_BESIDE = 60, 60
_FEWEST_TELLING = 2


@lru_cache(maxsize=8192)
def is_name(text: str) -> bool:
    """True for what can stand over a column: short, a word at least, no code."""
    if not text:
        return True
    if len(text) > _LONGEST_NAME or not _NO_NAME.isdisjoint(text):
        return False
    if text.count("(") != text.count(")") or text.count("[") != text.count("]") or ": " in text:
        return False
    if _is_sentence(text):
        return False
    return text in {"#", "№"} or (
        any(map(str.isalpha, text)) and sum(map(str.isdigit, text)) * 2 <= len(text)
    )


def _is_sentence(text: str) -> bool:
    """True for what ends as a sentence does, or reads like one."""
    if text[-1] in ":,?!" or len(text.split()) > _MOST_WORDS:
        return True
    words = text.lower().split()
    if not _SENTENCE.isdisjoint(words) or (len(words) > 4 and "the" in words):
        return True
    last = text.replace("-", " ").replace("/", " ").split()[-1:]
    return text[-1] == "." and len("".join(last)) > _LONGEST_SHORT_FORM


@lru_cache(maxsize=8192)
def without_markup(name: str) -> str:
    """Return a name without what makes it bold, slanted, code or a link, in Markdown or HTML: signs
    that stand on both of its ends. Linear.
    """
    for _ in range(_MOST_MARKUP):
        name = name.strip()
        inner = _without_one(name)
        if inner == name or not inner.strip():
            return name
        name = inner
    return name


def _without_one(name: str) -> str:
    for sign in _MARKUP:
        if name.startswith(sign) and name.endswith(sign) and len(name) > 2 * len(sign):
            return name[len(sign) : -len(sign)]
    if name.startswith("<") and name.endswith(">") and "</" in name:
        return name[name.index(">") + 1 : name.rindex("</")]
    if name.startswith("[") and name.endswith(")") and "](" in name:
        return name[1 : name.index("](")]
    return name


def tells(name: str) -> bool:
    """True when a name announces personal data or a secret."""
    return is_telling(name) or is_secret_column(name)


def type_of(text: str) -> str:
    """Return what a cell looks like: a mail address, a number, letters with digits, words, or
    prose.
    """
    if "@" in text:
        return "mail"
    if _NUMERIC.issuperset(text):
        return "number"
    if len(text) > _LONGEST_NAME:
        return "prose"
    return "mixed" if any(map(str.isdigit, text)) else "words"


def types(rows: Sequence[Row]) -> list[str | None]:
    """Return the type on which at least four of five cells of a column agree, for each column."""
    looked_at = rows[:_LOOKED_AT]
    result: list[str | None] = []
    for column in zip(*looked_at, strict=True):
        seen = Counter(type_of(cell.text) for cell in column if cell is not None)
        kind, count = seen.most_common(1)[0] if seen else (None, 0)
        result.append(kind if count >= _AGREED * seen.total() else None)
    return result


def is_code(rows: Sequence[Row]) -> bool:
    """True when the cells of most rows are pieces of code."""
    looked_at = rows[:_LOOKED_AT]
    odd = sum(any(cell and _is_code(cell) for cell in row) for row in looked_at)
    return odd * 2 > len(looked_at)


def _is_code(cell: Cell) -> bool:
    text = cell.text
    if text[-1] in "({;\\" or text[:1] in ")}":
        return True
    name, _, value = text.partition("=")
    if value.lstrip()[:1] in {'"', "'"} and name.strip().isidentifier():
        return True
    return any(sign in text for sign in ("{", "}", "=>", "==", "->", "()")) or (
        "(" in text and text.count("(") != text.count(")")
    )


def header_of(first: Row, rows: Sequence[Row]) -> list[str] | None:
    """Return the names when the first row is a header of the others: one name tells, or names
    stand over values of another type.
    """
    names = ["" if cell is None else without_markup(cell.text) for cell in first]
    given = [name for name in names if name]
    if not given:
        return None
    telling = sum(map(tells, given))
    odd = [name for name in names if not is_name(name)]
    if not _may_be_names(given, odd, telling):
        return names if telling and _is_confirmed(names, rows) else None
    if telling:
        return names
    over = types(rows)
    unlike = [
        kind
        for name, kind in zip(names, over, strict=True)
        if name and kind in {"mail", "number", "mixed"} and type_of(name) != kind
    ]
    return names if unlike else None


def _may_be_names(given: Sequence[str], odd: Sequence[str], telling: int) -> bool:
    """True for names that all read as such, each once or nearly so."""
    if len(set(given)) * 2 < len(given):
        return False
    return not odd or (telling >= _FEWEST_TELLING and all(map(str.isidentifier, odd)))


def _is_confirmed(names: Sequence[str], rows: Sequence[Row]) -> bool:
    """True when the values below a name that tells are what it announces."""
    columns = zip(*rows[:_LOOKED_AT], strict=True)
    return any(
        is_name(name)
        and tells(name)
        and confirms(name, [cell.text for cell in column if cell is not None])
        for name, column in zip(names, columns, strict=True)
    )


def is_table(names: Sequence[str] | None, rows: Sequence[Row]) -> bool:
    """True when the rows under these names (None: without any) are records: enough of them, alike,
    and no code.
    """
    telling = 0 if names is None else sum(map(tells, names))
    filled = sum(map(any, zip(*rows[:_LOOKED_AT], strict=True)))
    if filled < (1 if telling else 2) or is_code(rows):
        return False
    if len(rows) >= (1 if telling > 1 else 2) and telling:
        return True
    return are_values_named(names or (), rows) or _agree(names, rows)


def _agree(names: Sequence[str] | None, rows: Sequence[Row]) -> bool:
    """True for rows whose cells are alike column by column."""
    if len(rows) < 3 or _hold_prose(rows):
        return False
    agreed = types(rows)
    return (
        (names is not None or all(agreed))
        and sum(kind is not None for kind in agreed) * 5 >= 4 * len(agreed)
        and any(kind in {"mail", "number", "mixed"} for kind in agreed)
    )


def _hold_prose(rows: Sequence[Row]) -> bool:
    looked_at = (cell for row in rows[:_LOOKED_AT] for cell in row if cell)
    return any(len(cell.text.split()) > _MOST_WORDS for cell in looked_at)


def names_beside(rows: Sequence[Row]) -> list[str] | None:
    """Return the names of a table whose first column holds them, None when it does not."""
    if not 2 <= len(rows) <= _MOST_FIELDS or not 2 <= len(rows[0]) <= _MOST_BESIDE:
        return None
    names = ["" if row[0] is None else row[0].text for row in rows]
    telling = sum(map(is_telling, filter(None, names)))
    told = [any(cell and _announces(cell.text) for cell in row[1:]) for row in rows]
    if telling < 2 or telling * 2 < len(names) or len(set(names)) < len(names) or any(told):
        return None
    return names if all(map(is_name, names)) else None


def _announces(text: str) -> bool:
    """True for a name that announces something; a word in an address of mail announces nothing."""
    return "@" not in text[1:] and is_telling(text)
