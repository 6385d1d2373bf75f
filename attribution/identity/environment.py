"""Where the interpreter that really ran keeps its packages: its virtual environment, however it was
called.
"""

import posixpath
from collections.abc import Iterator

from attribution.beacon.claims import StartClaim
from attribution.facts import Files, ProcessFacts
from attribution.resolution import search_paths

_MOST_CONFIG = 8192
_VERSIONS = tuple(f"3.{minor}" for minor in range(16, 7, -1))
_FOLDERS = ("lib/python{}/site-packages", "lib64/python{}/site-packages")
_SYSTEM = (
    "lib/python3/dist-packages",
    "lib/python{}/dist-packages",
    "local/lib/python{}/dist-packages",
)


def package_folders(
    facts: ProcessFacts,
    files: Files,
    claim: StartClaim | None = None,
    home: str | None = None,
    *,
    given: bool = True,
) -> tuple[str, ...]:
    """Return the folders with installed packages, as the process sees them, the first to be
    imported from first.

    `claim`: what the process says of its own start, taken only where its interpreter is the one
    that the kernel names. `home`: the home folder of its user, whose own packages count outside of
    environments. `given`: those of PYTHONPATH count as well.
    """
    if facts.windows:
        places = search_paths.site_folders(facts)
        return tuple(place for place in places if "site-packages" in place and files.is_dir(place))
    prefix = prefix_of(facts, files, claim)
    config = config_of(prefix, files)
    prefixes = [prefix] if prefix is not None else []
    base = _folder_above(files.realpath(facts.exe)) if facts.exe else None
    outside = config is None or config.get("include-system-site-packages") == "true"
    if outside and base is not None and base not in prefixes:
        prefixes.append(base)
    versions = _versions(facts, claim, config)
    named = _on_the_path(facts) if given else []
    own = f"{home}/.local" if home and outside else None
    found = [*named, *_in(prefixes, versions, outside), *_in([own] if own else [], versions, False)]
    real = {files.realpath(folder): folder for folder in reversed(found) if files.is_dir(folder)}
    return tuple(reversed(real.values()))


def _on_the_path(facts: ProcessFacts) -> list[str]:
    return [e for e in facts.env.get("PYTHONPATH", "").split(":") if e.startswith("/")]


def prefix_of(facts: ProcessFacts, files: Files, claim: StartClaim | None = None) -> str | None:
    """Return the installation folder of the interpreter as it was called: a virtual environment, or
    the base.
    """
    exe = files.realpath(facts.exe) if facts.exe else None
    for program in candidates(facts, claim):
        if files.exists(program) and exe is not None and files.realpath(program) == exe:
            return _folder_above(program)
    return None if exe is None else _folder_above(exe)


def candidates(facts: ProcessFacts, claim: StartClaim | None = None) -> Iterator[str]:
    """Yield the paths by which the interpreter may have been called, the surest first."""
    if claim is not None and posixpath.isabs(claim.prefix):
        yield posixpath.join(claim.prefix, "bin/python")
        yield posixpath.join(claim.prefix, "bin/python3")
    if launcher := search_paths.launcher(facts):
        yield launcher
    called = facts.argv[0] if facts.argv else ""
    if "/" in called:
        yield from (search_paths.join(facts, base, called) for base in _bases(facts, called))
        return
    if not called:
        return
    for entry in facts.env.get("PATH", "").split(":"):
        for base in _bases(facts, entry):
            yield search_paths.join(facts, search_paths.join(facts, base, entry), called)


def _bases(facts: ProcessFacts, path: str) -> list[str]:
    """The folder of the start comes first: the present one is where the process went since."""
    return ["/"] if path.startswith("/") else search_paths.bases(facts)[::-1]


def _folder_above(program: str) -> str:
    return posixpath.dirname(posixpath.dirname(program))


def config_of(prefix: str | None, files: Files) -> dict[str, str] | None:
    """Return `pyvenv.cfg`, in small letters but for its paths; None where the prefix is no virtual
    environment.
    """
    if prefix is None:
        return None
    data = files.head(posixpath.join(prefix, "pyvenv.cfg"), _MOST_CONFIG)
    if not data:
        return None
    pairs = (line.partition("=") for line in data.decode("utf-8", "replace").splitlines())
    words = ((name.strip().lower(), value.strip()) for name, _, value in pairs)
    return {name: value if "/" in value else value.lower() for name, value in words}


def _versions(
    facts: ProcessFacts, claim: StartClaim | None, config: dict[str, str] | None
) -> tuple[str, ...]:
    """Return `3.13` as far as anything tells it, else all that there may be."""
    told = [claim.version] if claim is not None else []
    told += [config[name] for name in ("version", "version_info") if config and name in config]
    told.append(posixpath.basename(facts.exe or "").removeprefix("python"))
    for text in told:
        parts = text.removesuffix("t").split(".")
        if len(parts) >= 2 and all(part.isdigit() for part in parts[:2]):
            return (".".join(parts[:2]),)
    return _VERSIONS


def _in(prefixes: list[str], versions: tuple[str, ...], system: bool) -> Iterator[str]:
    for prefix in prefixes:
        for pattern in (*_FOLDERS, *(_SYSTEM if system else ())):
            for version in versions if "{}" in pattern else versions[:1]:
                yield posixpath.join(prefix, pattern.format(version))
