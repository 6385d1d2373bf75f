"""Whose folder the service's user takes as its own: who acts as it by sudo names no other."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from app import current_user
from app.home import home_there, open_home
from core.errors import SettingsError

_FOLDER = stat.S_IFDIR | 0o755


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Path, int, int], None]:
    """We are the service's user; folders above `tmp_path` are nobody's to write. Call it with a
    place, its mode, and how much more its user's number is than ours.
    """
    found = Path.lstat
    told = dict.fromkeys((tmp_path, *tmp_path.parents), (_FOLDER, 0))

    def lstat(self: Path) -> os.stat_result:
        if self not in told:
            return found(self)
        mode, more = told[self]
        fields = list(found(self))
        fields[stat.ST_MODE], fields[stat.ST_UID] = mode, os.getuid() + more
        return os.stat_result(fields)

    monkeypatch.setattr(Path, "lstat", lstat)
    monkeypatch.setattr(current_user, "_user", lambda: "outgate")

    def is_told(place: Path, mode: int, more: int) -> None:
        told[place] = (mode, more)

    return is_told


def _at(monkeypatch: pytest.MonkeyPatch, place: Path) -> Path:
    monkeypatch.setenv("OUTGATE_HOME", str(place))
    return place


@pytest.mark.usefixtures("at_home")
def test_the_services_own_folder_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is made where it is not there, and taken where it is."""
    own = _at(monkeypatch, tmp_path / "lib" / "outgate")
    assert [open_home().root, open_home().root] == [own, own]
    assert home_there() is not None


@pytest.mark.parametrize(
    ("mode", "more"),
    [
        (_FOLDER, 7),
        (stat.S_IFDIR | 0o775, 0),
        (stat.S_IFDIR | 0o1777, 0),
        (stat.S_IFLNK | 0o777, 0),
    ],
    ids=["another's", "a group's", "everybody's", "a link since"],
)
@pytest.mark.parametrize("below", ["", "outgate", "two/outgate"])
def test_a_folder_of_anothers_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    at_home: Callable[[Path, int, int], None],
    mode: int,
    more: int,
    below: str,
) -> None:
    """Neither that folder nor one below it is taken, and nothing is made in it."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    theirs.joinpath("settings.yaml").write_text("listen: 127.0.0.1:1\n")
    at_home(theirs, mode, more)
    _at(monkeypatch, theirs / below)
    for opened in (open_home, home_there):
        with pytest.raises(SettingsError, match="others may change"):
            opened()
    assert [one.name for one in theirs.iterdir()] == ["settings.yaml"]


def test_any_other_user_chooses_freely(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, at_home: Callable[[Path, int, int], None]
) -> None:
    """Of people's own gates nothing is asked."""
    monkeypatch.setattr(current_user, "_user", lambda: "eve")
    at_home(tmp_path, stat.S_IFDIR | 0o1777, 7)
    own = _at(monkeypatch, tmp_path / "own")
    assert open_home().root == own
