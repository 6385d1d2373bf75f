"""Which hosts a provider's keys are meant for. Anchored: `api.openai.com.evil.example` is nobody's."""

_LLM_GATEWAYS = (
    "gateway.ai.cloudflare.com",
    "api.portkey.ai",
    "helicone.ai",
    "ai-gateway.vercel.sh",
)
"""Gateways whose protocol is to hand on the provider's key."""

HOSTS: dict[str, tuple[str, ...]] = {
    "openai": ("api.openai.com", "*.api.openai.com", "chatgpt.com", "*.chatgpt.com", "platform.openai.com", "auth.openai.com", *_LLM_GATEWAYS),
    "anthropic": ("*.anthropic.com", "claude.ai", "*.claude.ai", "claude.com", "*.claude.com", *_LLM_GATEWAYS),
    "openrouter": ("openrouter.ai", "*.openrouter.ai"),
    "langfuse": ("*.langfuse.com",),
    "google": ("*.googleapis.com", "*.google.com", "*.run.app", "*.cloudfunctions.net", "*.firebaseio.com", "*.firebasedatabase.app",
               "*.gstatic.com", *_LLM_GATEWAYS),
    "groq": ("*.groq.com", *_LLM_GATEWAYS),
    "xai": ("*.x.ai", *_LLM_GATEWAYS),
    "perplexity": ("*.perplexity.ai", *_LLM_GATEWAYS),
    "huggingface": ("huggingface.co", "*.huggingface.co", "*.huggingface.cloud", "hf.co", "*.hf.co", "*.hf.space"),
    "replicate": ("*.replicate.com", "*.replicate.net"),
    "nvidia-nim": ("*.nvidia.com",),
    "fireworks": ("*.fireworks.ai",),
    "together": ("*.together.xyz", "*.together.ai"),
    "cerebras": ("*.cerebras.ai",),
    "databricks": ("*.databricks.com", "*.azuredatabricks.net"),
    "voyageai": ("*.voyageai.com",),
    "jina": ("*.jina.ai",),
    "langsmith": ("*.langchain.com",),
    "tavily": ("*.tavily.com",),
    "elevenlabs": ("*.elevenlabs.io",),
    "pinecone": ("*.pinecone.io",),
    "llamaindex": ("*.llamaindex.ai",),
    "firecrawl": ("*.firecrawl.dev",),
    "aws": ("*.amazonaws.com", "*.amazonaws.com.cn", "*.api.aws", "*.aws.amazon.com", "*.aws", "*.cloudfront.net"),
    "azure": ("*.azure.com", "*.windows.net", "*.microsoftonline.com", "*.microsoft.com", "*.azure-api.net", "*.azurewebsites.net",
              "*.azure.net", "*.azure.cn", "*.azconfig.io", "*.office.com", "*.office365.com", "*.sharepoint.com",
              "*.live.com", "*.1drv.com", "*.botframework.com", "*.azure.us", "*.windows.com", "*.dynamics.com"),
    "azure-devops": ("dev.azure.com", "*.dev.azure.com", "*.visualstudio.com"),
    "microsoft-teams": ("*.webhook.office.com", "*.office.com"),
    "alibaba": ("*.aliyuncs.com", "*.aliyun.com", "*.alibabacloud.com"),
    "tencent": ("*.tencentcloudapi.com", "*.tencentcloud.com", "*.myqcloud.com", "*.tencent.com"),
    "digitalocean": ("*.digitalocean.com", "*.digitaloceanspaces.com", "*.do-ai.run"),
    "cloudflare": ("*.cloudflare.com", "*.workers.dev", "*.r2.cloudflarestorage.com"),
    "heroku": ("*.heroku.com", "*.herokuapp.com"),
    "hashicorp": ("*.terraform.io", "*.hashicorp.com", "*.hashicorp.cloud"),
    "doppler": ("*.doppler.com",),
    "planetscale": ("*.planetscale.com", "*.psdb.cloud"),
    "supabase": ("*.supabase.com", "*.supabase.co", "*.supabase.in"),
    "github": ("github.com", "*.github.com", "*.githubusercontent.com", "*.github.ai", "*.githubcopilot.com",
               "*.ghe.com", "models.inference.ai.azure.com", "*.actions.githubusercontent.com"),
    "slack": ("slack.com", "*.slack.com", "*.slack-edge.com", "*.slack-gov.com"),
    "stripe": ("*.stripe.com",),
    "sendgrid": ("*.sendgrid.com", "*.sendgrid.net"),
    "mailgun": ("*.mailgun.net", "*.mailgun.org", "*.mailgun.com"),
    "mailchimp": ("*.mailchimp.com", "*.mandrillapp.com"),
    "brevo": ("*.brevo.com", "*.sendinblue.com"),
    "telegram": ("*.telegram.org",),
    "discord": ("discord.com", "*.discord.com", "discordapp.com", "*.discordapp.com", "*.discord.gg"),
    "shopify": ("*.myshopify.com", "*.shopify.com"),
    "square": ("*.squareup.com", "*.squareupsandbox.com"),
    "facebook": ("*.facebook.com", "*.instagram.com", "*.whatsapp.net", "*.whatsapp.com"),
    "notion": ("*.notion.com", "*.notion.so"),
    "linear": ("*.linear.app",),
    "atlassian": ("*.atlassian.com", "*.atlassian.net", "bitbucket.org", "*.bitbucket.org", "*.jira.com"),
    "airtable": ("*.airtable.com",),
    "figma": ("*.figma.com",),
    "dropbox": ("*.dropbox.com", "*.dropboxapi.com"),
    "new-relic": ("*.newrelic.com", "*.nr-data.net"),
    "postman": ("*.postman.com", "*.getpostman.com", "*.pstmn.io"),
    "hubspot": ("*.hubspot.com", "*.hubapi.com"),
    "vercel": ("*.vercel.com", "*.vercel.app", "*.vercel.sh"),
    "netlify": ("*.netlify.com", "*.netlify.app"),
    "contentful": ("*.contentful.com",),
    "twilio": ("*.twilio.com",),
    "salesforce": ("*.salesforce.com", "*.force.com", "*.cloudforce.com"),
}  # fmt: skip
"""Provider → hosts; `*.` stands for any labels before, and for the bare domain too."""

ANYWHERE = frozenset(
    {"gitlab", "grafana", "sentry", "posthog", "pypi", "sonar", "vault", "gitea", "artifactory", "openshift", "mattermost", "jfrog",
     "octopus", "harness", "sourcegraph", "tableau", "bitbucket", "confluent", "elastic", "n8n", "hashicorp", "docker", "npm",
     "rubygems", "kubernetes", "rancher", "portainer", "teamcity", "airflow", "prefect", "temporal", "jwt", "scalr", "sk"}
)  # fmt: skip
"""Providers whose software runs at hosts of any name: a key in an authentication header there is normal."""


def host_matches(host: str, pattern: str) -> bool:
    """True when `host` is `pattern`, or below it for a pattern such as `*.openai.com`."""
    if pattern.startswith("*."):
        return host == pattern[2:] or host.endswith(pattern[1:])
    return host == pattern or (pattern in _LLM_GATEWAYS and host.endswith("." + pattern))


def is_own_host(provider: str, host: str) -> bool | None:
    """True when keys of this provider are meant for this host, False when for others, None when not known."""
    known = HOSTS.get(provider)
    if known is not None and any(host_matches(host, pattern) for pattern in known):
        return True
    if provider in ANYWHERE:
        return None
    if known is not None:
        return False
    return (
        any(provider == label or provider in label.split("-") for label in host.split(".")[-3:])
        or None
    )


def provider_of(host: str) -> str | None:
    """Return the provider that a host belongs to, where known."""
    if host in _LLM_GATEWAYS:
        return None
    for provider, patterns in HOSTS.items():
        if any(host_matches(host, pattern) for pattern in patterns if pattern not in _LLM_GATEWAYS):
            return provider
    return None
