"""Why those patterns are linear of which it cannot be proved by rule, and what texts they get.

A pattern needs an entry here only when `pattern_proof` cannot prove it. `cap`: the longest text
that reaches it, in characters, with the code that sees to it; without one it must be linear
whatever comes. The fuzz holds each to its entry.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

type Made = tuple[str, re.Pattern[Any]]
"""An operation, and a pattern that is made while the program runs, as it makes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Why a home's patterns are linear."""

    why: str
    cap: int | None = None
    samples: Callable[[], Iterable[Made]] | None = None


def _services() -> Iterable[Made]:
    from destinations import SERVICES

    paths = [site.paths for service in SERVICES for site in service.sites]
    begun = {text for text in (*paths, *(service.upload for service in SERVICES)) if text}
    hidden = {service.hidden for service in SERVICES if service.hidden}
    return [("match", re.compile(text)) for text in sorted(begun)] + [
        ("search", re.compile(text)) for text in sorted(hidden)
    ]


def _hosts() -> Iterable[Made]:
    from destinations import SERVICES

    sites = [site for service in SERVICES for site in service.sites]
    texts = {host for site in sites for host in site.hosts if host.startswith("/")}
    return [("fullmatch", re.compile(text.strip("/"))) for text in sorted(texts)]


def _characters() -> Iterable[Made]:
    return [("finditer", re.compile("[" + re.escape("\u2061\u3164]^-") + "]+"))]


def _plans() -> Iterable[Made]:
    from classifiers.personal.scan import phones

    plans = [phones._plan(region) for region in phones._NATIONAL_REGIONS]
    return [("fullmatch", plan.number) for plan in plans if plan is not None]


def _terms() -> Iterable[Made]:
    from classifiers.credentials.rules import own_words

    terms = ("project", "a b", "x x x", "- - -", "Ärger im Büro", "a\u00a0b c d e f g h")
    return [
        ("finditer", own_words._pattern(term, canary)) for term in terms for canary in (True, False)
    ]


def _values() -> Iterable[Made]:
    from classifiers.redaction import rewriting

    groups = ([b"Ann", b"b"], [b"]x", b"-y", b"^z"], [b"a@b.co", b"+49", b"\xc3\xa9"])
    return [("finditer", rewriting._starts(group)) for group in groups]


def _wildcards() -> Iterable[Made]:
    import fnmatch

    groups = (
        ["*a*"],
        ["*a*b*c*d"],
        ["a?b*[0-9]*.py"],
        ["*/secret*/*", "*x*y*z", "**a**b"],
        ["*aaaa*aaab*"],
    )
    return [("match", re.compile("|".join(map(fnmatch.translate, group)))) for group in groups]


PROOFS: dict[str, Proof] = {
    "case_words._TOKEN": Proof(
        why="what is no quoted word is a word and taken whole, so no place begins inside it"
    ),
    "quality._NAMED": Proof(
        why=(
            "is_placeholder reads values of at most 200 characters; a name of 60 and an end of 20"
            " can be cut 60 ways"
        ),
        cap=200,
    ),
    "quality._RUN": Proof(
        why="a character and seven more like it: at most eight are read from each place"
    ),
    "generic._NOT_A_SECRET_NAME": Proof(
        why="names as the rules capture them: 40 characters, the word, 24 more", cap=120
    ),
    "generic._WORDY": Proof(
        why="values as the rules capture them: at most 128 characters, a field's 512", cap=512
    ),
    "generic._NOT_A_SECRET_END": Proof(
        why="names as the rules capture them: 40 characters, the word, 24 more", cap=120
    ),
    "generic._OTHER_KEYS": Proof(
        why="names as the rules capture them: 41 characters and the word", cap=120
    ),
    "parting._VALUE_WORD": Proof(
        why="matched once where a name ends, and reads at most 150 characters behind it"
    ),
    "parting._INPUT": Proof(
        why="matched once where a name ends, and reads at most five tags of 160 characters"
    ),
    "keyed_rows._LINE": Proof(why="matched once a line, and reads at most 520 characters of it"),
    "markup._TAG": Proof(
        why="nothing in a tag holds a <, so that each try ends before the next one begins"
    ),
    "statements._COPY": Proof(
        why="from each COPY at most 4,400 characters are read, and names between them end at blanks"
    ),
    "json_walk._LENIENT": Proof(
        why=(
            "a string that was begun ends at a quote or with the text, so it never fails and"
            " nothing is read again"
        )
    ),
    "discreet._EMAIL": Proof(
        why=(
            "texts are cut at 4,096 characters; from each place 64 are read before the sign, and at"
            " most nine labels of 64 behind it"
        ),
        cap=4096,
    ),
    "discreet._NUMBER": Proof(
        why=(
            "texts are cut at 4,096 characters; it fails only where a single digit is followed by"
            " signs, and the next try begins at the next digit"
        ),
        cap=4096,
    ),
    "paths._EMAIL": Proof(
        why=(
            "redact cuts paths at 4,096 characters; from each place 64 are read, and a domain holds"
            " no place that begins one"
        ),
        cap=4096,
    ),
    "paths._NUMBER": Proof(
        why=(
            "redact cuts paths at 4,096 characters; it fails only where fewer than two digits stand"
            " nine apart"
        ),
        cap=4096,
    ),
    "labelled._IDENTIFIER": Proof(
        why="read_labelled gives it the 40 characters behind a label", cap=40
    ),
    "letters._INNER_NUMBER": Proof(
        why=(
            "a candidate that begins with letters has at most 45 characters: see"
            " candidates.LETTERS_FIRST"
        ),
        cap=64,
    ),
    "embedded._CODE": Proof(why="the value of a labelled line: at most 161 characters", cap=161),
    "embedded._LABELLED_LINE": Proof(
        why=(
            "begins where a line does; from there a name of 41 characters can end 40 times, and 160"
            " are read behind each"
        )
    ),
    "embedded._PAIR": Proof(
        why=(
            "a name has 61 characters; the quote that opens a value that never ends closes no name,"
            " so it is read once"
        )
    ),
    "recogniser_files._pattern": Proof(
        why=(
            "compiles to see whether it can be; Presidio runs it in a worker, on 4,096 characters,"
            " with a time limit"
        ),
        samples=tuple,
    ),
    "service.pattern": Proof(
        why="paths and methods of requests: written in our catalogue",
        samples=_services,
    ),
    "hosts._add": Proof(
        why="hosts of at most 253 characters",
        cap=253,
        samples=_hosts,
    ),
    "hosts.__init__": Proof(
        why="paths of requests: written in our catalogue, tried with `service.pattern`",
        samples=_services,
    ),
    "magic._FILE_PART": Proof(
        why=(
            "what it looks ahead for stands at fixed places in the next 512 bytes, the same from"
            " each blank line"
        )
    ),
    "launch._STARTERS": Proof(
        why=(
            "a folder's name ends at its slash; what is repeated behind it is one of four fixed"
            " words"
        )
    ),
    "unicode_folding._places": Proof(
        why="a set of characters: one is read at each place", samples=_characters
    ),
    "phones._plan": Proof(
        why="at most 17 digits: see MAX_DIGITS",
        cap=17,
        samples=_plans,
    ),
    "own_words._pattern": Proof(
        why="the organisation's words, each with blanks between them",
        samples=_terms,
    ),
    "rewriting._starts": Proof(
        why="the first bytes of the values that were found, and what stands before them",
        samples=_values,
    ),
    "predicates.matcher": Proof(
        why="fnmatch makes each piece between two stars atomic: none is looked for again",
        samples=_wildcards,
    ),
}
