"""A part of the review: some of its actions, over the queue that is on the screen."""

from tui.live_queue import LiveQueue

READ_ONLY = "This is a read-only view."
UNREADABLE = "The evidence cannot be read just now."
WAITS = "This request waits: a releases it, b refuses it."

MARKING = "One moment: the cases are being marked. Then press it again."


def is_marking(desk: LiveQueue) -> bool:
    """Return whether cases are being read that are to be marked."""
    return any(worker.group == "mark" for worker in desk.app.workers)


class ReviewPart:
    """Each method `do_<id>` is an action of the registry; `obstacle` says why one cannot be done
    now.
    """

    def __init__(self, desk: LiveQueue) -> None:
        self.desk = desk

    def obstacle(self, action_id: str) -> str | None:
        """Return why an action cannot be done now, or None when it can."""
        return UNREADABLE if self.desk.trouble else None
