"""The services that scripts send to, as data. Adding a service is one entry; order matters only within one host."""

from classifiers.destinations.services import Service
from core.classification import AccountKind, Category

STORE, CODE, MSG, PASTE = (
    Category.CLOUD_STORAGE,
    Category.CODE_HOST,
    Category.MESSAGING,
    Category.PASTE,
)
PKG, OBS, HOOK, OTHER = (
    Category.PACKAGE_INDEX,
    Category.OBSERVABILITY,
    Category.WEBHOOK,
    Category.OTHER,
)
PERSONAL, ANONYMOUS = AccountKind.PERSONAL, AccountKind.ANONYMOUS

NEVER = r"(?!)"
"""No request stores content that others can read: sign-in, queries."""
_WRITE = r"(?:POST|PUT|PATCH) "
_PUT = r"PUT |POST "
_REGION = r"[a-z0-9-]+"
_GRAPH = ("graph.microsoft.com", "graph.microsoft.us", "microsoftgraph.chinacloudapi.cn")
_GAPIS = ("www.googleapis.com", "www.mtls.googleapis.com", "content.googleapis.com")
_V = r"/(?:v1\.0|beta)/"

MICROSOFT: tuple[Service, ...] = (
    Service("onedrive", STORE, _GRAPH, r"PUT |POST .*/(?:createUploadSession|content|children)$|PATCH ",
    "microsoft_token",
      _V + r"(?:me/drives?\b|drives?\b|sites/|users/[^/]+/drive|groups/[^/]+/drive|shares/)", family="microsoft"),
    Service("outlook", MSG, _GRAPH, r"(?:POST|PATCH) ", "microsoft_token",
      _V + r"(?:me|users/[^/]+)/(?:sendMail|messages|mailFolders)", family="microsoft"),
    Service("microsoft-teams", MSG, _GRAPH, _WRITE, "microsoft_token", _V + r"(?:teams|chats|me/chats)",
    family="microsoft"),
    Service("microsoft-graph", OTHER, _GRAPH, NEVER, "microsoft_token", family="microsoft"),
    Service("onedrive-personal", STORE,
      ("api.onedrive.com", "*.files.1drv.com", "*.up.1drv.com", "my.microsoftpersonalcontent.com",
       "*.microsoftpersonalcontent.com", "onedrive.live.com", "*.storage.live.com"),
      nature=PERSONAL, family="microsoft"),
    Service("microsoft-login", OTHER,
      ("login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "login.microsoftonline.us"),
      NEVER, "microsoft_tenant_path", family="microsoft"),
    Service("microsoft-login", OTHER, ("login.live.com",), NEVER, nature=PERSONAL, family="microsoft"),
    Service("sharepoint", STORE, ("*.sharepoint.com", "*.sharepoint.us", "*.sharepoint.cn"),
      r"PUT |PATCH |POST .*/(?:[Aa]dd\b|AddUsingPath|createUploadSession|StartUpload|ContinueUpload|FinishUpload)",
      "sharepoint_host", family="microsoft"),
    Service("azure-blob", STORE,
      ("*.blob.core.windows.net", "*.dfs.core.windows.net", "*.file.core.windows.net", "*.blob.core.usgovcloudapi.net",
       "*.blob.core.chinacloudapi.cn"),
      r"PUT |PATCH ", "azure_storage", family="microsoft"),
    Service("azure-queue", MSG, ("*.queue.core.windows.net", "*.servicebus.windows.net"), _PUT, "azure_storage",
      family="microsoft"),
    Service("power-automate", HOOK, ("*.logic.azure.com", "*.powerplatform.com")),
    Service("teams-webhook", HOOK, ("*.webhook.office.com",), hidden=r"/(?:webhookb2|webhook)/(.+)"),
    Service("azure-devops", CODE, ("dev.azure.com", "*.visualstudio.com"), _WRITE, "first_segment", family="microsoft"),
)  # fmt: skip

GOOGLE: tuple[Service, ...] = (
    Service("google-drive", STORE, _GAPIS,
    r"(?:POST|PUT|PATCH) /(?:upload|resumable)/|POST /drive/v\d/files|PATCH /drive/",
      "bound_only", r"/(?:resumable/)?(?:upload/)?drive/", family="google"),
    Service("google-cloud-storage", STORE, _GAPIS, _PUT, "gcs_request", r"/(?:resumable/)?(?:upload/)?storage/",
    family="google"),
    Service("gmail", MSG, (*_GAPIS, "gmail.googleapis.com"), r"POST .*/(?:send|messages|drafts)", "bound_only",
      r"/(?:upload/)?gmail/", family="google"),
    Service("google-cloud-storage", STORE,
      ("storage.googleapis.com", "storage.mtls.googleapis.com", "*.storage.googleapis.com", "storage.cloud.google.com"),
      _PUT, "gcs_request", family="google"),
    Service("google-docs", STORE, ("sheets.googleapis.com", "docs.googleapis.com", "slides.googleapis.com"), _PUT,
    "bound_only",
      family="google"),
    Service("google-photos", STORE, ("photoslibrary.googleapis.com",), r"POST .*(?:/uploads|batchCreate)",
    nature=PERSONAL),
    Service("firebase-storage", STORE, ("firebasestorage.googleapis.com", "*.firebasestorage.app"), _PUT, "gcs_request",
      family="google"),
    Service("bigquery", STORE, ("bigquery.googleapis.com",), _PUT, "google_project", family="google"),
    Service("google-login", OTHER,
      ("oauth2.googleapis.com", "accounts.google.com", "sts.googleapis.com", "openidconnect.googleapis.com"),
      NEVER, "google_assertion", family="google"),
    Service("google-chat", HOOK, ("chat.googleapis.com",), paths=r"/v1/spaces/[^/]+/messages", family="google"),
)  # fmt: skip

AMAZON: tuple[Service, ...] = (
    Service("aws-s3", STORE,
      (rf"/(?:[a-z0-9.-]+\.)?s3(?:-accesspoint|-control)?(?:-fips)?(?:\.dualstack)?(?:[.-]{_REGION})?\.amazonaws\.com(?:\.cn)?/",
       r"/(?:[a-z0-9.-]+\.)?s3-accelerate(?:\.dualstack)?\.amazonaws\.com/"),
      _PUT, "s3_request", family="aws"),
    Service("aws-sqs", MSG, (rf"/(?:sqs|sns)\.{_REGION}\.amazonaws\.com/", rf"/{_REGION}\.queue\.amazonaws\.com/"),
    _PUT, "aws_caller",
      family="aws"),
    Service("aws", OTHER, ("*.amazonaws.com", "*.api.aws", "*.amazonaws.com.cn"), NEVER, "aws_caller", family="aws"),
)  # fmt: skip

STORES: tuple[Service, ...] = (
    Service("cloudflare-r2", STORE, ("*.r2.cloudflarestorage.com",), _PUT, "host_label"),
    Service("backblaze-b2", STORE, ("*.backblazeb2.com", "api.backblazeb2.com", "*.backblaze.com"),
    r"PUT |POST .*upload"),
    Service("wasabi", STORE, ("*.wasabisys.com",), _PUT),
    Service("digitalocean-spaces", STORE, ("*.digitaloceanspaces.com",), _PUT),
    Service("oci-object-storage", STORE, (rf"/objectstorage\.{_REGION}\.(?:oraclecloud|oci\.customer-oci)\.com/",),
    _PUT,
      hidden=r"/p/([^/]+)/"),
    Service("linode-object-storage", STORE, ("*.linodeobjects.com",), _PUT),
    Service("alibaba-oss", STORE, (rf"/(?:[a-z0-9.-]+\.)?oss-{_REGION}\.aliyuncs\.com/",), _PUT),
    Service("snowflake", STORE, ("*.snowflakecomputing.com",), r"POST ", "host_label"),
    Service("databricks", STORE, ("*.cloud.databricks.com", "*.azuredatabricks.net", "*.gcp.databricks.com"),
      r"PUT |POST .*/(?:dbfs/put|dbfs/add-block|workspace/import)", "host_label"),
    Service("dropbox", STORE,
      ("content.dropboxapi.com", "api.dropboxapi.com", "notify.dropboxapi.com", "api.dropbox.com",
      "api-content.dropbox.com",
       "www.dropbox.com", "dl.dropboxusercontent.com"),
      r"(?:POST|PUT) .*/(?:upload|upload_session/\w+|save_url|files_put|commit\w*)", "dropbox_request"),
    Service("box", STORE, ("upload.box.com", "api.box.com", "account.box.com", "*.upload.box.com", "dl.boxcloud.com"),
      r"(?:POST|PUT) .*/(?:content|upload_sessions|files/upload|comments)", "box_request"),
    Service("icloud", STORE, ("icloud.com", "*.icloud.com", "*.icloud-content.com", "idmsa.apple.com"),
    nature=PERSONAL),
    Service("mega", STORE, ("mega.nz", "*.mega.nz", "mega.co.nz", "*.mega.co.nz"), nature=PERSONAL),
    Service("pcloud", STORE, ("*.pcloud.com",), nature=PERSONAL),
    Service("proton-drive", STORE, ("drive-api.proton.me", "drive.proton.me", "*.storage.proton.me"), nature=PERSONAL),
    Service("mediafire", STORE, ("mediafire.com", "*.mediafire.com"), nature=PERSONAL),
    Service("terabox", STORE, ("*.terabox.com", "pan.baidu.com", "*.pcs.baidu.com"), nature=PERSONAL),
    Service("yandex-disk", STORE, ("cloud-api.yandex.net", "*.disk.yandex.net", "webdav.yandex.com"), nature=PERSONAL),
    Service("huggingface-hub", STORE, ("huggingface.co", "*.hf.co", "hf.co", "cdn-lfs.huggingface.co"),
      r"PUT |POST .*/(?:commit|preupload|upload|batch|complete_multipart)", "huggingface_path", family="huggingface"),
    Service("kaggle", STORE, ("www.kaggle.com", "api.kaggle.com"), r"(?:POST|PUT) .*(?:upload|create|push)"),
    Service("internet-archive", STORE, ("s3.us.archive.org",), _PUT),
    Service("airtable", STORE, ("api.airtable.com", "content.airtable.com"), _WRITE),
    Service("salesforce", STORE, ("*.salesforce.com",), _WRITE, "host_label"),
    Service("hubspot", STORE, ("api.hubapi.com",), _WRITE),
)  # fmt: skip

_TRANSFER: dict[str, tuple[str, ...]] = {
    "wetransfer": ("wetransfer.com", "*.wetransfer.com", "wetransfer.net", "*.wetransfer.net"),
    "transfer.sh": ("transfer.sh", "*.transfer.sh"), "file.io": ("file.io", "www.file.io"), "0x0.st": ("0x0.st",),
    "gofile": ("gofile.io", "*.gofile.io"), "catbox": ("catbox.moe", "*.catbox.moe"), "temp.sh": ("temp.sh",),
    "tmpfiles": ("tmpfiles.org",), "uguu": ("uguu.se", "*.uguu.se"), "pixeldrain": ("pixeldrain.com",
    "*.pixeldrain.com"),
    "anonfiles": ("anonfiles.com", "*.anonfiles.com"), "sendspace": ("sendspace.com", "*.sendspace.com"),
    "oshi": ("oshi.at",),
    "bashupload": ("bashupload.com",), "keep.sh": ("keep.sh",), "filebin": ("filebin.net",), "ufile": ("ufile.io",
    "*.ufile.io"),
    "smash": ("fromsmash.com", "*.fromsmash.com", "*.fromsmash.co"), "pastebin": ("pastebin.com", "www.pastebin.com"),
    "hastebin": ("hastebin.com", "www.hastebin.com"), "dpaste": ("dpaste.com", "dpaste.org"), "paste.rs": ("paste.rs",),
    "termbin": ("termbin.com",), "ix.io": ("ix.io",), "sprunge": ("sprunge.us",), "rentry": ("rentry.co", "rentry.org"),
    "paste.ee": ("paste.ee", "api.paste.ee"), "ghostbin": ("ghostbin.com",), "privatebin": ("privatebin.net",),
    "controlc": ("controlc.com",), "justpaste": ("justpaste.it",), "telegraph": ("telegra.ph", "api.telegra.ph"),
    "paste.debian": ("paste.debian.net",), "imgur": ("api.imgur.com", "imgur.com"), "imgbb": ("api.imgbb.com",),
    "jsonbin": ("api.jsonbin.io",), "jsonblob": ("jsonblob.com",), "bpaste": ("bpa.st", "bpaste.net"),
    "clbin": ("clbin.com",),
    "send-anywhere": ("send-anywhere.com", "*.send-anywhere.com"), "swisstransfer": ("www.swisstransfer.com",
    "*.swisstransfer.com"),
}  # fmt: skip
_CATCHERS: dict[str, tuple[str, ...]] = {
    "webhook.site": ("webhook.site", "*.webhook.site"), "beeceptor": ("beeceptor.com", "*.beeceptor.com"),
    "requestbin": ("requestbin.com", "*.requestbin.com", "*.x.pipedream.net", "*.m.pipedream.net"),
    "hookbin": ("hookb.in", "hookbin.com"), "requestcatcher": ("*.requestcatcher.com",), "postb.in": ("postb.in",
    "www.postb.in"),
    "interactsh": ("*.oast.fun", "*.oast.pro", "*.oast.live", "*.oast.site", "*.oast.online", "*.oast.me",
    "*.interact.sh"),
    "burp-collaborator": ("*.oastify.com", "*.burpcollaborator.net"), "httpbin": ("httpbin.org", "postman-echo.com"),
}  # fmt: skip
_TUNNELS: dict[str, tuple[str, ...]] = {
    "ngrok": ("*.ngrok.io", "*.ngrok-free.app", "*.ngrok.app", "*.ngrok.dev", "*.ngrok-free.dev"),
    "cloudflare-tunnel": ("*.trycloudflare.com",), "localtunnel": ("*.loca.lt", "*.localtunnel.me"),
    "serveo": ("*.serveo.net",), "localhost.run": ("*.localhost.run", "*.lhr.life"), "bore": ("bore.pub",),
}  # fmt: skip

ANONYMOUS_SITES: tuple[Service, ...] = (
    *(Service(name, PASTE, hosts, nature=ANONYMOUS) for name, hosts in _TRANSFER.items()),
    *(
        Service(name, HOOK, hosts, nature=ANONYMOUS, hidden=r"^/([^/?]+)")
        for name, hosts in _CATCHERS.items()
    ),
    *(Service(name, HOOK, hosts, nature=ANONYMOUS) for name, hosts in _TUNNELS.items()),
    Service("ntfy", MSG, ("ntfy.sh",), nature=ANONYMOUS),
    Service("zapier", HOOK, ("hooks.zapier.com",), hidden=r"/hooks/catch/\d+/(.+)"),
    Service(
        "make", HOOK, (r"/hook\.[a-z0-9-]+\.make\.com/", "hook.integromat.com"), hidden=r"/(.+)"
    ),
    Service("ifttt", HOOK, ("maker.ifttt.com",), nature=PERSONAL, hidden=r"/with/key/([^/?]+)"),
)

_GITHUB_WRITES = (
    r"(?:PUT|PATCH) |POST .*/(?:git-receive-pack|contents/|git/(?:blobs|trees|commits|refs|tags)|releases|issues|pulls"
    r"|comments|assets|graphql|repos|actions/secrets)"
)
CODE_HOSTS: tuple[Service, ...] = (
    Service("github-gist", CODE, ("api.github.com",), _WRITE, "bound_only", r"/gists(?:/|$|\?)", family="github"),
    Service("github-gist", CODE, ("gist.github.com",), _WRITE, "bound_only", family="github"),
    Service("github", CODE,
      ("api.github.com", "uploads.github.com", "github.com", "raw.githubusercontent.com", "codeload.github.com",
       "objects.githubusercontent.com"),
      _GITHUB_WRITES, "github_path", family="github"),
    Service("gitlab", CODE, ("gitlab.com",), _WRITE, "gitlab_path"),
    Service("bitbucket", CODE, ("bitbucket.org", "api.bitbucket.org"), _WRITE, "bitbucket_path"),
    Service("codeberg", CODE, ("codeberg.org",), _WRITE, "first_segment"),
    Service("sourcehut", CODE, ("git.sr.ht", "paste.sr.ht"), _WRITE),
)  # fmt: skip

MESSAGING: tuple[Service, ...] = (
    Service("telegram", MSG, ("api.telegram.org",), r"(?:POST|GET) .*/(?:send|copy|forward|upload|edit|post|set)",
    "telegram_bot",
      hidden=r"/bot\d+:([^/?]+)"),
    Service("slack-webhook", HOOK, ("hooks.slack.com", "hooks.slack-gov.com"), None, "slack_webhook", family="slack",
      hidden=r"/(?:services|workflows|triggers)/[^/]+/[^/]+/(.+)"),
    Service("slack", MSG, ("slack.com", "files.slack.com", "*.slack.com", "slack-gov.com"),
      r"POST .*(?:upload|chat\.|files\.(?!list|info)|conversations\.set)", "bound_only", family="slack"),
    Service("discord-webhook", HOOK, ("discord.com", "discordapp.com", "canary.discord.com", "ptb.discord.com"), None,
      "discord_webhook", r"/api/(?:v\d+/)?webhooks/", hidden=r"/webhooks/\d+/([^/?]+)"),
    Service("discord", MSG, ("discord.com", "discordapp.com", "gateway.discord.gg"), _WRITE),
    Service("notion", MSG, ("api.notion.com", "www.notion.so"),
      r"(?:POST|PATCH) .*/(?:pages|blocks|comments|file_uploads)", "bound_only"),
    Service("twilio", MSG, ("api.twilio.com",), r"POST ", "twilio_account"),
    Service("whatsapp", MSG, ("graph.facebook.com",), r"POST "),
    Service("sendgrid", MSG, ("api.sendgrid.com",), r"POST .*/mail/send"),
    Service("mailgun", MSG, ("api.mailgun.net", "api.eu.mailgun.net"), r"POST .*/messages"),
    Service("postmark", MSG, ("api.postmarkapp.com",), r"POST "),
    Service("resend", MSG, ("api.resend.com",), r"POST "),
    Service("pushover", MSG, ("api.pushover.net",), r"POST "),
    Service("pushbullet", MSG, ("api.pushbullet.com",), r"POST ", nature=PERSONAL),
    Service("matrix", MSG, ("matrix.org", "matrix-client.matrix.org"), _PUT),
    Service("atlassian", MSG, ("*.atlassian.net", "api.atlassian.com"), _PUT, "host_label"),
    Service("trello", MSG, ("api.trello.com",), _PUT),
    Service("asana", MSG, ("app.asana.com",), _PUT),
    Service("linear", MSG, ("api.linear.app",), r"POST "),
    Service("zendesk", MSG, ("*.zendesk.com",), _PUT, "host_label"),
)  # fmt: skip

TELEMETRY: tuple[Service, ...] = tuple(
    Service(name, OBS, hosts, _WRITE)
    for name, hosts in (
        ("sentry", ("sentry.io", "*.sentry.io")), ("datadog", ("*.datadoghq.com", "*.datadoghq.eu", "*.ddog-gov.com")),
        ("posthog", ("*.i.posthog.com", "app.posthog.com", "us.posthog.com", "eu.posthog.com")),
        ("honeycomb", ("api.honeycomb.io", "api.eu1.honeycomb.io")), ("newrelic", ("*.newrelic.com", "*.nr-data.net")),
        ("grafana-cloud", ("*.grafana.net",)), ("splunk-cloud", ("*.splunkcloud.com", "*.signalfx.com")), ("logz",
        ("*.logz.io",)),
        ("better-stack", ("in.logs.betterstack.com", "*.betterstackdata.com")), ("mixpanel", ("api.mixpanel.com",)),
        ("segment", ("api.segment.io",)), ("wandb", ("api.wandb.ai",)), ("statsig", ("statsigapi.net",
        "*.statsigapi.net")),
        ("google-analytics", ("www.google-analytics.com",)), ("amplitude", ("api2.amplitude.com", "api.amplitude.com")),
        ("scarf", ("*.scarf.sh",)), ("rollbar", ("api.rollbar.com",)), ("bugsnag", ("notify.bugsnag.com",)),
    )
)  # fmt: skip

_INDEX_UPLOAD = r"PUT |POST .*/(?:legacy|gems|blobs/uploads)"
PACKAGE_INDEXES: dict[str, Service] = {
    digest: Service(name, PKG, (), _INDEX_UPLOAD)
    for digest, name in (
        ("a4aa2ac280bb8d1a0ce7a1be", "python-index"),
        ("9ab2ad663f3d2a5e0a381904", "python-index"),
        ("9495278a74715c7e246a3640", "python-index"),
        ("c899567ee906851741bf7f3b", "python-index"),
        ("0dc11026ac75c015aaa1deaf", "npm"),
        ("70bb4000cd2fab03af01fed0", "npm"),
        ("4db460c55b85212e50a70cad", "conda"),
        ("15bdb44dafa6843b1e260ba6", "conda"),
        ("8f716e767912b8373ddae9e5", "conda"),
        ("789e46d79514e28093cabe2b", "crates"),
        ("3d01f3609be82d98eeedcd97", "crates"),
        ("eb7e11c7f9ecbcf48099060e", "crates"),
        ("dcb6cc3991f9799eecfd7195", "docker-hub"),
        ("edd83f6692f960c74ef91ce0", "docker-hub"),
        ("e83cc4bcd94e4ed54ac0180a", "docker-hub"),
        ("0fd460f0568e29c129d51644", "ghcr"),
        ("71741fe2460a615058687c45", "rubygems"),
    )
}
"""First 24 hex digits of a host's SHA-256 → service: this repository writes no package registry's host name down."""

SERVICES: tuple[Service, ...] = (
    *MICROSOFT, *GOOGLE, *AMAZON, *STORES, *ANONYMOUS_SITES, *CODE_HOSTS, *MESSAGING, *TELEMETRY,
)  # fmt: skip
