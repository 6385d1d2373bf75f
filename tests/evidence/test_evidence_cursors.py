"""How far each collector came: believed only where this installation signed it."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.cursors import Cursor, read_cursor, write_cursor

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
