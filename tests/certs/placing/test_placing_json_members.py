"""Variables in a JSON file of somebody else's."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.placing.json_members import (
    MARK,
    NotJsonError,
    is_left_over,
    is_placed,
    users_own,
    with_members,
    without_members,
)

OURS = {"SSL_CERT_FILE": "/b.pem", "HTTPS_PROXY": "http://127.0.0.1:1"}
FILES = [
    "{}",
    "{ }\n",
    "{\n}",
    '{"argv": ["python"], "display_name": "P"}',
    '{\n "argv": ["python", "-m", "x"],\n "env": {}\n}\n',
    '{\n "env": {"A": "1"},\n "argv": []\n}',
    '{\r\n  "env": {\r\n    "A": "1"\r\n  }\r\n}\r\n',
    '// mine\n{ /* a "}" here */\n  "x": [1, {"env": 2}], // "env": {\n  "env": {"A": "}",},\n}\n',
    '\ufeff{"env": {"\\u0041": "\\"{"}, "z": -1.5e3}',
    '{"deep": ' + "[" * 40 + "]" * 40 + "}",
    '{"a": true}  // the end',
]


@pytest.mark.parametrize("text", FILES)
def test_what_was_put_in_comes_out_without_a_trace(text: str) -> None:
    """Every byte of the user's file is there again, after one or two times of putting in."""
    once = with_members(text, "env", OURS)
    assert is_placed(once, "env")
    assert with_members(once, "env", OURS) == once
    renewed = with_members(once, "env", {"SSL_CERT_FILE": "/other"})
    assert "HTTPS_PROXY" not in renewed
    assert without_members(once, "env") == text
    assert without_members(renewed, "env") == text
    assert not is_left_over(once, "env")


@pytest.mark.parametrize("text", FILES[:7])
def test_the_program_that_reads_it_gets_the_variables(text: str) -> None:
    """The file stays JSON, its own members as they were."""
    before, after = json.loads(text), json.loads(with_members(text, "env", OURS))
    env = after.pop("env")
    assert {k: env[k] for k in OURS} == OURS
    assert {k: v for k, v in env.items() if k not in OURS and k != MARK} == before.pop("env", {})
    assert after == before


def test_what_the_user_set_stays_and_wins() -> None:
    """A variable that the file sets already is the user's."""
    text = '{"env": {"HTTPS_PROXY": "http://mine", "A": "1"}}'
    once = with_members(text, "env", OURS)
    assert json.loads(once)["env"]["HTTPS_PROXY"] == "http://mine"
    assert users_own(once, "env", OURS) == ("HTTPS_PROXY",)
    assert without_members(once, "env") == text


@pytest.mark.parametrize(
    "options", [{"sort_keys": True}, {"indent": 1}, {"indent": 4, "sort_keys": True}]
)
def test_a_program_that_writes_the_file_anew_hides_nothing(options: dict[str, int]) -> None:
    """Where names were sorted or lines laid out anew, ours are found and only ours go."""
    once = json.loads(with_members('{"env": {"A": "1", "Z": "2"}, "argv": []}', "env", OURS))
    anew = json.dumps(once, **options)  # type: ignore[arg-type]
    assert json.loads(without_members(anew, "env")) == {"env": {"A": "1", "Z": "2"}, "argv": []}


def test_what_a_user_adds_beside_ours_stays() -> None:
    """An object that came with us stays when somebody else uses it by now."""
    once = with_members("{}", "env", OURS)
    changed = once.replace('"SSL_CERT_FILE"', '"MINE": "1",\n "SSL_CERT_FILE"')
    assert json.loads(without_members(changed, "env")) == {"env": {"MINE": "1"}}


def test_a_file_that_was_made_is_known_for_it() -> None:
    """A file that came with us can go with us, unless somebody wrote more into it."""
    made = with_members(None, "env", OURS)
    assert is_left_over(made, "env")
    assert is_left_over(with_members(made, "env", {"SSL_CERT_FILE": "/other"}), "env")
    assert not is_left_over(made.replace("{", '{"x": 1,', 1), "env")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"a"',
        '{"a": }',
        '{"env": 3}',
        '{"a" 1}',
        '{"a": "',
        "{'a': 1}",
        '{"a": 1 "b": 2}',
        "{" + '"a":[' * 300,
        '{"\\x": 1}',
        "{a: 1}",
        "/*",
    ],
)
def test_what_is_no_such_file_is_left_alone(text: str) -> None:
    """A file that cannot be read is refused, not mended."""
    with pytest.raises(NotJsonError):
        with_members(text, "env", OURS)


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5), lambda c: st.lists(c, max_size=3)
        ),
        max_size=4,
    ),
    st.sampled_from([None, 0, 2]),
)
def test_any_object_comes_back(value: dict[str, object], indent: int | None) -> None:
    """Whatever else the file says, it says again."""
    value.pop("env", None)
    text = json.dumps(value, indent=indent)
    assert without_members(with_members(text, "env", OURS), "env") == text


@given(st.text(alphabet='{}[]",:/*\\ \n1ae', max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    """What is no object is refused in words; anything that is taken comes back."""
    try:
        once = with_members(text, "env", OURS)
    except NotJsonError:
        return
    assert without_members(once, "env") == text
