"""Advisories: which version of which package they name, by the letter of the format."""

import gzip
import io
import json
import lzma
import tarfile
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version

from core.errors import InputError
from inventory.advisories.kept import Advisories, import_advisories, load
from inventory.advisories.osv import NoAdvisoryError, read_record
from inventory.advisories.versions import order

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def record(id_: str = "PYSEC-1", **fields: Any) -> dict[str, Any]:
    """Return a record about `pkg` with these fields of its one affected package."""
    known = ("aliases", "withdrawn", "summary", "modified")
    top: dict[str, Any] = {key: fields.pop(key) for key in known if key in fields}
    package = {"name": fields.pop("name", "pkg"), "ecosystem": fields.pop("ecosystem", "PyPI")}
    return {
        "id": id_,
        "modified": "2026-11-25T00:00:00Z",
        **top,
        "affected": [{"package": package, **fields}],
    }


def events(*pairs: str, kind: str = "ECOSYSTEM") -> dict[str, Any]:
    """Return a range: `introduced 1.0`, `fixed 2.0`…"""
    return {"type": kind, "events": [dict([pair.split()]) for pair in pairs]}


def imported(tmp_path: Path, *records: Any) -> Advisories:
    """Import records and load them again."""
    source = tmp_path / "export.jsonl"
    source.write_text("\n".join(json.dumps(one) for one in records))
    import_advisories(source, tmp_path / "kept", NOW)
    found = load(tmp_path / "kept")
    assert found is not None
    return found


RANGES = [
    (
        ["introduced 0", "fixed 2.0"],
        ["0.1", "1.9.9", "2.0rc1", "2.0.dev1"],
        ["2.0", "2.0.0", "2.0.post1", "3"],
    ),
    (["introduced 1.0"], ["1.0", "1", "1.0.0", "99"], ["0.9", "1.0a1", "1.0.dev3"]),
    (
        ["introduced 0", "last_affected 1.5"],
        ["0", "1.5", "1.5.0", "1.5+local"],
        ["1.5.post1", "1.5.1", "2"],
    ),
    (
        ["introduced 1.0", "fixed 1.2", "introduced 2.0", "fixed 2.3"],
        ["1.1", "2.0", "2.2"],
        ["0.9", "1.2", "1.9", "2.3"],
    ),
    (
        ["fixed 1.2", "introduced 2.0", "introduced 1.0", "fixed 2.3"],
        ["1.1", "2.0"],
        ["1.2", "2.3"],
    ),
    (["introduced 0", "fixed 1!2.0"], ["5.0", "1!1.9"], ["1!2.0", "1!3"]),
    (["introduced 0", "fixed 1.10"], ["1.9", "1.2"], ["1.10", "1.11"]),
    (["introduced 0", "limit 3.0"], ["2.9"], ["3.0", "4"]),
    (["fixed 2.0"], [], ["1.0", "2.0"]),
    (["introduced 2.0", "fixed 2.0"], ["2.0", "3"], ["1.0"]),
    ([], [], ["1.0"]),
]


@pytest.mark.parametrize(("pairs", "named", "free"), RANGES)
def test_a_range_names_what_lies_in_it(pairs: list[str], named: list[str], free: list[str]) -> None:
    """A hole begins where it was introduced and ends where it was mended, by the
    order of PEP 440.
    """
    advisory = read_record(record(ranges=[events(*pairs)], versions=["0.0.1.never"]))
    assert advisory is not None
    affected = advisory.packages["pkg"]

    told = {version: affected.names(version) for version in [*named, *free]}
    assert told == dict.fromkeys(named, True) | dict.fromkeys(free, False)


def test_listed_versions_and_several_ranges_add_up(tmp_path: Path) -> None:
    """Any range, or the list of versions, is enough; ranges of commits say nothing of versions."""
    found = imported(
        tmp_path,
        record(ranges=[events("introduced 1.0", "fixed 1.1"), events("introduced 3", "fixed 4"),
                       events("introduced 0", kind="GIT")], versions=["2.0", "2004d"]),
    )  # fmt: skip
    names = {
        v
        for v in ("0.5", "1.0", "1.1", "2", "2.0.0", "2.1", "3.9", "4", "2004d", "2004e")
        if found.of("pkg", v)
    }

    assert names == {"1.0", "2", "2.0.0", "3.9", "2004d"}


@pytest.mark.parametrize(
    "one",
    [
        record(withdrawn="2023-11-08T00:00:00Z", ranges=[events("introduced 0")]),
        record(ecosystem="npm", ranges=[events("introduced 0")]),
        record(name="pkg2", ranges=[events("introduced 0")]),
        record(ranges=[events("introduced 0", kind="GIT")]),
        {"id": "X", "affected": []},
        {"id": "X"},
    ],
)
def test_what_was_withdrawn_or_is_about_others_names_nothing(tmp_path: Path, one: Any) -> None:
    """A withdrawn record, another ecosystem, another package, or no range at all
    name no version.
    """
    found = imported(tmp_path, record("KEPT-1", name="other", versions=["1"]), one)

    assert found.of("pkg", "1.0") == ()


@pytest.mark.parametrize(
    "name", ["Flask_SQLAlchemy", "flask.sqlalchemy", "FLASK-SQLAlchemy", "flask--sqlalchemy"]
)
def test_a_package_is_one_under_every_spelling(tmp_path: Path, name: str) -> None:
    """Names are compared as installers do."""
    found = imported(tmp_path, record(name="Flask-SQLAlchemy", versions=["1.0"]))

    assert [a.id for a in found.of(name, "1.0")] == ["PYSEC-1"]


def test_aliases_are_one_hole(tmp_path: Path) -> None:
    """Two records of one hole are told once, under all their names, with what mends it."""
    found = imported(
        tmp_path,
        record("GHSA-1", aliases=["CVE-1"], ranges=[events("introduced 0", "fixed 2.0")]),
        record(
            "PYSEC-1",
            aliases=["CVE-1", "GHSA-1"],
            summary="Bad",
            ranges=[events("introduced 0", "fixed 2.0")],
        ),
        record("PYSEC-2", aliases=["CVE-2"], versions=["1.0"]),
        record("GHSA-3", aliases=["CVE-1"], withdrawn="2026-01-01T00:00:00Z", versions=["1.0"]),
    )
    told = [(r.advisory, r.aliases, r.fixed) for r in found.at_risk("pkg", "1.0")]

    assert told == [("PYSEC-1", ("CVE-1", "GHSA-1"), ("2.0",)), ("PYSEC-2", ("CVE-2",), ())]


def test_malicious_packages_are_told_apart(tmp_path: Path) -> None:
    """A package that was made to do harm is no package with a hole."""
    found = imported(
        tmp_path,
        record("MAL-2026-1", name="evil", ranges=[events("introduced 0")]),
        record("GHSA-x", name="evil2", aliases=["MAL-2026-2"], versions=["1.0"]),
        record("PYSEC-1", name="weak", versions=["1.0"]),
    )
    assert [found.at_risk(n, "1.0")[0].malicious for n in ("evil", "evil2", "weak")] == [
        True,
        True,
        False,
    ]
    assert found.imported.malicious == 2


VERSIONS = st.builds(
    "{}{}.{}{}".format,
    st.sampled_from(["", "1!"]),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from(["", "a1", "rc1", ".post1", ".dev1"]),
)


@given(
    marks=st.lists(
        st.tuples(st.sampled_from(["introduced", "fixed", "last_affected"]), VERSIONS), max_size=6
    ),
    version=VERSIONS,
)
def test_any_events_are_read_as_the_format_says(marks: list[tuple[str, str]], version: str) -> None:
    """Whatever the events and their order: the last one at or before a version decides."""
    read = read_record(record(ranges=[events(*(f"{k} {v}" for k, v in marks))], versions=["9.9"]))
    assert read is not None

    inside = False
    for kind, at in sorted(marks, key=lambda mark: (order(mark[1]), mark[0] == "introduced")):
        if kind == "introduced" and order(version) >= order(at):
            inside = True
        if kind == "fixed" and order(version) >= order(at):
            inside = False
        if kind == "last_affected" and order(version) > order(at):
            inside = False
    assert read.packages["pkg"].names(version) is inside


@given(one=VERSIONS, other=VERSIONS)
def test_places_are_in_the_order_of_versions(one: str, other: str) -> None:
    """What is compared as text is what PEP 440 says; ten comes after nine."""
    a, b = f"{one}.{other}", f"{other}.10.{one}"
    for first, second in ((one, other), (a, b), (f"{one}.post9", f"{one}.post10")):
        try:
            versions = Version(first), Version(second)
        except InvalidVersion:
            continue
        assert (order(first) < order(second)) is (versions[0] < versions[1])
        assert (order(first) == order(second)) is (versions[0] == versions[1])


def test_advisories_of_the_format_before_are_read(tmp_path: Path) -> None:
    """What was imported by an earlier version names the same versions, without a new import."""
    found = imported(tmp_path, record(ranges=[events("introduced 1.0", "last_affected 1.2")]))
    place = next(found._records.parent.glob("records-*.jsonl"))
    (kept,) = json.loads(place.read_bytes())
    del kept["spans"], kept["fixed"]
    kept["ranges"] = [[["introduced", "1.0"], ["fixed", "1.1"], ["introduced", "2"]]]
    data = json.dumps([kept]).encode()
    place.write_bytes(data)
    index = place.parent / "index.json"
    document = json.loads(index.read_bytes()) | {"format": 1, "places": {"pkg": [0, len(data)]}}
    index.write_text(json.dumps(document))
    before = load(place.parent)
    assert before is not None
    told = {version: [a.fixed for a in before.at_risk("pkg", version)] for version in
            ("0.9", "1.0", "1.1", "2.0")}  # fmt: skip
    assert told == {"0.9": [], "1.0": [("1.1",)], "1.1": [], "2.0": [("1.1",)]}


@given(texts=st.lists(st.text(max_size=12), min_size=3, max_size=3))
def test_any_texts_have_an_order(texts: list[str]) -> None:
    """What is no version has its place, too, and the order never contradicts itself."""
    a, b, c = map(order, texts)
    assert (a < b) + (b < a) + (a == b) == 1
    assert not (a < b and b < c) or a < c


@pytest.mark.parametrize(
    "value",
    [None, [], "x", {}, {"id": 5}, {"id": "X", "affected": {}}, {"id": "X", "affected": "y"}],
)
def test_what_is_no_record_is_counted_and_not_quoted(value: Any) -> None:
    """A damaged record is refused without its text."""
    with pytest.raises(
        NoAdvisoryError, match=r"^(not a record|its affected packages are no list)$"
    ):
        read_record(value)


@pytest.mark.parametrize(
    "affected",
    [
        [1],
        [{"package": 1}],
        [{"package": {"name": 5}}],
        [{"package": {"name": "p", "ecosystem": "PyPI"}, "ranges": 5, "versions": {}}],
    ],
)
def test_damaged_parts_are_passed_over(affected: list[Any]) -> None:
    """What does not fit names nothing, and ends nothing."""
    read = read_record({"id": "X", "affected": affected})

    assert read is None or not read.packages["p"].names("1.0")


def _forms(tmp_path: Path, records: list[dict[str, Any]]) -> dict[str, Path]:
    lines = "\n".join(json.dumps(one) for one in records).encode()
    members = {f"{one['id']}.json": json.dumps(one, indent=2).encode() for one in records}
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name, data in members.items():
            archive.writestr(f"PyPI/{name}", data)
        archive.writestr("README.md", "x")
    with tarfile.open(tmp_path / "all.tar.gz", "w:gz") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(f"osv/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    for name, data in members.items():
        place = tmp_path / "clone/vulns/p" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    (tmp_path / "clone/.git").mkdir()
    (tmp_path / "clone/.git/x.json").write_text("{")
    yaml = "id: {}\nmodified: 2026-11-25T00:00:00Z\naffected:\n- package: {{name: {}, ecosystem: PyPI}}\n  versions: ['1.0']\n"
    for one in records:
        place = tmp_path / "yaml" / f"{one['id']}.yaml"
        place.parent.mkdir(exist_ok=True)
        place.write_text(yaml.format(one["id"], one["affected"][0]["package"]["name"]))
    (tmp_path / "all.jsonl").write_bytes(lines)
    (tmp_path / "all.jsonl.xz").write_bytes(lzma.compress(lines))
    (tmp_path / "all.jsonl.gz").write_bytes(gzip.compress(lines))
    (tmp_path / "array.json").write_text(json.dumps(records, indent=1))
    return {name: tmp_path / name for name in FORMS}


FORMS = "all.zip all.tar.gz clone yaml all.jsonl all.jsonl.xz all.jsonl.gz array.json".split()


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_an_export_is_read(tmp_path: Path, form: str) -> None:
    """An export, a clone, lines or an array: all give the same advisories."""
    source = _forms(
        tmp_path, [record("A-1", versions=["1.0"]), record("A-2", name="q", versions=["1.0"])]
    )[form]
    told = import_advisories(source, tmp_path / "kept", NOW)
    found = load(tmp_path / "kept")

    assert (told.advisories, told.packages, told.unreadable) == (2, 2, 0)
    assert found is not None
    assert [a.id for name in ("pkg", "q") for a in found.of(name, "1.0")] == ["A-1", "A-2"]


def test_one_record_spread_over_lines_is_read(tmp_path: Path) -> None:
    """A single advisory can be imported as it is published."""
    source = tmp_path / "PYSEC-1.json"
    source.write_text(json.dumps(record(versions=["1.0"]), indent=2))

    assert import_advisories(source, tmp_path / "kept", NOW).advisories == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"{",
        b"PK\x03\x04xx",
        b"\x1f\x8bxx",
        b"\xfd7zXZ\x00xx",
        b"[1, 2]",
        b"\0" * 600,
    ],
)
def test_what_is_no_export_is_refused_and_keeps_what_was(tmp_path: Path, content: bytes) -> None:
    """A wrong file is an error that says what to give, and the advisories before stay."""
    before = imported(tmp_path, record(versions=["1.0"])).imported
    wrong = tmp_path / "wrong.bin"
    wrong.write_bytes(content)

    with pytest.raises(InputError) as caught:
        import_advisories(wrong, tmp_path / "kept", NOW)
    assert "OSV" in caught.value.remedy
    after = load(tmp_path / "kept")
    assert after is not None
    assert after.imported == before


def test_unreadable_records_are_counted(tmp_path: Path) -> None:
    """A damaged line is said aloud and does not hide the others."""
    source = tmp_path / "x.jsonl"
    source.write_text(json.dumps(record(versions=["1.0"])) + "\n{broken\n[]\n")

    assert import_advisories(source, tmp_path / "kept", NOW).unreadable == 2


def test_age_goes_by_the_newest_record(tmp_path: Path) -> None:
    """An old export is old, however newly it was imported."""
    told = imported(tmp_path, record(versions=["1.0"], modified="2026-11-18T00:00:00Z")).imported

    assert told.is_stale(NOW)
    assert not told.is_stale(NOW - timedelta(days=2))


@pytest.mark.parametrize(
    "damage",
    ["{", '{"format": 9}', '{"format": 1, "imported": {}, "places": {}, "records": "../x"}'],
)
def test_damaged_advisories_are_never_read_as_none(tmp_path: Path, damage: str) -> None:
    """What cannot be read is an error, and no clean bill."""
    imported(tmp_path, record(versions=["1.0"]))
    (tmp_path / "kept/index.json").write_text(damage)

    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "kept")


def test_lost_records_are_never_read_as_none(tmp_path: Path) -> None:
    """The same when only the records have gone."""
    found = imported(tmp_path, record(versions=["1.0"]))
    for path in (tmp_path / "kept").glob("records-*"):
        path.unlink()

    with pytest.raises(InputError, match="cannot be read"):
        found.of("pkg", "1.0")
    assert found.of("other", "1.0") == ()
