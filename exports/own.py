"""Compares the head of an export with the evidence of this installation, where it is the same."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.errors import EvidenceError
from evidence.chain_ids import chain_id
from evidence.database import connect
from evidence.notary import public_key
from evidence.sqlite_errors import DatabaseFault
from exports.head import Head


@dataclass(frozen=True, slots=True)
class Own:
    """The evidence of this installation."""

    path: Path

    def objections(self, head: Head) -> list[str]:
        """Return what the evidence here says against the head of an export of it; nothing where it
        is of another chain, or where there is no evidence.
        """
        records = head.records
        return self.objections_to(
            chain=records.chain, of=records.of, head=records.head, key=head.key
        )

    def objections_to(self, *, chain: str, of: int, head: str, key: bytes) -> list[str]:
        """Return the same for what is said of the chain of records."""
        if not self.path.is_file():
            return []
        try:
            with closing(connect(self.path, read_only=True)) as connection:
                if chain_id(connection, "records") != chain:
                    return []
                newest = connection.value("SELECT hash FROM entries WHERE seq = ?", (of,))
        except (*DatabaseFault, EvidenceError):
            return []
        found = []
        if public_key(self.path) not in (None, key):
            found.append("it is signed with another key than that of this installation")
        if of and (newest is None or bytes(newest).hex() != head):
            found.append("the evidence of this installation never had the head that it names")
        return found
