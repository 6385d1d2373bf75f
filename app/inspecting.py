"""Says in plain words that what requests are inspected with cannot be loaded here."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import OutgateError, SettingsError


@contextmanager
def needed_to_inspect() -> Iterator[None]:
    """Refuse where a library is missing, or refuses what we look for: a gate that inspects nothing
    helps nobody. Raises SettingsError.
    """
    try:
        yield
    except OutgateError:
        raise
    except Exception as error:  # boundary: a library may raise anything of its own
        name = getattr(error, "name", None)
        what = f"{type(error).__name__}: {name}" if name else type(error).__name__
        raise SettingsError(
            f"Outgate cannot load what it inspects with ({what}), so the gate does not serve.",
            remedy="Install Outgate anew; outgate doctor looks for the cause.",
        ) from error
