"""The house itself: names, imports, sizes and what may never be in the tree."""

import ast
import io
import json
import re
import subprocess
import sys
import tokenize
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from examples import SHARES

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = (
    "activity",
    "app",
    "attribution",
    "capture",
    "certs",
    "classifiers",
    "core",
    "destinations",
    "evidence",
    "exports",
    "fleet",
    "habits",
    "hub",
    "inventory",
    "policy",
    "proxy",
    "tui",
)
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
OURS = frozenset(PACKAGES)


def tracked() -> list[Path]:
    """All files of the repository that git knows or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def imported_by(statement: str) -> set[str]:
    """Run a statement in a fresh interpreter; return the modules that are loaded then."""
    program = (
        f"import sys, json\n{statement}\nsys.stdout.write('\\n' + json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def tops(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_no_dependency_owns_one_of_our_names() -> None:
    """Our folders are top-level packages: no installed distribution but ours may bring one of the
    same name.
    """
    owners = metadata.packages_distributions()

    assert {name: set(owners.get(name, ())) - {"outgate"} for name in PACKAGES} == {
        name: set() for name in PACKAGES
    }


def test_our_folders_are_what_is_packed() -> None:
    """What is built, type-checked and held to contracts is the same list of folders."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    tool = config["tool"]

    assert tuple(tool["hatch"]["build"]["targets"]["wheel"]["packages"]) == PACKAGES
    assert tuple(tool["mypy"]["files"]) == (*PACKAGES, "tests", "benchmarks", ".ci")
    assert tuple(tool["importlinter"]["root_packages"]) == PACKAGES


def _changes_the_path(node: ast.AST) -> bool:
    """Return whether this assigns to `sys.path`, or calls one of its methods."""
    match node:
        case ast.Assign(targets=touched):
            pass
        case ast.AugAssign(target=one) | ast.Call(func=one):
            touched = [one]
        case _:
            return False
    words = [ast.unparse(target) for target in touched]
    return any(w == "sys.path" or w.startswith(("sys.path.", "sys.path[")) for w in words)


def test_what_tests_share_is_imported_in_one_way() -> None:
    """The type checker and the test runner look for shared modules in the same folders, and no test
    makes a path of its own.
    """
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    own = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if "sys.path" in (text := path.read_text())
        for node in ast.walk(ast.parse(text))
        if _changes_the_path(node)
    ]
    assert tool["mypy"]["mypy_path"] == tool["pytest"]["ini_options"]["pythonpath"]
    assert own == []


def _own_number(node: ast.AST) -> bool:
    """True where a property states a number of examples that no profile makes smaller."""
    return (
        isinstance(node, ast.keyword)
        and node.arg == "max_examples"
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, int)
        and node.value.value > SHARES["house"]
    )


def test_each_property_is_tried_with_the_share_of_its_profile() -> None:
    """Its number of examples goes through `examples.most`: what is written as a number alone would
    be tried as often in the inner loop as in the night.
    """
    assert _own_number(ast.parse("settings(max_examples=400)", mode="eval").body.keywords[0])  # type: ignore[attr-defined]
    found = {
        f"{path.name}:{node.value.lineno}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if "max_examples=" in (text := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.keyword) and _own_number(node)
    }
    assert found == set()


def test_no_folder_of_ours_shadows_the_standard_library() -> None:
    """A script started in one of our folders still finds the standard library's modules."""
    assert OURS & sys.stdlib_module_names == set()
    shadowing = {
        "secrets",
        "queue",
        "types",
        "random",
        "socket",
        "ssl",
        "json",
        "logging",
        "token",
        "select",
        "signal",
    }
    assert [path for path in MODULES if path.stem in shadowing] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_says_its_job_and_stays_small(package: str) -> None:
    """Every module begins with a docstring and has at most 400 lines."""
    silent, large = [], []
    for path in (p for p in MODULES if p.relative_to(ROOT).parts[0] == package):
        text = path.read_text()
        if not ast.get_docstring(ast.parse(text)):
            silent.append(path.relative_to(ROOT))
        if text.count("\n") > 400:
            large.append(path.relative_to(ROOT))
    assert (silent, large) == ([], [])


def wide_lines(text: str) -> list[int]:
    """Return the lines over 100 columns that could be folded: not those inside of a text, nor with
    one long word of a text, nor with a reason for a checker.
    """
    wide = {at for at, line in enumerate(text.splitlines(), 1) if len(line) > 100}
    if not wide:
        return []
    tree = list(ast.walk(ast.parse(text)))
    alone = {node.value for node in tree if isinstance(node, ast.Expr)}
    for node in tree:
        if not isinstance(node, ast.JoinedStr | ast.Constant) or node in alone:
            continue
        lines = set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        if wide.isdisjoint(lines):
            continue
        source = ast.get_source_segment(text, node) or ""
        if source[-1:] in ('"', "'") and len(source) > 40:
            wide -= lines
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and re.search("noqa|type: ignore", token.string):
            wide.discard(token.start[0])
    return sorted(wide)


@pytest.mark.parametrize("folder", [*PACKAGES, "tests", "benchmarks", "examples"])
def test_lines_are_at_most_100_columns_wide(folder: str) -> None:
    """What can be folded is folded; a pattern or an address that cannot be stays whole."""
    wide = {str(p): wide_lines(p.read_text()) for p in (ROOT / folder).rglob("*.py")}

    assert {path: lines for path, lines in wide.items() if lines} == {}


def test_a_wide_line_is_seen() -> None:
    """The check sees wide code, wide docstrings and wide comments."""
    wide = "x" * 101
    assert wide_lines(f"{wide} = 1\n") == [1]
    assert wide_lines(f'"""{wide}"""\n') == [1]
    assert wide_lines(f"# {wide}\n") == [1]
    assert wide_lines(f'a = "{wide}"\n') == []


def test_the_core_needs_the_standard_library_only() -> None:
    """The vocabulary can be used without installing anything."""
    names = [
        f"core.{path.stem}" for path in (ROOT / "core").glob("*.py") if path.stem != "__init__"
    ]
    bare = imported_by("pass")
    loaded = tops(imported_by("import " + ", ".join(names)) - bare)

    assert loaded - sys.stdlib_module_names - {"core"} == set()


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        (
            "import policy.live, policy.replay, policy.policy_tests",
            {"mitmproxy", "textual", "sqlalchemy", "presidio_analyzer"},
        ),
        (
            "import evidence.factory, evidence.verification",
            {
                "mitmproxy",
                "textual",
                "sqlalchemy",
                "sqlmodel",
                "pydantic",
                "presidio_analyzer",
                "polars",
            },
        ),
        ("import attribution", {"mitmproxy", "textual", "sqlalchemy", "presidio_analyzer"}),
        (
            "import classifiers.engine",
            {"mitmproxy", "textual", "sqlalchemy", "presidio_analyzer", "polars", "pyarrow"},
        ),
        (
            "import certs.authority, certs.leaf, certs.trust",
            {"mitmproxy", "textual", "sqlalchemy", "pydantic"},
        ),
        ("import tui.app", {"mitmproxy", "sqlalchemy", "presidio_analyzer", "polars", "psutil"}),
        (
            "import proxy.gate",
            {"textual", "sqlalchemy", "presidio_analyzer", "polars", "tornado", "ldap3", "psutil"},
        ),
    ],
)
def test_parts_do_not_load_what_is_not_theirs(statement: str, absent: set[str]) -> None:
    """Each part starts without the heavy libraries of the others."""
    assert tops(imported_by(statement)) & absent == set()


def test_the_gate_starts_without_what_it_never_uses() -> None:
    """HTTP/3, the proxy library's command language and a YAML writer cost a second of every start,
    and its redirector of packets is a thing that virus scanners look for: they stay out.
    """
    loaded = imported_by("import proxy.gate")
    assert not loaded & {
        "mitmproxy_rs.mitmproxy_rs",
        "aioquic.quic.connection",
        "pyparsing.core",
        "ruamel.yaml.main",
        "mitmproxy.addons.onboarding",
    }
    assert "mitmproxy.proxy.layers.http" in loaded


def test_help_loads_nothing_heavy() -> None:
    """`outgate --help` answers at once: none of the large libraries is loaded for it."""
    loaded = tops(imported_by("from app.cli import code_of\nassert code_of(['--help']) == 0"))

    heavy = {
        "mitmproxy",
        "textual",
        "presidio_analyzer",
        "sqlalchemy",
        "sqlmodel",
        "polars",
        "pydantic",
        "cryptography",
    }
    assert loaded & heavy == set()
    assert "app" in loaded


def _texts(path: Path) -> list[tuple[int, str]]:
    """Return the texts of a module's code, with their lines; its docstrings are not code."""
    tree = ast.parse(path.read_text())
    told = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
    ]


def test_what_is_known_of_services_stands_in_the_catalogue_only() -> None:
    """No second table of services: their hosts, proper names and headers are written in
    `destinations/` alone.
    """
    from destinations import SERVICES
    from destinations.vendors import VENDORS

    entries = (*SERVICES, *VENDORS)
    hosts = {host for service in entries for site in service.sites for host in site.hosts}
    hosts |= {domain for service in entries for domain in service.keys.domains if "." in domain}
    names = {s.name for s in entries if s.name not in {s.id, s.id.capitalize()}}
    headers = {h for s in entries for h in (*s.organisation_headers, *s.project_headers)}
    headers |= {h.name.lower() for service in entries for h in service.tenant_headers}
    known = hosts | {host.removeprefix("*.") for host in hosts} | headers
    made_up = (ROOT / "app" / "demo", ROOT / "tui" / "sample.py")
    found = [
        (str(path.relative_to(ROOT)), line, text)
        for path in MODULES
        if path.relative_to(ROOT).parts[0] != "destinations"
        and not any(path == stage or stage in path.parents for stage in made_up)
        for line, text in _texts(path)
        if text.lower() in known or text in names
    ]
    assert found == []


def test_no_package_registry_is_named() -> None:
    """Nothing in the tree points at a package registry: where packages come from is the user's
    choice.
    """
    hosts = [
        "py" + "pi.org",
        "files.python" + "hosted.org",
        "registry.npm" + "js.org",
        "conda.ana" + "conda.org",
    ]
    found = []
    for path in tracked():
        content = path.read_bytes()
        found += [(str(path.relative_to(ROOT)), host) for host in hosts if host.encode() in content]
    assert found == []


def test_no_resolver_lock_is_kept() -> None:
    """The lock that is kept is `requirements.lock`; a resolver's own names its registry and stays
    outside.
    """
    names = [path.name for path in tracked()]

    assert "uv.lock" not in names
    assert "requirements.lock" in names


def test_no_path_of_a_machine_is_written() -> None:
    """No file names the machine that it was written on."""
    here = ["/" + "work/main", "/" + "work/shared", "/root/" + ".pyenv"]
    found = [
        (str(path.relative_to(ROOT)), place)
        for path in tracked()
        for place in here
        if place.encode() in path.read_bytes()
    ]
    assert found == []
