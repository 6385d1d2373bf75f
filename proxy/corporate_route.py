"""The way of a request through the organisation's own proxies, and what it says to them."""

from typing import Literal

from mitmproxy import http

from proxy.corporate_proxies import CorporateProxies
from proxy.sealed.opening import Foreign


class CorporateRoute:
    """Sends each request on its proxy's way, once it is decided; comes after the gate's addon."""

    name = "outgate-corporate-route"

    def __init__(self, proxies: CorporateProxies) -> None:
        self._proxies = proxies

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Choose the way; a streamed request leaves from here on."""
        proxy = self._proxies.of(flow.request.host)
        if proxy is None:
            flow.server_conn.via = None
        else:
            scheme: Literal["http", "https"] = "https" if proxy.scheme == "https" else "http"
            flow.server_conn.via = (scheme, (proxy.host, proxy.port))
        if flow.request.stream:
            self._authorize(flow)

    def gate_foreign(self, foreign: Foreign) -> None:
        """What is not HTTP goes through the proxy in a tunnel, too."""
        proxy = self._proxies.of(foreign.target[0])
        if proxy is not None:
            foreign.via = ("https" if proxy.scheme == "https" else "http", (proxy.host, proxy.port))

    def gate_large_body(self, flow: http.HTTPFlow) -> None:
        """Its head leaves now."""
        self._authorize(flow)

    def request(self, flow: http.HTTPFlow) -> None:
        """Its head leaves now."""
        self._authorize(flow)

    def http_connect_upstream(self, flow: http.HTTPFlow) -> None:
        """A tunnel through a proxy is about to be asked for."""
        address = flow.server_conn.address
        if address is not None and (said := self._proxies.authorization(address[:2])):
            flow.request.headers["proxy-authorization"] = said

    def _authorize(self, flow: http.HTTPFlow) -> None:
        """Only what goes to a proxy in clear carries the credentials; all else is in a tunnel."""
        via = flow.server_conn.via
        if via is None or flow.request.scheme != "http" or flow.response is not None:
            return
        if said := self._proxies.authorization(via[1][:2]):
            flow.request.headers["proxy-authorization"] = said
