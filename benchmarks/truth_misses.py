"""Why what `benchmarks.truth` does not find in the development set of secrets is no secret."""

NONE = {
    "a place or a name": "arn s3 gcs Bucket Domain shopify.1 client google.1".split(),
    "public by design": ["Stripe Credentials", "PostHog", "mapbox", "np.age", "np.jwt.1"],
    "a hash": ["pwhash", "krb5", "NTLM", "Nonce", "Salt", "SQL Password"],
    "an id": (
        [
            "UUID",
            "App ID",
            "rule-azure",
            "linkedin",
            "Google Multi",
            "aws.3",
            "rule-aws",
            "Twilio Credentials",
            "Salesforce",
            "twitter",
        ]
    ),
    "a user name": ["reactapp.1"],
    "a stand-in (xxxx, aaaa, ZZZZ)": (
        "artifactory aws_key twilio aws.2 aws.1 npm SendGrid Classic okta newrelic slack.2 tavily"
        " google.3 tailscale huggingface rule-stripe rule-gcp"
    ).split(),
    "a published example or plain word": (
        "postgres odbc gradle basicauth basic_auth generic reactapp.2 psexec netrc phpmailer vmware"
    ).split(),
}
"""Why a miss of the development set is none, by what its rule's name holds; all else is open."""


def sort_of(rule: str) -> str:
    """Return why a miss of this rule is no secret, or that it is open."""
    return next((why for why, marks in NONE.items() if any(mark in rule for mark in marks)), "open")
