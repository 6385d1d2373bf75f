"""Clouds that serve models beside other things; the three largest stand with their families."""

import re

from core.classification import Category
from destinations.llm.provider import api
from destinations.microsoft import tenant_or_resource
from destinations.service import POST, Keys, LlmKind, Refusal, Service, at
from destinations.signals import Request, Signal, host_label

CLOUD, AS_ASKED, OPENAI = LlmKind.CLOUD, Refusal.AS_ASKED, Refusal.OPENAI

_CLOUDFLARE_ACCOUNT = re.compile(r"/(?:client/v4/accounts|v1)/([0-9a-f]{32})/")
_DATABRICKS = ("*.cloud.databricks.com", "*.azuredatabricks.net", "*.gcp.databricks.com")
_DATABRICKS_MODELS = r"/(?:serving-endpoints/|ai-gateway/|api/2\.0/serving-endpoints)"
_CORTEX = r"/api/v2/(?:cortex|databases/[^/]+/schemas/[^/]+/agents)/"
_DATABRICKS_UPLOAD = r"PUT |POST .*/(?:dbfs/put|dbfs/add-block|workspace/import)"
_OVH = "oai.endpoints.kepler.ai.cloud.ovh.net"


def cloudflare_account(request: Request) -> Signal | None:
    """The account in the path of Cloudflare's API and of its gateway."""
    match = _CLOUDFLARE_ACCOUNT.match(request.path)
    return Signal(match[1], "account id in the path") if match else None


CLOUDS: tuple[Service, ...] = (
    api(
        "databricks",
        "Databricks",
        at(*_DATABRICKS, paths=_DATABRICKS_MODELS),
        AS_ASKED,
        "databricks",
        account=tenant_or_resource,
        kind=CLOUD,
        keys=Keys(
            domains=("databricks.com", "azuredatabricks.net"), classes=(("dapi", "api-key"),)
        ),
    ),
    Service(
        "databricks",
        "Databricks",
        Category.CLOUD_STORAGE,
        at(*_DATABRICKS),
        _DATABRICKS_UPLOAD,
        host_label,
        AS_ASKED,
    ),
    api(
        "snowflake",
        "Snowflake",
        at("*.snowflakecomputing.com", paths=_CORTEX),
        AS_ASKED,
        account=host_label,
        kind=CLOUD,
    ),
    Service(
        "snowflake",
        "Snowflake",
        Category.CLOUD_STORAGE,
        at("*.snowflakecomputing.com"),
        POST,
        host_label,
        AS_ASKED,
    ),
    api("watsonx", "IBM watsonx", at("*.ml.cloud.ibm.com"), AS_ASKED, kind=CLOUD),
    api(
        "oci",
        "Oracle Cloud",
        at(r"/(?:agent-runtime|inference)\.generativeai\.[a-z0-9-]+\.oci\.oraclecloud\.com/"),
        AS_ASKED,
        kind=CLOUD,
    ),
    api(
        "cloudflare-workers-ai",
        "Cloudflare Workers AI",
        at("api.cloudflare.com", paths=r"/client/v4/accounts/[^/]+/ai/"),
        AS_ASKED,
        "cloudflare",
        account=cloudflare_account,
        kind=CLOUD,
    ),
    api(
        "ovhcloud",
        "OVHcloud",
        at(_OVH, "*.endpoints.kepler.ai.cloud.ovh.net"),
        OPENAI,
        "ovhcloud",
        kind=CLOUD,
    ),
    api("scaleway", "Scaleway", at("api.scaleway.ai"), OPENAI, kind=CLOUD),
    api(
        "digitalocean",
        "DigitalOcean",
        at("inference.do-ai.run"),
        OPENAI,
        kind=CLOUD,
        keys=Keys(domains=("digitalocean.com", "digitaloceanspaces.com", "do-ai.run")),
    ),
    api(
        "heroku",
        "Heroku",
        at("us.inference.heroku.com", "eu.inference.heroku.com"),
        OPENAI,
        kind=CLOUD,
        keys=Keys(domains=("heroku.com", "herokuapp.com")),
    ),
)
