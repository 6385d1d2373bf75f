"""Headers are found as mitmproxy finds them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.coretypes import multidict

from proxy import quick_headers as quick

NAMES = "Host host X-Ä x-ä HOST-2 a b Content-Type İ".split()
RAW = st.sampled_from([*(name.encode() for name in NAMES), b"", b"\xff", b"\xe4a", b"\x00"])
FIELDS = st.lists(st.tuples(RAW, st.sampled_from([b"1", b"", b"\xff,"])), max_size=6).map(tuple)


def theirs(fields: tuple[tuple[bytes, bytes], ...], name: str | bytes) -> list[str]:
    """Return what mitmproxy's own code finds, which nothing is put in the place of."""
    wanted = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
    plain: Any = multidict._MultiDict
    found = plain.get_all(http.Headers(fields), wanted)
    return [value.decode("utf-8", "surrogateescape") for value in found]


@given(fields=FIELDS, raw=RAW)
def test_the_same_is_found_as_by_mitmproxy(
    fields: tuple[tuple[bytes, bytes], ...], raw: bytes
) -> None:
    """Whatever stands in the headers, each look-up by text or bytes, in any case, gives what it
    gave before.
    """
    headers = http.Headers(fields)
    for name in (raw, raw.upper(), raw.decode("utf-8", "surrogateescape")):
        expected = theirs(fields, name)
        assert quick.values_of(headers, name) == expected
        assert quick.is_there(headers, name) is bool(expected)
        assert quick.value_of(headers, name, 7) == (", ".join(expected) if expected else 7)
        if expected:
            assert quick.value_there(headers, name) == ", ".join(expected)
        else:
            with pytest.raises(KeyError):
                quick.value_there(headers, name)


@given(steps=st.lists(st.tuples(st.sampled_from("set add drop put".split()), RAW), max_size=8))
def test_headers_that_change_are_found_as_they_are_now(steps: list[tuple[str, bytes]]) -> None:
    """What was found before stands in nobody's way, however headers are changed, and a copy is
    looked through for itself.
    """
    headers = http.Headers([(b"host", b"a")])
    for how, name in steps:
        if how == "set":
            headers.set_all(name, [b"1", b"2"])
        elif how == "add":
            headers.add(name, b"3")
        elif how == "drop":
            headers.pop(name, None)
        else:
            changing = [*headers.fields]
            headers.fields = changing  # type: ignore[assignment]
            assert quick.values_of(headers, name) == theirs(headers.fields, name)
            changing.append((name, b"4"))
            assert quick.values_of(headers, name) == theirs(headers.fields, name)
            headers.fields = (*changing,)
        for one in (headers, headers.copy()):
            assert quick.values_of(one, name) == theirs(one.fields, name)
        assert quick.values_of(headers, "host") == theirs(headers.fields, "host")


@pytest.mark.parametrize("name", [3, ("a",)])
def test_what_is_no_name_is_refused(name: Any) -> None:
    """A mistake in a caller is no header that is missing."""
    with pytest.raises(TypeError):
        quick.values_of(http.Headers(), name)


ODD: Any = st.sampled_from([("a", b"b"), (b"a",), (b"a", b"b", b"c"), b"ab", 7, [b"a", b"b"], None])


@given(fields=st.lists(st.tuples(RAW, RAW) | ODD, max_size=4), named=st.booleans())
def test_headers_are_made_as_by_mitmproxy(fields: list[Any], named: bool) -> None:
    """Whatever they are made of, and refused where mitmproxy refuses it."""
    more = {"content_type": "text/plain"} if named else {}

    def outcome(make: Any) -> Any:
        headers = http.Headers.__new__(http.Headers)
        try:
            make(headers, iter(fields), **more)
        except (TypeError, ValueError) as error:
            return type(error)
        return headers.fields

    assert outcome(quick.made) == outcome(quick._THEIR_INIT)


@given(FIELDS, st.frozensets(st.sampled_from([b"a", b"b", b"content-type", b"host"])))
def test_one_of_several_is_found_as_each_by_itself(
    fields: tuple[tuple[bytes, bytes], ...], names: frozenset[bytes]
) -> None:
    """Whatever the headers say, and when they say something else."""
    headers = http.Headers(fields)
    assert quick.is_one_there(headers, names) == any(theirs(fields, name) for name in names)
    headers["X-B"] = "1"
    assert quick.is_one_there(headers, frozenset({b"x-b"}))
    del headers["x-b"]
    assert not quick.is_one_there(headers, frozenset({b"x-b"}))
