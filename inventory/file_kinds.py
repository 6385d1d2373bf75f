"""What a file is by its name and its first bytes: a script, a notebook, a zipapp, a frozen program,
or none of them (pure).
"""

from attribution.interpreters import base_name, is_python_program
from core.scanned import ScriptKind

HEAD = 512
TAIL = 65_557
"""Bytes at the end in which the directory of a zip file, and the mark of a frozen program, begin.
"""

_BY_SUFFIX = {
    "py": ScriptKind.SCRIPT,
    "pyw": ScriptKind.SCRIPT,
    "py3": ScriptKind.SCRIPT,
    "ipynb": ScriptKind.NOTEBOOK,
    "pyz": ScriptKind.ZIPAPP,
    "pyzw": ScriptKind.ZIPAPP,
    "pex": ScriptKind.ZIPAPP,
    "pyc": ScriptKind.COMPILED,
    "pyo": ScriptKind.COMPILED,
}
_NEVER = frozenset(
    (
        "txt md rst json jsonl csv tsv html htm css js mjs cjs ts tsx jsx map svg png jpg "
        "jpeg gif ico webp bmp tif"
        " tiff mp3 mp4 avi mov wav flac ogg pdf doc docx xls xlsx ppt pptx odt ods zip gz "
        "bz2 xz zst tar tgz whl egg"
        " jar class so a o lib obj c h cc cpp cxx hpp hh rs go java kt swift rb php pl pm "
        "lua r m sql yaml yml toml"
        " ini lock log pyi pyx pxd pem crt key db sqlite parquet arrow feather npy npz pkl "
        "pickle h5 pt onnx safetensors"
        " ttf otf woff woff2 eot po mo pot xsd xsl dtd vue scss less sass tex bib patch diff d dat"
        " xml plist service timer socket target conf cfg properties iso img vmdk qcow2 deb "
        "rpm msi cab pack idx rev tmp swp cache gitignore typed"
    ).split()
)
"""Endings under which no Python program lies that anything starts by its own."""
_TOOLS = frozenset(
    "uv pipx streamlit ipython ipython3 marimo pypy pypy3 uvx python-argcomplete hatch pdm".split()
)
_MACHINE_CODE = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_FROZEN_MARK = b"MEI\014\013\012\013\016"
"""PyInstaller's, before the table of contents at the end of the program."""
_ZIP_END, _ZIP_FIRST = b"PK\x05\x06", b"PK\x03\x04"
_NUITKA = b"NUITKA_ONEFILE"
_SHELLS = frozenset({"sh", "bash", "dash"})
_LINES_OF_SHELL = 4
"""In which a shell hands a file over that is Python as well."""


def suffix_of(name: str) -> str:
    """Return what follows the last dot of a name, in lower case; empty for none, or for a leading
    dot alone.
    """
    stem, dot, suffix = name.rpartition(".")
    return suffix.lower() if dot and stem else ""


def kind_by_name(name: str) -> ScriptKind | None:
    """Return what the name alone tells."""
    return _BY_SUFFIX.get(suffix_of(name))


def may_be_script(name: str) -> bool:
    """True when the name tells nothing, so that the first bytes must."""
    return suffix_of(name) not in _NEVER


def kind_by_head(head: bytes) -> ScriptKind | None:
    """Return what the first bytes tell: a `#!` line that leads to Python."""
    interpreter = shebang(head)
    if interpreter is None:
        return None
    _, _, rest = head.partition(b"\n")
    return ScriptKind.ZIPAPP if rest.startswith(_ZIP_FIRST) else ScriptKind.SCRIPT


def is_machine_code(head: bytes) -> bool:
    """True for a program of this or another operating system."""
    return head.startswith(_MACHINE_CODE)


def is_frozen(head: bytes, tail: bytes) -> bool:
    """True for a program that carries Python and a script in itself. `tail`: its
    last `TAIL` bytes.
    """
    if not is_machine_code(head):
        return False
    return (
        _FROZEN_MARK in tail
        or (_ZIP_END in tail and b"__main__.py" in tail)
        or _NUITKA in head + tail
    )


def shebang(head: bytes) -> str | None:
    """Return the interpreter that the `#!` line names, as it stands there, when it is Python or
    what runs Python files; else None. A shell that at once hands over to Python counts by what it
    hands over to.
    """
    if not head.startswith(b"#!"):
        return None
    line, _, rest = head.partition(b"\n")
    words = line[2:].decode("utf-8", "replace").split()
    if words and base_name(words[-1 if base_name(words[0]) == "env" else 0]) in _SHELLS:
        words = _handed_over(rest.decode("utf-8", "replace"))
    return _python_of(words)


def _handed_over(text: str) -> list[str]:
    """Return what a shell runs in its place with this very file: `'''exec' "…/python" "$0"`,
    `"exec" "python3" "$0" "$@"`, or the like in one of the first lines.
    """
    for line in text.splitlines()[:_LINES_OF_SHELL]:
        told = line.strip()
        if told.startswith("'''exec' \""):
            return [told.removeprefix("'''exec' \"").partition('"')[0]]
        words = told.replace('"', " ").replace("'", " ").split()
        if "exec" not in words:
            continue
        command = words[words.index("exec") + 1 :]
        given = [word for word in command[1:] if not word.startswith("-")]
        if given[:1] in (["$0"], ["${0}"]) or (given[1:2] == ["$0"] and command[0] == "env"):
            return command
    return []


def _python_of(words: list[str]) -> str | None:
    if words and base_name(words[0]) == "env":
        words = words[1:]
        while words and (words[0].startswith("-") or "=" in words[0]):
            joined = words[0]
            words = words[1:]
            if joined.startswith(("-S", "-vS", "-iS")) and len(joined.partition("S")[2]) > 0:
                words = [joined.partition("S")[2], *words]
                break
    if not words:
        return None
    name = base_name(words[0])
    is_tool = name in _TOOLS and (name != "uv" or "run" in words[1:])
    return words[0] if is_python_program(words[0]) or is_tool else None
