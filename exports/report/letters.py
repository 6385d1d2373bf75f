"""Letters that the fonts of every PDF reader can draw: those of Western Europe. Others are written
by these: without their marks, by the Latin letters that stand for them, or by their number.
"""

import unicodedata

_PAGE = "cp1252"
_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ",
        (
            "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch ' y ' e yu ya i yi ye g"
        ).split(),
        strict=True,
    )
)
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρςστυφχψω",
        "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(),
        strict=True,
    )
)
_LATIN = {"ł": "l", "đ": "d", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "ng", "ĸ": "k", "ſ": "s", "ə": "e"}
_STANDS_FOR = _CYRILLIC | _GREEK | _LATIN


def drawable(text: str) -> str:
    """Return a text in letters that can be drawn; the same text where it is in these already."""
    if _can_draw(text):
        return text
    return "".join(one if _can_draw(one) else _other(one) for one in text)


def _other(letter: str) -> str:
    known = _STANDS_FOR.get(letter.lower())
    if known is not None:
        return known if letter.islower() else known.capitalize()
    base = "".join(
        one for one in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(one)
    )
    if base != letter and base:
        return drawable(base)
    number = ord(letter)
    return f"\\u{number:04x}" if number < 1 << 16 else f"\\U{number:08x}"


def _can_draw(text: str) -> bool:
    try:
        text.encode(_PAGE)
    except UnicodeEncodeError:
        return False
    return True
