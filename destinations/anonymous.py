"""Where content goes without an account: transfer and paste sites, webhook catchers, tunnels."""

from core.classification import Category
from destinations.service import WRITE, Refusal, Service, at
from destinations.signals import anonymous, consumer, opaque

HOOK = Category.WEBHOOK
AS_ASKED = Refusal.AS_ASKED


def _site(service_id: str, name: str, *hosts: str) -> Service:
    return Service(service_id, name, Category.PASTE, at(*hosts), WRITE, anonymous, AS_ASKED)


def _catcher(service_id: str, name: str, *hosts: str) -> Service:
    """The first segment of the path is who may read what is caught."""
    mailbox = r"^/([^/?]+)"
    return Service(service_id, name, HOOK, at(*hosts), WRITE, anonymous, AS_ASKED, hidden=mailbox)


def _tunnel(service_id: str, name: str, *hosts: str) -> Service:
    return Service(service_id, name, HOOK, at(*hosts), WRITE, anonymous, AS_ASKED)


_WETRANSFER = ("wetransfer.com", "*.wetransfer.com", "wetransfer.net", "*.wetransfer.net")
_SMASH = ("fromsmash.com", "*.fromsmash.com", "*.fromsmash.co")
_REQUESTBIN = ("requestbin.com", "*.requestbin.com", "*.x.pipedream.net", "*.m.pipedream.net")
_INTERACTSH = (
    "*.oast.fun",
    "*.oast.pro",
    "*.oast.live",
    "*.oast.site",
    "*.oast.online",
    "*.oast.me",
    "*.interact.sh",
)
_NGROK = ("*.ngrok.io", "*.ngrok-free.app", "*.ngrok.app", "*.ngrok.dev", "*.ngrok-free.dev")

ANONYMOUS: tuple[Service, ...] = (
    _site("wetransfer", "WeTransfer", *_WETRANSFER),
    _site("transfer.sh", "transfer.sh", "transfer.sh", "*.transfer.sh"),
    _site("file.io", "file.io", "file.io", "www.file.io"),
    _site("0x0.st", "0x0.st", "0x0.st"),
    _site("gofile", "Gofile", "gofile.io", "*.gofile.io"),
    _site("catbox", "Catbox", "catbox.moe", "*.catbox.moe"),
    _site("temp.sh", "temp.sh", "temp.sh"),
    _site("tmpfiles", "tmpfiles.org", "tmpfiles.org"),
    _site("uguu", "Uguu", "uguu.se", "*.uguu.se"),
    _site("pixeldrain", "pixeldrain", "pixeldrain.com", "*.pixeldrain.com"),
    _site("anonfiles", "AnonFiles", "anonfiles.com", "*.anonfiles.com"),
    _site("sendspace", "SendSpace", "sendspace.com", "*.sendspace.com"),
    _site("oshi", "oshi.at", "oshi.at"),
    _site("bashupload", "bashupload", "bashupload.com"),
    _site("keep.sh", "keep.sh", "keep.sh"),
    _site("filebin", "Filebin", "filebin.net"),
    _site("ufile", "ufile.io", "ufile.io", "*.ufile.io"),
    _site("smash", "Smash", *_SMASH),
    _site("pastebin", "Pastebin", "pastebin.com", "www.pastebin.com"),
    _site("hastebin", "Hastebin", "hastebin.com", "www.hastebin.com"),
    _site("dpaste", "dpaste", "dpaste.com", "dpaste.org"),
    _site("paste.rs", "paste.rs", "paste.rs"),
    _site("termbin", "termbin", "termbin.com"),
    _site("ix.io", "ix.io", "ix.io"),
    _site("sprunge", "sprunge", "sprunge.us"),
    _site("rentry", "Rentry", "rentry.co", "rentry.org"),
    _site("paste.ee", "Paste.ee", "paste.ee", "api.paste.ee"),
    _site("ghostbin", "Ghostbin", "ghostbin.com"),
    _site("privatebin", "PrivateBin", "privatebin.net"),
    _site("controlc", "ControlC", "controlc.com"),
    _site("justpaste", "JustPaste.it", "justpaste.it"),
    _site("telegraph", "Telegraph", "telegra.ph", "api.telegra.ph"),
    _site("paste.debian", "paste.debian.net", "paste.debian.net"),
    _site("imgur", "Imgur", "api.imgur.com", "imgur.com"),
    _site("imgbb", "ImgBB", "api.imgbb.com"),
    _site("jsonbin", "JSONBin", "api.jsonbin.io"),
    _site("jsonblob", "JSON Blob", "jsonblob.com"),
    _site("bpaste", "bpaste", "bpa.st", "bpaste.net"),
    _site("clbin", "clbin", "clbin.com"),
    _site("send-anywhere", "Send Anywhere", "send-anywhere.com", "*.send-anywhere.com"),
    _site("swisstransfer", "SwissTransfer", "www.swisstransfer.com", "*.swisstransfer.com"),
    _catcher("webhook.site", "Webhook.site", "webhook.site", "*.webhook.site"),
    _catcher("beeceptor", "Beeceptor", "beeceptor.com", "*.beeceptor.com"),
    _catcher("requestbin", "RequestBin", *_REQUESTBIN),
    _catcher("hookbin", "Hookbin", "hookb.in", "hookbin.com"),
    _catcher("requestcatcher", "Request Catcher", "*.requestcatcher.com"),
    _catcher("postb.in", "PostBin", "postb.in", "www.postb.in"),
    _catcher("interactsh", "Interactsh", *_INTERACTSH),
    _catcher("burp-collaborator", "Burp Collaborator", "*.oastify.com", "*.burpcollaborator.net"),
    _catcher("httpbin", "httpbin", "httpbin.org", "postman-echo.com"),
    _tunnel("ngrok", "ngrok", *_NGROK),
    _tunnel("cloudflare-tunnel", "Cloudflare Tunnel", "*.trycloudflare.com"),
    _tunnel("localtunnel", "localtunnel", "*.loca.lt", "*.localtunnel.me"),
    _tunnel("serveo", "Serveo", "*.serveo.net"),
    _tunnel("localhost.run", "localhost.run", "*.localhost.run", "*.lhr.life"),
    _tunnel("bore", "bore", "bore.pub"),
    Service("ntfy", "ntfy", Category.MESSAGING, at("ntfy.sh"), WRITE, anonymous, AS_ASKED),
)

HOOKS: tuple[Service, ...] = (
    Service(
        "zapier",
        "Zapier",
        HOOK,
        at("hooks.zapier.com"),
        WRITE,
        opaque,
        AS_ASKED,
        hidden=r"/hooks/catch/\d+/(.+)",
    ),
    Service(
        "make",
        "Make",
        HOOK,
        at(r"/hook\.[a-z0-9-]+\.make\.com/", "hook.integromat.com"),
        WRITE,
        opaque,
        AS_ASKED,
        hidden=r"/(.+)",
    ),
    Service(
        "ifttt",
        "IFTTT",
        HOOK,
        at("maker.ifttt.com"),
        WRITE,
        consumer,
        AS_ASKED,
        hidden=r"/with/key/([^/?]+)",
    ),
)
