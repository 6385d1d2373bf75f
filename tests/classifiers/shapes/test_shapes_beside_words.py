"""The search for the last words of names: as small as it is, no spelling of a name escapes it."""

from collections.abc import Callable

import pytest

from classifiers.personal.vocabulary import telling_phrases
from classifiers.shapes import beside

ACCENTS = str.maketrans("aceinouACEINOU", "áçêíñöúÁÇÊÍÑÖÚ")
SPELLINGS: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "title": str.title,
    "snake": lambda name: name.replace(" ", "_"),
    "dashes": lambda name: name.replace(" ", "-"),
    "accents": lambda name: name.translate(ACCENTS),
    "accents and capitals": lambda name: name.upper().translate(ACCENTS),
}


def ends(name: str, behind: str) -> bool:
    """True when the search says that the name ends where it does."""
    return 1 + len(name) in beside._ends(f"\n{name}{behind}")


@pytest.mark.parametrize("behind", [": x", "=x", '" value="x"'])
def test_a_name_is_found_however_its_letters_are_written(behind: str) -> None:
    names = [name for name in telling_phrases() if ends(name, behind)]
    assert len(names) > 0.98 * len(telling_phrases())
    for spelling, write in SPELLINGS.items():
        assert [name for name in names if not ends(write(name), behind)] == [], spelling


def test_the_patterns_are_small() -> None:
    """Each gate and each worker compiles and holds them: thrice as large, they took 33 MB."""
    words = beside._words()
    searches = (words.search, words.goes_on, words.opens_row)
    assert sum(search.__self__.ProgramSize() for search in searches) < 80_000
