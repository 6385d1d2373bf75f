"""Packs and tables that an earlier version really wrote (`kept/`, of every ending in `fates`) stay
whole to those who check them now: they told of what left otherwise, and had fewer columns.
"""

import ast
import csv
import io
import lzma
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from fates import ENDINGS, ended
from packs import checked, pack, parts_of

from core.record import Record
from exports.columns import EARLIER, HEADINGS
from exports.pack import checking
from exports.pack.checking import telling
from exports.verification import verify_export
from tests.exports.test_exports_pack_changed import forged

KEPT = Path(__file__).parent / "kept"
KEPT_ENDINGS = {13: 17, 14: 18}
"""So many of `fates` were there when those were written, by the schema of the writer."""
type Edit = Callable[[list[list[str]]], object]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table that schema 13 wrote."""
    return unpacked(tmp_path, 13)


def unpacked(tmp_path: Path, schema: int) -> Path:
    place = tmp_path / "export.csv"
    place.write_bytes(lzma.decompress((KEPT / f"export-{schema}.csv.xz").read_bytes()))
    return place


@pytest.mark.parametrize("schema", KEPT_ENDINGS)
def test_a_pack_of_an_earlier_version_is_whole(schema: int) -> None:
    place, endings = KEPT / f"pack-{schema}.zip", KEPT_ENDINGS[schema]
    report = verify_export(place)
    assert (report.result, report.problems) == ("complete", ())
    assert report.entries == endings == len(parts_of(place)["records.csv"].splitlines()) - 1
    assert checked(place)[0] == 0


@pytest.mark.parametrize("schema", KEPT_ENDINGS)
def test_a_table_of_an_earlier_version_is_whole(tmp_path: Path, schema: int) -> None:
    report = verify_export(unpacked(tmp_path, schema))
    told = report.result, report.problems, report.entries
    assert told == ("complete", (), KEPT_ENDINGS[schema])


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"Bytes sent,", b"Bytes kept,", 1),
        lambda text: text.replace(b"Bytes sent are,", b"", 1),
        lambda text: text.replace(b"Bytes sent are,", b"Bytes sent are,Delivery,", 1),
        lambda text: text.replace(b"Bytes sent are,", b"Tier,Bytes sent are,", 1),
    ],
)
def test_headings_that_no_version_wrote_are_not(
    table: Path, change: Callable[[bytes], bytes]
) -> None:
    """Nor those of another version than the rows are of."""
    text = table.read_bytes()
    assert change(text) != text
    table.write_bytes(change(text))
    assert not verify_export(table).ok


def test_columns_of_an_earlier_version_are_some_of_these() -> None:
    assert all(set(one) < set(HEADINGS) for one in EARLIER)
    assert set(HEADINGS) - set(EARLIER[-2]) == set(telling.NEWER + telling.NEWEST)
    assert set(HEADINGS) - set(EARLIER[-1]) == set(telling.NEWEST)


# What the owner of the key says in the form of an earlier version


def as_before(parts: dict[str, bytes]) -> None:
    """Take what was added off a table, and say of each record what was said then."""
    in_table(parts, before)
    shown = '… that left the machine</td><td class="n">'
    whole = sum(one.delivery in ("sent", "delivered") for one in ENDINGS.values())
    went = sum(one.went for one in ENDINGS.values())
    text = parts["report.html"].decode()
    assert text.count(f"{shown}{went}</td>") == 1
    parts["report.html"] = text.replace(f"{shown}{went}</td>", f"{shown}{whole}</td>").encode()


def in_table(parts: dict[str, bytes], change: Edit) -> None:
    rows = list(csv.reader(io.StringIO(parts["records.csv"].decode("utf-8-sig"), newline="")))
    change(rows)
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    parts["records.csv"] = ("\ufeff" + text.getvalue()).encode()


def before(rows: list[list[str]]) -> None:
    sent, request = HEADINGS.index("Bytes sent"), HEADINGS.index("Bytes of the request")
    left = HEADINGS.index("Left the machine")
    for row in rows[1:]:
        row[sent] = row[request]
        row[left] = "no" if row[left] == "in part" else row[left]
    for row in rows:
        for name in reversed(telling.NEWER + telling.NEWEST):
            del row[HEADINGS.index(name)]


def of_a_cut_upload(text: str, name: str) -> Edit:
    at = [*ENDINGS].index("upload cut") + 1
    return lambda rows: rows[at].__setitem__(EARLIER[-2].index(name), text)


def wrong(said: str) -> list[str]:
    """Return what is wrong but for how the zip was put together, which `forged` does otherwise."""
    lines = [line for line in said.splitlines() if line.startswith("NOT whole: ")]
    return [line for line in lines if " in the zip " not in line]


@pytest.fixture
def every(place: Path, write: Callable[..., None], make_record: Callable[..., Record]) -> Path:
    """A file of every ending."""
    write(*(ended(make_record, name, number) for number, name in enumerate(ENDINGS)))
    return place


def test_the_earlier_form_is_held_against_the_records_too(every: Path, tmp_path: Path) -> None:
    packed = pack(every, tmp_path / "pack.zip")
    assert wrong(forged(packed, every, as_before)[1]) == []
    for name, text in (("Bytes sent", "0"), ("Left the machine", "in part")):
        edit = of_a_cut_upload(text, name)
        said = wrong(forged(packed, every, partial(in_table, change=edit))[1])
        assert any(f"another thing than the record: {name}" in line for line in said)


def test_a_table_with_one_of_the_later_columns_is_of_no_version(
    every: Path, tmp_path: Path
) -> None:
    packed = pack(every, tmp_path / "pack.zip")

    def without(rows: list[list[str]]) -> None:
        rows[0][HEADINGS.index("Delivery")] = "Delivered"

    code, said = forged(packed, every, lambda parts: in_table(parts, without))
    assert code == 1 and "lacks columns that every table has" in said


def test_no_two_parts_of_the_packs_program_have_a_name_in_common() -> None:
    """They are put together into one file, in which the later one would win."""
    names = [
        name
        for path in Path(checking.__path__[0]).glob("*.py")
        for statement in ast.parse(path.read_text(encoding="utf-8")).body
        for name in named_by(statement)
    ]
    assert len(names) > 50 and sorted(set(names)) == sorted(names)


def named_by(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]
