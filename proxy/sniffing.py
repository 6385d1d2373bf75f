"""What a connection speaks, told from its first bytes: TLS, HTTP, or what nobody here can read."""

import re

_LOOKS_LIKE_HTTP = re.compile(rb"\x16(?:\x03|$)|[A-Za-z!#$%&'*+.^_`|~-]{1,32}(?: |$)")


def looks_like_http(data: bytes) -> bool:
    """Return False when the first bytes of a connection are neither TLS nor an HTTP request."""
    return not data or _LOOKS_LIKE_HTTP.match(data) is not None
