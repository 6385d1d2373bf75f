"""Secrets that are made up at run time, what carries them, and what only looks like one."""

import base64
import json
import random
import string
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote_plus

ALNUM = string.ascii_letters + string.digits
LOWER = string.ascii_lowercase + string.digits
HEX = "0123456789abcdef"
URL64 = ALNUM + "-_"
B64 = ALNUM + "+/"


def run(rng: random.Random, alphabet: str, size: int) -> str:
    """Return random letters of an alphabet; the last one is a letter or digit."""
    return "".join(rng.choice(alphabet) for _ in range(size - 1)) + rng.choice(
        [c for c in alphabet if c.isalnum()]
    )


def _uuid(rng: random.Random) -> str:
    return "-".join(run(rng, HEX, n) for n in (8, 4, 4, 4, 12))


def made_up(rng: random.Random) -> dict[str, str]:
    """Return one made-up secret for each well-known provider, with the name of a variable it is
    kept in.
    """
    r = partial(run, rng)
    return {
        "OPENAI_API_KEY": "sk-" + "proj-" + r(URL64, 74) + "T3Blbk" + "FJ" + r(URL64, 74),
        "OPENAI_LEGACY": "sk-" + r(ALNUM, 20) + "T3Blbk" + "FJ" + r(ALNUM, 20),
        "ANTHROPIC_API_KEY": "sk-" + "ant-api03-" + r(URL64, 93) + "AA",
        "GEMINI_API_KEY": "AI" + "za" + r(URL64, 35),
        "GROQ_API_KEY": "gs" + "k_" + r(ALNUM, 52),
        "XAI_API_KEY": "xa" + "i-" + r(ALNUM, 80),
        "OPENROUTER_API_KEY": "sk-" + "or-v1-" + r(HEX, 64),
        "DEEPSEEK_API_KEY": "sk" + "-" + r(HEX, 32),
        "PERPLEXITY_API_KEY": "pp" + "lx-" + r(ALNUM, 48),
        "HF_TOKEN": "h" + "f_" + r(string.ascii_letters, 34),
        "REPLICATE_API_TOKEN": "r" + "8_" + r(ALNUM, 37),
        "NVIDIA_API_KEY": "nv" + "api-" + r(URL64, 64),
        "DATABRICKS_TOKEN": "da" + "pi" + r(HEX, 32),
        "MISTRAL_API_KEY": r(ALNUM, 32),
        "COHERE_API_KEY": r(ALNUM, 40),
        "LANGSMITH_API_KEY": "lsv2" + "_pt_" + r(HEX, 32) + "_" + r(HEX, 10),
        "AWS_ACCESS_KEY_ID": "AK" + "IA" + r("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
        "AWS_SECRET_ACCESS_KEY": r(B64, 40),
        "AZURE_STORAGE_KEY_AccountKey": r(B64, 86) + "==",
        "AZURE_CLIENT_SECRET": r(ALNUM, 3) + "8" + "Q~" + r(ALNUM, 34),
        "AZURE_OPENAI_API_KEY": r(ALNUM, 52) + "JQQJ" + "99" + r(ALNUM, 26),
        "GOOGLE_CLIENT_SECRET": "GOC" + "SPX-" + r(URL64, 28),
        "GITHUB_TOKEN": "gh" + "p_" + r(ALNUM, 36),
        "GITHUB_FINE_GRAINED": "github" + "_pat_" + r(ALNUM, 22) + "_" + r(ALNUM, 59),
        "GITLAB_TOKEN": "gl" + "pat-" + r(URL64, 20),
        "SLACK_BOT_TOKEN": (
            "xo"
            + "xb-"
            + r(string.digits[1:], 12)
            + "-"
            + r(string.digits[1:], 12)
            + "-"
            + r(ALNUM, 24)
        ),
        "SLACK_WEBHOOK": (
            "https://hooks.sl"
            + "ack.com/services/T"
            + r(string.ascii_uppercase, 9)
            + "/B"
            + r(string.ascii_uppercase, 10)
            + "/"
            + r(ALNUM, 24)
        ),
        "STRIPE_SECRET_KEY": "sk" + "_live_" + r(ALNUM, 24),
        "TWILIO_API_KEY": "S" + "K" + r(HEX, 32),
        "SENDGRID_API_KEY": "S" + "G." + r(URL64, 22) + "." + r(URL64, 43),
        "MAILGUN_API_KEY": "ke" + "y-" + r(HEX, 32),
        "TELEGRAM_BOT_TOKEN": r("123456789", 10) + ":A" + "A" + r(URL64, 33),
        "DISCORD_WEBHOOK": (
            "https://dis" + "cord.com/api/webhooks/" + r("123456789", 19) + "/" + r(URL64, 68)
        ),
        "NPM_TOKEN": "np" + "m_" + r(ALNUM, 36),
        "PYPI_TOKEN": "py" + "pi-AgEI" + r(URL64, 120),
        "DOCKER_TOKEN": "dc" + "kr_pat_" + r(URL64, 27),
        "DIGITALOCEAN_TOKEN": "do" + "p_v1_" + r(HEX, 64),
        "SHOPIFY_TOKEN": "sh" + "pat_" + r(HEX, 32),
        "ATLASSIAN_TOKEN": "AT" + "ATT3" + r(URL64, 180) + "=" + r(HEX, 8).upper(),
        "NOTION_TOKEN": "nt" + "n_" + r(string.digits, 11) + r(ALNUM, 35),
        "LINEAR_API_KEY": "lin" + "_api_" + r(ALNUM, 40),
        "GRAFANA_TOKEN": "gl" + "sa_" + r(ALNUM, 32) + "_" + r(HEX, 8),
        "NEW_RELIC_KEY": "NR" + "AK-" + r(string.ascii_uppercase + string.digits, 27),
        "DATADOG_API_KEY": r(HEX, 32),
        "VAULT_TOKEN": "hv" + "s." + r(URL64, 90),
        "DROPBOX_TOKEN": "s" + "l." + r(URL64, 135),
        "SUPABASE_TOKEN": "sb" + "p_" + r(HEX, 40),
        "AIRTABLE_TOKEN": "pa" + "t" + r(ALNUM, 14) + "." + r(HEX, 64),
        "HUBSPOT_TOKEN": "pa" + "t-na1-" + _uuid(rng),
        "DB_PASSWORD": r(ALNUM, 10) + "!" + r(ALNUM, 3) + "#7",
        "API_KEY": r(HEX, 40),
        "CLIENT_SECRET": r(URL64, 40),
        "ACCESS_TOKEN": r(ALNUM, 48),
        "DATABASE_URL": (
            "postgres://svc_etl:"
            + r(ALNUM, 14)
            + "@db-"
            + r(LOWER, 4)
            + ".corp.internal:5432/ledger"
        ),
        "MONGO_URL": (
            "mongodb+srv://app:" + r(ALNUM, 16) + "@cluster0." + r(LOWER, 6) + ".mongodb.net/prod"
        ),
        "MSSQL": (
            "Server=tcp:sql-"
            + r(LOWER, 4)
            + ".corp.local,1433;Initial Catalog=fin;User Id=etl;Password="
            + r(ALNUM, 12)
            + "!x;Encrypt=True"
        ),
        "BASIC_URL": "https://deploy:" + r(ALNUM, 20) + "@git.corp.internal/team/app.git",
        "JWT": _jwt(rng),
        "PRIVATE_KEY": (
            "-----BEGIN RSA "
            + "PRIVATE KEY-----\n"
            + "\n".join(r(B64, 64) for _ in range(12))
            + "\n-----END RSA "
            + "PRIVATE KEY-----"
        ),
    }


def _jwt(rng: random.Random) -> str:

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = {
        "iss": "https://login.corp.internal",
        "sub": _uuid(rng),
        "exp": 1_900_000_000 + rng.randrange(10**6),
    }
    return part({"alg": "HS256", "typ": "JWT"}) + "." + part(claims) + "." + run(rng, URL64, 43)


def carriers(name: str, value: str) -> dict[str, tuple[str, bytes]]:
    """Return the same assignment in every carrier as (content type, body)."""
    line = f"{name}={value}"
    chat = {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": f"Why does this fail?\n{line}\nThanks"}],
    }
    call = {
        "function": {
            "name": "write_file",
            "arguments": json.dumps({"path": ".env", "content": line + "\n"}),
        }
    }
    tool = {"model": "gpt-4o", "messages": [{"role": "assistant", "tool_calls": [call]}]}
    encoded = {"file": base64.b64encode(f"# settings\n{line}\nDEBUG=false\n".encode()).decode()}
    return {
        "plain text": ("text/plain", line.encode()),
        "chat JSON": ("application/json", json.dumps(chat).encode()),
        "tool arguments": ("application/json", json.dumps(tool).encode()),
        "form": ("application/x-www-form-urlencoded", f"a=1&note={quote_plus(line)}&b=2".encode()),
        "base64 in JSON": ("application/json", json.dumps(encoded).encode()),
        "JSON field": (
            "application/json",
            json.dumps({"settings": {name.lower(): value}}).encode(),
        ),
        "python source": ("text/plain", f'{name.lower()} = "{value}"  # prod\n'.encode()),
    }


def hard_negatives(rng: random.Random, count: int) -> list[bytes]:
    """Return JSON bodies full of what looks like a secret and is none."""
    r = partial(run, rng)
    kinds: tuple[Callable[[], dict[str, Any]], ...] = (
        lambda: {
            "idempotency_key": _uuid(rng),
            "prompt_cache_key": _uuid(rng),
            "primary_key": _uuid(rng),
        },
        lambda: {
            "etag": r(HEX, 32),
            "sha256": r(HEX, 64),
            "commit": r(HEX, 40),
            "integrity": "sha512-" + r(B64, 86) + "==",
        },
        lambda: {
            "traceparent": f"00-{r(HEX, 32)}-{r(HEX, 16)}-01",
            "x-request-id": "req_" + r(ALNUM, 24),
        },
        lambda: {
            "id": "chatcmpl-" + r(ALNUM, 29),
            "tool_call_id": "call_" + r(ALNUM, 24),
            "tool_use_id": "toolu_01" + r(ALNUM, 22),
        },
        lambda: {
            "publishable_key": "pk_live_" + r(ALNUM, 24),
            "posthog_token": "phc_" + r(ALNUM, 43),
        },
        lambda: {
            "dsn": (
                f"https://{r(HEX, 32)}@o{rng.randrange(10**6)}.ingest.sentry.io/{rng.randrange(10**6)}"
            )
        },
        lambda: {
            "next_page_token": r(URL64, 64),
            "nextPageToken": r(URL64, 88),
            "cursor": r(B64, 60) + "=",
            "sync_token": r(URL64, 40),
        },
        lambda: {
            "kind": "Pod",
            "spec": {
                "tls": [{"secretName": "web-tls-" + r(LOWER, 10)}],
                "tokenReviewer": "system:sa",
            },
        },
        lambda: {
            "max_tokens": rng.randrange(4096),
            "prompt_tokens": 12,
            "token_type": "bearer",
            "token_count": 9123,
            "tokens": r(string.digits, 12),
        },
        lambda: {"embedding": [round(rng.uniform(-1, 1), 9) for _ in range(60)]},
        lambda: {
            "image_url": {"url": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg" + r(B64, 900)}
        },
        lambda: {"encrypted_content": r(URL64, 400), "signature": r(B64, 300), "thinking": "ok"},
        lambda: {
            "arn": f"arn:aws:kms:eu-west-1:{r(string.digits, 12)}:key/{_uuid(rng)}",
            "kms_key_id": _uuid(rng),
        },
        lambda: {
            "password_hash": "$2b$12$" + r(ALNUM + "./", 53),
            "password_policy": "min 12 characters",
            "password": "********",
        },
        lambda: {
            "content": (
                "Set `password` to <your-password> and api_key to ${API_KEY}; token:"
                " YOUR_TOKEN_HERE."
            )
        },
        lambda: {
            "content": (
                "The secret to good bread is time. Password reset: required. The token was invalid,"
                " api key: missing."
            )
        },
        lambda: {
            "access_key_id_label": "primary",
            "session_id": _uuid(rng),
            "csrf_token": r(URL64, 43),
            "device_token": r(HEX, 64),
        },
        lambda: {
            "content": (
                "password = os.environ['DB_PASSWORD']\ntoken = get_token(client_id,"
                " scope)\napi_key=settings.API_KEY"
            )
        },
        lambda: {
            "partition_key": r(HEX, 32),
            "cache_key": r(HEX, 40),
            "sort_key": "USER#" + r(string.digits, 9),
            "key": r(HEX, 24),
        },
        lambda: {
            "content": (
                f"git checkout {r(HEX, 40)} && curl -H 'If-None-Match: \"{r(HEX, 32)}\"'"
                " https://api.corp.internal/v1/items?limit=10"
            )
        },
    )
    return [
        json.dumps({"model": "gpt-4o", "data": kinds[i % len(kinds)]()}).encode()
        for i in range(count)
    ]
