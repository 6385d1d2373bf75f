"""Code that a program's variables and options have run in it first may be what sends."""

import os
import pwd
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from attribution.asked_for import UNASKED
from attribution.backends import process_facts
from attribution.beacon.folder import beacon_folder, with_beacon
from attribution.beside import BESIDE, BESIDE_SINCE, IN_PLACE, doubt
from attribution.filesystem import files_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="tried on Linux")

_SCRIPT = """
print('runs', flush=True)
import sys
sys.stdin.read()
import helpers, mine, notes, own
"""
"""It asks for these later, so that they need not be there."""
type Begin = Callable[..., str | None]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Starts a script with options and variables of its own; returns why it is in doubt."""
    script = tmp_path / "job.py"
    script.write_text(_SCRIPT)
    running: list[subprocess.Popen[bytes]] = []
    pipe = subprocess.PIPE

    def started(
        *options: str, python: str = sys.executable, cwd: Path | None = None, **told: str
    ) -> str | None:
        command = [python, *options, str(script)]
        environment = {"PATH": os.environ["PATH"], **told}
        loaded = time.time()  # the kernel's events tell it as exactly
        one = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, cwd=cwd
        )
        running.append(one)
        assert one.stdout is not None
        assert one.stdout.readline() == b"runs\n"
        facts = process_facts.process(one.pid)
        assert facts is not None
        return doubt(replace(facts, image_from=loaded), files_of(facts), str(script))

    yield started
    for one in running:
        one.communicate()


def _environment(place: Path, settings: str = "") -> str:
    """Make an environment of nothing; return its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    if settings:
        kept = (place / "pyvenv.cfg").read_text().splitlines()
        kept = [line for line in kept if not line.startswith("include-system")]
        (place / "pyvenv.cfg").write_text("\n".join([*kept, settings]))
    return str(place / "bin/python")


def _folder(place: Path, name: str, text: str = "") -> str:
    (place / name).parent.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(text)
    return str(place)


def test_code_that_is_run_first_is_a_doubt(begin: Begin, tmp_path: Path) -> None:
    """Each of these gives another one's code to a script that is what it says."""
    more = _folder(tmp_path / "more", "sitecustomize.py")
    _folder(tmp_path / "user", "usercustomize.pyc")
    library = next(Path("/usr/lib").rglob("libm.so.6"))
    copied = tmp_path / "more.so"
    copied.write_bytes(library.read_bytes())
    for variables in (
        {"PYTHONPATH": more},
        {"PYTHONPATH": f"/nowhere:{tmp_path / 'user'}"},
        {"PYTHONWARNINGS": "ignore,error::swap.X"},
        {"LD_PRELOAD": f"libm.so.6:{copied}"},
        {"LD_PRELOAD": f"libm.so.6 {copied}"},
    ):
        assert begin(**variables) == BESIDE, variables
    assert begin("-Werror::swap.X") == BESIDE
    assert begin("-W", "error::swap.X") == BESIDE


@pytest.mark.parametrize("option", ["-Wignore", "-b", "-Xdev", "-Xfrozen_modules=off"])
def test_a_module_that_python_loads_first_is_a_doubt(
    begin: Begin, tmp_path: Path, option: str
) -> None:
    """By a switch or a variable it loads more of its own before the script, and looks for that on
    the path as well.
    """
    more = _folder(tmp_path / "more", "notes.py")
    assert begin(option, PYTHONPATH=more) is None
    for name in ("warnings.py", "stat.py", "types/__init__.py"):
        module = name.partition("/")[0].removesuffix(".py")
        text = Path(os.__file__).with_name(f"{module}.py").read_text()
        place = _folder(tmp_path / module, name, text)
        assert begin(option, PYTHONPATH=place) == BESIDE, name


def test_what_may_have_gone_is_a_doubt(begin: Begin, tmp_path: Path) -> None:
    """What was run first may take itself away, its folder, or the link to that."""
    clean = tmp_path / "clean"
    _folder(clean, "notes.py")
    for number, goes in enumerate(
        (
            "os.remove(__file__)",
            "import shutil; shutil.rmtree(os.path.realpath(os.path.dirname(__file__)))",
            "os.remove(__file__)  # and its folder stays",
            f"os.symlink({str(clean)!r}, 'x'); os.rename('x', LINK)",
        )
    ):
        name = "sitecustomize/__init__.py" if number == 2 else "sitecustomize.py"
        link = tmp_path / f"link{number}"
        text = f"import os\nLINK = {str(link)!r}\nos.chdir({str(tmp_path)!r})\n{goes}\n"
        link.symlink_to(_folder(tmp_path / f"more{number}", name, text))
        reason = BESIDE if number == 2 else BESIDE_SINCE
        assert begin(PYTHONPATH=str(link)) == reason, goes


def test_an_archive_on_the_path_is_looked_into(begin: Begin, tmp_path: Path) -> None:
    """Of a folder within it as well; one that cannot be read is a doubt."""
    for name, inner, reason in (
        ("sitecustomize.py", "", BESIDE),
        ("in/sitecustomize.py", "/in", BESIDE),
        ("in/sitecustomize.py", "/out", None),
        ("helpers/stat.py", "", UNASKED),
        ("helpers.py", "", None),
    ):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, "")
        assert begin(PYTHONPATH=f"{path}{inner}") == reason, (name, inner)
    damaged = tmp_path / "damaged.zip"
    whole = min(tmp_path.glob("*.zip")).read_bytes()
    damaged.write_bytes(whole[:-30])
    assert begin(PYTHONPATH=str(damaged)) == BESIDE
    empty = tmp_path / "empty.zip"
    empty.touch()
    assert begin(PYTHONPATH=str(empty)) == BESIDE
    # Two directories, of which readers take one or the other.
    (tmp_path / "two.zip").write_bytes(whole + path.read_bytes())
    assert begin(PYTHONPATH=str(tmp_path / "two.zip")) == BESIDE


def test_packages_of_a_user_that_a_variable_names_are_a_doubt(begin: Begin, tmp_path: Path) -> None:
    """Those in the home of the account are installed; in an environment there are none."""
    base = str(Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}"))
    packages = f"lib/python3.{sys.version_info.minor}/site-packages"
    for name in ("usercustomize.py", "a.pth"):
        place = _folder(tmp_path / name / ".local", f"{packages}/{name}")
        assert begin(python=base, PYTHONUSERBASE=place) == BESIDE
        assert begin(python=base, HOME=str(tmp_path / name)) == BESIDE
        assert begin("-s", python=base, PYTHONUSERBASE=place) is None
        assert begin(python=base, PYTHONUSERBASE=place, PYTHONNOUSERSITE="1") is None
        assert begin(PYTHONUSERBASE=place, HOME=str(tmp_path / name)) is None
    assert begin(python=base, HOME=str(tmp_path)) is None
    home = pwd.getpwuid(os.getuid()).pw_dir[1:]  # that of the account is below the root
    _folder(tmp_path / home / ".local", f"{packages}/usercustomize.py")
    assert begin(python=base, HOME=home, cwd=tmp_path) == BESIDE


@pytest.mark.parametrize(
    "told",
    [
        {"PYTHONPYCACHEPREFIX": "{here}"},
        {"OPENSSL_CONF": "{here}/openssl.cnf"},
        {"ODBCSYSINI": "{here}"},
        {"ODBCINSTINI": "{here}/odbcinst.ini"},
        {"KRB5_CONFIG": "/etc/krb5.conf:{here}/krb5.conf"},
        {"GSS_MECH_CONFIG": "{here}/mech"},
        {"SASL_PATH": "{here}"},
        {"HDF5_PLUGIN_PATH": "{here}"},
        {"NUMBA_CACHE_DIR": "{here}"},
        {"TCL_LIBRARY": "{here}"},
        {"TK_LIBRARY": "{here}"},
        {"TCLLIBPATH": "/usr/lib/tcl {here}"},
        {"LD_PRELOAD": "libmore.so", "LD_LIBRARY_PATH": "{here}"},
        {"LD_LIBRARY_PATH": "/usr/lib:{here}/libs"},
        {"LD_LIBRARY_PATH": "{here}/newer"},
        {"LD_LIBRARY_PATH": "{here}/tls"},
        {"LD_LIBRARY_PATH": "{here}/names"},
        {"LD_LIBRARY_PATH": "{here}/native"},
        {"GCONV_PATH": "/usr/lib/gconv:{here}"},
        {"PYTHONPATH": "{here}/stops", "PYTHONBREAKPOINT": "stopper.go"},
        {"LD_LIBRARY_PATH": "$ORIGIN/libs"},
        {"LD_LIBRARY_PATH": "{here}/${{PLATFORM}}"},
    ],
)
def test_variables_that_load_something_else_first_are_a_doubt(
    begin: Begin, tmp_path: Path, told: dict[str, str]
) -> None:
    """Compiled files kept elsewhere, libraries before the system's own."""
    _folder(tmp_path / "libs", "libexpat.so.9")
    _folder(tmp_path / "tls", "libssl.so.3")
    _folder(tmp_path / "names", "libnss_files.so.2")
    _folder(tmp_path / "native", "libsqlite3.so.0")
    _folder(tmp_path / "stops", "stopper.py")
    (tmp_path / "newer/glibc-hwcaps").mkdir(parents=True)
    (tmp_path / "openssl.cnf").write_text("")
    assert begin(**{k: v.format(here=tmp_path) for k, v in told.items()}) == BESIDE


@pytest.mark.parametrize(
    "told", ["runpy.run_path", "os.system", "pdb.run", "pdb.set_trace.x", "print", "0.x", "pdb"]
)
def test_what_a_variable_has_run_for_a_breakpoint_is_a_doubt(begin: Begin, told: str) -> None:
    """Something installed as well: a script that says `breakpoint()` does not say what runs."""
    assert begin(PYTHONBREAKPOINT=told) == BESIDE
    assert begin("-E", PYTHONBREAKPOINT=told) is None
    assert begin("-I", PYTHONBREAKPOINT=told) is None


@pytest.mark.parametrize("told", ["", "0", "pdb.set_trace", "ipdb.set_trace", "IPython.embed"])
def test_no_debugger_and_a_usual_one_are_no_doubt(begin: Begin, told: str) -> None:
    """These wait for whoever sits before them, as Python's own would."""
    assert begin(PYTHONBREAKPOINT=told) is None


def test_a_path_that_begins_where_the_process_does_is_not_the_systems(
    begin: Begin, tmp_path: Path
) -> None:
    """`usr/lib/libm.so.6` lies below the folder of the start, also where the system has such a file
    below the root.
    """
    libm = next(Path("/usr/lib").rglob("libm.so.6"))
    (tmp_path / "usr").symlink_to("/usr")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/more.so").write_bytes(libm.read_bytes())
    _folder(tmp_path / "etc", "hostname")
    for told in (
        {"LD_PRELOAD": "lib/more.so"},
        {"LD_PRELOAD": str(libm)[1:]},
        {"OPENSSL_CONF": "etc/hostname"},
        {"OPENSSL_MODULES": "lib"},
    ):
        assert begin(cwd=tmp_path, **told) == BESIDE, told


def test_a_home_that_begins_where_the_process_does_is_another(begin: Begin, tmp_path: Path) -> None:
    """By the variable, and by the settings of an environment."""
    real = Path(sys.executable).resolve()
    home = Path(sys.base_prefix).resolve()
    (tmp_path / home.parts[1]).symlink_to(f"/{home.parts[1]}")
    assert begin(cwd=tmp_path, python=str(real), PYTHONHOME=str(home)[1:]) == BESIDE
    place = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    settings = place / "pyvenv.cfg"
    lines = [line for line in settings.read_text().splitlines() if not line.startswith("home")]
    assert begin(cwd=tmp_path, python=str(place / "bin/python")) is None
    settings.write_text("\n".join([f"home = {str(real.parent)[1:]}", *lines]))
    assert begin(cwd=tmp_path, python=str(place / "bin/python")) == BESIDE


def test_what_a_line_of_the_environment_imports_is_looked_for_on_the_path(
    begin: Begin, tmp_path: Path
) -> None:
    """And what that may import in turn, which is installed."""
    place = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    packages = next(place.rglob("site-packages"))
    _folder(packages, "a.pth", "import os; __import__('_harmless')\n")
    _folder(packages, "_harmless.py", "import idna_of_others\n")
    _folder(packages, "idna_of_others.py")
    python = str(place / "bin/python")
    for name in ("_harmless", "idna_of_others", "json"):
        more = _folder(tmp_path / name, f"{name}.py")
        assert begin(python=python, PYTHONPATH=more) == BESIDE, name
    assert begin(python=python, PYTHONPATH=_folder(tmp_path / "mine", "mine.py")) is None


def test_another_home_is_a_doubt(begin: Begin, tmp_path: Path) -> None:
    """What lies there is taken for Python's own modules; its real home is none."""
    base = Path(sys.base_prefix).resolve()
    other = tmp_path / "other"
    other.mkdir()
    (other / "lib").symlink_to(base / "lib")
    real = str(Path(sys.executable).resolve())
    assert begin(python=real, PYTHONHOME=str(other)) == BESIDE
    assert begin(python=real, PYTHONHOME=str(base)) is None


def test_what_runs_nothing_first_is_no_doubt(begin: Begin, tmp_path: Path) -> None:
    """Folders of modules, warnings of the usual kind, the system's libraries, a switch that takes
    no variables.
    """
    plain = _folder(tmp_path / "plain", "helpers.py")
    drivers = _folder(tmp_path / "drivers", "libcudart.so.12")
    _folder(tmp_path / "drivers", "libsslate.so.1")
    more = _folder(tmp_path / "more", "sitecustomize.py")
    variables: Mapping[str, str]
    for variables in (
        {},
        {"PYTHONPATH": plain},
        {"PYTHONPATH": plain, "PYTHONBREAKPOINT": "pudb.set_trace"},
        {"LD_LIBRARY_PATH": drivers},
        {"GCONV_PATH": "/usr/lib/x86_64-linux-gnu/gconv"},
        {"KRB5_CONFIG": "/etc/krb5.conf", "ODBCSYSINI": "/etc"},
        {"TCLLIBPATH": "/usr/lib/tcl /usr/lib/tk", "HDF5_PLUGIN_PATH": ""},
        {"PYTHONWARNINGS": "ignore::DeprecationWarning,default"},
        {"LD_PRELOAD": "libm.so.6"},
        {"LD_PRELOAD": str(next(Path("/usr/lib").rglob("libm.so.6")))},
    ):
        assert begin(**variables) is None, variables
    assert begin("-E", PYTHONPATH=more) is None
    assert begin("-W", "ignore::UserWarning:good") is None
    text = "import sys\nif sys.argv[2:]: sys.exit\nprint('runs', flush=True)\nsys.stdin.read()"
    assert begin("-c", text) is None


def test_our_own_beacon_is_no_doubt(begin: Begin, tmp_path: Path) -> None:
    """What `outgate run` puts on the path is ours as long as it holds what is ours."""
    with beacon_folder(tmp_path / "beacons") as place:
        told = with_beacon({}, place)
        assert begin(**told) is None
        with (place.parent / "beacon.py").open("a") as file:
            file.write("\n# and more\n")
        assert begin(**told) == BESIDE


def test_what_is_installed_is_part_of_the_environment(begin: Begin, tmp_path: Path) -> None:
    """An installed tool for traces names a folder of its own, as all of them do."""
    place = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    packages = next(place.rglob("site-packages"))
    first = _folder(packages / "tracing/first", "sitecustomize.py")
    python = str(place / "bin/python")
    assert begin(python=python, PYTHONPATH=first) is None
    assert begin(PYTHONPATH=first) == BESIDE


@pytest.mark.parametrize(
    "name", ["csv.py", "json/__init__.py", "email.pyc", "tomllib.so", "pip.py"]
)
def test_what_a_folder_puts_in_the_place_of_what_a_script_imports_is_a_doubt(
    begin: Begin, tmp_path: Path, name: str
) -> None:
    """By the name of one of Python's own modules or of an installed one: whoever names the folder
    would send under the name of any script that imports it.
    """
    python = _environment(tmp_path / "env")
    (packages,) = (tmp_path / "env").rglob("site-packages")
    _folder(packages, "pip/__init__.py")
    more = _folder(tmp_path / "more", name)
    assert begin(PYTHONPATH=more, python=python) == IN_PLACE
    assert begin("-E", PYTHONPATH=more, python=python) is None
    assert begin(PYTHONPATH=str(tmp_path), python=python) is None


@pytest.mark.parametrize(
    "name", ["helpers.py", "csv/data.txt", "tests/data.txt", "csv.json", "csv.html"]
)
def test_what_stands_in_nothings_place_is_no_doubt(begin: Begin, tmp_path: Path, name: str) -> None:
    """Modules that the script asks for, data by such names."""
    python = _environment(tmp_path / "env")
    assert begin(PYTHONPATH=_folder(tmp_path / "more", name), python=python) is None


def test_the_folder_of_the_script_and_those_above_it_are_its_own(
    begin: Begin, tmp_path: Path
) -> None:
    """Whoever may write there can write what the script imports; unless it is a folder for all."""
    python = _environment(tmp_path / "env")
    _folder(tmp_path, "csv.py")
    assert begin(PYTHONPATH=str(tmp_path), python=python) is None
    above = tmp_path.parent
    kept = above.stat().st_mode
    _folder(above, "calendar.py")
    try:
        assert begin(PYTHONPATH=str(above), python=python) is None
        above.chmod(0o1777)
        assert begin(PYTHONPATH=str(above), python=python) == IN_PLACE
    finally:
        above.chmod(kept)
        (above / "calendar.py").unlink()


def test_packages_of_another_home_in_the_place_of_installed_ones_are_a_doubt(
    begin: Begin, tmp_path: Path
) -> None:
    """They are found before those of the installation."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = _environment(tmp_path / "env", "include-system-site-packages = true\n")
    (packages,) = (tmp_path / "env").rglob("site-packages")
    _folder(packages, "given.py")
    home = tmp_path / "home"
    theirs = home / f".local/lib/{version}/site-packages"
    _folder(theirs, "helpers.py")
    assert begin(HOME=str(home), python=python) is None
    _folder(theirs, "given/__init__.py")
    assert begin(HOME=str(home), python=python) == IN_PLACE
