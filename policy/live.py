"""The policy in force: follows its file, keeps the last good one, says loudly when it is broken."""

from pathlib import Path

from core.decision import Decision
from core.errors import SettingsError
from core.organisation import Organisation
from core.situation import Situation
from policy.decide import RulePolicy
from policy.loading import load_bytes, load_preset, version_of


class PolicyFile:
    """A policy that is read again when its file changes. The first reading must succeed.

    With `preset` the file may be absent at first: that preset is in force until the file appears.
    """

    def __init__(
        self, path: Path, *, preset: str | None = None, kinds: frozenset[str] = frozenset()
    ) -> None:
        self.path = path
        self._kinds = kinds
        self._stamp = _stamp(path)
        self._awaited = preset is not None and self._stamp is None
        if preset is not None and self._awaited:
            self._policy = load_preset(preset, kinds=kinds)
        else:
            self._policy = load_bytes(_read(path), str(path), kinds=kinds)
        self._table = self._table_stamp()
        self._error: SettingsError | None = None
        self.trouble: SettingsError | None = None
        """Set by whoever follows the file, while something unexpected keeps him from it."""

    @property
    def current(self) -> RulePolicy:
        """The last good policy."""
        return self._policy

    @property
    def error(self) -> SettingsError | None:
        """Why the file as it is now is not in force, if so. Show it until it is None."""
        return self._error or self.trouble

    @property
    def version(self) -> str:
        """First 16 hex digits of the SHA-256 of the policy in force."""
        return self._policy.version

    @property
    def organisation(self) -> Organisation:
        """What the policy in force says of the organisation."""
        return self._policy.organisation

    @property
    def asks_past(self) -> bool:
        """True when some rule in force looks at a script's history or at earlier volume."""
        return self._policy.asks_past

    @property
    def asks_files(self) -> bool:
        """See RulePolicy.asks_files."""
        return self._policy.asks_files

    @property
    def asks_habits(self) -> bool:
        """See RulePolicy.asks_habits."""
        return self._policy.asks_habits

    @property
    def asks_packages(self) -> bool:
        """See RulePolicy.asks_packages."""
        return self._policy.asks_packages

    def reload_if_changed(self) -> bool:
        """Read the file again if it changed; True when another policy is in force. Never raises.

        A file of 200 rules takes about half a second: call it off the event loop.
        """
        stamp = _stamp(self.path)
        if (
            stamp == self._stamp
            and self._table == self._table_stamp()
            and (stamp is not None or self._awaited)
        ):
            return False
        self._awaited = False
        self._stamp = stamp
        return self.reload()

    def reload(self) -> bool:
        """Read the file again, whatever its date; True when another policy is in force.

        Never raises.
        """
        table, self._table = self._table, self._table_stamp()
        try:
            content = _read(self.path)
            fresh = load_bytes(content, str(self.path), kinds=self._kinds)
        except SettingsError as error:
            self._error = error
            return False
        self._error = None
        changed = version_of(content) != self._policy.version or table != self._table
        if changed:
            self._policy = fresh
            self._table = self._table_stamp()
        return changed

    def _table_stamp(self) -> "tuple[int, int, int] | None":
        """Of the table of countries that the policy in force names."""
        named = self._policy.countries_file
        return None if named is None else _stamp(Path(named))

    def decide_on_headers(self, situation: Situation) -> Decision | None:
        """Decide before the body is there, or None when a rule in the way needs the body."""
        return self._policy.decide_on_headers(situation)

    def decide(self, situation: Situation) -> Decision:
        """Decide with everything known."""
        return self._policy.decide(situation)

    def needs_whole(self, situation: Situation) -> bool:
        """Return True when a large body must be read to its end before any of it leaves."""
        return self._policy.needs_whole(situation)

    @property
    def asks_address(self) -> bool:
        """True when some rule looks at the address that is connected to."""
        return self._policy.asks_address

    def country_of(self, address: str) -> str:
        """Return the country of an IP address."""
        return self._policy.country_of(address)

    def exempts(self, host: str) -> bool:
        """Return whether some exception names this host."""
        return self._policy.exempts(host)

    def pass_through(self, situation: Situation) -> Decision | None:
        """Decide on a connection that an exception names, before it is decrypted."""
        return self._policy.pass_through(situation)

    def on_gate_failure(self, stage: str, reference: str) -> Decision:
        """Decide what happens when the gate itself failed."""
        return self._policy.on_gate_failure(stage, reference)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"The policy file {path} cannot be read: {error.strerror}.",
            remedy="Put it back; until then the last good policy stays in force.",
        ) from error
