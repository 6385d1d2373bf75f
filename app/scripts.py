"""What is kept of the scripts that were seen: their masked source by hash, and what they import."""

from attribution.attributor import SocketAttributor
from attribution.identity.contents import ContentStore
from core.attribution import Attribution, Certainty

_REMEMBERED = 5_000


class ScriptKeeper:
    """Looks once at each version of a script, in a thread of the gate."""

    def __init__(self, attributor: SocketAttributor, store: ContentStore | None) -> None:
        self._attributor = attributor
        self._store = store
        self._imports: dict[str, frozenset[str]] = {}
        self._looked_at: dict[str, None] = {}

    def seen(self, sender: Attribution) -> None:
        """Keep the imports of the sender's script, its masked source and what is installed for it,
        if this version is new.

        Imports come first: rules may wait for them.
        """
        sha256 = None if sender.script is None else sender.script.sha256
        if sha256 is None or sha256 in self._looked_at:
            return
        found = self._attributor.imports(sender)
        if found is not None:
            _put(self._imports, sha256, frozenset(found.third_party + found.standard))
        if self._store is not None and sender.certainty is Certainty.EXACT:
            # What is not proven to be its script may be anybody's data.
            self._attributor.keep_source(sender, self._store)
        composition = self._attributor.composition(sender)
        if composition is None:
            return  # the process is gone: the next one of this version is looked at
        if self._store is not None:
            version = (sender.script and sender.script.version) or {}
            self._store.keep_parts(sha256, composition.to_json() | {"git": version.get("git")})
        _put(self._looked_at, sha256, None)

    def imports(self, sha256: str | None) -> frozenset[str]:
        """Return what this version imports, as far as it is known yet."""
        return self._imports.get(sha256 or "", frozenset())


def _put[V](known: dict[str, V], sha256: str, value: V) -> None:
    if len(known) > _REMEMBERED:
        del known[next(iter(known))]
    known[sha256] = value
