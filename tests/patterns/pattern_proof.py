"""Proves of a pattern that Python's `re` reads a text in linear time, or says what cannot be
proved.

A backtracking matcher walks the paths of the pattern's automaton that spell what it reads. Their
number is bounded when no word leads from a state back to itself in two ways (else it doubles with
each such word), and when no word leads around a state, on to a second one and around that too (else
it grows with the length, and `search` begins anew at each place): the criteria of Weber and Seidl,
On the degree of ambiguity of finite automata, 1991. The automaton here allows more than the
pattern: long counted repeats are loops, what looks ahead always holds. So a proof holds for the
pattern as well.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from re import _compiler as compiler  # type: ignore[attr-defined]  # isort: skip
from re import _constants as c  # type: ignore[attr-defined]  # isort: skip
from re import _parser as parser  # type: ignore[attr-defined]  # isort: skip

WINDOW = 512
"""Characters that a pattern of bounded width may read from one start."""
_LOOK = 64
_PROBES = "".join(map(chr, range(256))) + "ſKıİ٣\u2003\u2028漢•’–⁄😀"
_MOST_POSITIONS = 700
_MOST_STEPS = 400_000
_REPEATS = {c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT}
_FIRST = {c.AT_BEGINNING, c.AT_BEGINNING_STRING}


class UnprovedError(Exception):
    """This cannot be proved here; the text says why."""


@dataclass(slots=True)
class Part:
    """A part of a pattern: in how many ways it can be empty, where it begins, where it ends.

    A position stands in a list as often as there are ways to it; more than two ways count as two.
    """

    empty: int
    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    asks: bool = False
    """True when it asks for something while it is empty: `\\b`, `$`, what looks ahead or behind."""


class Automaton:
    """The positions of a pattern's characters and which may follow which; characters are bits of a
    mask.
    """

    def __init__(self, tree: Any, flags: int, *, anywhere: bool) -> None:
        literals = "".join(sorted(set(_literals(tree))))
        self._probes = "".join(dict.fromkeys(_PROBES + literals))
        self._state = tree.state
        self._masks: dict[tuple[str, int], int] = {}
        self.chars: list[int] = []
        self.follow: list[dict[int, int]] = []
        self._asked: set[int] = set()
        self._at_start: set[int] = set()
        self._kept: dict[int, int] = {}
        whole = self._sequence(list(tree), flags)
        self.accepting = frozenset(whole.last) - self._asked
        """Where a match can end whatever stands behind: what is read there is not read again."""
        self.starts = list(whole.first)
        if anywhere:
            self._begin_anywhere(list(tree), flags, whole)

    def _begin_anywhere(self, nodes: list[Any], flags: int, whole: Part) -> None:
        """Add what `search` does: pass over characters, then begin; not behind a character that the
        pattern forbids.
        """
        everything = (1 << len(self._probes)) - 1
        barred = self._barred(nodes, flags)
        outside, inside = self._position(everything & ~barred), self._position(barred)
        for origin in (outside, inside):
            for target in (outside, inside):
                self._link([origin], [target])
        self._link([outside], [at for at in whole.first if at not in self._at_start])
        self.starts = [*self.starts, outside, inside]

    def _barred(self, nodes: list[Any], flags: int) -> int:
        """Return the characters behind which the pattern cannot begin."""
        if not nodes:
            return 0
        op, value = nodes[0]
        if (
            op is c.ASSERT_NOT
            and value[0] == -1
            and len(value[1]) == 1
            and _is_char(value[1][0][0])
        ):
            return self._mask(value[1][0], flags)
        if op is c.AT and value is c.AT_BEGINNING and flags & re.MULTILINE:
            return self._mask((c.NOT_LITERAL, ord("\n")), flags)
        if op is c.AT and value is c.AT_BOUNDARY and len(nodes) > 1:
            word = self._mask((c.IN, [(c.CATEGORY, c.CATEGORY_WORD)]), flags)
            begun = [self.chars[at] for at in self._sequence(nodes[1:], flags).first]
            return word if begun and not any(mask & ~word for mask in begun) else 0
        if op is c.SUBPATTERN:
            return self._barred(list(value[3]), _flagged(flags, value))
        return 0

    def _position(self, mask: int) -> int:
        if len(self.chars) >= _MOST_POSITIONS:
            raise UnprovedError("too large")
        self.chars.append(mask)
        self.follow.append({})
        return len(self.chars) - 1

    def _mask(self, node: Any, flags: int) -> int:
        key = (repr(node), flags)
        if key not in self._masks:
            one = compiler.compile(parser.SubPattern(self._state, [node]), flags)
            binary = isinstance(self._state.str, bytes)
            probes = (
                (1 << at, char)
                for at, char in enumerate(self._probes)
                if not binary or char < "\u0100"
            )
            hits = (
                bit for bit, char in probes if one.match(char.encode("latin-1") if binary else char)
            )
            self._masks[key] = sum(hits)
        return self._masks[key]

    def may_follow(self, origin: int, target: int) -> int:
        """Return the characters with which `target` follows: none that a possessive repeat at
        `origin` takes itself.
        """
        kept = self._kept.get(origin, 0) if target != origin else 0
        return self.chars[target] & ~kept

    def _link(self, origins: Iterable[int], targets: Iterable[int]) -> None:
        """Let each target follow each origin; a second way between the same two is counted."""
        targets = list(targets)
        for origin in origins:
            follow = self.follow[origin]
            for target in targets:
                follow[target] = follow.get(target, 0) + 1

    def _sequence(self, nodes: Sequence[Any], flags: int) -> Part:
        whole = Part(empty=1)
        at_start = False
        for op, value in nodes:
            part = self._part(op, value, flags)
            at_start = at_start or (op is c.AT and value in _FIRST and not flags & re.MULTILINE)
            if part.asks:
                self._asked.update(whole.last)
            if at_start and whole.empty:
                self._at_start.update(part.first)
            self._link(whole.last, part.first)
            whole = Part(
                empty=min(2, whole.empty * part.empty),
                first=_twice([*whole.first, *part.first * whole.empty]),
                last=_twice([*whole.last * part.empty, *part.last]),
                asks=whole.asks or (whole.empty > 0 and part.asks),
            )
        return whole

    def _part(self, op: Any, value: Any, flags: int) -> Part:
        if _is_char(op):
            at = self._position(self._mask((op, value), flags))
            return Part(empty=0, first=[at], last=[at])
        if op is c.AT:
            return Part(empty=1, asks=True)
        if op in {c.ASSERT, c.ASSERT_NOT}:
            if value[0] == 1 and value[1].getwidth()[1] > _LOOK:
                raise UnprovedError("looks ahead without bound")
            return Part(empty=1, asks=True)
        if op is c.SUBPATTERN:
            return self._sequence(list(value[3]), _flagged(flags, value))
        if op is c.ATOMIC_GROUP:
            return self._sequence(list(value), flags)
        if op is c.BRANCH:
            return self._branch(value[1], flags)
        if op in _REPEATS:
            low, high, body = value
            part = self._repeat(low, high, body, flags)
            if (
                op is c.POSSESSIVE_REPEAT
                and value[1] is c.MAXREPEAT
                and len(part.first) == 1 == _size(value[2])
            ):
                self._kept[part.first[0]] = self.chars[part.first[0]]
            return part
        raise UnprovedError(f"{op} is not understood here")

    def _branch(self, branches: Sequence[Any], flags: int) -> Part:
        parts = [self._sequence(list(branch), flags) for branch in branches]
        return Part(
            empty=min(2, sum(part.empty for part in parts)),
            first=[at for part in parts for at in part.first],
            last=[at for part in parts for at in part.last],
            asks=any(part.asks for part in parts),
        )

    def _repeat(self, low: Any, high: Any, body: Any, flags: int) -> Part:
        nodes, low, high = list(body), int(low), int(high)
        bounded = high <= 3 or (low == high and low * max(1, _size(nodes)) <= 64)
        if bounded and (high == 1 or body.getwidth()[0] > 0):
            return self._copies(nodes, low, high, flags)
        part = self._sequence(nodes, flags)
        self._link(part.last, part.first)
        ways = 2 if part.empty else 1  # what is repeated may be empty once more at the end
        return Part(
            empty=2 if part.empty else int(low == 0),
            first=part.first,
            last=_twice(part.last * ways),
            asks=part.asks,
        )

    def _copies(self, nodes: Sequence[Any], low: int, high: int, flags: int) -> Part:
        """Write a repeat out; where the last ones may be missing, each stands inside the one
        before.
        """
        whole = Part(empty=int(low == 0))
        ends: list[int] = []
        for count in range(high):
            part = self._sequence(nodes, flags)
            self._link(ends, part.first)
            if count == 0:
                whole.first, whole.asks = part.first, part.asks
                whole.empty = min(2, whole.empty + part.empty)
            ends = part.last
            if count >= low - 1:
                whole.last = [*whole.last, *ends]
        return whole


def _twice(positions: Iterable[int]) -> list[int]:
    """Return the positions, none more than twice."""
    return [at for at, ways in Counter(positions).items() for _ in range(min(2, ways))]


def _is_char(op: Any) -> bool:
    return op in {c.LITERAL, c.NOT_LITERAL, c.ANY, c.IN}


def _flagged(flags: int, value: Any) -> int:
    return (flags | int(value[1])) & ~int(value[2])


def _size(nodes: Iterable[Any]) -> int:
    """Return about how many positions a part makes."""
    total = 0
    for op, value in nodes:
        if _is_char(op):
            total += 1
        elif op in _REPEATS:
            total += _size(value[2]) * (int(value[1]) if int(value[1]) <= 3 else 1)
        elif op is c.SUBPATTERN:
            total += _size(value[3])
        elif op is c.BRANCH:
            total += sum(_size(branch) for branch in value[1])
    return total


def _literals(nodes: Iterable[Any]) -> Iterator[str]:
    for op, value in nodes:
        if op in {c.LITERAL, c.NOT_LITERAL}:
            yield chr(value)
        elif op is c.IN:
            for kind, inner in value:
                if kind is c.LITERAL:
                    yield chr(inner)
                elif kind is c.RANGE:
                    yield from (chr(inner[0]), chr(inner[1]))
        elif op in _REPEATS:
            yield from _literals(value[2])
        elif op is c.SUBPATTERN:
            yield from _literals(value[3])
        elif op is c.BRANCH:
            for branch in value[1]:
                yield from _literals(branch)
        elif op is c.ATOMIC_GROUP:
            yield from _literals(value)


def components(count: int, follow: Sequence[Iterable[int]]) -> list[int]:
    """Return for each state the number of its strongly connected component (Tarjan, without
    recursion).
    """
    order, low, owner = [-1] * count, [0] * count, [-1] * count
    stack: list[int] = []
    clock = owners = 0
    for root in range(count):
        if order[root] >= 0:
            continue
        work = [(root, iter(follow[root]))]
        order[root] = low[root] = clock
        clock += 1
        stack.append(root)
        while work:
            state, targets = work[-1]
            for target in targets:
                if order[target] < 0:
                    order[target] = low[target] = clock
                    clock += 1
                    stack.append(target)
                    work.append((target, iter(follow[target])))
                    break
                if owner[target] < 0:
                    low[state] = min(low[state], order[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[state])
                if low[state] == order[state]:
                    while True:
                        top = stack.pop()
                        owner[top] = owners
                        if top == state:
                            break
                    owners += 1
    return owner


def _cyclic(follow: Sequence[Iterable[int]], owner: Sequence[int]) -> set[int]:
    """Return the states from which some word leads back to them."""
    return {
        state
        for state, targets in enumerate(follow)
        if any(target == state or owner[target] == owner[state] for target in targets)
    }


class Ambiguity:
    """How many paths of an automaton spell one word: bounded, as many as the word is long, or
    exponentially many.
    """

    def __init__(self, machine: Automaton, *, whole: bool) -> None:
        """`whole`: a match must take the whole text, so that none ends before."""
        self._follow, self._with = machine.follow, machine.may_follow
        self._owner = components(len(machine.chars), self._follow)
        self._cyclic = _cyclic(self._follow, self._owner)
        ends: frozenset[int] = frozenset() if whole else machine.accepting
        rest = [
            [t for t in follow if t not in ends] if s not in ends else []
            for s, follow in enumerate(self._follow)
        ]
        self._failing = _cyclic(rest, components(len(rest), rest))
        """States around which a text can be read without coming to where a match ends."""
        self._steps = 0

    def _step(self) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise UnprovedError("too large")

    def exponential(self) -> bool:
        """True when some word leads from a state back to itself in two ways."""
        pairs: dict[tuple[int, int], list[tuple[int, int]]] = {}
        todo = [(state, state) for state in self._cyclic]
        while todo:
            pair = todo.pop()
            if pair in pairs:
                continue
            self._step()
            one, two = pair
            owner = self._owner[one]
            targets = []
            for a, ways in self._follow[one].items():
                if self._owner[a] != owner:
                    continue
                if one == two and ways > 1:
                    return True
                targets += [
                    (a, b)
                    for b in self._follow[two]
                    if self._owner[b] == owner and self._with(one, a) & self._with(two, b)
                ]
            pairs[pair] = targets
            todo += targets
        names = {pair: at for at, pair in enumerate(pairs)}
        owner_of = components(
            len(names), [[names[t] for t in targets] for targets in pairs.values()]
        )
        same = {owner_of[at] for pair, at in names.items() if pair[0] == pair[1]}
        return any(pair[0] != pair[1] and owner_of[at] in same for pair, at in names.items())

    def growing(self) -> bool:
        """True when some word leads around one state, from there to a second one, and around
        that.
        """
        return any(
            self._leads(p, q)
            for p in self._cyclic
            for q in self._reachable(p)
            if q in self._failing and self._owner[q] != self._owner[p]
        )

    def _reachable(self, state: int) -> set[int]:
        seen: set[int] = set()
        todo = [state]
        while todo:
            for target in self._follow[todo.pop()]:
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        return seen

    def _leads(self, p: int, q: int) -> bool:
        """True when one word leads p → p, p → q and q → q."""
        around_p, around_q = self._owner[p], self._owner[q]
        seen: set[tuple[int, int, int]] = set()
        todo = [(p, p, q)]
        while todo:
            x, y, z = todo.pop()
            for a in self._follow[x]:
                if self._owner[a] != around_p:
                    continue
                for b in self._follow[z]:
                    both = self._with(x, a) & self._with(z, b)
                    if not both or self._owner[b] != around_q:
                        continue
                    for m in self._follow[y]:
                        self._step()
                        triple = (a, m, b)
                        if not both & self._with(y, m) or triple in seen:
                            continue
                        if triple == (p, q, q):
                            return True
                        seen.add(triple)
                        todo.append(triple)
        return False


def _anchored(nodes: Sequence[Any], flags: int) -> bool:
    """True when the pattern can begin nowhere but where the text begins."""
    if not nodes or flags & re.MULTILINE:
        return False
    op, value = nodes[0]
    if op is c.AT:
        return value in _FIRST
    if op is c.SUBPATTERN:
        return _anchored(list(value[3]), flags)
    return op is c.BRANCH and all(_anchored(list(branch), flags) for branch in value[1])


def proof_of(pattern: re.Pattern[Any], operations: Iterable[str]) -> str:
    """Return why these operations read a text in linear time. Raises UnprovedError."""
    flags = pattern.flags
    tree = parser.parse(pattern.pattern, flags)
    anywhere = not set(operations) <= {"match", "fullmatch"} and not _anchored(list(tree), flags)
    fixed = Ambiguity(Automaton(tree, flags, anywhere=False), whole="fullmatch" in operations)
    if fixed.exponential():
        raise UnprovedError("one word is read in exponentially many ways")
    if fixed.growing():
        raise UnprovedError("what is repeated can end, and what follows begin, at many places")
    if not anywhere:
        return "one way to read each text from its start"
    width = int(tree.getwidth()[1])
    if width <= WINDOW:
        return f"reads at most {width} characters from each place"
    if Ambiguity(Automaton(tree, flags, anywhere=True), whole=False).growing():
        raise UnprovedError("each place may read on to the end")
    return "a start that fails has read what no later start reads again"
