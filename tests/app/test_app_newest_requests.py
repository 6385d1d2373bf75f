"""What is looked at where all requests would take too long."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app import newest_requests as module
from app.newest_requests import newest_requests
from evidence.batch import Appender, Batch, Items
from evidence.database import connect
from evidence.schema import prepare
from evidence.store import Store
from tests.evidence.conftest import make_record


def test_the_newest_are_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the very last, over as many pages as it takes."""
    path = tmp_path / "evidence.db"
    prepare(path)
    monkeypatch.setattr(module, "NEWEST", 1_200)
    first = make_record()
    records = [replace(first, id=f"{n:036d}") for n in range(1_300)]
    with closing(connect(path)) as connection:
        items = Items()
        batch = Batch(closes=[items.closed(one) for one in records])
        Appender(connection, "newest").write(batch)
    store = Store(path)
    found = [int(one.id) for one in newest_requests(store)]
    assert found == list(range(100, 1_300))
    store.close()
