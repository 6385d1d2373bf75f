"""Cells of a column are asked together whether any spells something: each answers as if alone."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.codecs.linear import by_line, compiled
from classifiers.decoding import column_lines, dumps, first_look, joints, number_lists, spelled
from examples import most

_LEAST = 24
_SECRET = b"ship to Maria Beispiel, maria.beispiel@contoso.com"
_LETTERS = "ABCDEFGHabcdefgh0123456789+/-_=\\\r\t ,;:%~<>{}|xXuU'\"&#@.[]()*`"
_SEEDS = (
    "DE75512108001245126199",
    "DE75 5121 0800 1245 1261 99",
    "DE75 5121  0800 1245\\n 1261 99",
    "Maria.Beispiel@Contoso.com",
    "maria.<b>beispiel</b>7@contoso.com",
    "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18",
    "0x41,0x42,0x43,0x44,0x45,0x46,0x47,0x48,0x49,0x50,0x51,0x52",
    "c[0]=68;c[1]=69;c[2]=70;c[3]=71;c[4]=72;c[5]=73;c[6]=74;c[7]=75;c[8]=76;c[9]=1;c[10]=2;c[11]=3;",
    "'m','a','r','i','a','.','b','e','i','s','p','i','e','l','@','c','o','n','t','o'",
    "=41=42 +AGE- U+0041 U+0042 U+0043 U+0044 U+0045 U+0046 U+0047 U+0048",
    "begin 644 a\\n#0V%T\\n`\\nend\\n",
    "0000 6d 61 72 69 61\\n0010 6d 61 72 69 61",
    "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t",
    base64.b85encode(_SECRET).decode(),
    base64.a85encode(_SECRET, adobe=True).decode(),
    base64.a85encode(_SECRET, adobe=True, wrapcol=20).decode().replace("\n", " "),
    " ".join(base64.b85encode(_SECRET * 2).decode()[at : at + 30] for at in range(0, 120, 30)),
    "jTD)Q0tWUD[h*iSdAuS|*tBVm*Gr@3S[xqV$Qm5GEAB8tgA",
)
_CELLS = st.lists(
    st.one_of(
        st.text(st.sampled_from(_LETTERS), max_size=120),
        st.sampled_from(_SEEDS),
        st.tuples(st.sampled_from(_SEEDS), st.integers(0, 40)).map(lambda x: x[0][x[1] :]),
        st.tuples(st.sampled_from(_SEEDS), st.sampled_from(_SEEDS)).map(" ".join),
        st.text(max_size=40),
    ),
    max_size=12,
)


@given(_CELLS)
@settings(max_examples=most(1500))
def test_no_cell_that_spells_something_is_passed_over(cells: list[str]) -> None:
    """Whatever stands in the cells above and below, each is read that a reading of it alone would
    find something in; in their order, as often as they stand there.
    """
    column = "\n".join(cells).encode("utf-8", "replace")
    lines = [line for line in column.split(b"\n") if len(line) >= _LEAST]

    read = column_lines.worth_reading(column, _LEAST)

    rest = iter(lines)
    assert all(any(line == one for one in rest) for line in read)
    told = [line for line in lines if next(spelled.stretches(line), None) is not None]
    rest = iter(read)
    assert all(any(line == one for one in rest) for line in told)


@given(_CELLS)
@settings(max_examples=most(400))
def test_lines_are_searched_as_if_each_were_all(cells: list[str]) -> None:
    """One pass over the column finds the lines that a search of each finds."""
    lines = "\n".join(cells).encode("utf-8", "replace").split(b"\n")
    column = b"\n".join(lines)
    for pattern in (
        first_look.HEX,
        *first_look.BUT_PAIRS,
        number_lists.PLAIN,
        number_lists.LETTERED,
        number_lists.QUOTED,
        dumps.BASE_45,
        joints.IN_ONE_LINE,
        r"^[^a-z]{2,}$",
    ):
        alone = compiled(pattern)
        places = list(by_line(pattern)(column))
        assert [column[a:b] for a, b in places] == [x for x in lines if alone.search(x)]


@pytest.mark.parametrize("size", [3, 400])
def test_account_numbers_below_each_other_are_nobodys_spelling(size: int) -> None:
    """A column of account numbers costs no second reading: none of them goes on in the next."""
    column = b"\n".join(b"GB%02dNWBK%014d" % (at % 90 + 10, at * 7919) for at in range(size))
    longer = b"\n".join(b"PL%02d%024d" % (at % 90 + 10, at * 7919) for at in range(size))

    assert not column_lines.worth_reading(column, _LEAST)
    assert not column_lines.worth_reading(longer, _LEAST)


def test_one_cell_among_many_is_read_alone() -> None:
    """Of a thousand cells the one in base85 is read, and no other."""
    plain = [b"order %06d was shipped to the depot" % number for number in range(1000)]
    column = b"\n".join([*plain[:500], base64.b85encode(_SECRET), *plain[500:]])

    assert column_lines.worth_reading(column, _LEAST) == [base64.b85encode(_SECRET)]
