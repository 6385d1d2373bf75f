"""The shell completes commands and options, as each shell asks for them."""

import pytest

from app.cli import code_of


@pytest.mark.parametrize(
    ("typed", "at", "offered", "not_offered"),
    [
        ("outgate ve", 1, {"verify"}, {"run", "review"}),
        ("outgate policy ", 2, {"check", "preset"}, {"run"}),
        ("outgate run -", 2, {"--policy", "--json"}, {"--listen"}),
        ("outgate run -- python -", 4, set(), {"--policy", "--json"}),
    ],
)
def test_bash_is_told_what_fits(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    at: int,
    offered: set[str],
    not_offered: set[str],
) -> None:
    """What belongs to the program that is run is left to the shell."""
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(at))
    monkeypatch.setenv("_OUTGATE_COMPLETE", "complete_bash")
    with pytest.raises(SystemExit):
        code_of([])

    told = set(capsys.readouterr().out.split())
    assert offered <= told
    assert not told & not_offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_each_shell_has_its_script(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    """`outgate --show-completion` prints what the shell has to read that it is asked from."""
    monkeypatch.setattr("typer.completion._get_shell_name", lambda: shell)
    try:
        code: object = code_of(["--show-completion"])
    except SystemExit as ended:
        code = ended.code
    assert code == 0
    assert "_OUTGATE_COMPLETE" in capsys.readouterr().out
