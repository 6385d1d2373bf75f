"""A folder that the installation itself names stands in the place of Python's own modules alone."""

from pathlib import Path

import pytest

from attribution import linked
from attribution.startup import STANDARD, Start


class _Files:
    """Where nothing is outside."""

    def outside(self, path: str) -> str:
        return path

    def realpath(self, path: str) -> str:
        return str(Path(path).resolve())


class _Start:
    files = _Files()


@pytest.mark.parametrize(
    ("line", "is_installed"),
    [
        ("{project}", True),
        ("{project}/", True),
        ("../project", True),
        ("import sys; sys.path.append('{project}')", False),
        ("# {project}", False),
        ("{project}/inner", False),
        ("", False),
    ],
)
def test_what_a_file_of_paths_names_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, is_installed: bool
) -> None:
    packages, project = tmp_path / "packages", tmp_path / "project"
    packages.mkdir()
    project.mkdir()
    (packages / "_editable.pth").write_text(line.format(project=project) + "\n")
    monkeypatch.setattr(linked, "own_folders", lambda _: [str(packages)])
    start: Start = _Start()  # type: ignore[assignment]
    names = linked.taken_in_place(start, str(project), frozenset({"given", "csv"}))
    assert ("given" not in names) is is_installed
    assert "csv" in names, "Python's own stays in doubt"
    assert is_installed is (names >= STANDARD - {"test"})
