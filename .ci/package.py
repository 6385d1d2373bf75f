"""Build the offline archive for Linux and the Debian package: a Python, Outgate and all that it
needs below /opt/outgate. `uv run python .ci/package.py --out DIR`; takes this machine's Python.
"""

import argparse
import gzip
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACE = Path("opt/outgate")
LEFT_OUT = ("test", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "site-packages")
"""Of the standard library: what no service needs."""
NEEDLESS = (
    "phonenumbers/geodata",
    "phonenumbers/carrierdata",
    "phonenumbers/tzdata",
    "pyarrow/include",
    "pyarrow/tests",
    "pyarrow/src",
    "numpy/tests",
    "mitmproxy/tools",
    "mitmproxy/test",
    "regex/tests",
    "reportlab/fonts",
    "stdnum/imsi.dat",
    "stdnum/oui.dat",
    "zstandard/_cffi*.so",
    "*.dist-info/sboms",
    *(f"PIL/_{name}.*.so" for name in ("avif", "imagingcms", "imagingft", "imagingtk", "webp")),
    *(f"pillow.libs/lib{name}*" for name in (
        "avif", "brotli", "freetype", "harfbuzz", "lcms2", "png16", "sharpyuv", "webp")),
)  # fmt: skip
"""Of what is installed (globs): headers, tests, sources, bills of materials, and what is never
asked for: the kinds of pictures and the letters of reports that draw none, a second way into
zstandard, tables of numbers that no rule checks.
"""
NOTICES = "*.dist-info/licenses/THIRD_PARTY_NOTICES"
"""Kept, packed by gzip: seven megabytes of the same few licences."""
SELDOM = r"/(pygments/(lexers|styles)|reportlab|PIL|xlsxwriter|pydoc_data)/"
"""Compiled when somebody asks for a report or a workbook, not before: no gate loads them."""
UNUSED = ("aioquic", "argon2-cffi", "asgiref", "flask", "ldap3", "tornado", "urwid")
"""What mitmproxy asks for and Outgate keeps out (`proxy/mitmproxy_patches/imports.py`): HTTP/3, its
web pages, its own screens, a directory client. An extra that needs one of them keeps it.
"""
NEEDED = """
import re, sys
from importlib.metadata import distributions
from packaging.requirements import Requirement
normal = lambda name: re.sub("[-_.]+", "-", name).lower()
found = {normal(one.name): one for one in distributions()}
extras, unused = sys.argv[1].split(","), set(sys.argv[2:])
seen, todo = set(), [("outgate", extra) for extra in ("", *filter(None, extras))]
while todo:
    name, extra = todo.pop()
    if (name, extra) in seen or name not in found:
        continue
    seen.add((name, extra))
    for asked in map(Requirement, found[name].requires or ()):
        other = normal(asked.name)
        left_out = name == "mitmproxy" and other in unused
        if not left_out and (not asked.marker or asked.marker.evaluate({"extra": extra})):
            todo += [(other, more) for more in ("", *asked.extras)]
for name in sorted(set(found) - {name for name, _ in seen}):
    print(name)
    for file in found[name].files or ():
        file.locate().unlink(missing_ok=True)
"""
"""Deletes every package that is reached from Outgate and these extras by mitmproxy's list alone."""
PLAIN = ("*.pyi", "*.pxd", "*.a", "*.h", "*.hpp")


def main() -> None:
    """Build what was asked for and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--extras", default="pdf", help="such as documents,demo; none: ''")
    parser.add_argument("--level", type=int, default=6, help="of gzip: 1 is quick, 9 is small")
    chosen = parser.parse_args()
    out: Path = chosen.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    tree = out / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    python = copy_python(tree / PLACE / "python")
    install(python, wheel(out / "wheel"), chosen.extras)
    drop_unused(python, chosen.extras)
    trim(tree / PLACE / "python")
    compile_all(python)
    link(tree / PLACE)
    version = outgate_version(python)
    archive = out / f"outgate-{version}-linux-{os.uname().machine}.tar.gz"
    pack(tree, archive, chosen.level)
    package = debian(tree, out, version, chosen.level)
    mb = sum(f.lstat().st_size for f in tree.rglob("*") if f.is_file()) / 1e6
    print(f"unpacked {mb:.0f} MB; {archive.name} {archive.stat().st_size / 1e6:.0f} MB")
    print(f"{package.name} {package.stat().st_size / 1e6:.0f} MB")


def run(*command: str | Path) -> None:
    """Run a command; its failure is ours."""
    subprocess.run([str(part) for part in command], check=True)


def copy_python(target: Path) -> Path:
    """Copy the running Python, so that it works wherever its folder lies; return its program."""
    source, name = Path(sys.base_prefix), f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (target / "bin").mkdir(parents=True)
    program = target / "bin" / name
    shutil.copy2(source / "bin" / name, program)
    (target / "bin" / "python3").symlink_to(name)
    library = Path("lib") / name
    ignore = shutil.ignore_patterns("__pycache__", "*.a", "config-*")
    shutil.copytree(source / library, target / library, ignore=ignore, symlinks=True)
    for left in LEFT_OUT:
        shutil.rmtree(target / library / left, ignore_errors=True)
    (target / library / "site-packages").mkdir()
    (target / library / "EXTERNALLY-MANAGED").unlink(missing_ok=True)
    for shared in (source / "lib").glob("libpython*.so*"):
        shutil.copy2(shared, target / "lib" / shared.name, follow_symlinks=False)
    find_beside(program, sysconfig.get_config_var("LIBDIR") or "")
    return program


def find_beside(program: Path, folder: str) -> None:
    """Have the program find its library beside itself, where it named a folder of this machine."""
    content = program.read_bytes()
    old, new = folder.encode() + b"\0", b"$ORIGIN/../lib\0"
    if folder and old in content and len(old) >= len(new):
        program.write_bytes(content.replace(old, new.ljust(len(old), b"\0")))


def wheel(folder: Path) -> Path:
    """Build the wheel of this tree."""
    shutil.rmtree(folder, ignore_errors=True)
    run("uv", "build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
    return next(folder.glob("*.whl"))


def install(python: Path, built: Path, extras: str) -> None:
    """Install the wheel and what it needs, by the exact versions that it names."""
    what = f"outgate[{extras}] @ {built.as_uri()}" if extras else str(built)
    run("uv", "pip", "install", "--quiet", "--no-config", "--link-mode", "copy", "--python",
        python, "--break-system-packages", what)  # fmt: skip


def drop_unused(python: Path, extras: str) -> None:
    """Delete what only parts of mitmproxy need that are never loaded."""
    run(python, "-c", NEEDED, extras, *UNUSED)


def trim(prefix: Path) -> None:
    """Drop what is only there for those who build or test these packages."""
    [packages] = prefix.glob("lib/python3*/site-packages")
    for name in NEEDLESS:
        for found in packages.glob(name):
            shutil.rmtree(found) if found.is_dir() else found.unlink()
    for notices in packages.glob(NOTICES):
        packed = gzip.compress(notices.read_bytes(), mtime=0)
        notices.with_name(f"{notices.name}.gz").write_bytes(packed)
        notices.unlink()
    for pattern in PLAIN:
        for file in packages.rglob(pattern):
            file.unlink()
    if shutil.which("strip") is not None:
        named = (*prefix.rglob("*.so"), *prefix.rglob("*.so.*"), prefix / "bin" / "py-spy")
        libraries = [file for file in named if file.is_file() and not file.is_symlink()]
        subprocess.run(["strip", "--strip-unneeded", *libraries], check=False)


def compile_all(python: Path) -> None:
    """The services' users cannot write beside the code, and would compile it at every start."""
    subprocess.run(
        [python, "-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash",
         "-x", SELDOM, python.parents[1] / "lib"], stdout=subprocess.DEVNULL, check=False)  # fmt: skip


def link(place: Path) -> None:
    """Put the one command where people look for it."""
    program = place / "python" / "bin" / "outgate"
    python = "/" / PLACE / "python" / "bin" / "python3"
    lines = program.read_text().splitlines(keepends=True)
    body = "".join(line for line in lines if not line.startswith(("#!", "'''", '"exec"')))
    program.write_text(f"#!{python} -PB\n{body}")
    program.chmod(0o755)
    for other in (place / "python" / "bin").iterdir():
        if other.name not in {"outgate", "python3", "py-spy"} and "python3." not in other.name:
            other.unlink()
    (place / "bin").mkdir()
    (place / "bin" / "outgate").symlink_to("../python/bin/outgate")


def outgate_version(python: Path) -> str:
    """Return the version that was installed."""
    ask = "from importlib.metadata import version; print(version('outgate'))"
    done = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def pack(tree: Path, archive: Path, level: int) -> None:
    """Write the archive, the same bytes for the same tree: `tar -C / -xzf` installs the files."""

    def as_root(found: tarfile.TarInfo) -> tarfile.TarInfo:
        found.uid = found.gid = 0
        found.uname = found.gname = "root"
        found.mtime = 0
        return found

    with (
        gzip.GzipFile(archive, "wb", compresslevel=level, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for path in sorted(tree.rglob("*")):
            tar.add(path, str(path.relative_to(tree)), recursive=False, filter=as_root)


CONTROL = """\
Package: outgate
Version: {version}
Architecture: {architecture}
Maintainer: Outgate <outgate@localhost>
Depends: libc6, ca-certificates, passwd
Section: net
Priority: optional
Installed-Size: {kib}
Description: An egress gate for Python
 Which script, which line, sent whose data, where, was it allowed, and can you prove it?
"""
POSTINST = """\
#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
/opt/outgate/bin/outgate install --yes --program /opt/outgate/bin/outgate
"""
PRERM = """\
#!/bin/sh
set -e
[ "$1" = remove ] || exit 0
/opt/outgate/bin/outgate uninstall --keep --yes
"""
POSTRM = """\
#!/bin/sh
set -e
[ "$1" = purge ] || exit 0
rm -rf /var/lib/outgate /etc/outgate /run/outgate /run/outgate-attributor
for user in outgate-attributor outgate; do
  if getent passwd $user > /dev/null; then userdel --force $user; fi
done
"""
"""Evidence stays at removal and at upgrade, and goes with `apt purge` only."""


def debian(tree: Path, out: Path, version: str, level: int) -> Path:
    """Build the Debian package."""
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
    ).stdout.strip()
    folder = tree / "DEBIAN"
    folder.mkdir()
    kib = sum(f.lstat().st_size for f in tree.rglob("*") if f.is_file()) // 1024
    (folder / "control").write_text(
        CONTROL.format(version=version, architecture=architecture, kib=kib)
    )
    for name, script in (("postinst", POSTINST), ("prerm", PRERM), ("postrm", POSTRM)):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    links = tree / "usr" / "bin"
    links.mkdir(parents=True)
    (links / "outgate").symlink_to("/opt/outgate/bin/outgate")
    package = out / f"outgate_{version}_{architecture}.deb"
    run("dpkg-deb", "--root-owner-group", "-Zgzip", f"-z{level}", "--build", tree, package)
    shutil.rmtree(folder)
    shutil.rmtree(tree / "usr")
    return package


if __name__ == "__main__":
    main()
