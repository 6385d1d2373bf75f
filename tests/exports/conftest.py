"""What the tests of exports share: the evidence that the tests of the store write."""

from tests.evidence.conftest import (
    full,
    make_record_fixture,
    place,
    told,
    write,
    writer,
)

__all__ = ["full", "make_record_fixture", "place", "told", "write", "writer"]
