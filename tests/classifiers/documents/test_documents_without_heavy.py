"""What an installation without the heavy readers reads, and what it says of the rest."""

import sys

import pytest

from classifiers.decoding import DEFAULT, Limits
from classifiers.documents import read_document
from classifiers.payload import Document, Payload

FEW = Limits(table_cells=50, sampled_rows=10)
WIDE = "\n".join(f"{n};Anna Muster;anna{n}@example.com;DE00{n:018d}" for n in range(200)).encode()
TABLES = {
    "plain.csv": b"id,name,email\n1,Anna,a@example.com\n2,Bo,b@example.com\n",
    "quoted.csv": b'id,note\n1,"a, b\n and ""c"""\n2,"d"\n',
    "semicolons.csv": "näme;größe\nÄnne;1,5\nBö;2\n".encode(),
    "tabs.tsv": b"id\tname\n1\tAnna\n2\tBo\n",
    "latin.csv": "name,ort\nMüller,Köln\nMeier,Bonn\n".encode("latin-1"),
    "ends.csv": b"id,name\r\n1,Anna\r\n2,Bo\r\n",
    "no-header.csv": b"1,2,3\n4,5,6\n7,8,9\n",
    "one-column.csv": b"email\na@example.com\nb@example.com\n",
    "empty-cells.csv": b"a,b,c\n1,,3\n,,\n4,5,\n",
    "long.csv": WIDE,
}
ODD = {
    "ragged.csv": b"a,b,c\n1,2,3\n4,5\n6,7,8\n9,10,11\n",
    "one-line.csv": b"a,b,c\n",
    "empty.csv": b"",
    "open-quote.csv": b'a,b\n1,"2\n3,4\n5,6\n',
    "large-cell.csv": b"a,b\n1," + b"x" * 200_000 + b"\n2,c\n",
}


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of them is installed."""
    for name in ("polars", "pyarrow", "pyarrow.parquet", "pyarrow.orc", "pypdfium2"):
        monkeypatch.setitem(sys.modules, name, None)


def told(payload: Payload) -> object:
    tables = [(t.columns, t.rows, t.complete, t.values) for t in payload.tables]
    return tables, sorted(s.text for s in payload.segments), [u.reason for u in payload.unread]


@pytest.mark.parametrize("limits", [DEFAULT, FEW], ids=["whole", "sampled"])
@pytest.mark.parametrize("name", TABLES)
def test_tables_of_text_are_read_the_same(
    name: str, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Columns, rows and every value are those that the heavy reader finds."""
    heavy = told(read_document(Document(TABLES[name], None, name), limits))
    monkeypatch.setitem(sys.modules, "polars", None)
    assert told(read_document(Document(TABLES[name], None, name), limits)) == heavy


@pytest.mark.parametrize("name", ODD)
def test_odd_tables_are_read_as_text_at_least(name: str, light: None) -> None:
    """What is no table is text, and nothing of it is lost."""
    payload = read_document(Document(ODD[name], None, name), DEFAULT)
    assert not payload.unread
    words = "\n".join(segment.text for segment in payload.segments)
    _, _, values = ODD[name].replace(b'"', b"").partition(b"\n")
    for cell in values.replace(b"\n", b",").split(b","):
        assert cell.decode() in words.replace('"', "")


@pytest.mark.parametrize(
    "head",
    [b"PAR1" + b"\0" * 40 + b"PAR1", b"ORC" + b"\0" * 40, b"%PDF-1.7\n%%EOF\n"],
    ids=["parquet", "orc", "pdf"],
)
def test_what_needs_an_extra_is_said_to_need_it(head: bytes, light: None) -> None:
    """A file is never clean because nobody could read it: the record names the extra."""
    [unread] = read_document(Document(head, None, "people.parquet"), DEFAULT).unread
    assert unread.reason == "not inspected: needs outgate[documents]"
