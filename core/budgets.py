"""What may be done at once on the gate's event loop, and what goes to a thread or worker."""

INLINE_BYTES = 64 * 1024
"""A body up to this size is small: it is waited for, and read on the event loop.

To read so much takes some hundred microseconds; the loop may be kept for two milliseconds at most.
"""
