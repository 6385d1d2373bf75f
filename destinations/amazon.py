"""Amazon's clouds: an access key id encodes its account, a host or path names the bucket."""

import base64
import binascii
import re

from core.classification import Category
from destinations.llm.provider import UPLOAD
from destinations.service import (
    NEVER,
    PUT_OR_POST,
    Keys,
    Llm,
    LlmKind,
    Refusal,
    Service,
    at,
)
from destinations.signals import Request, Signal, segment

_CREDENTIAL = re.compile(r"Credential=([A-Z0-9]{16,32})(?:/|%2F)")
_CREDENTIAL_IN_QUERY = re.compile(r"X-Amz-Credential=([A-Z0-9]{16,32})(?:/|%2F)", re.IGNORECASE)
_BUCKET_IN_HOST = re.compile(r"^(.+)\.s3(?:[.-]|$)")
_ACCOUNT_IN_HOST = re.compile(
    r"(?:[a-z0-9-]{1,60}-)?([0-9]{12})\.(?:s3-accesspoint|s3-control|dkr[.-]ecr|s3express-control)"
)
_SIGN = r"(?::|%3A|%3a)"
_ARN = re.compile(
    rf"arn{_SIGN}aws[a-z-]{{0,20}}{_SIGN}[a-z0-9-]{{1,40}}{_SIGN}[a-z0-9-]{{0,30}}"
    rf"{_SIGN}([0-9]{{12}}){_SIGN}"
)
_QUEUES = re.compile(r"(?:sqs|sns)[.-]|(?:[a-z0-9-]{1,40}\.)?queue\.")
_ACCOUNT_IN_PATH = re.compile(r"/([0-9]{12})/")
_TOPIC_OR_QUEUE = re.compile(
    rf"(?:TopicArn|TargetArn)[\"=: ]{{1,6}}arn{_SIGN}aws[a-z-]{{0,20}}{_SIGN}sns{_SIGN}"
    rf"[a-z0-9-]{{1,30}}{_SIGN}([0-9]{{12}}){_SIGN}"
)
_QUEUE_URL = re.compile(
    r"QueueUrl[\"=: ]{1,6}https(?:://|%3A%2F%2F)[a-z0-9.-]{1,80}(?:/|%2F)([0-9]{12})(?:/|%2F)"
)
_LOOKED_AT = 64 * 1024
_REGION = r"[a-z0-9-]+"


def aws_account(key_id: str) -> str | None:
    """Return the 12-digit account in an access key id (issued since about 2019), or None."""
    if len(key_id) != 20 or not key_id.startswith(("AKIA", "ASIA", "AIDA", "AROA")):
        return None
    try:
        raw = base64.b32decode(key_id[4:])
    except (binascii.Error, ValueError):
        return None
    number = (int.from_bytes(raw[:6]) & 0x7FFFFFFFFF80) >> 7
    return f"{number:012d}" if 0 < number < 10**12 else None


def named_account(request: Request) -> str | None:
    """Return the account that owns what the request goes to, where its name says so: a queue, a
    registry, an access point, or a resource by its ARN.
    """
    match = _ACCOUNT_IN_HOST.match(request.host) or _ARN.search(request.path)
    if match is None and _QUEUES.match(request.host):
        match = _ACCOUNT_IN_PATH.match(request.path)
        body = "" if match else request.body[:_LOOKED_AT].decode("latin-1")
        match = match or _TOPIC_OR_QUEUE.search(body) or _QUEUE_URL.search(body)
    return None if match is None else match[1]


def caller(request: Request) -> Signal | None:
    """The account that the resource is of, where it is named; else that of the access key that
    signed the request.
    """
    owner = named_account(request)
    if owner is not None:
        return Signal(owner, "account id in the name of the resource", personal=False)
    signed = request.headers.get("authorization", "")
    match = _CREDENTIAL.search(signed) or _CREDENTIAL_IN_QUERY.search(request.path)
    account = aws_account(match[1]) if match else None
    if account is None:
        return None
    return Signal(account, "account id in the access key id", personal=False)


def caller_and_bucket(request: Request) -> Signal | None:
    """The caller's account, and the bucket; the bucket alone where nothing is signed."""
    match = _BUCKET_IN_HOST.match(request.host)
    bucket = match[1] if match else segment(request.path) or None
    signed = caller(request)
    if signed is not None:
        return signed._replace(also=bucket)
    if bucket is None:
        return None
    return Signal(bucket, "bucket in the host name" if match else "bucket in the path")


def _model(
    service_id: str, name: str, refusal: Refusal, prices: str | None, *hosts: str
) -> Service:
    return Service(
        service_id,
        name,
        Category.LLM,
        at(*hosts),
        UPLOAD,
        caller,
        refusal,
        family="aws",
        llm=Llm(kind=LlmKind.CLOUD, prices=prices),
    )


AMAZON: tuple[Service, ...] = (
    _model(
        "aws-bedrock",
        "Amazon Bedrock",
        Refusal.AWS,
        "aws",
        rf"/bedrock-runtime(?:-fips)?\.{_REGION}\.(?:amazonaws\.com(?:\.cn)?|api\.aws)/",
        rf"/vpce-[a-z0-9-]+\.bedrock-runtime\.{_REGION}\.vpce\.amazonaws\.com/",
    ),
    _model(
        "aws-bedrock-mantle",
        "Amazon Bedrock",
        Refusal.OPENAI,
        "aws",
        rf"/bedrock-mantle\.{_REGION}\.api\.aws/",
    ),
    _model(
        "aws-bedrock-agent",
        "Amazon Bedrock agents",
        Refusal.AWS,
        "aws",
        rf"/bedrock-agent(?:core)?(?:-runtime)?\.{_REGION}\.amazonaws\.com/",
    ),
    _model(
        "aws-sagemaker",
        "Amazon SageMaker",
        Refusal.AWS,
        None,
        rf"/runtime\.sagemaker(?:-fips)?\.{_REGION}\.amazonaws\.com/",
    ),
    Service(
        "aws-s3",
        "Amazon S3",
        Category.CLOUD_STORAGE,
        at(
            r"/(?:[a-z0-9.-]+\.)?s3(?:-accesspoint|-control)?(?:-fips)?(?:\.dualstack)?"
            rf"(?:[.-]{_REGION})?\.amazonaws\.com(?:\.cn)?/",
            r"/(?:[a-z0-9.-]+\.)?s3-accelerate(?:\.dualstack)?\.amazonaws\.com/",
        ),
        PUT_OR_POST,
        caller_and_bucket,
        Refusal.OBJECT_STORE,
        family="aws",
        aliases=("s3",),
    ),
    Service(
        "aws-sqs",
        "Amazon SQS",
        Category.MESSAGING,
        at(
            rf"/sqs(?:-fips)?\.{_REGION}\.amazonaws\.com(?:\.cn)?/",
            rf"/sqs\.{_REGION}\.api\.aws/",
            rf"/(?:{_REGION}\.)?queue\.amazonaws\.com(?:\.cn)?/",
        ),
        PUT_OR_POST,
        caller,
        Refusal.AWS,
        family="aws",
    ),
    Service(
        "aws-sns",
        "Amazon SNS",
        Category.MESSAGING,
        at(
            rf"/sns(?:-fips)?\.{_REGION}\.amazonaws\.com(?:\.cn)?/",
            rf"/sns\.{_REGION}\.api\.aws/",
        ),
        PUT_OR_POST,
        caller,
        Refusal.AWS,
        family="aws",
    ),
    Service(
        "aws",
        "Amazon Web Services",
        Category.OTHER,
        at("*.amazonaws.com", "*.api.aws", "*.amazonaws.com.cn"),
        NEVER,
        caller,
        Refusal.AWS,
        family="aws",
        keys=Keys(
            domains=(
                "amazonaws.com",
                "amazonaws.com.cn",
                "aws",
                "aws.amazon.com",
                "cloudfront.net",
            ),
            classes=(("ABSK", "bedrock-api-key"), ("bedrock-api-key-", "bedrock-api-key")),
        ),
    ),
)
