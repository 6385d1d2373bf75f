"""Keys that providers issue with a recognisable form: our own rules for the providers most met on
the wire.
"""

import re
from urllib.parse import unquote

from classifiers.credentials.judging.quality import checksum62
from classifiers.credentials.rules.rule import Candidate, Rule, Verdict
from core.findings import Confidence

_BEGIN = r"(?:\b|_)"
"""Also behind a name that a line below parts from the key: `prod_AKIA…`."""
_END = r"(?:[^A-Za-z0-9_-]|$)"
_END_OF_FIXED = r"(?:[^A-Za-z0-9-]|$)"
"""Behind a key of one length, whose letters are no line below."""
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def _checksummed(candidate: Candidate) -> Verdict:
    body = candidate.value.rpartition("_")[2]
    genuine = checksum62(body[:-6], body[-6:])
    return Verdict(confidence=Confidence.CERTAIN if genuine else Confidence.LIKELY)


def _aws_class(candidate: Candidate) -> Verdict:
    if candidate.key.lower() == "x-amz-credential" or (
        candidate.text[max(0, candidate.start - 20) : candidate.start]
        .lower()
        .endswith("x-amz-credential=")
    ):
        return Verdict(rejected="names the key of a signed address, which does not hold the key")
    return Verdict(
        detector="aws-temporary-access-key" if candidate.value.startswith("ASIA") else None
    )


def _with_digit(candidate: Candidate) -> Verdict:
    return Verdict(rejected=None if any(c.isdigit() for c in candidate.value) else "no digit in it")


_SIGNED = re.compile(r"(?i)[?&]s[vepr]=|sharedaccesssignature")


def _sas(candidate: Candidate) -> Verdict:
    around = candidate.text[max(0, candidate.start - 600) : candidate.end + 600]
    if not _SIGNED.search(around):
        return Verdict(rejected="no parameters of a shared access signature beside it")
    return Verdict(value=unquote(candidate.value))


# (type, provider, pattern of the secret, least entropy, more)
_LLM: tuple[tuple[str, str | None, str, float], ...] = (
    (
        "openai-api-key",
        "openai",
        r"sk-(?:proj|svcacct|admin|service|None)-[A-Za-z0-9_-]{30,250}",
        3.5,
    ),
    ("openai-api-key", "openai", r"sk-[A-Za-z0-9]{18,24}T3BlbkFJ[A-Za-z0-9]{18,24}", 3.5),
    (
        "anthropic-api-key",
        "anthropic",
        r"sk-ant-(?:api|oat|ort|sid)\d{2}-[A-Za-z0-9_-]{32,130}",
        3.5,
    ),
    ("anthropic-admin-key", "anthropic", r"sk-ant-admin\d{2}-[A-Za-z0-9_-]{32,130}", 3.5),
    ("openrouter-api-key", "openrouter", r"sk-or-(?:v\d{1,3}-)?[A-Za-z0-9_-]{20,80}", 3.0),
    ("langfuse-secret-key", "langfuse", rf"sk-lf-{_UUID}", 3.0),
    ("google-api-key", "google", r"AIza[0-9A-Za-z_-]{35}", 3.0),
    ("google-api-key", "google", r"AQ\.Ab8[A-Za-z0-9_-]{40,60}", 3.5),
    ("groq-api-key", "groq", r"gsk_[A-Za-z0-9]{48,56}", 3.5),
    ("xai-api-key", "xai", r"xai-[A-Za-z0-9_-]{60,120}", 3.5),
    ("perplexity-api-key", "perplexity", r"pplx-[A-Za-z0-9]{32,64}", 3.0),
    ("huggingface-token", "huggingface", r"(?:hf|api_org)_[A-Za-z0-9]{30,40}", 3.5),
    ("replicate-token", "replicate", r"r8_[A-Za-z0-9]{37,40}", 3.5),
    ("nvidia-api-key", "nvidia-nim", r"nvapi-[A-Za-z0-9_-]{56,72}", 3.5),
    ("fireworks-api-key", "fireworks", r"fw_[A-Za-z0-9]{22,48}", 3.5),
    ("together-api-key", "together", r"tgp_v1_[A-Za-z0-9_-]{40,60}", 3.5),
    ("cerebras-api-key", "cerebras", r"csk-[a-z0-9]{44,52}", 3.0),
    ("databricks-token", "databricks", r"dapi[a-f0-9]{32}(?:-\d)?", 3.0),
    ("voyage-api-key", "voyageai", r"pa-[A-Za-z0-9_-]{43}", 4.0),
    ("jina-api-key", "jina", r"jina_[A-Za-z0-9_-]{40,80}", 3.5),
    ("langsmith-api-key", "langsmith", r"lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}", 3.0),
    ("tavily-api-key", "tavily", r"tvly-(?:dev-|prod-)?[A-Za-z0-9]{20,48}", 3.5),
    ("elevenlabs-api-key", "elevenlabs", r"sk_[a-f0-9]{48}", 3.0),
    ("pinecone-api-key", "pinecone", r"pcsk_[A-Za-z0-9]{5,6}_[A-Za-z0-9]{60,66}", 3.5),
    ("amazon-bedrock-api-key", "aws", r"ABSK[A-Za-z0-9+/]{100,270}={0,2}", 3.5),
    ("amazon-bedrock-api-key", "aws", r"bedrock-api-key-[A-Za-z0-9+/=_-]{28,}", 3.5),
    ("llamacloud-api-key", "llamaindex", r"llx-[A-Za-z0-9_-]{40,60}", 3.5),
    ("firecrawl-api-key", "firecrawl", r"fc-[a-f0-9]{32}", 3.0),
)

_CLOUD: tuple[tuple[str, str | None, str, float], ...] = (
    ("google-oauth-access-token", "google", r"ya29\.[A-Za-z0-9_-]{30,}", 3.5),
    ("google-oauth-refresh-token", "google", r"1//0[A-Za-z0-9_-]{30,200}", 3.5),
    ("google-oauth-client-secret", "google", r"GOCSPX-[A-Za-z0-9_-]{24,40}", 3.0),
    ("azure-client-secret", "azure", r"[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}", 3.0),
    ("azure-ai-api-key", "azure", r"[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}", 3.5),
    ("azure-devops-token", "azure-devops", r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}", 3.5),
    ("alibaba-access-key", "alibaba", r"LTAI[A-Za-z0-9]{12,24}", 3.0),
    ("tencent-secret-id", "tencent", r"AKID[A-Za-z0-9]{32}", 3.5),
    ("digitalocean-token", "digitalocean", r"do[opr]_v1_[a-f0-9]{64}", 3.0),
    ("cloudflare-api-token", "cloudflare", r"cf[ua]t_[A-Za-z0-9]{40}[a-f0-9]{8}", 3.0),
    ("heroku-api-key", "heroku", r"HRKU-[A-Za-z0-9_-]{36,64}", 3.0),
    ("vault-token", None, r"hv[sb]\.[A-Za-z0-9_-]{24,300}", 3.5),
    ("vault-token", None, r"s\.[A-Za-z0-9]{24}", 4.0),
    ("terraform-token", "hashicorp", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}", 3.5),
    (
        "doppler-token",
        "doppler",
        r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}",
        3.0,
    ),
    ("planetscale-token", "planetscale", r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,64}", 3.0),
    ("supabase-token", "supabase", r"(?:sbp_[a-z0-9_-]{40}|sb_secret_[A-Za-z0-9_-]{30,32})", 3.0),
    ("snowflake-key", None, r"ver:\d+-hint:\d+-ETMsDgAAA[A-Za-z0-9+/=_-]{80,600}", 3.5),
    ("age-secret-key", None, r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}", 3.0),
    ("onepassword-service-token", None, r"ops_eyJ[A-Za-z0-9+/_-]{200,}={0,3}", 3.0),
)

_WORK: tuple[tuple[str, str | None, str, float], ...] = (
    ("twitch-stream-key", "twitch", r"live_\d{6,12}_[A-Za-z0-9]{24,36}", 3.0),
    ("akamai-credential", "akamai", r"akab-[a-z0-9]{16}-[a-z0-9]{16}", 3.0),
    ("mailgun-api-key", "mailgun", r"[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}", 3.0),
    ("instagram-access-token", "facebook", r"IG(?:QV|AA)[A-Za-z0-9_-]{90,300}", 3.5),
    ("wundergraph-api-key", None, r"cosmo_[a-f0-9]{32}", 3.0),
    ("stackhawk-api-key", None, r"hawk\.[A-Za-z0-9_-]{20}\.[A-Za-z0-9_-]{20}", 3.5),
    (
        "teamcity-token",
        None,
        r"eyJ0eXAiOiAiVENWMiJ9\.[A-Za-z0-9_-]{20,90}\.[A-Za-z0-9_-]{30,90}",
        3.5,
    ),
    ("vault-recovery-token", None, r"hvr\.[A-Za-z0-9_-]{24,300}", 3.5),
    ("posthog-secret-key", "posthog", r"ph[sra]_[A-Za-z0-9]{40,64}", 3.5),
    ("supabase-token", "supabase", r"sbp_v0_[a-f0-9]{40}", 3.0),
    ("defined-networking-key", None, r"dnkey-[A-Z0-9]{26}-[A-Z0-9]{52}", 3.5),
    ("nats-seed", None, r"S[ACNOPUX][A-Z2-7]{56}", 3.8),
    (
        "braintree-access-token",
        "paypal",
        r"access_token\$production\$[a-z0-9]{12,20}\$[a-f0-9]{32}",
        3.0,
    ),
    (
        "amazon-mws-token",
        "aws",
        r"amzn\.mws\.[0-9a-z]{8}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{12}",
        3.0,
    ),
    ("cloudflare-api-token", "cloudflare", r"cf(?:k|at|ut)_[A-Za-z0-9]{48}", 3.5),
    (
        "github-app-token",
        "github",
        r"ghs_\d{1,12}_eyJ[A-Za-z0-9_-]{20,400}\.[A-Za-z0-9_-]{20,600}\.[A-Za-z0-9_-]{20,400}",
        3.5,
    ),
    ("gitlab-token", "gitlab", r"gl(?:rtr|wt)-[A-Za-z0-9_.-]{20,320}", 3.0),
    ("asana-token", "asana", r"[12]/\d{13,17}(?:/\d{13,17})?:[0-9a-f]{32}", 3.0),
    ("jfrog-api-key", "jfrog", r"AKC[a-z0-9][A-Za-z0-9]{60,90}", 3.5),
    ("jfrog-reference-token", "jfrog", r"cmVmdGtu[A-Za-z0-9]{50,70}", 3.5),
    ("mongodb-atlas-secret", "mongodb-atlas", r"mdb_sa_sk_[A-Za-z0-9_-]{36,48}", 3.0),
    (
        "tailscale-key",
        "tailscale",
        r"tskey-(?:auth|api|client|webhook|scim|oauth)-[A-Za-z0-9]{8,32}(?:-[A-Za-z0-9]{16,48})?",
        3.0,
    ),
    ("nuget-api-key", "nuget", r"oy2[a-z2-7][a-z0-9]{41,43}", 3.5),
    ("adafruit-io-key", "adafruit", r"aio_[A-Za-z0-9]{28}", 3.0),
    ("dependency-track-key", "dependency-track", r"odt_[A-Za-z0-9]{32,40}", 3.0),
    ("crates-io-token", "crates", r"cio[A-Za-z0-9]{32}", 3.5),
    (
        "new-relic-key",
        "newrelic",
        r"(?:NR(?:AA|II|IQ|JS|BR)-[A-Za-z0-9_-]{19,40}|(?:eu01x{1,2})?[a-f0-9]{28,36}NRAL)",
        3.0,
    ),
    (
        "mapbox-secret-token",
        "mapbox",
        r"[st]k\.eyJ[A-Za-z0-9_-]{40,120}\.[A-Za-z0-9_-]{20,24}",
        3.5,
    ),
    ("github-fine-grained-pat", "github", r"github_pat_[A-Za-z0-9_]{60,90}", 3.5),
    (
        "gitlab-token",
        "gitlab",
        r"gl(?:pat|dt|rt|ptt|ft|cbt|soat|oas|agent|imt|ffct)-[A-Za-z0-9_.-]{20,320}",
        3.0,
    ),
    ("gitlab-token", "gitlab", r"GR1348941[A-Za-z0-9_-]{20}", 3.0),
    (
        "slack-token",
        "slack",
        r"xox[abeoprs](?:\.xox[bp])?-(?:[A-Za-z0-9]{1,13}-)*[A-Za-z0-9]{10,200}",
        2.5,
    ),
    ("slack-session-token", "slack", r"xox[cd]-[A-Za-z0-9%/+=_-]{20,400}", 3.0),
    (
        "slack-app-token",
        "slack",
        r"xapp-\d{1,4}-[A-Za-z0-9]{8,14}-\d{8,16}-[a-fA-F0-9]{40,80}",
        3.0,
    ),
    ("stripe-secret-key", "stripe", r"[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,250}", 3.0),
    ("webhook-signing-secret", None, r"whsec_[A-Za-z0-9+/=]{24,90}", 3.0),
    (
        "sendgrid-api-key",
        "sendgrid",
        r"SG\.(?:[A-Za-z0-9_-]{16,24}\.[A-Za-z0-9_-]{37,50}|[A-Za-z0-9_.=-]{66})",
        3.5,
    ),
    ("mailgun-api-key", "mailgun", r"key-[0-9a-f]{32}", 3.0),
    ("mailchimp-api-key", "mailchimp", r"[0-9a-f]{32}-us\d{1,2}", 3.0),
    ("brevo-api-key", "brevo", r"x(?:keysib|smtpsib)-[a-fA-F0-9]{64}-[A-Za-z0-9]{16}", 3.0),
    (
        "discord-bot-token",
        "discord",
        r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}",
        4.0,
    ),
    ("pypi-token", "python-index", r"pypi-AgE[A-Za-z0-9_-]{50,1000}", 3.5),
    ("rubygems-token", "rubygems", r"rubygems_[a-f0-9]{48}", 3.0),
    ("docker-access-token", "docker-hub", r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,32}", 3.5),
    ("shopify-token", "shopify", r"shp(?:at|ca|pa|ss|tka|rt|ua)_[a-zA-Z0-9]{32,64}", 3.0),
    (
        "square-token",
        "square",
        r"(?:sq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}|EAAA[lE][A-Za-z0-9_-]{50,64})",
        3.5,
    ),
    ("facebook-access-token", "facebook", r"EAA[A-Z][A-Za-z0-9]{80,400}", 3.5),
    ("notion-token", "notion", r"ntn_[A-Za-z0-9]{43,50}", 3.0),
    ("notion-token", "notion", r"secret_[A-Za-z0-9]{43}", 4.0),
    ("linear-api-key", "linear", r"lin_(?:api|oauth)_[A-Za-z0-9]{40,64}", 3.5),
    ("atlassian-token", "atlassian", r"AT(?:ATT3|CTT3|BB)[A-Za-z0-9_=-]{24,400}", 3.5),
    ("airtable-token", "airtable", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}", 3.0),
    ("figma-token", "figma", r"fig[dor]_[A-Za-z0-9_-]{36,64}", 3.5),
    ("dropbox-token", "dropbox", r"sl\.(?:u\.)?[A-Za-z0-9_-]{100,}", 4.0),
    (
        "grafana-token",
        "grafana-cloud",
        r"gl(?:sa_[A-Za-z0-9]{32}_[a-fA-F0-9]{8}|c_[A-Za-z0-9+/]{40,200}={0,2})",
        3.0,
    ),
    ("new-relic-api-key", "newrelic", r"NRAK-[A-Z0-9]{27}", 3.0),
    ("sentry-auth-token", "sentry", r"sntry[su]_[A-Za-z0-9+/=_]{60,400}", 3.0),
    ("posthog-personal-api-key", "posthog", r"phx_[A-Za-z0-9_-]{40,64}", 3.5),
    ("postman-api-key", "postman", r"PMAK-[a-fA-F0-9]{24}-[a-fA-F0-9]{34}", 3.0),
    ("hubspot-token", "hubspot", rf"pat-(?:na|eu)\d-{_UUID}", 3.0),
    ("vercel-token", "vercel", r"vc[pikar]_[A-Za-z0-9_-]{24,80}", 3.5),
    ("netlify-token", "netlify", r"nf[pcoub]_[A-Za-z0-9_]{36,40}", 3.5),
    ("contentful-token", "contentful", r"CFPAT-[A-Za-z0-9_-]{43}", 3.5),
    ("twilio-api-key", "twilio", r"SK[0-9a-fA-F]{32}", 3.0),
    ("salesforce-session", "salesforce", r"00[A-Za-z0-9]{13}![A-Za-z0-9._]{80,260}", 3.5),
)

_LIKELY = frozenset(
    (
        "vault-token notion-token twilio-api-key tencent-secret-id discord-bot-token"
        " alibaba-access-key google-api-key voyage-api-key mailchimp-api-key mailgun-api-key"
    ).split()
)
"""Forms that something else could share: likely, not certain."""

_SPECIAL = (
    Rule(
        name="aws-access-key",
        provider="aws",
        min_entropy=2.9,
        rank=3,
        check=_aws_class,
        confidence=Confidence.LIKELY,
        pattern=_BEGIN + r"((?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})" + _END_OF_FIXED,
    ),
    Rule(
        name="sk-api-key",
        min_entropy=3.5,
        rank=2,
        check=_with_digit,
        confidence=Confidence.LIKELY,
        pattern=_BEGIN + r"(sk-[A-Za-z0-9]{20,64})" + _END,
    ),
    Rule(
        name="github-pat",
        provider="github",
        min_entropy=3.0,
        rank=3,
        check=_checksummed,
        pattern=_BEGIN + r"(ghp_[A-Za-z0-9]{36})" + _END_OF_FIXED,
    ),
    Rule(
        name="github-oauth-token",
        provider="github",
        min_entropy=3.0,
        rank=3,
        check=_checksummed,
        pattern=_BEGIN + r"(gh[our]_[A-Za-z0-9]{36})" + _END_OF_FIXED,
    ),
    Rule(
        name="github-app-token",
        provider="github",
        min_entropy=3.0,
        rank=3,
        pattern=_BEGIN + r"(ghs_[A-Za-z0-9]{36})" + _END_OF_FIXED,
    ),
    Rule(
        name="npm-token",
        provider="npm",
        min_entropy=3.0,
        rank=3,
        check=_checksummed,
        pattern=_BEGIN + r"(npm_[A-Za-z0-9]{36})" + _END_OF_FIXED,
    ),
    Rule(
        name="telegram-bot-token",
        provider="telegram",
        min_entropy=3.5,
        rank=3,
        pattern=r"(?:\b|bot)(\d{8,10}:AA[A-Za-z0-9_-]{32,34})" + _END,
    ),
    Rule(
        name="slack-webhook",
        provider="slack",
        rank=3,
        min_entropy=3.0,
        pattern=(
            r"(hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{40,70})"
        ),
    ),
    Rule(
        name="discord-webhook",
        provider="discord",
        rank=3,
        min_entropy=3.0,
        pattern=r"(discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{17,20}/[A-Za-z0-9_-]{60,72})",
    ),
    Rule(
        name="teams-webhook",
        provider="microsoft-teams",
        rank=3,
        min_entropy=3.0,
        pattern=r"([a-z0-9-]{1,60}\.webhook\.office\.com/webhookb2/[A-Za-z0-9@-]{73}/IncomingWebhook/[a-z0-9]{32}/[a-z0-9-]{36})",
    ),
    Rule(
        name="azure-shared-access-signature",
        provider="azure",
        rank=3,
        confidence=Confidence.LIKELY,
        check=_sas,
        pattern=r"(?i)\bsig=([A-Za-z0-9%+/]{40,80}(?:=|%3D)?)",
    ),
    Rule(
        name="aws-presigned-url",
        provider="aws",
        rank=3,
        min_entropy=3.0,
        confidence=Confidence.LIKELY,
        pattern=r"(?i)X-Amz-Signature=([a-f0-9]{64})",
    ),
)


def issued_rules() -> list[Rule]:
    """Return our own rules for issued keys."""
    rules = list(_SPECIAL)
    for name, provider, secret, floor in _LLM + _CLOUD + _WORK:
        rules.append(
            Rule(
                name=name,
                provider=provider,
                min_entropy=floor,
                rank=3,
                confidence=Confidence.LIKELY if name in _LIKELY else Confidence.CERTAIN,
                pattern=_BEGIN + "(" + secret + ")" + _END,
            )
        )
    return rules
