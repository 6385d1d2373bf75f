"""Business hours as an author writes them: days and a span of the day, on a named zone's clock."""

import re
from collections.abc import Iterator
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from policy.fields import Day, Listed, PartFault, Strict, Text, refuse

_SPAN = re.compile(r"(\d{1,2}):([0-5]\d)\s*[-–]\s*(\d{1,2}):([0-5]\d)")
_DAY = 24 * 60


class Hours(Strict):
    """Business hours in a named time zone. Hours that end before they begin run over midnight."""

    zone: Text
    days: Listed[Day] = Field(default=["monday", "tuesday", "wednesday", "thursday", "friday"])
    hours: str = "00:00-24:00"

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse(self._faults())
        return self

    def _faults(self) -> Iterator[PartFault]:
        try:
            self.span()
        except ValueError as error:
            yield PartFault(str(error), ("hours",))
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            words = "zone is no known time zone; write it as Europe/Berlin"
            yield PartFault(words, ("zone",))

    def span(self) -> tuple[int, int]:
        """Return the minutes of the day at which business begins and ends."""
        return span_of(self.hours)


def span_of(text: str) -> tuple[int, int]:
    """Return the minutes of the day at which `08:00-18:00` begins and ends. Raises ValueError."""
    match = _SPAN.fullmatch(text.strip())
    if match is not None:
        begin, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
        if begin < _DAY and end <= _DAY and begin != end:
            return begin, end
    raise ValueError("write hours as 08:00-18:00")


def _span(text: str) -> str:
    span_of(text)
    return text


type Span = Annotated[Text, AfterValidator(_span)]
