"""What kind of file Python was told to run, and whether it is an installed tool's (pure)."""

from attribution.facts import Files, ProcessFacts
from attribution.resolution import search_paths
from core.attribution import LaunchedAs

_ZIP = b"PK\x03\x04"
_ZIP_SUFFIXES = (".pyz", ".pyzw", ".pex", ".zip", ".egg")
SOURCE_SUFFIXES = (".py", ".pyw", ".pyc")


def file_kind(facts: ProcessFacts, name: str, path: str | None, files: Files) -> LaunchedAs:
    head = files.head(path, 4096) if path else b""
    if name.endswith("-script.py") or (name.lower().endswith(".exe") and facts.windows):
        return LaunchedAs.CONSOLE_SCRIPT
    if (
        name.endswith(_ZIP_SUFFIXES)
        or head.startswith(_ZIP)
        or (head.startswith(b"#!") and b"\n" + _ZIP in head)
    ):
        return LaunchedAs.ZIPAPP
    if (
        not name.endswith(SOURCE_SUFFIXES)
        and path
        and (b"sys.exit(" in head or _beside_python(facts, path, files))
    ):
        return LaunchedAs.CONSOLE_SCRIPT
    return LaunchedAs.FILE


def _beside_python(facts: ProcessFacts, path: str, files: Files) -> bool:
    folder = search_paths.parent_folder(facts, path)
    return any(
        files.is_program(search_paths.join(facts, folder, name))
        for name in ("python", "python3", "python.exe")
    )


def is_installed(facts: ProcessFacts, path: str, files: Files) -> bool:
    """A tool counts as the well-known one when it was installed, not when somebody's script has its
    name.
    """
    if "site-packages" in path or "dist-packages" in path:
        return True
    if path.endswith(SOURCE_SUFFIXES) and not path.endswith(("-script.py", "-script.pyw")):
        return False
    return _beside_python(facts, path, files) or b"sys.exit(" in files.head(path, 4096)
