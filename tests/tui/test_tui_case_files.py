"""The section of a case that tells which files were sent."""

from dataclasses import replace

import pytest

from core.sent_file import FilesLook
from core.vocabulary.files import LOOKS
from tests.core.test_core_record import FULL
from tests.core.test_core_sent_file import FILE
from tui.case_files import files_section


def words(look: FilesLook | None, *, found: bool) -> str:
    record = replace(FULL, files=(FILE,) if found else (), files_look=look)
    return " ".join(row.text for row in files_section(record).rows)


@pytest.mark.parametrize("found", [True, False])
@pytest.mark.parametrize("look", [look for look in FilesLook if look is not FilesLook.WHOLE])
def test_a_look_that_was_not_whole_is_shown_with_and_without_files(
    look: FilesLook, found: bool
) -> None:
    """A reviewer never takes “not looked” for “none”."""
    told = words(look, found=found)
    assert LOOKS[look] in told and (FILE.name in told) is found


def test_none_is_said_only_after_a_whole_look() -> None:
    """What nobody looked at says so; what was looked at says what was found."""
    assert "none is in this request" in words(FilesLook.WHOLE, found=False)
    assert words(FilesLook.WHOLE, found=True).count(FILE.path) == 1
    assert "looked at" not in words(FilesLook.WHOLE, found=True)
    assert words(None, found=False) == "Not looked at: nothing asked for it"


def test_a_files_name_is_shown_as_it_is() -> None:
    """With no letter made large: there it may be another file."""
    record = replace(
        FULL, files=(replace(FILE, path="/srv/visits.csv"),), files_look=FilesLook.WHOLE
    )
    told = [row.text for row in files_section(record).rows]
    assert any(text.startswith("visits.csv (") for text in told)
