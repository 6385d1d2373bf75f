"""What a hub says of an endpoint whose evidence is not as it was witnessed, in words."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Over(StrEnum):
    """What a hunt looks over."""

    PACKAGES = "packages"
    DESTINATIONS = "destinations"
    SCRIPTS = "scripts"
    FILES = "files"
    OBSERVATIONS = "observations"


class Alarm(StrEnum):
    """What somebody has to look at."""

    FORK = "fork"
    CUT = "cut"
    SWAPPED = "swapped"
    BROKEN = "broken"
    FOREIGN = "foreign"
    POSES = "poses"
    EMPTIED = "emptied"
    CHECKPOINT = "checkpoint"
    KEY = "key"
    GAP = "gap"
    DROPPED = "dropped"
    CLOCK = "clock"
    SILENT = "silent"
    HUNTED = "hunted"
    PACKAGES = "packages"
    MANY = "many"
    FILES = "files"


ALARMS: Mapping[Alarm, str] = MappingProxyType(
    {
        Alarm.FORK: "its evidence was rewritten or forked: the same entry is another one now",
        Alarm.CUT: "its newest evidence was cut off, or an older copy was put back",
        Alarm.SWAPPED: "it has another evidence file than before",
        Alarm.BROKEN: "entries that it sent are not the chain that they claim to be",
        Alarm.FOREIGN: "it sent evidence that is another endpoint's",
        Alarm.POSES: "it spoke in the name of another endpoint",
        Alarm.EMPTIED: "entries were taken out of its evidence, and no erasure tells of it",
        Alarm.CHECKPOINT: "a signed checkpoint does not fit the entries that it sent",
        Alarm.KEY: "the key that signs its checkpoints is another than before",
        Alarm.GAP: "entries were removed there, as too old, before they were shipped",
        Alarm.DROPPED: "entries were left out there, for more waited to be shipped than its "
        "settings allow; they are in its own evidence",
        Alarm.CLOCK: "its clock is more than five minutes off",
        Alarm.SILENT: "it has not been heard of for a day",
        Alarm.HUNTED: "something there is hunted for",
        Alarm.PACKAGES: "it tells of more packages of its scripts than a machine has; "
        "what is above that is not kept",
        Alarm.MANY: "its records name more senders, destinations and rules than a machine has; "
        "what is above that is kept, and not told apart",
        Alarm.FILES: "it sent more files than the index has room for; "
        "what is above that is kept, and a hunt for a file takes longer to find it",
    }
)
"""A sentence without its full stop; the endpoint is `it`."""
