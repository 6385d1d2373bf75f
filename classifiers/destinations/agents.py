"""Agent2Agent: recognises calls in each of its versions and bindings, and keeps other protocols
apart.
"""

import re
from collections.abc import Mapping

from classifiers.llm.request import mcp
from core.exchange import Exchange

_AGENT_HEADERS = frozenset({"a2a-version", "a2a-extensions", "x-a2a-extensions"})
_AGENT_METHODS = tuple(
    f'"{name}"'.encode()
    for name in (
        "message/send",
        "message/stream",
        "tasks/send",
        "tasks/sendSubscribe",
        "tasks/resubscribe",
        "tasks/pushNotificationConfig/set",
        "agent/getAuthenticatedExtendedCard",
        "SendMessage",
        "SendStreamingMessage",
        "SubscribeToTask",
    )
)
"""Methods of Agent2Agent's JSON-RPC in each of its versions that no other protocol has."""
_METHOD = re.compile(rb'"method"\s{0,8}:\s{0,8}"([A-Za-z/]{4,50})"')
_AGENT_ONLY_TEXT = b"""
GetTask ListTasks CancelTask CreateTaskPushNotificationConfig GetTaskPushNotificationConfig
ListTaskPushNotificationConfig ListTaskPushNotificationConfigs DeleteTaskPushNotificationConfig
GetExtendedAgentCard tasks/pushNotification/set tasks/pushNotification/get
tasks/pushNotificationConfig/get tasks/pushNotificationConfig/list
tasks/pushNotificationConfig/delete agent/getExtendedCard agent/getCard
"""
_AGENT_ONLY = frozenset(_AGENT_ONLY_TEXT.split())
"""Methods that others may speak of: a message must call them."""
_OF_TWO = frozenset((b"tasks/get", b"tasks/cancel", b"tasks/list"))
"""Methods that the Model Context Protocol has as well, which names a task otherwise."""
_AGENT_TASK = re.compile(
    rb'"params"\s{0,8}:\s{0,8}\{[^{}]{0,400}?"(?:id|contextId|pageSize|historyLength)"\s{0,8}:'
)
_TASK_PATH = re.compile(
    r"/tasks/[^/]{1,200}(?::(?:cancel|subscribe)|/pushNotificationConfigs)(?:/|\Z)"
)
_AGENT_PATHS = ("/message:send", "/message:stream", "/v1/message/send", "/v1/message/stream")
_AGENT_SERVICES = ("/a2a.v1.A2AService/", ".a2a.v1.A2AService/")
_LONGEST_PATH = 4_096
_AGENT_ENDS = 64 * 1024
"""The method stands at either end of a message, whatever lies between."""
_AGENT_CARDS = ("/.well-known/agent-card.json", "/.well-known/agent.json")


def is_agent(exchange: Exchange, headers: Mapping[str, str]) -> bool:
    """Return True for a call of Agent2Agent, by its headers, its path or its method."""
    path = exchange.path.partition("?")[0]
    if not _AGENT_HEADERS.isdisjoint(headers) or path.endswith(_AGENT_CARDS):
        return True
    if path.endswith(_AGENT_PATHS) or any(service in path for service in _AGENT_SERVICES):
        return True
    if _TASK_PATH.search(path[:_LONGEST_PATH]) is not None:
        return True
    body = exchange.body
    ends = body if len(body) <= 2 * _AGENT_ENDS else body[:_AGENT_ENDS] + body[-_AGENT_ENDS:]
    if b'"jsonrpc"' not in ends:
        return False
    return any(method in ends for method in _AGENT_METHODS) or _calls_agent(ends, headers)


def _calls_agent(ends: bytes, headers: Mapping[str, str]) -> bool:
    """True for a call about a task: to see it, to end it, to be told of it."""
    called = {match[1] for match in _METHOD.finditer(ends)}
    if not called.isdisjoint(_AGENT_ONLY):
        return True
    if called.isdisjoint(_OF_TWO) or mcp.announced(headers) or b'"taskId"' in ends:
        return False
    return _AGENT_TASK.search(ends) is not None
