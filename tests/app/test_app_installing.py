"""What `outgate install` asks of the program that its services run."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.endpoint.installing import machine_at
from core.errors import SettingsError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="services are for Linux")
SHELL = "#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n"


@pytest.fixture
def image() -> Iterator[Path]:
    """An image of a machine in a folder that everybody may enter, with a Python in a closed one."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        for name, mode in (("opt", 0o755), ("closed", 0o700)):
            (root / name).mkdir()
            (root / name / "python3").write_text("")
            (root / name / "python3").chmod(0o755)
            (root / name).chmod(mode)
        yield root


def _script(image: Path, text: str) -> None:
    (image / "opt" / "outgate").write_text(text)
    (image / "opt" / "outgate").chmod(0o755)


@pytest.mark.parametrize("text", ["#!{python}\n", "#! {python} -P\n", SHELL])
def test_a_script_whose_python_is_closed_to_others_is_refused(image: Path, text: str) -> None:
    """As that of a tool which root installed for itself: no service with a user of its own could
    start it. A link to it does not open it.
    """
    (image / "opt" / "link").symlink_to("/closed/python3")
    for python in ("/closed/python3", "/opt/link"):
        _script(image, text.format(python=python))
        with pytest.raises(SettingsError, match="cannot run /opt/outgate") as told:
            machine_at(image, "/opt/outgate")
        assert f"{image.resolve() / 'closed'} is closed" in told.value.message


@pytest.mark.parametrize(
    "text",
    [
        "#!/opt/python3\n",
        SHELL.format(python="/opt/python3"),
        "#!/nowhere/python3\n",
        "#!\n",
        "",
        "#!/bin/sh\n'''exec' \"open\n",
        "\x7fELF\x00",
    ],
)
def test_what_others_can_run_is_taken(image: Path, text: str) -> None:
    """And what names no Python in a way known here is not judged."""
    _script(image, text)
    assert machine_at(image, "/opt/outgate").program == "/opt/outgate"
