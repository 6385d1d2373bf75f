"""A stranger adds a reader for one more kind of document: tried in a copy of the house."""

from pathlib import Path

from scratch_copy import ScratchCopy, passed

READER = '''"""ACME ledgers: words between bars."""

from classifiers.documents.reader import Work
from classifiers.payload import Document

MEDIA_TYPES = frozenset({"application/x-acme-ledger"})


def read(document: Document, work: Work) -> None:
    """Read the words."""
    words = document.data[5:].decode("utf-8", "replace")
    work.text(words.replace("|", "\\\\n"), None, document.path)
'''
MAGIC = '    Magic(b"\\x89HDF\\r\\n\\x1a\\n", "application/x-hdf5"),\n'
ROW = '    Magic(b"ACME\\x01", "application/x-acme-ledger"),\n'
SAMPLE = '        "letter.acme": b"ACME\\x01Write to|" + EMAIL.encode() + b"|",\n'
CONTRACT = "tests/classifiers/documents/test_documents_readers.py"
COVERED = f"{CONTRACT}::test_samples_cover_every_reader"
WHOLE = f"{CONTRACT}::test_every_kind_is_read_whole"


def with_reader(folder: Path) -> ScratchCopy:
    """Return a copy with the reader, and how its files begin."""
    house = ScratchCopy.of(folder, "classifiers")
    house.add("classifiers/documents/readers/acme_ledger.py", READER)
    house.put("classifiers/codecs/magic.py", MAGIC, ROW)
    return house


def test_a_file_and_how_it_begins_are_all_that_a_new_kind_takes(tmp_path: Path) -> None:
    """The contract's tests pick it up with a sample: it is read, whatever it is called."""
    house = with_reader(tmp_path)
    tests = "tests/classifiers/documents"
    house.put(f"{tests}/conftest.py", '        "letter.rtf": rtf_file(),\n', SAMPLE)
    house.put(f"{tests}/test_documents_readers.py", " slides.pptx people.pkl", " letter.acme")
    kinds = f"{CONTRACT}::test_kinds_are_told_by_their_bytes"
    cut = f"{CONTRACT}::test_cut_documents_are_never_silent"

    assert passed(house.pytest(COVERED, WHOLE, kinds, cut, "-k", "acme or samples")) == 4


def test_a_reader_without_a_sample_is_red(tmp_path: Path) -> None:
    """A kind that no test ever reads is not in the house."""
    done = with_reader(tmp_path).pytest(COVERED)
    assert "1 failed" in done.stdout and "acme_ledger" in done.stdout
