"""Messages, mail, tickets and pages for people, and the webhooks that post there."""

import re

from core.classification import Category
from core.exchange import Exchange
from destinations.service import (
    POST,
    PUT_OR_POST,
    WRITE,
    Keys,
    Refusal,
    Service,
    Site,
    TenantHeader,
    at,
)
from destinations.signals import Json, Reader, Request, Signal, consumer, host_label, opaque, text

MESSAGES, HOOK = Category.MESSAGING, Category.WEBHOOK
AS_ASKED = Refusal.AS_ASKED

_SLACK_HOSTS = ("slack.com", "*.slack.com")
REQUESTER = TenantHeader(name="X-Slack-Allowed-Workspaces-Requester", hosts=_SLACK_HOSTS)
ALLOWED_WORKSPACES = TenantHeader(name="X-Slack-Allowed-Workspaces", hosts=_SLACK_HOSTS)

_TELEGRAM_BOT = re.compile(r"/(?:file/)?bot(\d+):")
_SLACK_TEAM = re.compile(r"/(?:services|workflows|triggers)/([TE][A-Z0-9]{6,14})/")
_DISCORD_WEBHOOK = re.compile(r"/webhooks/(\d{5,25})")
_TWILIO_ACCOUNT = re.compile(r"/Accounts/(AC[0-9a-f]{32})")


def _telegram_bot(request: Request) -> Signal | None:
    match = _TELEGRAM_BOT.match(request.path)
    return Signal(match[1], "bot id in the path") if match else None


def _slack_webhook(request: Request) -> Signal | None:
    match = _SLACK_TEAM.match(request.path)
    return Signal(match[1], "workspace in the webhook's path") if match else None


def _discord_webhook(request: Request) -> Signal | None:
    match = _DISCORD_WEBHOOK.search(request.path)
    return Signal(match[1], "webhook id in the path") if match else None


def _twilio_account(request: Request) -> Signal | None:
    match = _TWILIO_ACCOUNT.search(request.path)
    return Signal(match[1], "account id in the path") if match else None


def _slack_team(_exchange: Exchange, body: Json) -> Signal | None:
    team = text(body, "team_id") or text(body, "team", "id")
    return Signal(team, "workspace in the answer", personal=False) if team else None


def _notion_workspace(_exchange: Exchange, body: Json) -> Signal | None:
    places = (("bot", "workspace_id"), ("workspace_id",), ("bot", "workspace_name"))
    workspace = next((name for keys in places if (name := text(body, *keys))), None)
    return Signal(workspace, "workspace in the answer", personal=False) if workspace else None


def _messages(
    service_id: str,
    name: str,
    sites: tuple[Site, ...],
    upload: str = POST,
    account: Reader = opaque,
    keys: Keys = Keys(),  # noqa: B008 - a frozen value
) -> Service:
    return Service(service_id, name, MESSAGES, sites, upload, account, AS_ASKED, keys=keys)


def _keys(*domains: str) -> Keys:
    return Keys(domains=domains)


_TO_TELEGRAM = r"(?:POST|GET) .*/(?:send|copy|forward|upload|edit|post|set)"
_TO_SLACK = r"POST .*(?:upload|chat\.|files\.(?!list|info)|conversations\.set)"
_TO_NOTION = r"(?:POST|PATCH) .*/(?:pages|blocks|comments|file_uploads)"
_SLACK_KEYS = _keys("slack.com", "slack-edge.com", "slack-gov.com")
_DISCORD = ("discord.com", "discordapp.com")
_DISCORD_KEYS = _keys("discord.com", "discordapp.com", "discord.gg")
_ATLASSIAN_KEYS = _keys("atlassian.com", "atlassian.net", "bitbucket.org", "jira.com")
_MAILGUN = at("api.mailgun.net", "api.eu.mailgun.net")
_MAILGUN_KEYS = _keys("mailgun.net", "mailgun.org", "mailgun.com")
_POSTMARK_KEYS = Keys(headers=("x-postmark-server-token",))

_CHATS: tuple[Service, ...] = (
    Service(
        "telegram",
        "Telegram",
        MESSAGES,
        at("api.telegram.org"),
        _TO_TELEGRAM,
        _telegram_bot,
        Refusal.TELEGRAM,
        hidden=r"/bot\d+:([^/?]+)",
        keys=_keys("telegram.org"),
    ),
    Service(
        "slack-webhook",
        "Slack webhook",
        HOOK,
        at("hooks.slack.com", "hooks.slack-gov.com"),
        WRITE,
        _slack_webhook,
        AS_ASKED,
        family="slack",
        hidden=r"/(?:services|workflows|triggers)/[^/]+/[^/]+/(.+)",
    ),
    Service(
        "slack",
        "Slack",
        MESSAGES,
        at("slack.com", "files.slack.com", "*.slack.com", "slack-gov.com"),
        _TO_SLACK,
        opaque,
        Refusal.SLACK,
        family="slack",
        learn=_slack_team,
        opens_sessions=True,
        keys=_SLACK_KEYS,
        tenant_headers=(REQUESTER, ALLOWED_WORKSPACES),
    ),
    Service(
        "discord-webhook",
        "Discord webhook",
        HOOK,
        at(*_DISCORD, "canary.discord.com", "ptb.discord.com", paths=r"/api/(?:v\d+/)?webhooks/"),
        WRITE,
        _discord_webhook,
        AS_ASKED,
        hidden=r"/webhooks/\d+/([^/?]+)",
    ),
    Service(
        "notion",
        "Notion",
        MESSAGES,
        at("api.notion.com", "www.notion.so"),
        _TO_NOTION,
        opaque,
        Refusal.NOTION,
        learn=_notion_workspace,
        keys=_keys("notion.com", "notion.so"),
    ),
)

_OTHERS: tuple[Service, ...] = (
    _messages("discord", "Discord", at(*_DISCORD, "gateway.discord.gg"), WRITE, keys=_DISCORD_KEYS),
    _messages("twilio", "Twilio", at("api.twilio.com"), POST, _twilio_account, _keys("twilio.com")),
    _messages("whatsapp", "WhatsApp", at("graph.facebook.com")),
    _messages(
        "sendgrid",
        "SendGrid",
        at("api.sendgrid.com"),
        r"POST .*/mail/send",
        keys=_keys("sendgrid.com", "sendgrid.net"),
    ),
    _messages("mailgun", "Mailgun", _MAILGUN, r"POST .*/messages", keys=_MAILGUN_KEYS),
    _messages("postmark", "Postmark", at("api.postmarkapp.com"), keys=_POSTMARK_KEYS),
    _messages("resend", "Resend", at("api.resend.com")),
    _messages("pushover", "Pushover", at("api.pushover.net")),
    _messages("pushbullet", "Pushbullet", at("api.pushbullet.com"), account=consumer),
    _messages("matrix", "Matrix", at("matrix.org", "matrix-client.matrix.org"), PUT_OR_POST),
    _messages(
        "atlassian",
        "Atlassian",
        at("*.atlassian.net", "api.atlassian.com"),
        PUT_OR_POST,
        host_label,
        _ATLASSIAN_KEYS,
    ),
    _messages("trello", "Trello", at("api.trello.com"), PUT_OR_POST),
    _messages("asana", "Asana", at("app.asana.com"), PUT_OR_POST, keys=_keys("asana.com")),
    _messages("linear", "Linear", at("api.linear.app"), keys=_keys("linear.app")),
    _messages("zendesk", "Zendesk", at("*.zendesk.com"), PUT_OR_POST, host_label),
)

MESSAGING: tuple[Service, ...] = (*_CHATS, *_OTHERS)
