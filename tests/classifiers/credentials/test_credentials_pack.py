"""The rules of the long tail: adapted for the wire, accepted by both engines, cached so that nobody
can tamper with them.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading

import hyperscan
import pytest
from families import with_each
from patience import PATIENT_S

from classifiers.credentials import CredentialDetector
from classifiers.credentials.engines import build, choosing, engine
from classifiers.credentials.engines.engine import compile_database, regex
from classifiers.credentials.engines.pack import TAIL_FIELDS, load
from classifiers.credentials.rules.long_tail import adapted, exceptions, name_of, wire_pattern
from classifiers.credentials.rules.own import own_rules
from classifiers.credentials.rules.rule import Rule
from classifiers.payload import Payload, Segment
from core.organisation import Organisation

HEX = "3f9a1c7be2d84056a1b9c3d7e5f20864"
OPERATOR = r"""[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}"""
SUFFIX = r"""(?:\\?['"\x60]|[\s;]|\\[nr]|$)"""


@with_each("rule", own_rules())
def test_both_engines_accept_our_own_rules(rule: Rule) -> None:
    """A rule that one engine refuses would be silently dead."""
    compile_database([rule.pattern])
    assert regex(rule.confirm or rule.pattern)
    assert rule.name == rule.name.lower().replace("_", "-")


def test_the_full_pack_has_hundreds_of_rules(full_detector: CredentialDetector) -> None:
    """The long tail is there, and the detector says so."""
    health = full_detector.health()

    assert health["pack"] == "full"
    assert full_detector.rule_count >= 450


def test_no_rule_of_the_catalogue_is_lost_unawares(
    full_detector: CredentialDetector, pack_dir: pathlib.Path
) -> None:
    """A rule left out is one that is covered elsewhere or not for the wire: a refusal by an engine
    would show here.
    """
    left_out = json.loads((pack_dir / "credentials" / "pack.json").read_text())["left_out"]
    meant = {rule_id for rule_id in left_out if rule_id.startswith(("betterleaks.", "veles."))}

    assert set(left_out) - meant <= {"langfuse-secret-key"}  # ours does without its companion
    assert len(left_out) < 110


@pytest.mark.parametrize(
    "text",
    [
        "ADAFRUIT_KEY={}",
        '{{"adafruit_api_key": "{}"}}',
        '{{\\"adafruit_api_key\\": \\"{}\\"}}',
        "adafruit key: {}&next=1",
        "os.environ['ADAFRUIT_KEY'] = '{}'",
    ],
)
def test_a_long_tail_key_is_found_as_it_travels(
    full_detector: CredentialDetector, text: str
) -> None:
    """Rules written for source files hold on the wire: escaped quotes, ampersands, any end."""
    payload = Payload(segments=[Segment(text.format(HEX), "content")])

    assert [(h.detector, h.value) for h in full_detector.detect(payload, "llm.example")] == [
        ("adafruit-api-key", HEX)
    ]


def test_a_rule_with_companions_needs_them(full_detector: CredentialDetector) -> None:
    """Some values mean something only beside another: alone they are no finding."""
    secret, client = "ramp" + "_sec_" + (HEX + HEX)[:48], "ramp" + "_id_" + (HEX + HEX)[:40]
    alone = Payload(segments=[Segment(secret, "a", ("a",))])
    both = Payload(segments=[*alone.segments, Segment(client, "b", ("b",))])

    assert full_detector.detect(alone, "llm.example") == []
    assert [("ramp-client-secret", secret)] == [
        (h.detector, h.value) for h in full_detector.detect(both, "llm.example")
    ]


def test_patterns_are_adapted_for_the_wire() -> None:
    """Ends of source lines become the end of the value; operators take backslashes."""
    pattern, keyed = wire_pattern(
        r"(?i)(?:acme)(?:[ \t\w.-]{0,20})" + OPERATOR + r"([a-z0-9]{32})" + SUFFIX
    )

    assert keyed
    assert SUFFIX not in pattern
    assert regex(pattern).search(rb"acme_key\": \"" + HEX.encode() + b"&")
    assert wire_pattern("xyz_[a-z0-9]{20,5000}")[0] == r"\b(xyz_[a-z0-9]{20,})(?:[^A-Za-z0-9]|$)"


def test_the_catalogues_exceptions_are_read() -> None:
    """Entropy, patterns and words that a rule excepts come along; what is unknown is left out."""
    secret = {
        "kind": "member",
        "node": {"kind": "identifier", "value": "finding"},
        "property": {"kind": "string", "value": "secret"},
    }

    def call(callee: str, *values: str) -> dict[str, object]:
        array = {"kind": "array", "nodes": [{"kind": "string", "value": v} for v in values]}
        return {
            "kind": "call",
            "callee": {"kind": "identifier", "value": callee},
            "arguments": [secret, array],
        }

    low = {
        "kind": "binary",
        "operator": "<=",
        "left": call("entropy"),
        "right": {"kind": "float", "value": "3.5"},
    }
    tree = {
        "kind": "binary",
        "operator": "||",
        "left": {
            "kind": "binary",
            "operator": "||",
            "left": call("matchesAny", "^a+$", "(?=x)"),
            "right": call("containsAny", "EXAMPLE"),
        },
        "right": low,
    }

    assert exceptions(tree) == (3.5, ("^a+$",), ("example",))
    assert exceptions(None) == (0.0, (), ())
    assert name_of("betterleaks.acme_key.2") == "acme-key"
    assert adapted({"id": "betterleaks.jwt", "path": None}) is None


def test_every_field_of_a_long_tail_rule_is_kept() -> None:
    """A field that the cache forgot would change what a rule does after a restart."""
    assert set(Rule.__dataclass_fields__) - set(TAIL_FIELDS) == {
        "confirm",
        "check",
        "named",
    }


def _copy(pack_dir: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    target = tmp_path / "copy"
    shutil.copytree(pack_dir, target)
    (target / "credentials").chmod(0o700)
    return target


@pytest.mark.parametrize("name", ["pack.json", "pack.hsdb", "pack.sha256"])
def test_a_pack_that_was_touched_is_not_loaded(
    full_detector: CredentialDetector, pack_dir: pathlib.Path, tmp_path: pathlib.Path, name: str
) -> None:
    """A compiled pack is trusted only as it was written: one changed byte and it is made anew."""
    folder = _copy(pack_dir, tmp_path)
    assert load(folder) is not None
    path = folder / "credentials" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    assert load(folder) is None


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")
def test_a_pack_that_others_may_write_is_not_loaded(
    full_detector: CredentialDetector, pack_dir: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """A folder or file that is not private to its owner is not trusted."""
    folder = _copy(pack_dir, tmp_path)
    (folder / "credentials" / "pack.hsdb").chmod(0o644)
    assert load(folder) is None
    (folder / "credentials" / "pack.hsdb").chmod(0o600)
    (folder / "credentials").chmod(0o755)
    assert load(folder) is None


def test_a_pack_of_another_version_is_not_loaded(
    full_detector: CredentialDetector,
    pack_dir: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another version of an engine or catalogue, or another processor, needs a pack of its own."""
    folder = _copy(pack_dir, tmp_path)
    monkeypatch.setattr("classifiers.credentials.engines.pack.catalogue_version", lambda: "0")

    assert load(folder) is None


def test_the_pack_is_made_behind_the_gate(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Making it takes a core for seconds: whoever is served goes first."""
    steps: list[object] = []
    monkeypatch.setattr(os, "nice", steps.append)
    monkeypatch.setattr(build, "build", lambda: steps.append("built"))
    monkeypatch.setattr(build, "_limit", lambda: steps.append("limited"))
    monkeypatch.setattr(build, "save", lambda pack, folder: steps.append(folder))
    assert build.main(str(tmp_path)) == 0
    assert steps == ["limited", 10, "built", tmp_path]


class Compiling:
    """Stands for the compiler: it begins, and ends when it may."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.may_end, self._plain = threading.Event(), engine._compiled
        self.fails = self.ended = False
        monkeypatch.setattr(engine, "_compiled", self)

    def __call__(self, patterns: tuple[str, ...]) -> object:
        assert self.may_end.wait(PATIENT_S)
        if self.fails:
            raise hyperscan.error("refused")
        compiled = self._plain(patterns)
        self.ended = True
        return compiled


def test_nothing_is_read_before_our_own_rules_are_compiled_and_nobody_waits_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A gate stands ready while they are; the first that it reads is read with all of them."""
    compiling, made = Compiling(monkeypatch), list[CredentialDetector]()
    key = "sk-" + "proj-aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bD0fG3iJ6lM9oR2uX5zC8eF1h"
    payload = Payload(segments=[Segment(key, "x", ("x",))])

    def make() -> None:
        made.append(CredentialDetector(None, Organisation(), long_tail=False))

    making = threading.Thread(target=make)
    making.start()
    making.join(PATIENT_S / 2)  # the stand-in ends by itself after twice that
    assert not making.is_alive()
    assert made[0].rule_count == len(own_rules())
    found: list[bool] = []

    def read() -> None:
        count = len(made[0].detect(payload, "files.example.com"))
        found.extend([compiling.ended, count == 1])

    reading = threading.Thread(target=read)
    reading.start()
    compiling.may_end.set()
    reading.join(PATIENT_S)
    assert found == [True, True]


def test_rules_that_cannot_be_compiled_are_told_to_whoever_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each time: no gate goes on without them, and none begins."""
    compiling = Compiling(monkeypatch)
    compiling.fails = True
    compiling.may_end.set()
    detector = CredentialDetector(None, Organisation(), long_tail=False)
    payload = Payload(segments=[Segment(HEX, "x", ("x",))])
    for ask in (detector.warm, lambda: detector.detect(payload, "files.example.com")):
        with pytest.raises(hyperscan.error):
            ask()


def test_when_the_pack_cannot_be_made_our_own_rules_go_on(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed build is named in the health answer, and well-known keys are still found."""

    def fail(_cache_dir: pathlib.Path, _lock: pathlib.Path) -> None:
        raise subprocess.CalledProcessError(1, "build")

    monkeypatch.setattr("classifiers.credentials.engines.choosing._build", fail)
    detector = CredentialDetector(tmp_path, Organisation())
    detector.warm(wait_s=10)

    assert detector.health()["pack"] == "own rules"
    assert "CalledProcessError" in str(detector.health()["failure"])
    assert detector.detect(
        Payload(segments=[Segment("gh" + "p_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bD0fG3iJ6", None)]),
        "x.example",
    )


def test_health_says_what_is_not_looked_for_while_the_pack_is_made(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the long tail is there its absence is told, and no longer."""
    go_on = threading.Event()

    def wait(_cache_dir: pathlib.Path, _lock: pathlib.Path) -> None:
        go_on.wait()
        raise subprocess.CalledProcessError(1, "build")

    monkeypatch.setattr(choosing, "_build", wait)
    detector = CredentialDetector(tmp_path, Organisation())
    meanwhile = detector.health()["failure"]
    go_on.set()
    detector.warm(wait_s=60)

    assert "not looked for yet" in str(meanwhile)
    assert "CalledProcessError" in str(detector.health()["failure"])


def test_the_system_ends_a_maker_that_works_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is one of processor time, never above what the system allows."""
    resource = pytest.importorskip("resource")
    limits: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda what, limit: limits.append((what, limit)))
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (20, 30))
    build._limit()

    assert limits == [(resource.RLIMIT_CPU, (30, 30))]


def test_reading_the_catalogue_loads_no_network_code() -> None:
    """The catalogue's package also holds validators that send secrets out: they are never
    imported.
    """
    script = (
        "import sys; from classifiers.credentials.engines.wheel import read_catalogue; n ="
        " len(read_catalogue()); print(n, sorted(m for m in sys.modules if 'kingfisher' in m or m"
        " in {'http.client', 'urllib.request', 'requests', 'ssl'}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=pathlib.Path(__file__).parents[3],
    )

    count, _, modules = result.stdout.partition(" ")
    assert int(count) > 400
    assert modules.strip() == "[]"


def test_many_threads_share_one_detector(full_detector: CredentialDetector) -> None:
    """Each thread scans with a scratch space of its own: no answer is lost or mixed up."""
    wrong: list[str] = []

    def work(number: int) -> None:
        secret = "gh" + f"p_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bD0fG{number:04d}"
        payload = Payload(segments=[Segment("x" * 5000 + " " + secret, "content")])
        answers = [
            [h.value for h in full_detector.detect(payload, "llm.example")] for _ in range(50)
        ]
        wrong.extend(str(answer) for answer in answers if answer != [secret])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
