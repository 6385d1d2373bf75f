"""Proper names of services and language model providers, by our ids."""

from collections.abc import Mapping
from types import MappingProxyType

from core.text import printable
from core.vocabulary.sizes import capital

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "ai21": "AI21",
        "aimlapi": "AI/ML API",
        "aleph-alpha": "Aleph Alpha",
        "alibaba-oss": "Alibaba Cloud OSS",
        "assemblyai": "AssemblyAI",
        "aws": "Amazon Web Services",
        "aws-bedrock": "Amazon Bedrock",
        "aws-bedrock-agent": "Amazon Bedrock agents",
        "aws-bedrock-mantle": "Amazon Bedrock",
        "aws-s3": "Amazon S3",
        "aws-sagemaker": "Amazon SageMaker",
        "aws-sqs": "Amazon SQS",
        "azure": "Azure OpenAI",
        "azure-blob": "Azure Blob Storage",
        "azure-devops": "Azure DevOps",
        "azure-queue": "Azure Queue Storage",
        "backblaze-b2": "Backblaze B2",
        "baidu-qianfan": "Baidu Qianfan",
        "better-stack": "Better Stack",
        "bigquery": "BigQuery",
        "black-forest-labs": "Black Forest Labs",
        "chatgpt-web": "ChatGPT",
        "claude-web": "Claude",
        "cloudflare-ai-gateway": "Cloudflare AI Gateway",
        "cloudflare-r2": "Cloudflare R2",
        "cloudflare-tunnel": "Cloudflare Tunnel",
        "cloudflare-workers-ai": "Cloudflare Workers AI",
        "dashscope-qwen": "Alibaba Qwen",
        "deepinfra": "DeepInfra",
        "deepseek": "DeepSeek",
        "deepseek-web": "DeepSeek chat",
        "digitalocean": "DigitalOcean",
        "digitalocean-spaces": "DigitalOcean Spaces",
        "discord-webhook": "Discord webhook",
        "docker-hub": "Docker Hub",
        "elevenlabs": "ElevenLabs",
        "firebase-storage": "Firebase Storage",
        "gemini-code-assist": "Gemini Code Assist",
        "gemini-web": "Gemini",
        "ghcr": "GitHub Container Registry",
        "github": "GitHub",
        "github-copilot": "GitHub Copilot",
        "github-gist": "GitHub Gist",
        "github-models": "GitHub Models",
        "gitlab": "GitLab",
        "gofile": "Gofile",
        "google": "Google Gemini",
        "google-analytics": "Google Analytics",
        "google-chat": "Google Chat",
        "google-cloud-storage": "Google Cloud Storage",
        "google-docs": "Google Docs",
        "google-drive": "Google Drive",
        "google-login": "Google sign-in",
        "google-photos": "Google Photos",
        "google-vertex": "Google Vertex AI",
        "grafana-cloud": "Grafana Cloud",
        "grok-web": "Grok",
        "hubspot": "HubSpot",
        "huggingface": "Hugging Face",
        "huggingface-hub": "Hugging Face Hub",
        "icloud": "iCloud",
        "ifttt": "IFTTT",
        "imgbb": "ImgBB",
        "internet-archive": "Internet Archive",
        "jsonbin": "JSONBin",
        "lingyi-01ai": "01.AI",
        "linode-object-storage": "Linode Object Storage",
        "m365-copilot": "Microsoft 365 Copilot",
        "mediafire": "MediaFire",
        "mega": "MEGA",
        "meta-llama": "Meta Llama",
        "microsoft-graph": "Microsoft Graph",
        "microsoft-login": "Microsoft sign-in",
        "microsoft-teams": "Microsoft Teams",
        "minimax": "MiniMax",
        "mistral-web": "Mistral Le Chat",
        "moonshot-kimi": "Moonshot Kimi",
        "newrelic": "New Relic",
        "npm": "npm",
        "nvidia-nim": "NVIDIA NIM",
        "oci": "Oracle Cloud",
        "oci-object-storage": "Oracle Object Storage",
        "ollama-cloud": "Ollama Cloud",
        "onedrive": "OneDrive",
        "onedrive-personal": "OneDrive",
        "openai": "OpenAI",
        "openrouter": "OpenRouter",
        "ovhcloud": "OVHcloud",
        "pcloud": "pCloud",
        "perplexity-web": "Perplexity",
        "posthog": "PostHog",
        "power-automate": "Power Automate",
        "privatebin": "PrivateBin",
        "proton-drive": "Proton Drive",
        "python-index": "a Python package index",
        "requestbin": "RequestBin",
        "rubygems": "RubyGems",
        "sambanova": "SambaNova",
        "send-anywhere": "Send Anywhere",
        "sendgrid": "SendGrid",
        "sharepoint": "SharePoint",
        "siliconflow": "SiliconFlow",
        "slack-webhook": "Slack webhook",
        "splunk-cloud": "Splunk Cloud",
        "swisstransfer": "SwissTransfer",
        "teams-webhook": "Microsoft Teams webhook",
        "tencent-hunyuan": "Tencent Hunyuan",
        "vercel-ai-gateway": "Vercel AI Gateway",
        "volcengine-ark": "Volcengine Ark",
        "voyageai": "Voyage AI",
        "wandb": "Weights & Biases",
        "watsonx": "IBM watsonx",
        "wetransfer": "WeTransfer",
        "whatsapp": "WhatsApp",
        "windsurf-codeium": "Windsurf",
        "xai": "xAI",
        "yandex-disk": "Yandex Disk",
        "yandex-sber": "Yandex or Sber models",
        "zhipu-zai": "Zhipu Z.ai",
    }
)
"""Names that an id does not spell."""


def service_name(service: str) -> str:
    """Return the name that a person uses for a service; made from the id where none is listed."""
    known = NAMES.get(service)
    if known is not None:
        return known
    name = printable(service, 60)
    return name if "." in name else capital(name.replace("_", " ").replace("-", " "))


def place_name(service: str | None, host: str) -> str:
    """Return what a person calls a destination: the service's name, else the host."""
    if service:
        return service_name(service)
    return printable(host, 100) or "an unnamed host"
