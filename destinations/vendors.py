"""Vendors known by what they issue: keys of their own form, families of accounts, tenant headers.

No request is filed under them: what they serve, where it is known, has an entry of its own.
"""

from core.classification import Category
from destinations.service import NEVER, Keys, Refusal, Service, TenantHeader
from destinations.signals import opaque

ALLOWED_WEBEX_DOMAINS = TenantHeader(
    name="CiscoSpark-Allowed-Domains",
    hosts=("idbroker*.webex.com", "identity*.webex.com", "atlas-a.wbx2.com"),
)


def _vendor(
    service_id: str, name: str, *domains: str, anywhere: bool = False, headers: tuple[str, ...] = ()
) -> Service:
    keys = Keys(domains=domains, anywhere=anywhere, headers=headers)
    return Service(service_id, name, Category.OTHER, (), NEVER, opaque, Refusal.AS_ASKED, keys=keys)


def _software(service_id: str, name: str, *headers: str) -> Service:
    """Software that organisations run at hosts of any name."""
    return _vendor(service_id, name, anywhere=True, headers=headers)


VENDORS: tuple[Service, ...] = (
    _vendor("microsoft", "Microsoft"),
    Service(
        "webex",
        "Webex",
        Category.OTHER,
        (),
        NEVER,
        opaque,
        Refusal.AS_ASKED,
        tenant_headers=(ALLOWED_WEBEX_DOMAINS,),
    ),
    _vendor("akamai", "Akamai", "akamaiapis.net", "akamai.com"),
    _vendor("okta", "Okta", "okta.com", "oktapreview.com"),
    _vendor("twitch", "Twitch", "twitch.tv"),
    _vendor("tavily", "Tavily", "tavily.com"),
    _vendor("pinecone", "Pinecone", "pinecone.io"),
    _vendor("llamaindex", "LlamaIndex", "llamaindex.ai"),
    _vendor("firecrawl", "Firecrawl", "firecrawl.dev"),
    _vendor("alibaba", "Alibaba Cloud", "aliyuncs.com", "aliyun.com", "alibabacloud.com"),
    _vendor(
        "tencent",
        "Tencent Cloud",
        "tencentcloudapi.com",
        "tencentcloud.com",
        "myqcloud.com",
        "tencent.com",
    ),
    _vendor(
        "cloudflare",
        "Cloudflare",
        "cloudflare.com",
        "workers.dev",
        "r2.cloudflarestorage.com",
        headers=("x-auth-key", "cf-access-client-secret", "cf-access-client-id"),
    ),
    _vendor(
        "hashicorp", "HashiCorp", "terraform.io", "hashicorp.com", "hashicorp.cloud", anywhere=True
    ),
    _vendor("doppler", "Doppler", "doppler.com"),
    _vendor("tailscale", "Tailscale", "tailscale.com"),
    _vendor("mongodb-atlas", "MongoDB Atlas", "mongodb.com", "mongodb-api.com"),
    _vendor("mapbox", "Mapbox", "mapbox.com"),
    _vendor("adafruit", "Adafruit", "adafruit.com", "adafruit.io"),
    _vendor("paypal", "PayPal", "paypal.com", "braintreegateway.com", "braintree-api.com"),
    _vendor("nuget", "NuGet", anywhere=True),
    _software("dependency-track", "OWASP Dependency Track"),
    _vendor("planetscale", "PlanetScale", "planetscale.com", "psdb.cloud"),
    _vendor("supabase", "Supabase", "supabase.com", "supabase.co", "supabase.in"),
    _vendor("stripe", "Stripe", "stripe.com"),
    _vendor("mailchimp", "Mailchimp", "mailchimp.com", "mandrillapp.com"),
    _vendor("brevo", "Brevo", "brevo.com", "sendinblue.com"),
    _vendor(
        "shopify",
        "Shopify",
        "myshopify.com",
        "shopify.com",
        headers=("x-shopify-access-token",),
    ),
    _vendor("square", "Square", "squareup.com", "squareupsandbox.com"),
    _vendor(
        "facebook", "Facebook", "facebook.com", "instagram.com", "whatsapp.net", "whatsapp.com"
    ),
    _vendor("figma", "Figma", "figma.com", headers=("x-figma-token",)),
    _vendor("postman", "Postman", "postman.com", "getpostman.com", "pstmn.io"),
    _vendor("vercel", "Vercel", "vercel.com", "vercel.app", "vercel.sh"),
    _vendor("netlify", "Netlify", "netlify.com", "netlify.app"),
    _vendor("contentful", "Contentful", "contentful.com"),
    _software("vault", "HashiCorp Vault", "x-vault-token"),
    _software("gitea", "Gitea"),
    _software("artifactory", "JFrog Artifactory"),
    _software("jfrog", "JFrog"),
    _software("sonar", "SonarQube"),
    _software("openshift", "OpenShift"),
    _software("mattermost", "Mattermost"),
    _software("octopus", "Octopus Deploy"),
    _software("harness", "Harness"),
    _software("sourcegraph", "Sourcegraph"),
    _software("tableau", "Tableau"),
    _software("confluent", "Confluent"),
    _software("elastic", "Elastic"),
    _software("n8n", "n8n", "x-n8n-api-key"),
    _software("kubernetes", "Kubernetes"),
    _software("rancher", "Rancher"),
    _software("portainer", "Portainer"),
    _software("teamcity", "TeamCity"),
    _software("airflow", "Apache Airflow"),
    _software("prefect", "Prefect"),
    _software("temporal", "Temporal"),
    _software("scalr", "Scalr"),
)
