"""What is kept of the scripts that were seen: their masked source by hash, and what they import."""

from attribution.attributor import SocketAttributor
from attribution.identity.contents import ContentStore
from core.attribution import Attribution

_REMEMBERED = 5_000


class ScriptKeeper:
    """Looks once at each version of a script, in a thread of the gate."""

    def __init__(self, attributor: SocketAttributor, store: ContentStore | None) -> None:
        self._attributor = attributor
        self._store = store
        self._imports: dict[str, frozenset[str]] = {}

    def seen(self, sender: Attribution) -> None:
        """Keep the masked source of the sender's script, its imports and what is installed for it, if this version is new."""
        sha256 = None if sender.script is None else sender.script.sha256
        if sha256 is None or sha256 in self._imports:
            return
        if self._store is not None:
            self._attributor.keep_source(sender, self._store)  # first: the process may be gone soon
        composition = self._attributor.composition(sender)
        if composition is None:
            return  # the process is gone: the next one of this version is looked at
        found = composition.imports
        if self._store is not None:
            self._store.keep_parts(sha256, composition.to_json())
        if len(self._imports) > _REMEMBERED:
            del self._imports[next(iter(self._imports))]
        self._imports[sha256] = (
            frozenset() if found is None else frozenset(found.third_party + found.standard)
        )

    def imports(self, sha256: str | None) -> frozenset[str]:
        """Return what this version imports, as far as it is known yet."""
        return self._imports.get(sha256 or "", frozenset())
