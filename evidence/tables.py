"""The tables, as SQLModel classes. Rows are made from validated values, since a table model does
not validate.

Times are integers: microseconds since 1970 UTC. Hashes are raw bytes. Bodies are the canonical JSON
that was hashed.
"""

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel


class Meta(SQLModel, table=True):
    """What the file says of itself: ids of its chains, when it was made."""

    key: str = Field(primary_key=True)
    value: str


class Entry(SQLModel, table=True):
    """One finished exchange: an entry of the chain of records, never changed."""

    __tablename__ = "entries"
    __table_args__ = (
        Index("entries_by_case", "case_id", "seq", sqlite_where=text("case_id IS NOT NULL")),
        Index("entries_by_time", "at_us"),
    )
    seq: int = Field(primary_key=True)
    id: str = Field(unique=True)
    at_us: int = Field(sa_type=BigInteger)
    case_id: int | None = None
    """None where no review is needed."""
    prev: bytes
    hash: bytes
    salt: bytes | None = None
    """From which the keys of its parts come; None where it is hashed as one text."""
    cuts: bytes | None = None
    """Where its parts are in the text."""
    body: bytes
    """The text, packed (`evidence.frames`); empty where the record was erased."""


class Erased(SQLModel, table=True):
    """What is left of the parts of a record that were erased, so that its hash proves the rest."""

    __tablename__ = "erased"
    seq: int = Field(primary_key=True)
    cuts: bytes
    """In the text as it is now."""
    sealed: bytes


class Mark(SQLModel, table=True):
    """Which records hold a value, by its keyed fingerprint."""

    __tablename__ = "marks"
    __table_args__ = {"sqlite_with_rowid": False}
    mark: int = Field(primary_key=True, sa_type=BigInteger)
    seq: int = Field(primary_key=True)


class PastRow(SQLModel, table=True):
    """What records that expired added up to; see `evidence.past`."""

    __tablename__ = "past"
    cut: int = Field(primary_key=True)
    """The last entry of those that went."""
    body: bytes


class OpenExchange(SQLModel, table=True):
    """An exchange that went out and has not ended; not chained yet."""

    __tablename__ = "open_exchanges"
    slot: int = Field(primary_key=True)
    """A gate's rows have numbers of its own, used again and again, so that the rows stay on few
    pages.
    """
    id: str
    gate: str
    """Which running gate holds it: see `presence`."""
    body: str
    seal: bytes | None = None
    """Which only this installation can make of the row (`evidence.journal_seal`)."""


class CaseRow(SQLModel, table=True):
    """The records of one case added up; derived from entries and review events, so it can be
    rebuilt.
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index("cases_by_risk", "status", "risk", "last_us"),
        Index("cases_by_status", "status", "last_us"),
        Index("cases_by_time", "last_us"),
        Index("cases_by_until", "until_us", sqlite_where=text("until_us IS NOT NULL")),
    )
    id: int = Field(primary_key=True)
    key: str = Field(unique=True)
    status: str
    disposition: str | None = None
    until_us: int | None = Field(default=None, sa_type=BigInteger)
    """When its closing ends, if ever: from then on it is open, whatever its status says."""
    first_us: int = Field(sa_type=BigInteger)
    last_us: int = Field(sa_type=BigInteger)
    count: int
    risk: int
    """Points of `core.risk`."""
    people: int
    """Different ones, at least."""
    verdict: str
    """Of its newest record, as what follows up to the account."""
    script: str
    script_path: str | None = None
    script_sha256: str | None = None
    user: str | None = None
    host: str
    service: str | None = None
    category: str
    account_kind: str
    kinds: str
    """Between commas: `,email,iban,`, so that one kind can be looked for."""
    users: str
    """Each between unit separators, as what follows."""
    outcomes: str
    rules: str
    models: str
    most_values: int
    most_records: int | None = None
    bytes_sent: int = Field(sa_type=BigInteger)
    left_count: int
    """How many of its records left, in part or whole, or went past the gate."""
    last_record: str
    degraded: int
    """How many of its records were decided with a failed stage."""
    degraded_us: int | None = Field(default=None, sa_type=BigInteger)
    """When the newest of them began."""
    closed: str | None = None
    """JSON: up to where it was closed last."""
    inside: bytes
    """JSON of `evidence.case_sums`; last, so that a scan need not read it."""


class ReviewEntry(SQLModel, table=True):
    """One act of a reviewer: an entry of the chain of reviews, never changed."""

    __tablename__ = "review_entries"
    __table_args__ = (
        Index("review_entries_by_case", "case_key", "seq"),
        Index("review_entries_by_script", "script", "seq"),
        Index(
            "review_entries_by_record",
            "record_id",
            "seq",
            sqlite_where=text("record_id IS NOT NULL"),
        ),
        Index(
            "review_entries_by_hold_key",
            "hold_key",
            "seq",
            sqlite_where=text("hold_key IS NOT NULL"),
        ),
    )
    seq: int = Field(primary_key=True)
    id: str = Field(unique=True)
    at_us: int = Field(sa_type=BigInteger)
    case_key: str
    action: str
    script: str | None = None
    """Sender of the case's newest record when the reviewer acted, and that script's hash: what an
    approval is for.
    """
    script_sha256: str | None = None
    prev: bytes
    hash: bytes
    body: str
    record_id: str | None = None
    """The held request that the act answers, and its mark, which identical requests share."""
    hold_key: str | None = None


class CheckpointRow(SQLModel, table=True):
    """What both chains held at one moment, signed."""

    __tablename__ = "checkpoints"
    seq: int = Field(primary_key=True)
    at_us: int = Field(sa_type=BigInteger)
    why: str
    """Of those taken because of traffic only the newest is kept."""
    records: int
    """Size of the chain of records then."""
    reviews: int
    public: bytes
    """The key that the note is signed with."""
    records_frontier: bytes
    """The complete subtrees, from which the next tree grows."""
    reviews_frontier: bytes
    note: str


class LotRow(SQLModel, table=True):
    """What a gate said of the entries that it wrote one after the other (`evidence.lots`)."""

    __tablename__ = "lots"
    first: int = Field(primary_key=True)
    last: int
    closed: bytes
    """Encrypted and authenticated."""


class ScriptRow(SQLModel, table=True):
    """When one version of one script was seen; derived from entries."""

    __tablename__ = "scripts"
    __table_args__ = {"sqlite_with_rowid": False}
    script: str = Field(primary_key=True)
    """Path, or what a person calls it where it has none."""
    sha256: str = Field(primary_key=True)
    """Empty when unknown."""
    first_us: int = Field(sa_type=BigInteger)
    last_us: int = Field(sa_type=BigInteger)
    count: int


class TrafficRow(SQLModel, table=True):
    """What left one script for one destination in five minutes; derived from entries."""

    __tablename__ = "traffic"
    __table_args__ = {"sqlite_with_rowid": False}
    script: str = Field(primary_key=True)
    destination: str = Field(primary_key=True)
    bucket: int = Field(primary_key=True)
    """Microseconds since 1970 divided by five minutes."""
    exchanges: int
    bytes: int = Field(sa_type=BigInteger)
    tokens: int = Field(sa_type=BigInteger)
    cost_micro_usd: int = Field(sa_type=BigInteger)
    least: int = Field(sa_column_kwargs={"server_default": text("0")})
    """How many of them may have sent more than is counted."""


class HourRow(SQLModel, table=True):
    """What was seen in one hour of alike exchanges; derived from entries, and kept longer."""

    __tablename__ = "hours"
    __table_args__ = {"sqlite_with_rowid": False}
    hour: int = Field(primary_key=True)
    """Hours since 1970."""
    script: str = Field(primary_key=True)
    destination: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    """Kind of account."""
    kinds: str = Field(primary_key=True)
    """As in `cases`."""
    outcome: str = Field(primary_key=True)
    exchanges: int
    sent: int
    """How many of them left the machine: whole, in part, or past the gate."""
    bytes: int = Field(sa_type=BigInteger)
    """That left; so did tokens and costs."""
    found: int = Field(sa_type=BigInteger)
    """Values found, whatever became of them."""
    tokens: int = Field(sa_type=BigInteger)
    cost_micro_usd: int = Field(sa_type=BigInteger)
    least: int = Field(sa_column_kwargs={"server_default": text("0")})
    """How many of those that left may have sent more than is counted."""


class DayRow(SQLModel, table=True):
    """What was seen on one day of UTC, whoever sent it; derived from the hours, kept as long."""

    __tablename__ = "days"
    __table_args__ = {"sqlite_with_rowid": False}
    day: int = Field(primary_key=True)
    """Days since 1970."""
    destination: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    """Kind of account."""
    outcome: str = Field(primary_key=True)
    first_hour: int
    """The first and the last hour of that day in which it was seen, since 1970."""
    last_hour: int
    exchanges: int
    sent: int
    """As in `hours`, as what follows."""
    bytes: int = Field(sa_type=BigInteger)
    found: int = Field(sa_type=BigInteger)
    tokens: int = Field(sa_type=BigInteger)
    cost_micro_usd: int = Field(sa_type=BigInteger)
    least: int = Field(sa_column_kwargs={"server_default": text("0")})
