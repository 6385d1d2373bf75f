"""What is drawn from the records: table, coverage and report."""

import csv
import hashlib
import io
import json
from operator import itemgetter
from typing import Any, Dict, Iterator, List

from exports.pack.checking.chains import Chains
from exports.pack.checking.counting import COUNTED, Seen, named
from exports.pack.checking.names import (
    APART,
    CHUNK,
    COVERAGE,
    MOST_BYTES,
    NOT_SHOWN,
    RECORD,
    RECORDS,
    REPORTS,
    TABLE,
)
from exports.pack.checking.places import canonical
from exports.pack.checking.telling import NEWER, NEWEST, TOLD, alike, columns_of, nothing


class Drawings(Chains):
    """The table, the coverage and figures of the report."""

    def drawn(self) -> None:
        """What is drawn from the records, the table and the coverage, says what they say."""
        if not {RECORDS, TABLE, COVERAGE} <= set(self.pack.names()) or not self.head_told:
            return
        seen = Seen(self.head_told)
        with self.pack.open(RECORDS) as packed, self.pack.open(TABLE) as table:
            records = io.BufferedReader(packed, CHUNK)
            next(iter(records))
            csv.field_size_limit(MOST_BYTES)
            rows = csv.reader(
                io.TextIOWrapper(io.BufferedReader(table, CHUNK), "utf-8-sig", newline=""),
                strict=True,
            )
            headings = next(rows)
            head = json.loads(headings[-1])
            if any(head[part] != self.head_told[part] for part in ("records", "acts")):
                self.wrong("the head of %s is that of another export than the pack's" % TABLE)
            self.rows(records, rows, headings, seen)
        self.covered(seen)
        rest = [name for name in headings[:-1] if name not in TOLD]
        compared = ", ".join(map(named, self.report(seen)))
        but = ' but for its figures "%s"' % compared if compared else ""
        self.notes.append(NOT_SHOWN % (but, ", ".join(rest)))

    def report(self, seen: Any) -> List[str]:
        """The figures of the report that follow plainly from the records here are theirs; return
        which were compared: none where not all records of its time are here and can be read.
        """
        filtered = self.head_told["filter"] is not None
        unsigned = "at" not in self.predicate
        if unsigned or seen.untold or filtered or REPORTS[0] not in self.pack.names():
            return []
        told = self.pack.read(REPORTS[0]).decode()
        counts = seen.figures(self.predicate["at"])
        row = '<tr><td>%s</td><td class="n">'
        found = [name for name in counts if row % name in told]  # earlier versions had fewer
        for name in found:
            if told.count(row % name + format(counts[name], ",") + "</td>") != 1:
                told_so = '%s: what it says of "%s" is not what the records here are: %d'
                self.wrong(told_so % (REPORTS[0], named(name), counts[name]))
        return found

    def rows(self, lines: Any, rows: Iterator[List[str]], headings: List[str], seen: Any) -> None:
        """Each row of the table is that of its record; what goes by is counted."""
        seen.earlier = not set(NEWER + NEWEST) & set(headings)
        columns, told = columns_of(headings)
        if not set(columns) <= set(headings):
            self.wrong("%s lacks columns that every table has" % TABLE)
            return
        taken = itemgetter(*(headings.index(name) for name in columns))
        acts = self.head_told["acts"]["chain"]
        for line in lines:
            value = json.loads(line.decode())
            if value["chain"]["id"] == acts:
                seen.act(value)
                continue
            wanted, row = told(value), next(rows, None)
            seen.entry(value)
            if row is None:
                self.wrong("%s ends before the records do" % TABLE)
                return
            if len(row) < len(headings) - 1:
                self.wrong("%s: the row of record %d is cut" % (TABLE, value["chain"]["seq"]))
                continue
            found = taken(row)
            if found != wanted:
                self.differs(value, wanted, found, seen)
        if next(rows, None) is not None:
            self.wrong("%s holds more rows than there are records" % TABLE)

    def differs(self, value: Dict[str, Any], wanted: Any, found: Any, seen: Any) -> None:
        if value.get("schema") == RECORD and not found[TOLD.index("Verdict")]:
            seen.untold += 1  # a later version wrote it: the row has to say that, and no more
            wanted = nothing(value)
        for name, one, other in zip(TOLD, wanted, found):  # noqa: B905 - newer than Python 3.9
            if not alike(one, other):
                told = "%s: the row of record %d says another thing than the record: %s"
                self.wrong(told % (TABLE, value["chain"]["seq"], name))

    def told_emptied(self, told: Dict[str, Any], seen: Any) -> Dict[str, int]:
        """Return what the coverage has to say of entries of which only the place is left."""
        emptied = {"%s_emptied" % part: len(found) for part, found in self.emptied.items()}
        if set(emptied) & set(told):
            return emptied
        seen.untold += emptied["records_emptied"]  # earlier versions said that they cannot be read
        return {}

    def covered(self, seen: Any) -> None:
        """The coverage counts what the records and acts here say."""
        text = self.pack.read(COVERAGE)
        told = json.loads(text)
        if canonical(told) != text:
            self.wrong("%s is not written as Outgate writes it: keys doubled" % COVERAGE)
        policies, scripts = set(), set()
        for name in self.pack.names():
            if name.startswith("policy/"):
                policies.add(name[len("policy/") : -len(".yaml")])
                if not hashlib.sha256(self.pack.read(name)).hexdigest().startswith(name[7:23]):
                    self.wrong("%s is not the text of that version" % name)
            elif name.startswith("scripts/"):
                scripts.add(name[len("scripts/") : -len(".py.txt")])
        for one, seal in sorted(told.get("scripts_without_seal", {}).items()):
            self.notes.append("Script %s: the seal of its text was %s." % (one[:12], seal))
        emptied = self.told_emptied(told, seen)
        unread = told["records_that_cannot_be_read"]
        if seen.untold != unread:
            self.wrong("%s: %s that cannot be read, and here %d" % (COVERAGE, unread, seen.untold))
        if seen.untold:
            self.notes.append("Records that could not be read there: %d." % seen.untold)
        wanted = {**seen.told(policies, scripts), **emptied}
        for name in sorted(set(told) - set(wanted) - set(APART)):
            self.wrong("%s says more than Outgate does: %s" % (COVERAGE, ascii(name)))
        if type(told["acts_that_cannot_be_read"]) is not int:
            self.wrong("%s counts by what is no whole number" % COVERAGE)
        for name, found in wanted.items():
            # What could not be read there was not counted there.
            if told.get(name) != found and not (seen.untold and name in COUNTED):
                self.wrong("%s says another thing than the records: %s" % (COVERAGE, name))
