"""The readers, found in our own folder: one module each, loud when one breaks the contract."""

import importlib
import pkgutil
from functools import cache

from classifiers.documents import readers
from classifiers.documents.reader import Reader


@cache
def all_readers() -> tuple[Reader, ...]:
    """Return every reader, sorted by name. Raises TypeError on a module that is none."""
    found = []
    for module_info in sorted(pkgutil.iter_modules(readers.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{readers.__name__}.{module_info.name}")
        media_types, read = getattr(module, "MEDIA_TYPES", None), getattr(module, "read", None)
        if not isinstance(media_types, frozenset) or not media_types or not callable(read):
            raise TypeError(
                f"{module.__name__} needs MEDIA_TYPES (a frozenset) and read(document, work)"
            )
        found.append(Reader(module_info.name, media_types, read))
    return tuple(found)


@cache
def by_media_type() -> dict[str, Reader]:
    """Return media type → reader. Raises TypeError when two readers claim one type."""
    table: dict[str, Reader] = {}
    for reader in all_readers():
        for media_type in reader.media_types:
            if media_type in table:
                raise TypeError(
                    f"{media_type} is claimed by {table[media_type].name} and {reader.name}"
                )
            table[media_type] = reader
    return table
