"""The built wheel: it installs into an empty environment of each Python it names, and works
there.
"""

import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.12", "3.13")
KEPT_OUT = (
    "arcjet",
    "wasmtime",
    "pyqwest",
    "spacy",
    "presidio-analyzer",
    "onnxruntime",
    "polars",
    "pyarrow",
    "pypdfium2",
)
"""Brought by extras only: an HTTP client, a virtual machine, language models, document readers."""
MINUTES = 15 * 60

pytestmark = [
    pytest.mark.skipif("CI" not in os.environ, reason="installs two environments: runs in CI"),
    pytest.mark.timeout(MINUTES),
]


def python_of(version: str) -> str:
    """Return an interpreter of this version; skip where the machine has none."""
    places = [*Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}")]
    found = str(max(places)) if places else shutil.which(f"python{version}")
    if found is None:
        pytest.skip(f"there is no Python {version} on this machine")
    return found


def run(*command: str | Path, **environment: str) -> str:
    """Run a command; return what it printed. Fails with its words."""
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    run("uv", "build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module", params=PYTHONS)
def installed(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """An environment with nothing but the wheel and what it asks for; no setting of the clone
    counts.
    """
    folder = tmp_path_factory.mktemp("environment") / "venv"
    run("uv", "venv", "--quiet", "--no-config", "--python", python_of(request.param), folder)
    install(folder, str(wheel))
    yield folder
    shutil.rmtree(folder)


def install(folder: Path, what: str) -> None:
    """Install into this environment, by pip's rules, without the clone's overrides."""
    python = folder / "bin" / "python"
    run("uv", "pip", "install", "--quiet", "--no-config", "--python", python, what)


def distributions(folder: Path) -> Mapping[str, str]:
    """Names and versions of what is installed."""
    python = folder / "bin" / "python"
    listed = run("uv", "pip", "list", "--quiet", "--format", "freeze", "--python", python)
    return dict(line.split("==") for line in listed.splitlines() if "==" in line)


def test_an_installation_works_and_holds_nothing_that_only_an_extra_needs(
    installed: Path, tmp_path: Path
) -> None:
    """On each Python the commands answer, and no language model or foreign HTTP client is there."""
    outgate, home = installed / "bin" / "outgate", str(tmp_path / "home")

    assert "review" in run(outgate, "--help", OUTGATE_HOME=home)
    assert "valid" in run(outgate, "policy", "check", OUTGATE_HOME=home)
    assert set(KEPT_OUT).isdisjoint(distributions(installed))


def test_every_folder_of_the_house_is_in_the_wheel(installed: Path) -> None:
    """What the layers name is what is installed: no folder of the house is forgotten."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = settings["tool"]["importlinter"]["root_packages"]
    program = f"import {', '.join(packages)}; print('here')"

    assert run(installed / "bin" / "python", "-I", "-c", program).strip() == "here"


def test_what_an_extra_brings_is_named_where_it_is_missing(
    installed: Path, wheel: Path, tmp_path: Path
) -> None:
    """The demonstration says which extra its scripts need; with it, it tells its story."""
    outgate, home = installed / "bin" / "outgate", str(tmp_path / "demo")
    refused = subprocess.run(
        [outgate, "demo", "--home", home], capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0
    assert "outgate[demo]" in refused.stderr + refused.stdout

    install(installed, f"outgate[demo] @ {wheel.as_uri()}")

    assert "records, chained" in run(outgate, "demo", "--home", home)
