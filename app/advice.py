"""What is probably not meant in the policy in force, in words: for `policy check` and `doctor`."""

from datetime import UTC, date, datetime
from pathlib import Path


def advice_on(file: Path | None) -> tuple[str, ...]:
    """Return one line for each rule that loads but is probably not meant. Raises SettingsError; None is the preset."""
    from policy import DEFAULT_PRESET
    from policy.describing import advice
    from policy.loading import parse, preset_text

    content = preset_text(DEFAULT_PRESET).encode() if file is None else file.read_bytes()
    model = parse(content, str(file or DEFAULT_PRESET))
    found = advice(model, today=date.today(), services=known_services())  # noqa: DTZ011 - `until` is a local date
    return tuple(f"{rule} {words}" for rule, words in found)


def exceptions_in(file: Path | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return one line for each exception from inspection, and one for each whose date is to be mended."""
    from core.text import printable
    from core.vocabulary.sizes import counted
    from policy import DEFAULT_PRESET
    from policy.loading import parse, preset_text
    from policy.tls_passthrough import dates_to_mend

    content = preset_text(DEFAULT_PRESET).encode() if file is None else file.read_bytes()
    entries, today = (
        parse(content, str(file or DEFAULT_PRESET)).pass_through,
        datetime.now(UTC).date(),
    )
    told = (
        f"{e.id}: {', '.join(e.hosts)} until {e.until}, {counted(max(0, (e.until - today).days), 'day')} left; "
        f"for {printable(', '.join((*(e.scripts or ()), *(e.executables or ()))) or 'every program')}; "
        f"answered for by {printable(e.owner)}"
        for e in entries
    )
    return tuple(told), tuple(f"{who} {words}" for who, words in dates_to_mend(entries, today))


def known_services() -> frozenset[str]:
    """Return all names that a destination's service, or an organisation's list of accounts, can have."""
    from app.policy_words import services

    return frozenset(name for one in services() for name in (one.id, *one.families))
