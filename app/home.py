"""Where Outgate keeps its things: every path below OUTGATE_HOME, and nothing anywhere else."""

import os
import stat
import uuid
from dataclasses import dataclass
from pathlib import Path

from app.current_user import UNKNOWN_HERE, is_service
from core.errors import InputError, SettingsError

_BY_OTHERS = 0o022


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds everything Outgate writes; private to the user."""

    root: Path

    @property
    def evidence(self) -> Path:
        """The evidence database."""
        return self.root / "evidence.db"

    def kept_evidence(self) -> Path:
        """Return the evidence database. Raises InputError where there is none yet."""
        if not self.evidence.is_file():
            raise InputError("There is no evidence yet.", remedy="Start the gate: outgate start.")
        return self.evidence

    @property
    def collecting(self) -> Path:
        """Held by the gate that watches what programs do beside their requests."""
        return self.root / "collecting.lock"

    @property
    def authority(self) -> Path:
        """Folder of the certificate authority."""
        return self.root / "authority"

    @property
    def chain(self) -> Path:
        """PEM chain sent to clients."""
        return self.root / "authority" / "chain.pem"

    @property
    def bundle(self) -> Path:
        """PEM bundle that clients should trust: public roots, the user's own, ours."""
        return self.root / "bundle.pem"

    @property
    def upstream(self) -> Path:
        """PEM bundle that servers are verified with."""
        return self.root / "upstream.pem"

    @property
    def policy(self) -> Path:
        """The organisation's policy file, where there is one."""
        return self.root / "outgate.yaml"

    @property
    def settings(self) -> Path:
        """The settings file, where there is one."""
        return self.root / "settings.yaml"

    @property
    def views(self) -> Path:
        """Saved views of the review."""
        return self.root / "views.json"

    @property
    def fingerprint_key(self) -> Path:
        """Key of the fingerprints, 32 random bytes."""
        return self.root / "keys" / "fingerprint.key"

    @property
    def pseudonym_key(self) -> Path:
        """Key of user pseudonyms, 32 random bytes."""
        return self.root / "keys" / "pseudonym.key"

    @property
    def installation(self) -> Path:
        """The random id of this installation."""
        return self.root / "installation"

    @property
    def cache(self) -> Path:
        """Compiled rules and other things that can be made again."""
        return self.root / "cache"

    @property
    def running(self) -> Path:
        """Address and process of the running gate."""
        return self.root / "gate.json"

    @property
    def hashed_roots(self) -> Path:
        """Folder with the root that clients trust, called by the hash of its subject."""
        return self.root / "roots"

    @property
    def java_store(self) -> Path:
        """The bundle as a trust store for Java."""
        return self.root / "roots.jks"

    def seal_of(self, pid: int) -> Path:
        """Where the gate of this process takes sealed runs."""
        return self.root / "seals" / f"{pid}.sock"

    @property
    def counts(self) -> Path:
        """Folder with how much passed a gate unread, a file for each that lives or was killed."""
        return self.root / "counts"

    @property
    def scripts(self) -> Path:
        """Masked contents of scripts seen, by hash."""
        return self.root / "scripts"

    @property
    def fleet(self) -> Path:
        """That this endpoint belongs to a fleet, and what it was given."""
        return self.root / "fleet"

    @property
    def advisories(self) -> Path:
        """Advisories that were imported."""
        return self.root / "advisories"

    @property
    def beacons(self) -> Path:
        """A private folder for each `outgate run` that lasts, with what its programs say of
        themselves.
        """
        return self.root / "beacons"


def open_home() -> Home:
    """Return the home, made if need be with mode 0700. Raises SettingsError."""
    root = _root()
    _refuse_others(root)
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        _refuse_others(root)  # what came into its place meanwhile
        root.chmod(0o700)
    except OSError as error:
        raise SettingsError(
            f"Cannot use {root} as Outgate's folder: {error.strerror}.",
            remedy="Set OUTGATE_HOME to a folder that you can write to.",
        ) from error
    return Home(root)


def home_there() -> Home | None:
    """Return the home where there is one; nothing is made or changed. Raises SettingsError."""
    root = _root()
    _refuse_others(root)
    return Home(root) if root.is_dir() else None


def _root() -> Path:
    given = os.environ.get("OUTGATE_HOME")
    if given:
        return Path(given).expanduser().resolve()
    import platformdirs

    return Path(platformdirs.user_data_dir("outgate", appauthor=False))


def _refuse_others(root: Path) -> None:
    """The service's user, as whom reviewers act by sudo, takes no folder that is another's, or that
    others could put another in the place of: the settings in it are obeyed. Raises SettingsError.
    """
    if not is_service():
        return
    own = os.getuid()
    for place in (*reversed(root.parents), root):
        try:
            found = place.lstat()
        except FileNotFoundError:
            return  # looked at again when it is made
        except OSError as error:
            raise SettingsError(f"Cannot look at {place}: {error.strerror}.") from error
        owners = {own} if place == root else {own, 0, UNKNOWN_HERE}
        theirs = found.st_uid not in owners or found.st_mode & _BY_OTHERS
        if theirs or not stat.S_ISDIR(found.st_mode):
            raise SettingsError(
                f"{root} is no folder of the service's own: others may change {place}.",
                remedy="The service's user has one folder: OUTGATE_HOME as its unit names it.",
            )


def private_key(path: Path) -> bytes:
    """Return the 32-byte key in this file, made at first use with mode 0600.

    Raises SettingsError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(descriptor, "wb") as file:
                file.write(os.urandom(32))
        key = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"Cannot read or make the key {path}: {error.strerror}.") from error
    if len(key) != 32:
        raise SettingsError(
            f"The key {path} is damaged.",
            remedy=(
                "Restore it from a backup; with a new key, old and new fingerprints no longer "
                "match."
            ),
        )
    return key


def installation_id(path: Path) -> str:
    """Return the random id in this file, made at first use with mode 0600. Raises SettingsError."""
    try:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(str(uuid.uuid4()))
        found = path.read_text("ascii").strip()
        return str(uuid.UUID(found))
    except OSError as error:
        raise SettingsError(f"Cannot read or make {path}: {error.strerror}.") from error
    except ValueError:
        raise SettingsError(
            f"The id of this installation in {path} is damaged.",
            remedy="Remove the file: the next start makes another id.",
        ) from None
