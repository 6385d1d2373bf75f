"""Reads the rule catalogue of the installed `kingfisher-secret-scanner`, without importing its
network parts.
"""

import importlib.machinery
import importlib.metadata
import importlib.util
import pathlib
from typing import Any

from core.errors import DegradedError

DISTRIBUTION = "kingfisher-secret-scanner"
_PACKAGE = "kingfisher_sdk"


def catalogue_version() -> str | None:
    """Return the version of the installed catalogue, or None when it is not installed."""
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return None


def read_catalogue() -> list[dict[str, Any]]:
    """Return every rule's definition (takes seconds and some 80 MB: call it in a process of its
    own).

    Only the native module is loaded: the package's `__init__` would import its validators, which
    talk to the network. Raises DegradedError when the catalogue cannot be read.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        for path in sorted(pathlib.Path(folder).glob("_native*")):
            if path.suffix in {".so", ".pyd"}:
                return _details(path)
    raise DegradedError(
        "credentials", "The catalogue of secret rules is missing.", remedy="Install Outgate again."
    )


def _details(path: pathlib.Path) -> list[dict[str, Any]]:
    loader = importlib.machinery.ExtensionFileLoader("_native", str(path))
    spec = importlib.util.spec_from_file_location("_native", path, loader=loader)
    if spec is None:
        raise DegradedError("credentials", "The catalogue of secret rules cannot be loaded.")
    native = importlib.util.module_from_spec(spec)
    loader.exec_module(native)
    rules = native.Rules([], True, "low", cache=False)
    return [rules.detail(entry["id"]) for entry in rules.metadata()]
