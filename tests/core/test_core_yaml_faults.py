"""Every YAML file that people write is refused in words where a value in it is none."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.settings_layers import refuse_no_settings
from classifiers.personal.prose.recogniser_files import parse_recognisers
from core.errors import SettingsError
from hub.settings import SETTINGS, load
from inventory.advisories.reading import records

NONE = (
    *("x: 2027-02-31", "x: 2020-01-01 99:00:00", "x: !!int x", "!!int ''", "x: !!float abc"),
    *("!!bool maybe: 1", "[[1]]: 2", f"x: {'[\n ' * 3000}"),
)
IN_ONE_LINE = f"x: {'[' * 3000}"
"""Each bracket may begin a key until its line is long: a second to read, so that one reader is
asked.
"""


@pytest.mark.parametrize("text", NONE)
@pytest.mark.parametrize("read", [refuse_no_settings, parse_recognisers])
def test_settings_and_recognisers_are_refused(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(SettingsError, match="YAML"):
        read(text)


def test_what_is_nested_in_one_line_is_refused() -> None:
    with pytest.raises(SettingsError, match="nested too deeply"):
        refuse_no_settings(IN_ONE_LINE)


@pytest.mark.parametrize("text", NONE)
def test_a_hubs_settings_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / SETTINGS).write_text(text)
    with pytest.raises(SettingsError, match="YAML"):
        load(tmp_path, {})


@pytest.mark.parametrize("text", NONE)
def test_an_advisory_is_told_as_unreadable(tmp_path: Path, text: str) -> None:
    (tmp_path / "PYSEC-1.yaml").write_text(text)
    read = list(records(tmp_path))
    assert len(read) == 1
    assert not isinstance(read[0], dict)
