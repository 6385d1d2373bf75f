"""A number is the same number in whatever form a program keeps or writes it."""

import io
import json
import pickle
import struct
from functools import cache

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_traffic import exchange

from classifiers.decoding.number_forms import (
    cells_of,
    of_float,
    of_text,
    plain_cells,
    put_together,
)
from classifiers.engine import Engine, EngineSetup, build_worker
from core.exchange import Exchange
from core.organisation import Organisation

SETUP = EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)
INLINE = Engine(SETUP)
CARD, IBAN = 4539148803436467, "DE02120300000000202051"
FLOAT, POWER = f"{CARD}.0", "4.539148803436467e15"
PIECES = [4539, 1488, 343, 6467]


@cache
def worker() -> Engine:
    """The engine of a worker, which knows all rules: seconds to build, and not for those who only
    look what tests there are.
    """
    return build_worker(SETUP)


def kinds(sent: Exchange) -> set[str]:
    """As the gate does: on the loop, and in a worker where that waits for one."""
    seen = INLINE.classify(sent)
    seen = worker().classify(sent) if seen.deferred else seen
    return {finding.kind for finding in seen.findings}


def of(value: str) -> Exchange:
    """JSON with this value, as it is written."""
    return exchange(f'{{"card_number": {value}}}')


def rows(value: str, count: int = 5) -> Exchange:
    """Records with this value in a column."""
    inner = ",".join(f'{{"id": {n}, "total": 1.5, "card_number": {value}}}' for n in range(count))
    return exchange(f"[{inner}]")


def csv(value: str) -> Exchange:
    """A table with this value in a column."""
    lines = "\n".join(f"{n},{value}" for n in range(9))
    return exchange(f"id,card_number\n{lines}", "text/csv")


def parquet() -> Exchange:
    """A table file with a column of fractions."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.table({"id": [1, 2], "card_number": [float(CARD)] * 2}), out)
    return exchange(out.getvalue(), "application/octet-stream")


FORMS = {
    "fraction": of(FLOAT),
    "power of ten": of(POWER),
    "power of ten in capitals": of(POWER.upper()),
    "text of a fraction": of(f'"{FLOAT}"'),
    "text of hundredths": of(f'"{CARD},00"'),
    "text of a power": of(f'"{POWER}"'),
    "thousands by commas": of(f'"{CARD:,}"'),
    "thousands by points": of(f'"{CARD:,}"'.replace(",", ".")),
    "thousands by lines": of(f'"{CARD:_}"'),
    "in a short list": of(f"[{CARD}, 2]"),
    "fraction in a short list": of(f"[1.0, {FLOAT}]"),
    "in a list of lists": of(f"[[{CARD}, 1], [2, 3]]"),
    "alone in a long list": of(json.dumps([*range(50), CARD])),
    "fraction alone in a long list": of(json.dumps([*[1.5] * 50, float(CARD)])),
    "among flags": of(json.dumps([True, None] * 20 + [CARD])),
    "groups in a list": of(json.dumps(PIECES)),
    "digits in a list": of(json.dumps([int(d) for d in str(CARD)])),
    "digits as texts": of(json.dumps(list(str(CARD)))),
    "digits in lists of a list": of(json.dumps([[int(d)] for d in str(CARD)])),
    "fractions of records": rows(FLOAT),
    "powers of records": rows(POWER),
    "fractions of many records": rows(FLOAT, 90),
    "CSV of fractions": csv(FLOAT),
    "CSV of powers": csv(POWER),
    "CSV of thousands": csv(f'"{CARD:,}"'),
    "form of a power": exchange(f"card_number={POWER}", "application/x-www-form-urlencoded"),
    "msgpack": exchange(msgpack.packb({"card_number": float(CARD)}), "application/msgpack"),
    "Parquet": parquet(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_card_is_found_in_every_form(form: str) -> None:
    """A card number under its name is found as a fraction, a power of ten, in groups or pieces."""
    assert "credit_card" in kinds(FORMS[form])


@pytest.mark.parametrize("width", [1, 2, 4, 6, 8])
def test_an_iban_in_pieces_is_found(width: int) -> None:
    """A bank number cut into the items of a list is put together, whatever the list is called."""
    pieces = [IBAN[at : at + width] for at in range(0, len(IBAN), width)]
    assert "iban" in kinds(exchange(json.dumps({"parts": pieces})))


def test_amounts_vectors_and_tags_are_no_numbers_of_anybody() -> None:
    """Prices, embeddings, versions, dates, addresses and lists of words stay what they are."""
    body = {
        "price": 12345678.5,
        "embedding": [0.25] * 60,
        "size": [1920, 1080],
        "tags": ["python", "data", "web"],
        "version": "10.15.7",
        "address": "192.168.100.100",
        "date": "2026-11-25",
        "scores": [1, 2, 3, 4, 5],
        "total": "1,234.50",
    }
    assert kinds(exchange(json.dumps(body))) == set()


@given(st.integers(10**8, 10**15))
def test_every_form_of_a_whole_number_gives_its_digits(number: int) -> None:
    """Whatever the number, its digits come back."""
    assert of_float(float(number)) == str(number)
    assert of_text(f"{number}.000") == str(number)
    assert of_text(f"{number:,}.00") == of_text(f"{number:_}") == str(number)
    assert plain_cells([f"{number:_}", "x"]) == [str(number), "x"]
    shown = f"{number:.17e}"
    lead, _, power = shown.partition("e")
    assert of_text(f"{lead.rstrip('0') or '0'}e{power}") in {str(number), None}


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader_of_numbers(text: str) -> None:
    """Any text gives digits only or nothing."""
    found = of_text(text)
    assert found is None or (found.isdecimal() and len(found) >= 8)


@given(st.lists(st.one_of(st.integers(), st.text(max_size=9), st.floats(), st.none()), max_size=50))
def test_lists_of_anything_else_are_not_put_together(values: list[object]) -> None:
    """What is put together is short, and letters and digits only."""
    for text in put_together(values):
        assert text.isalnum()
        assert len(text) <= 64


def test_numbers_of_other_kinds_of_files_are_read() -> None:
    """Fractions in pickles, arrays and messages come out as digits."""
    from classifiers.codecs.protobuf import read_fields
    from classifiers.documents import read_document
    from classifiers.payload import Document

    head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n"
    array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head
    for data in (pickle.dumps([float(CARD), "x"]), array + struct.pack("<2d", 1.5, CARD)):
        read = read_document(Document(data, None, None))
        assert str(CARD) in {line for s in read.segments for line in s.text.splitlines()}
    assert read_fields(b"\x09" + struct.pack("<d", CARD)).found[0].value == CARD


@given(
    st.lists(
        st.one_of(
            st.text("0123456789+-.,:eE_'/ é\n\x00", max_size=24),
            st.sampled_from([FLOAT, POWER, "+4.539148803436467E15", "4,539,148,803", "Ann", ""]),
        ),
        max_size=6,
    )
)
def test_a_column_of_polars_comes_out_as_its_cells_do(cells: list[str]) -> None:
    """Where it tells that no cell can be a number, none is."""
    polars = pytest.importorskip("polars")
    assert cells_of(polars.Series(cells, dtype=polars.String)) == plain_cells(cells)
