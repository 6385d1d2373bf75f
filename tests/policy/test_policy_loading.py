"""The policy file: what may be written, and how a fault is told."""

from pathlib import Path

import pytest
from families import with_each
from hypothesis import given
from hypothesis import strategies as st

import policy
from core.decision import Mode
from core.errors import SettingsError
from policy.loading import PolicyError, load_bytes, parse, preset_names


def faults(text: str | bytes) -> tuple[str, ...]:
    """Return the faults of this file."""
    content = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(PolicyError) as refused:
        load_bytes(content, "outgate.yaml")
    return refused.value.lines()


CONTRACT = """contracts:
  - id: b
    script: /srv/a.py
    learnt: 2026-11-01T00:00:00Z
    places: []
    state: shadow
    hours: {zone: UTC, at: [06:00-09:00]}
"""
RULE = "rules:\n  - id: a\n    when: {}\n    then: block\n"


@with_each(
    ("text", "fault"),
    [
        ("mode: wach\n", "1:7: “wach” is not known here; did you mean “watch”?"),
        ("moed: watch\n", "1:1: “moed” is not known here; did you mean “mode”?"),
        ("qqqqqqq: 1\n", "1:1: “qqqqqqq” is not known here; it is one of version, mode, "),
        (
            "rules: [{id: a, when: {findings: {groups: bank}}, then: block}]\n",
            "“groups” is not known here; it is one of kinds, detectors, certainty, ",
        ),
        (RULE.replace("{}", "{qqqqqqq: 1}"), ", requests_per, resources, llm, time, …"),
        (RULE.replace("block", "blok"), "4:11: “blok” is not known here; did you mean “block”?"),
        (
            RULE.replace("{}", "{destinaton: {}}"),
            "3:12: “destinaton” is not known here; did you mean “destination”?",
        ),
        (
            RULE.replace("{}", "{any: [{findings: {record_at_least: 2}}]}"),
            "3:30: “record_at_least” is not known here; did you mean “records_at_least”?",
        ),
        (
            RULE.replace("{}", "{findings: helth}"),
            "3:22: “helth” is not known here; did you mean “health”?",
        ),
        (
            RULE.replace("{}", "{destination: {category: cloud-storage}}"),
            "3:36: “cloud-storage” is not known here; did you mean “cloud_storage”?",
        ),
        (
            RULE.replace("{}", "{destination: {upload: maybe}}"),
            "3:34: upload should be true or false",
        ),
        (
            RULE.replace("{}", "{destination: {host: 'https://api.example.com/v1'}}"),
            "3:32: “https://api.example.com/v1” is more than a host, and no destination would be"
            " like it: write api.example.com",
        ),
        (
            RULE.replace("{}", "{destination: {host: [a.example, 'b.example:8443']}}"),
            "3:44: “b.example:8443” is more than a host, and no destination would be like it:"
            " write b.example",
        ),
        (RULE.replace("{}", "{script: {path: []}}"), "3:27: path should not be empty"),
        (
            RULE.replace("{}", "{destination: {port: 0}}"),
            "3:32: port should be at least 1",
        ),
        (
            RULE.replace("{}", "{destination: {port: [443, 65536]}}"),
            "3:38: port should be at most 65535",
        ),
        (
            RULE.replace("{}", "{volume: {request_bytes_at_least: lots}}"),
            "3:45: write a size as 500 kB, 10 MB or 1 GB",
        ),
        (
            RULE.replace("{}", "{time: {outside: {zone: Europe/Berln}}}"),
            "3:35: zone is no known time zone; write it as Europe/Berlin",
        ),
        (
            RULE.replace("{}", "{time: {outside: {zone: UTC, hours: 8-18}}}"),
            "3:47: write hours as 08:00-18:00",
        ),
        (RULE.replace("{}", "{time: {}}"), "3:18: time has either within or outside"),
        (RULE.replace("    then: block\n", ""), "2:5: then is missing"),
        (RULE.replace("then: block", "then: {}"), "4:11: then needs an answer"),
        (
            RULE.replace("then: block", "then: {do: block, for_seconds: 3}"),
            "4:23: for_seconds goes with hold only",
        ),
        (
            RULE.replace("then: block", "then: {do: block, headers: {a: b}}"),
            "4:23: headers have no meaning",
        ),
        (
            RULE.replace("then: block", 'then: {headers: {a: "b\\r\\nc: d"}}'),
            "4:25: a holds plain ASCII values only",
        ),
        (
            RULE.replace("then: block", 'then: {headers: {"a b": c}}'),
            "4:22: a header's name holds letters",
        ),
        (RULE.replace("id: a", "id: A b"), "2:9: id holds lower-case letters"),
        (RULE + RULE.removeprefix("rules:\n"), "5:9: two rules have the id a"),
        (RULE + "    inspect: hole\n", "5:14: “hole” is not known here; did you mean “whole”?"),
        (
            RULE + "    inspcet: whole\n",
            "5:5: “inspcet” is not known here; did you mean “inspect”?",
        ),
        (RULE + "    until: soon\n", "5:12: until should be a date such as 2027-01-31"),
        ("organisation: {accounts: [a]}\n", "1:26: accounts should be a section"),
        ("organisation: {key_fingerprints: [abc]}\n", "1:35: key_fingerprints holds fingerprints"),
        (
            "rules: [{id: x, when: {destination: {host: *.a}}, then: block}]\n",
            "text that begins with * must stand in q",
        ),
        (
            "organisation: {name: R&D}\nrules: [{when: {destination: {host: *.a}}}]\n",
            "text that begins with * must stand in q",
        ),
        ("a: &x 1\nb: *x\n", "2:4: anchors"),
        ("&x [*x]\n", "1:5: anchors"),
        ("rules: [&x {when: *x}]\n", "1:19: anchors"),
        ("? &x a\n: [b, *x]\n", "2:7: anchors"),
        ("rules:\n-\n  &x\n  - *x\n", "4:5: anchors"),
        ("version: 2\n", "1:10: “2” is not known here; it is 1"),
        ("version: [1]\n", "1:10: “…” is not known here; it is 1"),
        ("1: 2\n", "the name “1” should be text; put it in quotes"),
        ("null: 3\n", "the name “None” should be text; put it in quotes"),
        ("? [a, b]\n: 3\n", "the name “('a', 'b')” should be text; put it in quotes"),
        ("organisation: {7: a}\n", "the name “7” should be text; put it in quotes"),
        ("organisation: {accounts: {7: a}}\n", "the name “7” should be text; put it in quotes"),
        ("mode: watch\nmode: enforce\n", "2:1: not readable: found duplicate key"),
        ("rules: [\n", "1:8: not readable"),
        ('rules:\n  - id: "a\n', "2:9: not readable"),
        ("mode: watch\ndescription: \x07\n", "2:14: this is not YAML"),
        (b"\xef\xbb\xbfmode: \xff\n", "1:7: this is not UTF-8 text"),
        ("mode: watch\ndescription: ü\x80".encode("latin-1"), "2:14: this is not UTF-8 text"),
        (RULE + "    until: 2027-02-31\n", "5:12: 2027-02-31 is no date of the calendar"),
        ("mode: watch\nversion: !!int x\n", "2:10: a name or value here is none that YAML"),
        (
            RULE.replace("{}", "{any: [{destination: {country: DE}}]}"),
            "3:33: a rule asks for the country, but organisation names no table of countries",
        ),
        (
            RULE.replace("{}", "{script: {packages: not_allowed}}"),
            "3:21: a rule asks for packages that are not_allowed, but organisation lists no",
        ),
        (
            "organisation:\n  countries: none.csv\n",
            "none.csv cannot be read: No such file or directory",
        ),
        (
            "tenant_restrictions: {microsoft: {tenants: [a.example]}}\n",
            "1:35: tenants need context",
        ),
        (CONTRACT.replace("06:00-09:00]", "06:00-09:00, soon]"), "7:42: write hours as"),
        (CONTRACT.replace("UTC", "Mars/Olympus"), "7:19: is no known time zone"),
        (CONTRACT.replace("id: b", "id: a") + RULE, "2:9: two rules have the id a: contracts"),
        ("- 1\n", "1:1: the file should be a section"),
        (b"mode: \xff\n", "1:7: this is not UTF-8 text"),
        (b"#" * 1_000_001, "1:1: the file is larger than 1 MB"),
        ("rules: " + "[" * 2000, "1:108: nested too deeply"),
        ("# ]]" + "]" * 890_000 + "\nrules: " + "{a: [" * 20_000, "2:258: nested too deeply"),
        ("rules:\n" + "- " * 20_000, "2:200: nested too deeply"),
        ("? " * 20_000, "1:200: nested too deeply"),
        ("\n".join(" " * depth + "a:" for depth in range(1_200)), "201:200: nested too deeply"),
    ],
)
def test_a_fault_is_told_with_its_place_and_what_was_meant(text: str | bytes, fault: str) -> None:
    """Whoever writes rules is told where the slip is and which word was meant."""
    told = faults(text)[0]
    assert told.startswith("outgate.yaml:")
    assert fault in told


def test_all_faults_are_told_at_once() -> None:
    """Nobody mends a file one error at a time."""
    told = faults("mode: x\nversion: 2\nrules: [{id: a}]\n")
    assert [line.split(":")[1] for line in told] == ["1", "2", "3"]
    with pytest.raises(PolicyError, match=r"and 2 more") as refused:
        load_bytes(b"mode: x\nversion: 2\nrules: [{id: a}]\n", "f")
    assert "\n" not in str(refused.value)
    assert "schema" in refused.value.for_officer()


def test_everything_that_the_format_offers_loads() -> None:
    """The whole vocabulary of the documentation is accepted."""
    text = """
version: 1
mode: enforce
organisation:
  name: Example AG
  domains: ["@Example.com"]
  contact: privacy@example.com
  accounts: {S3: [029608264753, 123456789012], onedrive: aaaa-bbbb}
  key_fingerprints: [00112233aabbccdd]
  words: [Project Falcon]
  canaries: ["canary-1"]
on_unknown_account: hold
failures: {attribution: {enforce: block}, gate: block}
rules:
  - id: everything
    description: All of it
    owner: privacy office
    until: 2030-12-31
    mode: watch
    on_error: hold
    when:
      script: {path: ["/srv/*.py"], name: a.py, sha256: "%s", approved: true,
               changed_since_approval: false, newer_than_days: 7, owner: ann, user: ann,
               started_by: cron, imports: [pandas], launched_as: file, python: true}
      destination: {host: "*.example.com", port: [443, 8443], category: llm, service: openai,
                    account: corporate, account_id: org-*, upload: false, scheme: https, path: /v1/*}
      findings: {kinds: [bank, email, anything], certainty: likely, count_at_least: 1,
                 distinct_at_least: 2, records_at_least: 3, subjects_at_least: 4, detectors: aws-*, test_data: true}
      volume: {request_bytes_at_least: 10 MB, hour_bytes_at_least: 1.5GB,
               day_bytes_at_least: 10 MiB, day_tokens_at_least: 5, day_cost_usd_at_least: 2.5}
      llm: {provider: openai, model: gpt-*, operation: chat, key: known, key_class: project,
            organisation: org, tools: [search*], attachments: true}
      time: {outside: {zone: Europe/Berlin, days: [mon, Tuesday], hours: 08:00-18:00}}
      attribution: [exact, likely]
      all: [{attribution: exact}]
      any: [{attribution: exact}, {llm: {}}]
      not: {findings: secret}
    then: {do: hold, for_seconds: 20, headers: {X-A: b}}
""" % ("a" * 64)
    loaded = load_bytes(text.encode(), "f")
    assert loaded.mode is Mode.ENFORCE
    assert loaded.organisation.accounts["aws-s3"] == {"029608264753", "123456789012"}
    assert loaded.organisation.domains == {"example.com"}
    volume = parse(text.encode(), "f").rules[0].when.volume
    assert volume
    assert (volume.request_bytes_at_least, volume.hour_bytes_at_least) == (
        10_000_000,
        1_500_000_000,
    )
    assert volume.day_bytes_at_least == 10 * 2**20


def test_kinds_of_a_callers_own_detectors_may_be_named() -> None:
    """A new detector's findings can be ruled on."""
    text = b"rules: [{id: a, when: {findings: gl_records}, then: block}]"
    assert load_bytes(text, "f", kinds=frozenset({"gl_records"})).rules
    with pytest.raises(PolicyError):
        load_bytes(text, "f")
    assert load_bytes(b"organisation: {kinds: gl_records}\n" + text, "f").rules
    assert "kinds is not written" in faults("organisation: {kinds: [GL Records]}\n")[0]


DEAD = """
    registered_document crypto_wallet mac_address business_records vehicle_id gender age salary
    source_code vehicle_plate file username location records licence_plate IBAN
""".split()
DEAD.append("")


@with_each("kind", DEAD)
@with_each(
    "text",
    [
        "rules: [{{id: a, when: {{findings: {}}}, then: block}}]",
        "rules: [{{id: a, when: {{not: {{any: [{{findings: [iban, {}]}}]}}}}, then: block}}]",
        "rules: [{{id: a, when: {{findings: iban}}, then: {{do: redact, kinds: {}}}}}]",
        "organisation: {{exceptions: [{{kind: {}, fingerprint: 00112233aabbccdd}}]}}",
    ],
)
def test_a_kind_that_nothing_finds_is_no_valid_kind(kind: str, text: str) -> None:
    """A rule that could never hold is refused with what comes near; a kind may be declared one's
    own.
    """
    (told,) = faults(text.format(kind or "''"))
    assert f"“{kind}” is not known here" in told
    assert "did you mean “" in told or "national_id" in told
    if kind and kind.islower():
        own = f"organisation: {{kinds: {kind}}}\n"
        if text.startswith("rules"):
            assert load_bytes((own + text.format(kind)).encode(), "f").own_kinds == {kind}


@pytest.mark.parametrize(
    ("kind", "near"),
    [
        ("mac_address", "did you mean “address”? Near, too: “ip_address”."),
        ("bsn", "did you mean “nl_bsn”?"),
        ("IBAN", "did you mean “iban”?"),
        ("gender", "no detector finds it. Near are only the groups contact, bank,"),
    ],
)
def test_the_fault_names_what_comes_near(kind: str, near: str) -> None:
    """Whoever wrote the rule reads what to write instead."""
    assert near in faults(f"rules: [{{id: a, when: {{findings: {kind}}}, then: block}}]")[0]


def test_an_empty_file_is_a_policy_that_allows(tmp_path: Path) -> None:
    """Nothing said is nothing forbidden, and nothing enforced."""
    (tmp_path / "outgate.yaml").write_text("")
    assert policy.load(tmp_path / "outgate.yaml").mode is Mode.WATCH


def test_a_missing_file_and_an_unknown_preset_are_told(tmp_path: Path) -> None:
    """A wrong name is not taken for “no policy”."""
    with pytest.raises(SettingsError, match="cannot be read"):
        policy.load(tmp_path / "none.yaml")
    with pytest.raises(SettingsError, match="Did you mean lockdown"):
        policy.preset("lokdown")
    with pytest.raises(SettingsError, match="no preset"):
        policy.preset("../../etc/passwd")


def test_the_version_is_the_files_own_hash(tmp_path: Path) -> None:
    """Every record can be traced to the very text of the policy."""
    import hashlib

    (tmp_path / "p.yaml").write_bytes(b"mode: watch\n")
    assert (
        policy.load(tmp_path / "p.yaml").version
        == hashlib.sha256(b"mode: watch\n").hexdigest()[:16]
    )


def test_faults_never_quote_the_organisations_secrets() -> None:
    """An error message can be sent to anybody."""
    text = (
        "organisation: {canaries: [{a: TopSecretValue}], words: 3}\n"
        "rules: [{id: a, then: {headers: {b: 'é'}}}]\n"
    )
    assert "TopSecret" not in "".join(faults(text))


def test_the_schema_describes_what_is_accepted() -> None:
    """An editor can complete and check the file."""
    schema = policy.schema()
    assert schema["title"] == "Outgate policy"
    assert schema["additionalProperties"] is False
    assert "not" in schema["$defs"]["When"]["properties"]
    assert set(schema["properties"]) >= {
        "rules",
        "organisation",
        "mode",
        "on_unknown_account",
        "failures",
    }


def test_without_a_file_everything_is_watched() -> None:
    """Out of the box nothing is blocked."""
    assert policy.load().version == policy.preset("watch-everything").version
    assert policy.load().mode is Mode.WATCH
    assert len(preset_names()) == 5


@pytest.mark.parametrize("day", ["2027-02-30", "2027-13-01", "2027-00-10"])
def test_a_date_that_does_not_exist_is_told_with_its_place(day: str) -> None:
    """A slip in a date is the author's to mend: it names the line, and is no fault of Outgate."""
    text = (
        "version: 1\nrules:\n  - id: a\n    when: {findings: anything}\n    then: block\n"
        f"    until: {day}\n"
    )
    with pytest.raises(PolicyError, match=rf"6:12: {day} is no date of the calendar"):
        load_bytes(text.encode(), "f")


@pytest.mark.parametrize("name", ["Content-Length", "host", "Transfer-Encoding", "Connection"])
def test_a_rule_may_not_set_how_a_request_is_sent(name: str) -> None:
    """A header that cuts the body, or sends it elsewhere, would make the record untrue."""
    text = (
        "version: 1\nrules:\n  - id: a\n    when: {findings: anything}\n"
        f'    then: {{headers: {{{name}: "1"}}}}\n'
    )
    with pytest.raises(PolicyError, match="says how the request is sent"):
        load_bytes(text.encode(), "f")


WHOLE = """version: 1
mode: watch
organisation:
  name: Example AG
  key_fingerprints: [00112233aabbccdd]
  countries: countries.csv
rules:
  - id: first
    until: 2030-12-31
    when:
      destination: {host: a.example, port: 443, category: llm, scheme: https}
      volume: {request_bytes_at_least: 10 MB}
      time: {outside: {zone: Europe/Berlin, days: [mon], hours: 08:00-18:00}}
      any:
        - findings: {kinds: [iban, email], count_at_least: 3}
        - script: {name: a.py}
    then: {do: hold, for_seconds: 20, headers: {X-A: b}}
pass_through:
  - id: second
    description: pinned
    owner: IT
    hosts: [backup.vendor.example]
    until: 2030-12-31
contracts:
  - id: third
    script: /srv/a.py
    learnt: 2026-11-01T00:00:00Z
    places: [{to: openai, kinds: [iban], day_requests_at_most: 5}]
    state: shadow
    hours: {zone: UTC, days: [tue], at: [06:00-09:00, 12:00-13:00]}
"""
SLIPS = (
    *(("version: 1", "2"), ("mode: watch", "wach"), ("[00112233aabbccdd", "abc")),
    *(
        ("countries: countries.csv", "none.csv"),
        ("- id: first", "'A b'"),
        ("- id: second", "first"),
    ),
    *(
        ("- id: third", "second"),
        ("until: 2030-12-31", "soon"),
        ("until: 2030-12-31", "2030-02-31"),
    ),
    *(("host: a.example", "https://x/y"), ("port: 443", "99999"), ("category: llm", "lllm")),
    *(("scheme: https", "gopher"), ("request_bytes_at_least: 10 MB", "lots")),
    *(("zone: Europe/Berlin", "Berln"), ("days: [mon", "x"), ("hours: 08:00-18:00", "8-18")),
    *(("kinds: [iban, email", "iban, qq"), ("count_at_least: 3", "none"), ("do: hold", "hod")),
    *(("for_seconds: 20", "3000"), ("hosts: [backup.vendor.example", "'*'")),
    *(("learnt: 2026-11-01T00:00:00Z", "long ago"), ("kinds: [iban]", "none]")),
    *(("day_requests_at_most: 5", "0"), ("state: shadow", "shadwo"), ("zone: UTC", "Mars")),
    *(
        ("days: [tue", "tus"),
        (", 12:00-13:00", "noon"),
        ("mode: watch", "!!int x"),
        ("name: a.py", "3"),
    ),
)
NAMES = ("mode", "organisation", "until", "destination", "port", "days", "for_seconds", "hosts")


@given(slip=st.sampled_from(SLIPS), above=st.integers(0, 5), further=st.integers(0, 8))
def test_a_slip_anywhere_is_told_at_its_very_place(
    tmp_path_factory: pytest.TempPathFactory, slip: tuple[str, str], above: int, further: int
) -> None:
    """Whatever value of a policy, an exception or a contract is wrong, the line and the column
    are its own, however far down or in it stands.
    """
    was, wrong = slip
    kept = was[: max(was.rfind(sign) + len(sign) for sign in (": ", "[", ", ") if sign in was)]
    head, _, rest = WHOLE.partition(was)
    text = "# x\n" * above + head + kept + " " * further + wrong + rest
    begin = above * len("# x\n") + len(head) + len(kept) + further
    assert_told_at(
        tmp_path_factory.getbasetemp(), text, begin + wrong.rfind("qq") * ("qq" in wrong)
    )


@given(name=st.sampled_from(NAMES), above=st.integers(0, 5))
def test_a_misspelt_name_anywhere_is_told_at_its_very_place(
    tmp_path_factory: pytest.TempPathFactory, name: str, above: int
) -> None:
    """So it is for the names of what is set."""
    begin = WHOLE.index(f"{name}:")
    text = "# x\n" * above + WHOLE[:begin] + "q" + WHOLE[begin:]
    assert_told_at(tmp_path_factory.getbasetemp(), text, begin + above * len("# x\n"))


def assert_told_at(folder: Path, text: str, begin: int) -> None:
    """Some fault of the text is told at this offset; without the slip it has none."""
    (folder / "countries.csv").write_text("192.0.2.0/24,DE\n")
    load_bytes(WHOLE.encode(), str(folder / "outgate.yaml"))
    with pytest.raises(PolicyError) as refused:
        load_bytes(text.encode(), str(folder / "outgate.yaml"))
    before = text[:begin]
    place = f"{before.count(chr(10)) + 1}:{begin - before.rfind(chr(10))}"
    told = [line.removeprefix(f"{folder}/outgate.yaml:") for line in refused.value.lines()]
    assert any(line.startswith(f"{place}: ") for line in told), (place, told)
