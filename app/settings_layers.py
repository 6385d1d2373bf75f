"""Where settings come from, each layer over the one before: the defaults, the user's own file, what
the fleet orders, the machine's `settings.yaml`, its drop-ins by name, and the environment.

What the fleet's order and the machine's files list as `locked`, and each restraint on users that
they set, nothing above them changes.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.current_user import UNKNOWN_HERE
from app.settings import Settings
from core.errors import SettingsError
from core.text import printable
from core.yaml_faults import NO_VALUE

MACHINE = Path("/etc/outgate")
"""Readable by everybody, written by whoever looks after the machine."""
_LOCKED = "locked"
_RESTRAINTS = frozenset(
    {
        "require_gate",
        "require_policy",
        "require_seal",
        "second_person",
        "second_person_approvals",
        "second_person_erasure",
    }
)
"""Set for users, not by them: true stays true."""
_GRANTS = frozenset({"rights", "roles", "second_person_release_over"})
"""What the machine says of them is no user's to change."""
_NO_VARIABLE = frozenset({"upstream_proxy_credentials"})
"""OUTGATE_UPSTREAM_PROXY_CREDENTIALS holds the credentials themselves, not their file."""
_BY_OTHERS = 0o022
_DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What one place says."""

    origin: str
    """A path, or the name of a variable."""
    values: Mapping[str, Any]
    locks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layered:
    """The settings in force, and where each comes from."""

    settings: Settings
    origins: Mapping[str, str]


def layered(
    own: Path, machine: Path | None = None, environment: Mapping[str, str] | None = None
) -> Layered:
    """Return the settings in force. Raises SettingsError with the place of the first fault.

    `own`: the user's file. `machine`: the folder of this machine's files.
    """
    folder = MACHINE if machine is None else machine
    given = os.environ if environment is None else environment
    machines = tuple(_machines(folder))
    by_machine = {name for layer in machines for name in layer.locks}
    machines = (*(_without(layer, by_machine) for layer in _fleets(own.parent)), *machines)
    together = {name: value for layer in machines for name, value in layer.values.items()}
    locked = {name for layer in machines for name in layer.locks}
    locked |= {name for name in _RESTRAINTS if together.get(name) is True}
    locked |= _GRANTS.intersection(together)
    users = [_file(own)] if own.exists() else []
    layers = [
        *(_without(layer, locked) for layer in users),
        *machines,
        *(_without(layer, locked) for layer in _variables(given)),
    ]
    values: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.model_fields, _DEFAULT)
    for layer in layers:
        values |= layer.values
        origins |= dict.fromkeys(layer.values, layer.origin)
    return Layered(settings=_checked(values, "the settings together"), origins=origins)


def is_managed() -> bool:
    """True where somebody set up this machine's own files."""
    return MACHINE.joinpath("settings.yaml").exists() or any(MACHINE.glob("settings.d/*.yaml"))


def refuse_no_settings(text: str) -> None:
    """Raise SettingsError for a text that is no settings of a fleet."""
    _layer(text, "the fleet's settings", with_locks=True)


def _fleets(home: Path) -> Iterator[Layer]:
    folder = home / "fleet"
    if not (folder / "settings.orders").is_file():
        return
    from fleet.in_force import settings_of_fleet

    found = settings_of_fleet(folder)
    if found is not None:
        origin = f"the fleet's settings, version {found[0]}"
        yield _layer(found[1], origin, with_locks=True)


def _machines(folder: Path) -> Iterator[Layer]:
    for path in _machine_files(folder):
        refuse_if_others_write(path)
        yield _file(path, with_locks=True)


def _machine_files(folder: Path) -> list[Path]:
    """Return `settings.yaml` and its drop-ins by name. What somebody put there and would not be
    read must not be passed over: it binds users. Raises SettingsError.
    """
    drop_ins, found = folder / "settings.d", [folder / "settings.yaml"]
    try:
        if _is_there(drop_ins):
            refuse_if_others_write(drop_ins)
            found += sorted(drop_ins.iterdir())
    except OSError as error:
        raise SettingsError(
            f"Cannot read {drop_ins}: {error.strerror}.",
            remedy="It is a folder that everybody may read, or is not there.",
        ) from error
    for path in (folder / "settings.yml", *found):
        if path.suffix == ".yml" and _is_there(path):
            raise SettingsError(
                f"{path} is not read: settings end in .yaml.",
                remedy=f"Rename it to {path.stem}.yaml, or move it away.",
            )
    return [path for path in found if path.suffix == ".yaml" and _is_there(path)]


def _is_there(path: Path) -> bool:
    """Return whether something has that name, a link to nowhere included; one with a dot before it
    is an editor's lock. Raises SettingsError.
    """
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise SettingsError(f"Cannot read {path}: {error.strerror}.") from error
    return not path.name.startswith(".") or path.is_file()


def _without(layer: Layer, locked: Collection[str]) -> Layer:
    kept = {name: value for name, value in layer.values.items() if name not in locked}
    return Layer(origin=layer.origin, values=kept, locks=layer.locks)


def _file(path: Path, *, with_locks: bool = False) -> Layer:
    return _layer(_read(path), str(path), with_locks=with_locks)


def _layer(text: str, origin: str, *, with_locks: bool) -> Layer:
    values = _values(text, origin)
    locks = values.pop(_LOCKED, []) if with_locks else []
    unknown = isinstance(locks, list) and set(map(str, locks)) - set(Settings.model_fields)
    if not isinstance(locks, list) or unknown:
        raise SettingsError(
            f"{_placed(origin, text, (_LOCKED,))}: locked is a list of names of settings.",
            remedy="See docs/settings.md.",
        )
    _checked(values, origin, text)
    return Layer(origin=origin, values=values, locks=frozenset(map(str, locks)))


def _placed(origin: str, text: str, way: tuple[int | str, ...], *, at_key: bool = False) -> str:
    """Return `file:line:column` of what the way leads to."""
    from policy.yaml_places import place_in

    return ":".join([origin, *map(str, place_in(text, way, at_key=at_key))])


def _variables(environment: Mapping[str, str]) -> Iterator[Layer]:
    for name in Settings.model_fields:
        variable = f"OUTGATE_{name.upper()}"
        if name in _NO_VARIABLE or variable not in environment:
            continue
        values = {name: _parsed(environment[variable], variable)}
        _checked(values, variable)
        yield Layer(origin=variable, values=values)


def misspelt(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield words on each variable that is almost called as one that sets something, and sets
    nothing. A file with such a name is refused; variables may be other programs'.
    """
    from difflib import get_close_matches

    known = [f"OUTGATE_{name.upper()}" for name in Settings.model_fields]
    for variable in sorted(environment):
        if variable.upper().startswith("OUTGATE_") and variable not in known:
            for meant in get_close_matches(variable.upper(), known, n=1, cutoff=_ALIKE):
                yield f"{printable(variable, 100)} sets nothing; did you mean {meant}?"


_ALIKE = 0.85


def _read(path: Path) -> str:
    """Return the text of a file. Raises SettingsError."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise SettingsError(f"Cannot read {path}: it is no file.", remedy="Put a file there.")
    try:
        content = path.read_bytes()
        return content.decode().replace("\r\n", "\n")
    except OSError as error:
        raise SettingsError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        from policy.yaml_places import not_utf8

        line, column = not_utf8(content) or (1, 1)
        raise SettingsError(
            f"{path}:{line}:{column}: this is not YAML.", remedy="Write it in UTF-8."
        ) from error


def _values(text: str, source: str) -> dict[str, Any]:
    value = _parsed(text, source)
    if not isinstance(value or {}, dict):
        raise SettingsError(
            f"{_placed(source, text, ())}: it is no list of names with values.",
            remedy="See docs/settings.md.",
        )
    return {str(name): one for name, one in (value or {}).items()}


def _parsed(text: str, source: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe").load(text)
    except (YAMLError, *NO_VALUE) as error:
        twice = isinstance(error, DuplicateKeyError)
        raise SettingsError(
            f"{source}:{_fault_of(error, text)}.",
            remedy="Leave one of them." if twice else "Check indentation and quotes.",
        ) from error


def _fault_of(error: Exception, text: str) -> str:
    """Return `line:column: words` on a text that is not YAML."""
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import YAMLError

    from policy.yaml_places import no_such_value, refused_at

    if not isinstance(error, YAMLError):
        place, why = no_such_value(text)
    else:
        place = refused_at(error, text)
        why = "a name stands there twice" if isinstance(error, DuplicateKeyError) else ""
    return f"{place[0]}:{place[1]}: this is not YAML{why and f': {why}'}"


def _checked(values: Mapping[str, Any], source: str, text: str | None = None) -> Settings:
    """`text`: what the values stand in, where that is a file."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        way, is_unknown = first["loc"], first["type"] == "extra_forbidden"
        name = ".".join(map(str, way)) or "the file"
        said = f"{first['msg']}."
        if is_unknown and len(way) == 1:
            said = _no_such_setting(name)
        where = source if text is None else _placed(source, text, way, at_key=is_unknown)
        raise SettingsError(
            f"{where}: {printable(name, 80)}: {said}", remedy="See docs/settings.md."
        ) from None


def _no_such_setting(name: str) -> str:
    from policy.faults import nearest

    hint = nearest(name, Settings.model_fields)
    return f"there is no setting of that name.{f' Did you mean {hint}?' if hint else ''}"


def refuse_if_others_write(path: Path) -> None:
    """What binds the users of a machine must not be theirs to write, nor to put in another's place.
    Raises SettingsError.
    """
    _refuse_if_others_write(path.parent)
    _refuse_if_others_write(path, _found(path.parent).st_uid)


def _refuse_if_others_write(place: Path, owner: int | None = None) -> None:
    """`owner`: the user, beside root, whose it may be."""
    found = _found(place)
    if os.name != "posix":
        return
    if found.st_mode & _BY_OTHERS:
        raise SettingsError(
            f"{place} can be written by others than its owner, and would bind nobody.",
            remedy=f"chmod go-w {place}",
        )
    if owner is not None and found.st_uid not in {owner, 0, UNKNOWN_HERE}:
        raise SettingsError(
            f"{place} belongs to another user than its folder, and would bind everybody but that"
            " one.",
            remedy=f"chown root {place}",
        )


def _found(place: Path) -> os.stat_result:
    try:
        return place.stat()
    except OSError as error:
        raise SettingsError(f"Cannot read {place}: {error.strerror}.") from error
