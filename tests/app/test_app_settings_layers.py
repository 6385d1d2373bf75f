"""Where settings come from, and what a user cannot change."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.settings import Settings
from app.settings_layers import Layered, layered, misspelt
from core.errors import SettingsError


def in_force(
    folder: Path,
    *,
    own: str | None = None,
    machine: str | None = None,
    drop_ins: dict[str, str] | None = None,
    environment: dict[str, str] | None = None,
) -> Layered:
    """Write the files and read the settings."""
    etc = folder / "etc"
    (etc / "settings.d").mkdir(parents=True, exist_ok=True)
    files = {folder / "own.yaml": own, etc / "settings.yaml": machine}
    files |= {etc / "settings.d" / name: text for name, text in (drop_ins or {}).items()}
    for path, text in files.items():
        if text is not None:
            path.write_text(text)
            path.chmod(0o644)
    return layered(folder / "own.yaml", etc, environment or {})


def test_without_any_file_the_defaults_hold(tmp_path: Path) -> None:
    """Nothing needs to be set."""
    found = in_force(tmp_path)
    assert found.settings == Settings()
    assert set(found.origins.values()) == {"default"}
    assert set(found.origins) == set(Settings.model_fields)


def test_each_layer_is_over_the_one_before(tmp_path: Path) -> None:
    """A user's file, the machine's, its drop-ins by name and the environment, in this order."""
    found = in_force(
        tmp_path,
        own="workers: 2\nhold_mb: 2\nspool_mb: 2\nclassify_seconds: 2\nbeacon: false\n",
        machine="workers: 3\nhold_mb: 3\nspool_mb: 3\nclassify_seconds: 3\n",
        drop_ins={
            "20-b.yaml": "workers: 5\nhold_mb: 5\n",
            "10-a.yaml": "workers: 4\nspool_mb: 4\n",
        },
        environment={"OUTGATE_WORKERS": "6", "OUTGATE_HOME": "/x", "OUTGATE_GATE": "http://x"},
    )
    told = found.settings
    assert (told.workers, told.hold_mb, told.spool_mb, told.classify_seconds) == (6, 5, 4, 3)
    assert not told.beacon
    origins = [
        found.origins[name].rpartition("/")[2] for name in ("workers", "hold_mb", "spool_mb")
    ]
    assert origins == ["OUTGATE_WORKERS", "20-b.yaml", "10-a.yaml"]
    assert found.origins["beacon"].endswith("own.yaml")


@pytest.mark.parametrize("name", ["require_gate", "require_seal", "second_person"])
def test_a_restraint_on_users_is_not_theirs_to_lift(tmp_path: Path, name: str) -> None:
    """What the machine demands of its users, their files and their environment do not undo."""
    own, env = f"{name}: false\n", {f"OUTGATE_{name.upper()}": "false"}
    found = in_force(tmp_path, own=own, machine=f"{name}: true\n", environment=env)
    assert getattr(found.settings, name) is True
    assert found.origins[name].endswith("settings.yaml")
    alone = in_force(tmp_path / "b", own=f"{name}: true\n", environment=env)
    assert getattr(alone.settings, name) is False


def test_what_is_locked_stays(tmp_path: Path) -> None:
    """A machine's file can lock any setting, and only its own folder can unlock it."""
    machine = "locked: [direct_hosts, user_names]\nuser_names: pseudonym\n"
    env = {"OUTGATE_DIRECT_HOSTS": "[evil.example]", "OUTGATE_USER_NAMES": "clear"}
    own = "user_names: none\ndirect_hosts: [evil.example]\n"
    drop_in = {"10.yaml": "user_names: none\n"}
    found = in_force(tmp_path / "b", own=own, machine=machine, drop_ins=drop_in, environment=env)
    assert found.settings.user_names == "none", "the machine's own drop-in"
    found = in_force(tmp_path, own=own, machine=machine, environment=env)
    assert (found.settings.direct_hosts, found.settings.user_names) == ((), "pseudonym")
    with pytest.raises(SettingsError, match="locked"):
        in_force(tmp_path, own="locked: [workers]\n", machine="")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("own", "wrkers: 2", "wrkers"),
        ("machine", "workers: many", "workers"),
        ("machine", "locked: workers", "list of names"),
        ("machine", "locked: [wrkers]", "list of names"),
        ("machine", "- a\n- b\n", "no list of names with values"),
        ("machine", "a: [", "not YAML"),
    ],
)
def test_a_fault_is_named_with_its_file(tmp_path: Path, name: str, text: str, words: str) -> None:
    """Whoever wrote it reads in which file what is wrong."""
    with pytest.raises(SettingsError, match=words) as caught:
        in_force(tmp_path, **{name: text})  # type: ignore[arg-type]
    assert ("own.yaml" if name == "own" else "settings.yaml") in caught.value.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("beacon: yes\nworkers: many\n", ":2:10: workers: "),
        ("beacon: yes\nwrkers: 2\n", ":2:1: wrkers: there is no setting of that name"),
        ("beacon: yes\n  locked: 3\n", ":2:9: this is not YAML"),
        ("beacon: yes\nlocked: 3\n", ":2:9: locked is a list of names of settings"),
        ("# a\n- a\n", ":2:1: it is no list of names with values"),
        ("beacon: yes\nworkers: [\n", ":2:10: this is not YAML"),
        ("# a\nworkers: 2027-02-31\n", ":2:10: this is not YAML: 2027-02-31 is no date"),
        ("# a\nworkers: \x07\n", ":2:10: this is not YAML"),
    ],
)
def test_a_fault_is_told_with_its_line_and_column(tmp_path: Path, text: str, words: str) -> None:
    """Whoever wrote the file finds the very place."""
    with pytest.raises(SettingsError) as caught:
        in_force(tmp_path, machine=text)
    assert f"settings.yaml{words}" in caught.value.message


def test_a_file_in_another_encoding_is_told_with_its_place(tmp_path: Path) -> None:
    """So it is for the first sign that is no UTF-8."""
    (tmp_path / "own.yaml").write_bytes("beacon: yes\nx: é\n".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"own\.yaml:2:4: this is not YAML"):
        layered(tmp_path / "own.yaml", tmp_path / "etc", {})


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    """A variable that holds no such value is named; credentials are no file's name."""
    with pytest.raises(SettingsError, match="OUTGATE_WORKERS"):
        in_force(tmp_path, environment={"OUTGATE_WORKERS": "many"})
    env = {"OUTGATE_UPSTREAM_PROXY_CREDENTIALS": "anna:geheim"}
    assert in_force(tmp_path, environment=env).settings.upstream_proxy_credentials is None


def test_a_machines_file_that_others_write_binds_nobody(tmp_path: Path) -> None:
    """A file that any user can change is refused, not believed."""
    in_force(tmp_path, machine="require_gate: true\n")
    (tmp_path / "etc" / "settings.yaml").chmod(0o666)
    with pytest.raises(SettingsError, match="can be written by others"):
        layered(tmp_path / "own.yaml", tmp_path / "etc", {})


@pytest.mark.skipif(os.name != "posix", reason="modes of folders")
@pytest.mark.parametrize("place", ["settings.d", ""])
def test_nobody_puts_another_file_in_its_place(tmp_path: Path, place: str) -> None:
    """A folder that others write is theirs to fill, whoever owns what is in it."""
    in_force(tmp_path, drop_ins={"10.yaml": "require_gate: true\n"})
    (tmp_path / "etc" / place).chmod(0o777)
    with pytest.raises(SettingsError, match="can be written by others"):
        layered(tmp_path / "own.yaml", tmp_path / "etc", {})


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="a second user")
@pytest.mark.parametrize("place", ["settings.d/10.yaml", "settings.d"])
def test_what_another_user_owns_binds_nobody(tmp_path: Path, place: str) -> None:
    """An owner writes when he likes to, whatever the mode says now."""
    in_force(tmp_path, drop_ins={"10.yaml": "require_gate: true\n"})
    os.chown(tmp_path / "etc" / place, 64_990, 64_990)
    with pytest.raises(SettingsError, match="belongs to another user"):
        layered(tmp_path / "own.yaml", tmp_path / "etc", {})


ETC: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file for the drop-ins": (lambda etc: (etc / "settings.d").write_text("x"), "settings.d"),
    "a link to nowhere": (lambda etc: _drop_in(etc).symlink_to("nowhere"), "No such file"),
    "a link to itself": (lambda etc: _drop_in(etc).symlink_to("10.yaml"), "10.yaml"),
    "a pipe": (lambda etc: os.mkfifo(_drop_in(etc), 0o644), "it is no file"),
    "another ending": (lambda etc: _drop_in(etc, "10.yml").write_text("beacon: no"), "is not read"),
    "another ending of the file": (lambda etc: (etc / "settings.yml").write_text(""), "not read"),
    "a name twice": (
        lambda etc: _drop_in(etc).write_text("workers: 2\nworkers: 3\n"),
        "10.yaml:2:1: this is not YAML: a name stands there twice",
    ),
}


def _drop_in(etc: Path, name: str = "10.yaml") -> Path:
    (etc / "settings.d").mkdir()
    return etc / "settings.d" / name


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
@pytest.mark.parametrize("case", ETC)
def test_nothing_of_the_machine_is_passed_over(tmp_path: Path, case: str) -> None:
    """What was to bind users and cannot be read stops everything, in words."""
    etc = tmp_path / "etc"
    etc.mkdir()
    make, words = ETC[case]
    make(etc)
    with pytest.raises(SettingsError) as told:
        layered(tmp_path / "own.yaml", etc, {})
    assert words in told.value.message


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads everything")
def test_drop_ins_that_a_user_may_not_read_are_told(tmp_path: Path) -> None:
    """They bind this user."""
    etc = tmp_path / "etc"
    etc.mkdir()
    _drop_in(etc).write_text("require_gate: true")
    (etc / "settings.d").chmod(0)
    with pytest.raises(SettingsError, match=r"settings\.d: Permission denied"):
        layered(tmp_path / "own.yaml", etc, {})


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_the_lock_of_an_editor_is_no_drop_in(tmp_path: Path) -> None:
    """Somebody edits the machine's settings meanwhile: a link to nowhere lies beside them."""
    etc = tmp_path / "etc"
    etc.mkdir()
    _drop_in(etc, ".#10.yaml").symlink_to("ada@pc.4711")
    (etc / "settings.d" / "10.yaml~").write_text("- not read")
    (etc / "settings.d" / "10.yaml").write_text("workers: 3")
    assert layered(tmp_path / "own.yaml", etc, {}).settings.workers == 3


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("OUTGATE_STRICT_EVIDENC", "OUTGATE_STRICT_EVIDENCE"),
        ("OUTGATE_strict_evidence", "OUTGATE_STRICT_EVIDENCE"),
        ("OUTGATE_RETENTIONDAYS", "OUTGATE_RETENTION_DAYS"),
    ],
)
def test_a_variable_that_is_almost_a_setting_is_named(variable: str, meant: str) -> None:
    """A machine whose variable is misspelt would go on as if nobody had set anything."""
    assert list(misspelt({variable: "1"})) == [f"{variable} sets nothing; did you mean {meant}?"]


def test_variables_that_set_something_or_are_of_other_use_are_not_named() -> None:
    named = {f"OUTGATE_{name.upper()}": "1" for name in Settings.model_fields}
    others = ("HOME", "RUN", "HUB", "GATE", "WORKERS", "RIGHTS", "FLEET_NAME", "HUB_DATABASE")
    given = named | {f"OUTGATE_{name}": "1" for name in others} | {"STRICT_EVIDENC": "1"}
    assert list(misspelt(given)) == []
