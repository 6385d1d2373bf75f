"""What a version is made of, in words."""

import pytest

from app.made_of import made_of

GIT = {"root": "/w", "commit": "ab" * 20, "branch": "main", "remote": "https://git.example/etl"}


def test_imports_are_told_with_what_brings_them() -> None:
    """Each import has its distribution and version, or says that none that is installed brings
    it.
    """
    told = made_of(
        {
            "imports": ["cv2", "helpers", "pandas", "old"],
            "used": [
                ["cv2", "opencv-python", "4.10"],
                ["pandas", "pandas", "2.2.3"],
                ["helpers", None, None],
            ],
            "installed": [["pandas", "2.2.3", False]],
            "git": GIT | {"file": "modified"},
        }
    )

    assert told.imports == (
        "cv2 (opencv-python 4.10)",
        "helpers (not installed)",
        "pandas 2.2.3",
        "old",
    )
    assert told.installed == ("pandas 2.2.3",)
    assert told.history == "https://git.example/etl, abababababab on main, modified since"


@pytest.mark.parametrize(
    ("state", "said"),
    [("committed", "as committed"), ("untracked", "no commit holds it"), (None, "not compared")],
)
def test_a_commit_is_shown_with_how_the_file_stands_to_it(state: str | None, said: str) -> None:
    """No commit is shown as if it were what ran, where the file differs from it or is in none."""
    told = made_of({"git": GIT | {"file": state}})
    assert told.history is not None
    assert told.history.endswith(said)


@pytest.mark.parametrize(
    "parts", [{}, {"imports": 3, "installed": "x", "used": [[1]], "git": []}, {"installed": [[1]]}]
)
def test_what_is_not_of_its_form_is_left_out(parts: dict[str, object]) -> None:
    """An older or damaged file says less, and breaks nothing."""
    told = made_of(parts)
    assert (told.imports, told.installed, told.history) == (None, (), None)


def test_names_are_inert() -> None:
    """Names come from foreign files."""
    told = made_of(
        {"imports": ["a\x1b[2J"], "installed": [["b\u202e", "1\n2", 0]], "git": {"root": "\x07"}}
    )
    assert not {"\x1b", "\u202e", "\n", "\x07"} & set(
        repr((told.imports, told.installed)) + str(told.history)
    )
