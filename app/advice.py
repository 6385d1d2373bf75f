"""What is probably not meant in the policy in force, in words: for `policy check` and `doctor`."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy.rules import PolicyModel
    from policy.tls_passthrough import PassThrough


def advice_on(file: Path | None) -> tuple[str, ...]:
    """Return one line for each rule that loads but is probably not meant.

    Raises SettingsError; None is the preset.
    """
    from policy.describing import advice

    found = advice(_model(file), today=date.today())  # noqa: DTZ011 - `until` is a local date
    return tuple(f"{rule} {words}" for rule, words in found)


def exceptions_in(file: Path | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return one line for each exception from inspection, and for each date to be mended."""
    from policy.tls_passthrough import dates_to_mend

    entries, today = _model(file).pass_through, datetime.now(UTC).date()
    mended = tuple(f"{who} {words}" for who, words in dates_to_mend(entries, today))
    return tuple(_told(entry, today) for entry in entries), mended


def _model(file: Path | None) -> "PolicyModel":
    from policy import DEFAULT_PRESET
    from policy.loading import parse, preset_text

    content = preset_text(DEFAULT_PRESET).encode() if file is None else file.read_bytes()
    return parse(content, str(file or DEFAULT_PRESET))


def _told(entry: "PassThrough", today: date) -> str:
    from core.text import printable
    from core.vocabulary.sizes import counted

    programs = (*(entry.scripts or ()), *(entry.executables or ()))
    left = counted(max(0, (entry.until - today).days), "day")
    return (
        f"{entry.id}: {', '.join(entry.hosts)} until {entry.until}, {left} left; "
        f"for {printable(', '.join(programs) or 'every program')}; "
        f"answered for by {printable(entry.owner)}"
    )
