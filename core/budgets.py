"""What may be done at once on the gate's event loop, and what goes to a thread or worker."""

ON_THE_LOOP_US = 2_000
"""What the gate's event loop may be kept for, in microseconds."""
INLINE_BYTES = 64 * 1024
"""A body up to this size is small: it is waited for, and read on the event loop.

Whether it is classified there is told by what stands in it: the loop may be kept for two
milliseconds at most.
"""
