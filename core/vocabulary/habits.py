"""In which ways a request can be unusual for its script, as rules name them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Unusual(StrEnum):
    """What about a request differs from what its script does as a rule."""

    HOURS = "hours"
    DESTINATION = "destination"
    VOLUME = "volume"
    KIND = "kind"


UNUSUALS: Mapping[Unusual, str] = MappingProxyType(
    {
        Unusual.HOURS: "It is sent at an hour of the week at which this script never sends.",
        Unusual.DESTINATION: (
            "It goes where this script never sent to, or to another account there."
        ),
        Unusual.VOLUME: "It is far larger than this script's requests, or one too many for a day.",
        Unusual.KIND: "It holds a kind of data that this script never sent there.",
    }
)
