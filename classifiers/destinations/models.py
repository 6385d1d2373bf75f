"""Whose account of a language-model provider a request uses: keys, organisation headers, hosts and paths."""

import re

from classifiers.destinations.llm_providers import Kind, Provider
from classifiers.destinations.signals import Request, Signal, aws_account, claims, microsoft_tenant

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_CLAUDE_ORG = re.compile(rf"/api/(?:organizations/)?({_UUID})/")
_COPILOT_PLAN = re.compile(r"(?:api|proxy)\.(individual|business|enterprise)\.githubcopilot\.com")
_PROJECT = re.compile(r"/projects/([^/?]+)")
_CLOUDFLARE = re.compile(r"/(?:client/v4/accounts|v1)/([0-9a-f]{32})/")
_AWS_CREDENTIAL = re.compile(r"Credential=([A-Z0-9]{16,32})/")
_HOST_LABEL = frozenset({"azure", "databricks", "snowflake"})
FAMILIES = {
    "azure": "microsoft", "m365-copilot": "microsoft", "google": "google", "google-vertex": "google",
    "gemini-web": "google",
    "gemini-code-assist": "google", "aws-bedrock": "aws", "aws-bedrock-mantle": "aws", "aws-bedrock-agent": "aws",
    "aws-sagemaker": "aws", "chatgpt-web": "openai", "claude-web": "anthropic", "github-copilot": "github",
    "github-models": "github",
}  # fmt: skip


def llm_signal(provider: Provider, request: Request) -> Signal | None:
    """Return what the request tells of the account at this provider, or None."""
    headers = request.headers
    named = (
        headers.get("openai-organization")
        or headers.get("anthropic-organization-id")
        or headers.get("x-hf-bill-to")
    )
    if named:
        return Signal(named[:200], "organisation named in the request")
    if provider.kind is Kind.CONSUMER:
        return _consumer(provider, request)
    match = _AWS_CREDENTIAL.search(headers.get("authorization", ""))
    if match and (account := aws_account(match[1])):
        return Signal(account, "account id in the access key id", personal=False)
    if provider.id in _HOST_LABEL and request.host.count(".") >= 3:
        return _azure_token(request) or Signal(
            request.host.split(".")[0], "account in the host name"
        )
    project = _PROJECT.search(request.path)
    if project and provider.id == "google-vertex":
        return Signal(project[1][:200], "project in the path", personal=False)
    account_path = _CLOUDFLARE.match(request.path)
    return Signal(account_path[1], "account id in the path") if account_path else None


def _azure_token(request: Request) -> Signal | None:
    """An Entra token names its tenant; the resource in the host name may be listed as well."""
    token = request.bearer
    found = claims(token) if token else None
    signal = microsoft_tenant(found) if found else None
    return None if signal is None else signal._replace(also=request.host.split(".")[0])


def _consumer(provider: Provider, request: Request) -> Signal | None:
    if provider.id == "claude-web":
        match = _CLAUDE_ORG.match(request.path)
        return Signal(match[1].lower(), "organisation id in the path") if match else None
    if provider.id == "chatgpt-web":
        workspace = request.headers.get("chatgpt-account-id")
        return Signal(workspace[:200], "workspace named in the request") if workspace else None
    if provider.id == "github-copilot":
        plan = _COPILOT_PLAN.fullmatch(request.host)
        if plan is None:
            return None
        return Signal(None, f"host of the {plan[1]} plan", personal=plan[1] == "individual")
    return None


def is_anonymous(provider: Provider, path: str) -> bool:
    """Return True for the use of a consumer backend without any account."""
    return provider.id == "chatgpt-web" and path.startswith("/backend-anon/")
