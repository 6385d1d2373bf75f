"""Which modules a source asks for, by the names that Python itself would come to."""

import importlib.util

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.asks import Asks, absolute, asks_in, may_ask_within

_PARTS = st.lists(st.sampled_from(["a", "b", "größe"]), min_size=1, max_size=4).map(".".join)
_BLANKS = st.sampled_from(["", " ", "\t", "\\\n", " \\\r\n ", "\f"])


@given(st.integers(0, 5), st.just("") | _PARTS, _PARTS)
def test_names_are_those_of_importlib(up: int, below: str, package: str) -> None:
    name = "." * up + below
    if not name:
        return
    try:
        expected = importlib.util.resolve_name(name, package)
    except ImportError:
        expected = ""
    assert absolute(name, package) == expected.rstrip(".")
    assert absolute(name, "") == ("" if up else name)


@given(_BLANKS, st.integers(1, 4), _BLANKS, st.just("") | _PARTS)
def test_no_source_that_asks_by_dots_is_left_unread(
    first: str, up: int, second: str, below: str
) -> None:
    text = f"if 1:\n from{first}{'.' * up}{second}{below} import x\n"
    found = asks_in(text.encode())
    assert found.needed, "the test itself would try nothing"
    assert may_ask_within(text.encode())


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("import a.b.c, d as e", {"a.b.c", "d"}),
        ("from a.b import c, d as e", {"a.b", "a.b:c", "a.b:d"}),
        ("from . import a", {".", ".:a"}),
        ("from ..a import b", {"..a", "..a:b"}),
        ("__import__('a.b')", {"a.b"}),
        ("importlib.import_module('.a', 'b.c')", {"b.c.a"}),
        ("importlib.import_module('..a', package='b.c')", {"b.a"}),
        ("importlib.import_module('.a', __package__)", {".a"}),
        ("importlib.import_module('.a')", set()),
        ("importlib.import_module('.a', b)", set()),
        ("importlib.import_module('...a', 'b')", set()),
        ("importlib.import_module(a)", set()),
        ("importlib.import_module(*a)", set()),
        ("other('a.b')", set()),
        ("'import a'", set()),
        ("# import a", set()),
        ("import (", set()),
    ],
)
def test_a_source_asks_for_dotted_names(text: str, needed: set[str]) -> None:
    assert asks_in(text.encode()).needed == needed


def test_what_is_only_tried_is_told_apart() -> None:
    text = b"import a.b\ntry: from .c import d\nexcept ImportError: import e\n"
    assert asks_in(text) == Asks(
        needed=frozenset({"a.b"}),
        tried=frozenset({"a.b", ".c", ".c:d", "e"}),
        bound=frozenset({"a", ".c:d", "e", ""}),
    )
