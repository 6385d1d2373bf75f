"""Ends alarms: somebody has looked, and says what becomes of evidence that was set aside."""

from datetime import datetime

from core.errors import InputError
from core.rights import Who, actor
from core.text import printable
from hub.database import Connection
from hub.deeds import Word, chained
from hub.sums import keep_dropped, sum_again

_ALARM = "SELECT endpoint, chain FROM alarms WHERE number = %s AND ended_at IS NULL FOR UPDATE"
_END = "UPDATE alarms SET ended_at = %s, ended_by = %s, note = %s WHERE number = %s"
_AGAIN = """UPDATE chains SET state = 'good'
    WHERE endpoint = %s AND chain = %s AND state = 'quarantined'"""
_ASIDE = """UPDATE chains SET state = 'superseded'
    WHERE endpoint = %s AND chain = %s AND state = 'quarantined'"""


def resolve(
    connection: Connection, number: int, who: Who, note: str, now: datetime, *, adopt: bool
) -> str:
    """End an alarm; `adopt`: the endpoint's evidence is taken anew from its beginning, beside what
    was kept, which counts no longer and is not deleted. Without it evidence that was set aside is
    taken again where it fits what was witnessed, and raises its alarm again where it does not.
    Return what was done. Raises InputError.
    """
    row = connection.execute(_ALARM, (number,)).fetchone() if 0 < number < 1 << 62 else None
    if row is None:
        raise InputError("No such alarm is open.", remedy="See: outgate hub alarms")
    endpoint, chain = row
    connection.execute(_END, (now, printable(actor(who).name, 200), printable(note, 1000), number))
    about, facts = f"alarm {number}", {"adopt": adopt}
    chained(connection, Word.RESOLVED, about, who=who, note=note, now=now, facts=facts)
    if not adopt:
        again = connection.execute(_AGAIN, (endpoint, chain)).rowcount
        looked = " The evidence is looked at again at the next check-in." if again else ""
        return f"Alarm {number} is ended.{looked}"
    keep_dropped(connection, endpoint)
    if connection.execute(_ASIDE, (endpoint, chain)).rowcount == 0:
        raise InputError("No evidence was set aside for that alarm.", remedy="Leave out --adopt.")
    sum_again(connection, endpoint)
    return f"Alarm {number} is ended; the evidence is taken anew at the next check-in."
