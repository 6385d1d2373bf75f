"""Which library for Python speaks to which service: import name → id in the catalogue, the longest
name first.

A library that speaks to many services stands here by the one that it speaks to unless told
otherwise, or not at all.
"""

from collections.abc import Iterable, Iterator
from types import MappingProxyType

from destinations.catalogue import find
from destinations.service import Service

_TABLE = """
openai openai
anthropic anthropic
mistralai mistral
cohere cohere
groq groq
xai_sdk xai
together together
fireworks fireworks
cerebras.cloud.sdk cerebras
huggingface_hub huggingface-hub
replicate replicate
dashscope dashscope-qwen
zhipuai zhipu-zai
zai zhipu-zai
qianfan baidu-qianfan
volcenginesdkarkruntime volcengine-ark
ai21 ai21
voyageai voyageai
writerai writer
reka reka
aleph_alpha_client aleph-alpha
fal_client fal
runwayml runway
lumaai luma
elevenlabs elevenlabs
deepgram deepgram
assemblyai assemblyai
cartesia cartesia
ollama ollama
databricks databricks
snowflake.connector snowflake
snowflake.snowpark snowflake
ibm_watsonx_ai watsonx
oci oci
openrouter openrouter
portkey_ai portkey
google.generativeai google
google.genai google
vertexai google-vertex
google.cloud.aiplatform google-vertex
google.cloud.storage google-cloud-storage
google.cloud.bigquery bigquery
gcsfs google-cloud-storage
pydrive2 google-drive
gspread google-docs
firebase_admin firebase-storage
boto3 aws
botocore aws
aiobotocore aws
aioboto3 aws
s3fs aws-s3
minio aws-s3
azure.storage.blob azure-blob
azure.storage.queue azure-queue
azure.ai azure
adlfs azure-blob
msgraph microsoft-graph
O365 microsoft-graph
office365 sharepoint
dropbox dropbox
boxsdk box
box_sdk_gen box
b2sdk backblaze-b2
oss2 alibaba-oss
mega mega
kaggle kaggle
pyairtable airtable
simple_salesforce salesforce
hubspot hubspot
telegram telegram
telethon telegram
pyrogram telegram
aiogram telegram
telebot telegram
slack_sdk slack
slack_bolt slack
slack slack
discord discord
discord_webhook discord-webhook
notion_client notion
twilio twilio
sendgrid sendgrid
mailgun mailgun
postmarker postmark
resend resend
pushbullet pushbullet
jira atlassian
atlassian atlassian
trello trello
asana asana
zenpy zendesk
sentry_sdk sentry
ddtrace datadog
datadog datadog
datadog_api_client datadog
posthog posthog
mixpanel mixpanel
amplitude amplitude
rollbar rollbar
bugsnag bugsnag
wandb wandb
langfuse langfuse
langsmith langsmith
logfire logfire
agentops agentops
weave weave
helicone helicone
github github
ghapi github
gitlab gitlab
pyngrok ngrok
langchain_openai openai
langchain_anthropic anthropic
langchain_mistralai mistral
langchain_google_genai google
langchain_google_vertexai google-vertex
langchain_aws aws-bedrock
langchain_groq groq
langchain_cohere cohere
langchain_ollama ollama
pinecone pinecone
tavily tavily
stripe stripe
paypalrestsdk paypal
supabase supabase
shopify shopify
"""


def _read(table: str) -> Iterator[tuple[str, str]]:
    for line in table.split("\n"):
        if line:
            name, _, service = line.partition(" ")
            yield name, service


SDKS = MappingProxyType(dict(_read(_TABLE)))
"""Import name, dotted, → id of the service."""


def services_of(modules: Iterable[str]) -> Iterator[tuple[str, Service]]:
    """Yield each imported module (dotted) that is a library of a service, with the service."""
    for module in modules:
        parts = module.split(".")[:6]
        for length in range(len(parts), 0, -1):
            service = find(SDKS.get(".".join(parts[:length]), ""))
            if service is not None:
                yield module, service
                break
