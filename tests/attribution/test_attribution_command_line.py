"""What a Python command line says, for every order of options."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.resolution.command_line import (
    Kind,
    option,
    parse,
    positionals,
    without_launcher_options,
)

TABLE = [
    (["x.py"], Kind.FILE, "x.py", ()),
    (["x.py", "-c", "y"], Kind.FILE, "x.py", ("-c", "y")),
    (["-u", "x.py", "a"], Kind.FILE, "x.py", ("a",)),
    (["-X", "dev", "-W", "ignore", "-u", "-E", "x.py"], Kind.FILE, "x.py", ()),
    (["-Xdev", "-Wignore", "x.py"], Kind.FILE, "x.py", ()),
    (["-BuX", "utf8", "x.py"], Kind.FILE, "x.py", ()),
    (["-OO", "-I", "x.py"], Kind.FILE, "x.py", ()),
    (["--", "-x.py"], Kind.FILE, "-x.py", ()),
    (["-i", "x.py"], Kind.FILE, "x.py", ()),
    (["--check-hash-based-pycs", "never", "x.py"], Kind.FILE, "x.py", ()),
    (["-m", "pkg.tool", "-x"], Kind.MODULE, "pkg.tool", ("-x",)),
    (["-mpkg"], Kind.MODULE, "pkg", ()),
    (["-um", "pkg"], Kind.MODULE, "pkg", ()),
    (["-Wd", "-m", "pkg"], Kind.MODULE, "pkg", ()),
    (["-c", "print(1)", "x.py"], Kind.COMMAND, "print(1)", ("x.py",)),
    (["-Bc", "print(1)"], Kind.COMMAND, "print(1)", ()),
    (["-cprint(1)"], Kind.COMMAND, "print(1)", ()),
    (["-"], Kind.STDIN, "", ()),
    (["-u", "-", "a"], Kind.STDIN, "", ("a",)),
    ([], Kind.NOTHING, "", ()),
    (["-i"], Kind.NOTHING, "", ()),
    (["-q", "-X", "importtime"], Kind.NOTHING, "", ()),
]


@pytest.mark.parametrize(("words", "kind", "target", "rest"), TABLE)
def test_every_command_line_names_its_program(
    words: list[str], kind: Kind, target: str, rest: tuple[str, ...]
) -> None:
    """Whatever options stand before it, the program that runs is the one Python itself would
    run.
    """
    found = parse(words)
    assert (found.kind, found.target, found.rest) == (kind, target, rest)


@given(
    st.lists(
        st.sampled_from(
            [
                "-u",
                "-B",
                "-E",
                "-s",
                "-I",
                "-O",
                "-Xdev",
                "-Wd",
                "-v",
                "-bb",
                ("-X", "a"),
                ("-W", "b"),
            ]
        )
    ),
    st.sampled_from([("job.py",), ("-m", "job"), ("-c", "job"), ("-",)]),
)
def test_the_order_of_options_never_changes_the_program(
    options: list[str | tuple[str, str]], program: tuple[str, ...]
) -> None:
    """Options may come in any order and number; what runs stays the same."""
    flat = [word for item in options for word in (item if isinstance(item, tuple) else (item,))]
    plain, full = parse(list(program)), parse([*flat, *program, "--flag"])
    assert (full.kind, full.target) == (plain.kind, plain.target)
    assert full.rest == ("--flag",)


@given(st.lists(st.text(max_size=8), max_size=8))
def test_no_command_line_is_too_odd_to_parse(words: list[str]) -> None:
    """A hostile command line gives an answer, never an error."""
    assert parse(words).kind in Kind


def test_isolated_mode_is_known() -> None:
    """A process in isolated mode does not search its working directory, so neither may we."""
    assert parse(["-I", "-m", "x"]).safe_path
    assert parse(["-I", "-m", "x"]).ignores_environment
    assert parse(["-P", "-m", "x"]).safe_path
    assert not parse(["-m", "x"]).safe_path


def test_repr_shows_no_code() -> None:
    """Program text given with -c may hold a secret and is never shown."""
    assert "hunter" not in repr(parse(["-c", "password = 'hunter'"]))


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["-3.12", "x.py"], ["x.py"]),
        (["-3", "x.py"], ["x.py"]),
        (["-V:3.13", "x.py"], ["x.py"]),
        (["-u", "x.py"], ["-u", "x.py"]),
    ],
)
def test_the_windows_launcher_option_is_no_script(words: list[str], left: list[str]) -> None:
    """The version asked of the Windows launcher is not the program."""
    assert list(without_launcher_options(words)) == left


def test_positionals_skip_values_of_options() -> None:
    """The value of a tool's option is never taken for the script it runs."""
    assert positionals(["-o", "out.prof", "job.py", "x"], frozenset({"-o"})) == ["job.py", "x"]
    assert positionals(["--sort=x", "job.py"], frozenset()) == ["job.py"]
    assert positionals(["-v", "--", "-job.py"], frozenset()) == ["-job.py"]


def test_option_reads_all_spellings() -> None:
    """An application named by option is found however it is spelt, and only then."""
    assert option(["--app", "shop"], "-A", "--app") == "shop"
    assert option(["--app=shop"], "-A", "--app") == "shop"
    assert option(["-Ashop"], "-A", "--app") == "shop"
    assert option(["-A"], "-A") is None
    assert option(["worker"], "-A", "--app") is None
