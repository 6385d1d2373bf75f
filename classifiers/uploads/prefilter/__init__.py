"""The sieve: which parts of a long text could hold anything at all, so that the engine reads only
those.
"""

from classifiers.uploads.prefilter.regions import (
    excerpt,
    may_hold,
    one_line,
    regions,
)

__all__ = ["excerpt", "may_hold", "one_line", "regions"]
