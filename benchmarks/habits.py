"""Whether clean months stay quiet, and what scripts never did is seen.

Run: python -m benchmarks.habits [--seeds 20]

A made-up company of 14 scripts of many kinds; the months and what is planted in them have fixed
seeds. Bars: at most one alert for each script and month in clean traffic; 18 of 20 planted things,
each said with the right word.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, timedelta

from benchmarks.habits_world import FIRST, HOLIDAY, SCRIPTS, Sent, clean, planted
from core.record import Record
from core.vocabulary.habits import Unusual
from habits.calendar import Calendar
from habits.learning import Learner
from policy.loading import load_bytes
from policy.replay import replayed

RULE = b"""
mode: enforce
rules:
  - {id: unlike, when: {unusual: [hours, destination, volume, kind]}, then: block}
"""
CALENDAR = Calendar(zone=UTC, holidays=frozenset({HOLIDAY}))
DAYS = 30
PLANTED_ON = FIRST + timedelta(days=23)

type Alert = tuple[str, Unusual, str]
"""Script, word, and what it was about: the reason."""


def alerts(sent: Iterable[Sent]) -> Iterator[tuple[Record, str]]:
    """Yield each request that a rule on unusual requests would stop, with the reason."""
    policy = load_bytes(RULE, "benchmark")
    records = (one.record() for one in sent)
    for one in replayed(policy, records, learnt=Learner(CALENDAR)):
        if one is not None and one.decision.rule is not None:
            yield one.record, one.decision.reason


def told(sent: Iterable[Sent]) -> dict[str, dict[str, str]]:
    """Return for each script the days on which something was unusual, with the first reason."""
    found: dict[str, dict[str, str]] = {}
    for record, reason in alerts(sent):
        script = record.sender.script
        assert script is not None
        found.setdefault(script.name, {}).setdefault(f"{record.at:%Y-%m-%d}", reason)
    return found


def seen(sent: list[Sent], extra: list[Sent], word: str) -> bool:
    """Return whether these requests among the others are told, with this word among the ways."""
    learner = Learner(CALENDAR)
    policy = load_bytes(RULE.replace(b"[hours, destination, volume, kind]", word.encode()), "bench")
    ids = {id(one) for one in extra}
    together = sorted((*sent, *extra), key=lambda one: one.at)
    pairs = [(one, one.record()) for one in together]
    foreign = {record.id for one, record in pairs if id(one) in ids}
    for one in replayed(policy, (record for _, record in pairs), learnt=learner):
        if one is not None and one.record.id in foreign and one.decision.rule is not None:
            return True
    return False


def missed(seed: int = 7) -> dict[str, str]:
    """Return what was planted and not seen, with the word that was expected."""
    sent = clean(DAYS, seed)
    return {
        name: word
        for name, (word, extra) in planted(sent, PLANTED_ON).items()
        if not seen(_before(sent, extra), extra, word)
    }


def _before(sent: list[Sent], extra: list[Sent]) -> list[Sent]:
    """Only that script's own requests matter."""
    return [one for one in sent if one.script == extra[0].script and one.at <= extra[-1].at]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    worst, days = 0, Counter[int]()
    for seed in range(seeds):
        begun = time.process_time()
        found = told(sent := clean(DAYS, seed))
        spent = time.process_time() - begun
        most = max(map(len, found.values()), default=0)
        worst = max(worst, most)
        days.update(len(found.get(f"{one.name}.py", {})) for one in SCRIPTS)
        gone = missed(seed)
        print(
            f"seed {seed}: {len(sent):,} requests, {spent * 1e6 / len(sent):.0f} µs each; days"
            f" with an alert: {sum(map(len, found.values()))} in {len(SCRIPTS)} scripts, at most {most};"
            f" planted seen {20 - len(gone)} of 20 {gone or ''}"
        )
        for script, reasons in found.items():
            for day, reason in reasons.items():
                print("   ", script, day, reason)
    print(f"scripts by days with an alert: {dict(sorted(days.items()))}; bar: at most 1")


if __name__ == "__main__":
    main()
