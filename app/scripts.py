"""What is kept of the scripts that were seen: their masked source by hash, and what they import."""

from collections.abc import Callable, Sequence

from app.package_risks import Package, PackageRisks
from attribution import AnyAttributor
from attribution.identity.composition import Composition
from attribution.identity.contents import ContentStore
from core.attribution import Attribution, Certainty
from core.vocabulary.packages import PackageState

_REMEMBERED = 5_000


class ScriptKeeper:
    """Looks once at each version of a script, in a thread of the gate."""

    def __init__(
        self,
        attributor: AnyAttributor,
        store: ContentStore | None,
        risks: PackageRisks | None = None,
        allowed: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        """`allowed`: the distributions that scripts may use, as policy lists them now."""
        self._attributor = attributor
        self._store = store
        self._risks = risks
        self._allowed = allowed
        self._parts: dict[str, tuple[tuple[Package, ...], tuple[Package, ...]]] = {}
        """Hash → distributions that it imports, and those that are installed for it."""
        self._imports: dict[str, frozenset[str]] = {}
        self._looked_at: dict[str, None] = {}

    def seen(self, sender: Attribution) -> None:
        """Keep the imports of the sender's script, its masked source and what is installed for it,
        if this version is new.

        Imports come first: rules may wait for them.
        """
        sha256 = None if sender.script is None else sender.script.sha256
        if sha256 is None:
            return
        if sha256 in self._looked_at:
            self._learn(())
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
        self._keep_packages(sha256, composition)
        if self._store is not None:
            version = (sender.script and sender.script.version) or {}
            self._store.keep_parts(sha256, composition.to_json() | {"git": version.get("git")})
        _put(self._looked_at, sha256, None)

    def _keep_packages(self, sha256: str, composition: Composition) -> None:
        installed = tuple((d.name, d.version) for d in composition.distributions)
        self._learn(installed)
        if composition.imports is not None:
            used = {(d.name, d.version) for _, d in composition.used if d is not None}
            _put(self._parts, sha256, (tuple(sorted(used)), installed))

    def _learn(self, packages: Sequence[Package]) -> None:
        if self._risks is not None:
            self._risks.learn(packages)

    def packages(self, sha256: str | None) -> tuple[frozenset[PackageState] | None, bool]:
        """Return what is the matter with the packages of this version, None when nobody knows yet
        what it is made of; and whether there are advisories to know it by.
        """
        parts = self._parts.get(sha256 or "")
        if parts is None or self._risks is None:
            return None, False
        return self._risks.states(*parts, self._allowed()), self._risks.advised

    def imports(self, sha256: str | None) -> frozenset[str]:
        """Return what this version imports, as far as it is known yet."""
        return self._imports.get(sha256 or "", frozenset())


def _put[V](known: dict[str, V], sha256: str, value: V) -> None:
    if len(known) > _REMEMBERED:
        del known[next(iter(known))]
    known[sha256] = value
