"""How far each collector came: believed only where this installation signed it."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence import verify
from evidence.cursors import FOLDER, NOT_BELIEVED, Cursor, read_cursor, write_cursor
from evidence.notary import Notary
from evidence.store import Store
from exports.outbox.forwarding import Outbox

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()
AT = Cursor(chain="records:1", records=7, acts=3)


def test_what_was_written_is_believed(tmp_path: Path) -> None:
    """Of its own collector, by its own key."""
    write_cursor(tmp_path / "siem.json", AT, KEY)
    kept = read_cursor(tmp_path / "siem.json")
    assert kept.cursor == AT
    assert kept.believed("siem", PUBLIC)
    assert not kept.believed("other", PUBLIC)
    assert not kept.believed("siem", Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    assert not kept.believed("siem", None)


@pytest.mark.parametrize(("name", "value"), [("records", 8), ("acts", 0), ("chain", "records:2")])
def test_a_changed_place_is_not_believed(tmp_path: Path, name: str, value: object) -> None:
    """Nobody makes records pass as sent that were not."""
    file = tmp_path / "siem.json"
    write_cursor(file, AT, KEY)
    file.write_text(json.dumps({**json.loads(file.read_text()), name: value}))
    assert not read_cursor(file).believed("siem", PUBLIC)


def test_a_file_of_an_earlier_version_is_not_believed(tmp_path: Path) -> None:
    """Unsigned, it could be anybody's: everything that is kept is sent again."""
    (tmp_path / "siem.json").write_text('{"chain": "records:1", "records": 7, "acts": 3}')
    kept = read_cursor(tmp_path / "siem.json")
    assert (kept.cursor, kept.believed("siem", PUBLIC)) == (AT, False)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "7", '"x"', "{}", '{"chain": 1, "records": 7, "acts": 3}',
     '{"chain": "c", "records": -1, "acts": 3}', '{"chain": "c", "records": true, "acts": 3}',
     '{"chain": "c", "records": 1e9, "acts": 3}', "[" * 100_000,
     '{"chain": "c", "records": 99999999999999999999, "acts": 3}',
     '{"chain": "c", "records": 1, "acts": 3, "signature": "no hex"}',
     '{"chain": "c", "records": 1, "acts": 3, "signature": 7}', "\xff"],
)  # fmt: skip
def test_what_is_no_place_is_refused(tmp_path: Path, text: str) -> None:
    """Garbage in the file is told, and taken for nothing."""
    (tmp_path / "siem.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError):
        read_cursor(tmp_path / "siem.json")


@pytest.mark.parametrize("signed", [True, False])
def test_verify_says_where_nobody_signed_how_far_a_collector_came(full: Path, signed: bool) -> None:
    """It is no fault of the evidence; but all is sent again, and whoever took it off did that."""
    with closing(Store(full)) as store:
        chain = store.chain_id
    outbox = full.with_name(FOLDER)
    outbox.mkdir()
    place = outbox / "siem.json"
    write_cursor(place, Cursor(chain=chain, records=1), Notary(full).key)
    if not signed:
        told = json.loads(place.read_text())
        place.write_text(json.dumps({k: v for k, v in told.items() if k != "signature"}))
    report = verify(full)
    assert report.problems == ()
    assert any("collector siem came is not signed" in note for note in report.notes) != signed
    with closing(Store(full)) as store:
        doubt = Outbox(store, "siem", "here").doubt()
        assert Outbox(store, "other", "here").doubt() is None
    assert (doubt is None) == signed and NOT_BELIEVED in (doubt or NOT_BELIEVED)
