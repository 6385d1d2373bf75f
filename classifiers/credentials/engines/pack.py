"""The compiled rule pack on disk: owner-only, bound to versions and processor, checked by hash,
else made anew.
"""

import contextlib
import hashlib
import importlib.metadata
import json
import os
import pathlib
import platform
import stat
import tempfile
from typing import Any, NamedTuple

import hyperscan

from classifiers.credentials.engines.engine import Engine, compile_database
from classifiers.credentials.engines.wheel import catalogue_version, read_catalogue
from classifiers.credentials.rules.long_tail import FORMAT, adapt, scannable
from classifiers.credentials.rules.own import own_rules
from classifiers.credentials.rules.rule import Rule
from core.findings import Confidence

_FOLDER = "credentials"
TAIL_FIELDS = tuple(
    (
        "name pattern group confidence provider min_entropy rank requires visible excluded"
        " stopwords source"
    ).split()
)
"""What is kept of a rule of the long tail."""


class Pack(NamedTuple):
    """All rules with their database in serial form."""

    rules: tuple[Rule, ...]
    database: bytes
    left_out: tuple[str, ...]


def pack_key(rules: tuple[Rule, ...]) -> str:
    """Return what a cached pack must match: our rules, both packages' versions, the processor."""
    parts = [
        str(FORMAT),
        str(catalogue_version()),
        importlib.metadata.version("hyperscan"),
        platform.system(),
        platform.machine(),
        _processor(),
        *(rule.pattern for rule in rules),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _processor() -> str:
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor()
    return next((line for line in text.splitlines() if line.startswith(("flags", "Features"))), "")


def build() -> Pack:
    """Make the pack: some eight seconds of work. Raises DegradedError, hyperscan.error."""
    tail, left_out = adapt(read_catalogue())
    own = own_rules()
    try:
        database = compile_database([r.pattern for r in own + tail])
    except hyperscan.error:
        tail, refused = scannable(tail)
        left_out += refused
        database = compile_database([r.pattern for r in own + tail])
    return Pack((*own, *tail), hyperscan.dumpb(database), tuple(left_out))


def save(pack: Pack, cache_dir: pathlib.Path) -> None:
    """Write the pack, owner-only and atomically. Raises OSError."""
    folder = cache_dir / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chmod(folder, 0o700)  # noqa: PTH101 - also tightens a folder that was there
    own = own_rules()
    manifest = {
        "key": pack_key(tuple(own)),
        "database_sha256": hashlib.sha256(pack.database).hexdigest(),
        "left_out": list(pack.left_out),
        "tail": [_as_json(rule) for rule in pack.rules[len(own) :]],
    }
    text = json.dumps(manifest, ensure_ascii=True, separators=(",", ":"))
    _write(folder / "pack.hsdb", pack.database)
    _write(folder / "pack.json", text.encode())
    _write(folder / "pack.sha256", hashlib.sha256(text.encode()).hexdigest().encode())


def load(cache_dir: pathlib.Path) -> Engine | None:
    """Return the cached pack ready for use, or None when there is none that fits and can be
    trusted.
    """
    folder = cache_dir / _FOLDER
    try:
        if not _is_private(folder):
            return None
        text, digest, database = (
            _read(folder / name) for name in ("pack.json", "pack.sha256", "pack.hsdb")
        )
        if hashlib.sha256(text).hexdigest().encode() != digest:
            return None
        return _engine(json.loads(text), database)
    except (OSError, ValueError, KeyError, TypeError, hyperscan.error):
        return None


def _engine(manifest: dict[str, Any], database: bytes) -> Engine | None:
    own = own_rules()
    if (
        manifest["key"] != pack_key(tuple(own))
        or manifest["database_sha256"] != hashlib.sha256(database).hexdigest()
    ):
        return None
    loaded = hyperscan.loadb(database, hyperscan.HS_MODE_BLOCK)
    engine = Engine([*own, *map(_from_json, manifest["tail"])], loaded)
    return engine if engine.candidates(_PROBE) else None


_PROBE = b'"x": "sk-' + b"proj-aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bD0fG3iJ6lM9oR2uX5zC8eF1h" + b'"\n'
"""A key that our first rule finds: a loaded database that does not find it is not used."""


def _as_json(rule: Rule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in TAIL_FIELDS}


def _from_json(value: dict[str, Any]) -> Rule:
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items()}
    fields["confidence"] = Confidence(fields["confidence"])
    return Rule(**fields)


def _is_private(path: pathlib.Path) -> bool:
    status = path.stat(follow_symlinks=False)
    if os.name != "posix":
        return True
    return (
        status.st_uid == os.getuid()
        and not stat.S_ISLNK(status.st_mode)
        and not status.st_mode & 0o077
    )


def _read(path: pathlib.Path) -> bytes:
    if not _is_private(path):
        raise PermissionError("a cached pack is not private to its owner")
    return path.read_bytes()


def _write(path: pathlib.Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        pathlib.Path(name).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            pathlib.Path(name).unlink()
        raise
