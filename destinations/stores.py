"""Stores of files and data of no large family: object stores, shared drives, data platforms."""

import re

from core.classification import Category
from core.exchange import Exchange
from destinations.service import (
    PUT_OR_POST,
    WRITE,
    Keys,
    Refusal,
    Service,
    Site,
    TenantHeader,
    at,
)
from destinations.signals import (
    MAX_ID,
    Json,
    Request,
    Signal,
    assertion,
    consumer,
    first_label,
    host_label,
    opaque,
    text,
)

STORE = Category.CLOUD_STORAGE
AS_ASKED, XML = Refusal.AS_ASKED, Refusal.OBJECT_STORE

ALLOWED_TEAMS = TenantHeader(
    name="X-Dropbox-allowed-Team-Ids", hosts=("dropbox.com", "*.dropbox.com")
)

_HUB_OWNER = re.compile(r"/(?:api/)?(?:models/|datasets/|spaces/)?([\w.-]+)/[\w.-]+")
_NO_HUB_OWNER = frozenset({"api", "repos"})


def _dropbox_member(request: Request) -> Signal | None:
    headers = request.headers
    if "dropbox-api-select-user" in headers or "dropbox-api-select-admin" in headers:
        return Signal(None, "team app acting for a member", personal=False)
    return None


def _dropbox_account(_exchange: Exchange, body: Json) -> Signal | None:
    team = text(body, "team", "id") or text(body, "team_id")
    if team:
        return Signal(team, "team in the account's answer", personal=False)
    kind = text(body, "account_type", ".tag")
    if kind in {"basic", "pro"}:
        account = text(body, "account_id")
        return Signal(account, f"{kind} account without a team", personal=True)
    return None


def _box_assertion(request: Request) -> Signal | None:
    found = assertion(request.body)
    if found is None or found.get("box_sub_type") != "enterprise":
        return None
    enterprise = found.get("sub")
    if not isinstance(enterprise, str):
        return None
    return Signal(enterprise[:MAX_ID], "enterprise id in the sign-in assertion", personal=False)


def _box_account(_exchange: Exchange, body: Json) -> Signal | None:
    enterprise = text(body, "enterprise", "id")
    if enterprise:
        return Signal(enterprise, "enterprise in the account's answer", personal=False)
    if body.get("type") == "user" and body.get("enterprise", enterprise) is None:
        return Signal(text(body, "id"), "user without an enterprise", personal=True)
    return None


def _hub_owner(request: Request) -> Signal | None:
    match = _HUB_OWNER.match(request.path)
    if match is None or match[1] in _NO_HUB_OWNER:
        return None
    return Signal(match[1][:100], "owner in the path")


_DROPBOX = (
    "content.dropboxapi.com",
    "api.dropboxapi.com",
    "notify.dropboxapi.com",
    "api.dropbox.com",
    "api-content.dropbox.com",
    "www.dropbox.com",
    "dl.dropboxusercontent.com",
)
_TO_DROPBOX = r"(?:POST|PUT) .*/(?:upload|upload_session/\w+|save_url|files_put|commit\w*)"
_BOX = ("upload.box.com", "api.box.com", "account.box.com", "*.upload.box.com", "dl.boxcloud.com")
_TO_BOX = r"(?:POST|PUT) .*/(?:content|upload_sessions|files/upload|comments)"
_ORACLE = r"/objectstorage\.[a-z0-9-]+\.(?:oraclecloud|oci\.customer-oci)\.com/"
_HUB = ("huggingface.co", "*.hf.co", "hf.co", "cdn-lfs.huggingface.co")
_TO_HUB = r"PUT |POST .*/(?:commit|preupload|upload|batch|complete_multipart)"

_SHARED: tuple[Service, ...] = (
    Service(
        "dropbox",
        "Dropbox",
        STORE,
        at(*_DROPBOX),
        _TO_DROPBOX,
        _dropbox_member,
        Refusal.DROPBOX,
        learn=_dropbox_account,
        opens_sessions=True,
        keys=Keys(domains=("dropbox.com", "dropboxapi.com", "dropboxusercontent.com")),
        tenant_headers=(ALLOWED_TEAMS,),
    ),
    Service(
        "box",
        "Box",
        STORE,
        at(*_BOX),
        _TO_BOX,
        _box_assertion,
        AS_ASKED,
        learn=_box_account,
        opens_sessions=True,
    ),
    Service(
        "oci-object-storage",
        "Oracle Object Storage",
        STORE,
        at(_ORACLE),
        PUT_OR_POST,
        opaque,
        AS_ASKED,
        hidden=r"/p/([^/]+)/",
    ),
    Service(
        "huggingface-hub",
        "Hugging Face Hub",
        STORE,
        at(*_HUB),
        _TO_HUB,
        _hub_owner,
        AS_ASKED,
        family="huggingface",
    ),
)


def _object_store(service_id: str, name: str, *hosts: str, upload: str = PUT_OR_POST) -> Service:
    return Service(service_id, name, STORE, at(*hosts), upload, opaque, XML)


_OBJECTS: tuple[Service, ...] = (
    Service(
        "cloudflare-r2",
        "Cloudflare R2",
        STORE,
        at("*.r2.cloudflarestorage.com"),
        PUT_OR_POST,
        host_label,
        XML,
    ),
    _object_store(
        "backblaze-b2",
        "Backblaze B2",
        "*.backblazeb2.com",
        "*.backblaze.com",
        upload=r"PUT |POST .*upload",
    ),
    _object_store("wasabi", "Wasabi", "*.wasabisys.com"),
    _object_store("digitalocean-spaces", "DigitalOcean Spaces", "*.digitaloceanspaces.com"),
    _object_store("linode-object-storage", "Linode Object Storage", "*.linodeobjects.com"),
    _object_store(
        "alibaba-oss", "Alibaba Cloud OSS", r"/(?:[a-z0-9.-]+\.)?oss-[a-z0-9-]+\.aliyuncs\.com/"
    ),
    _object_store("internet-archive", "Internet Archive", "s3.us.archive.org"),
)


def _consumer_store(service_id: str, name: str, *hosts: str) -> Service:
    return Service(service_id, name, STORE, at(*hosts), WRITE, consumer, AS_ASKED)


_CONSUMERS: tuple[Service, ...] = (
    _consumer_store(
        "icloud", "iCloud", "icloud.com", "*.icloud.com", "*.icloud-content.com", "idmsa.apple.com"
    ),
    _consumer_store("mega", "MEGA", "mega.nz", "*.mega.nz", "mega.co.nz", "*.mega.co.nz"),
    _consumer_store("pcloud", "pCloud", "*.pcloud.com"),
    _consumer_store(
        "proton-drive",
        "Proton Drive",
        "drive-api.proton.me",
        "drive.proton.me",
        "*.storage.proton.me",
    ),
    _consumer_store("mediafire", "MediaFire", "mediafire.com", "*.mediafire.com"),
    _consumer_store("terabox", "TeraBox", "*.terabox.com", "pan.baidu.com", "*.pcs.baidu.com"),
    _consumer_store(
        "yandex-disk",
        "Yandex Disk",
        "cloud-api.yandex.net",
        "*.disk.yandex.net",
        "webdav.yandex.com",
    ),
)


def _platform(
    service_id: str, name: str, sites: tuple[Site, ...], upload: str, *key_domains: str
) -> Service:
    return Service(
        service_id, name, STORE, sites, upload, opaque, AS_ASKED, keys=Keys(domains=key_domains)
    )


_KAGGLE_UPLOAD = r"(?:POST|PUT) .*(?:upload|create|push)"
_AIRTABLE = at("api.airtable.com", "content.airtable.com")


def _my_domain(request: Request) -> Signal | None:
    """The organisation's name is the first label, before that of a sandbox: `acme--uat`."""
    return Signal(first_label(request.host).partition("--")[0], "account in the host name")


_DATA: tuple[Service, ...] = (
    _platform("kaggle", "Kaggle", at("www.kaggle.com", "api.kaggle.com"), _KAGGLE_UPLOAD),
    _platform("airtable", "Airtable", _AIRTABLE, WRITE, "airtable.com"),
    _platform("hubspot", "HubSpot", at("api.hubapi.com"), WRITE, "hubspot.com", "hubapi.com"),
    Service(
        "salesforce",
        "Salesforce",
        STORE,
        at("*.salesforce.com"),
        WRITE,
        _my_domain,
        AS_ASKED,
        keys=Keys(domains=("salesforce.com", "force.com", "cloudforce.com")),
    ),
)

STORES: tuple[Service, ...] = (*_SHARED, *_OBJECTS, *_CONSUMERS, *_DATA)
