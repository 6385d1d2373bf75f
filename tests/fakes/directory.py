"""An organisation's directory for tests: issues codes and tokens as OpenID Connect says, and
whatever else an attacker would.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hub.sign_in import SignInError

ISSUER = "https://login.corp.example/realms/corp"
CLIENT = "outgate-hub"
_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)

type Key = RSAKey | ECKey | OKPKey


def a_key(kid: str, kind: str = "RSA") -> Key:
    """Return a key of two parts; RSA keys are one and the same, for they take long to make."""
    match kind:
        case "RSA":
            return RSAKey.import_key(_RSA, {"kid": kid})
        case "EC":
            return ECKey.import_key(ec.generate_private_key(ec.SECP256R1()), {"kid": kid})
        case _:
            return OKPKey.import_key(ed25519.Ed25519PrivateKey.generate(), {"kid": kid})


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Directory:
    """One directory. Implements `hub.sign_in.Line` without a network."""

    now: int
    issuer: str = ISSUER
    at: str = ""
    """Where it is reached, if elsewhere than the issuer says."""
    keys: list[Key] = field(default_factory=lambda: [a_key("one")])
    algorithm: str = "RS256"
    person: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "8f3",
            "preferred_username": "ada",
            "groups": ["privacy", "staff"],
        }
    )
    claims: dict[str, Any] = field(default_factory=dict)
    """Over those of the person and of the request; None: left out."""
    metadata: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] | None = None
    """In place of what the token endpoint would say."""
    secret: str | None = None
    signed: Any = None
    """Makes the token of its claims, in place of the key."""
    asked: list[str] = field(default_factory=list)
    codes: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def published(self) -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False) for key in self.keys]}

    def described(self) -> dict[str, Any]:
        base = self.at or self.issuer
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/keys",
            **self.metadata,
        }

    def visited(self, address: str, person: Mapping[str, Any] | None = None) -> dict[str, str]:
        """Let somebody sign in at the address that a desk sent the browser to; return what the
        browser brings back.
        """
        query = {name: one[0] for name, one in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = {**query, "person": json.dumps(person or self.person)}
        return {"code": code, "state": query["state"]}

    async def get(self, address: str) -> Mapping[str, Any]:
        self.asked.append(address)
        return self.described() if address.endswith("configuration") else self.published()

    async def post(
        self, address: str, form: Mapping[str, str], basic: tuple[str, str] | None
    ) -> Mapping[str, Any]:
        self.asked.append(address)
        return self.exchanged(form, basic)

    def exchanged(
        self, form: Mapping[str, str], basic: tuple[str, str] | None = None
    ) -> Mapping[str, Any]:
        """Give a token for a code, once, to who holds the verifier (and the secret)."""
        begun = self.codes.pop(form["code"], None)
        given = basic[1] if basic else form.get("client_secret")
        if begun is None or given != self.secret or form["redirect_uri"] != begun["redirect_uri"]:
            raise SignInError("refused")
        challenge = b64(hashlib.sha256(form["code_verifier"].encode()).digest())
        if (challenge, "S256") != (begun["code_challenge"], begun["code_challenge_method"]):
            raise SignInError("refused")
        if self.answer is not None:
            return self.answer
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.token(begun)}

    def token(self, begun: Mapping[str, str]) -> str:
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": begun["client_id"],
            "iat": self.now,
            "exp": self.now + 3600,
            "nonce": begun["nonce"],
            **json.loads(begun["person"]),
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return self.signed(claims) if self.signed else self.signature(claims, self.keys[-1])

    def signature(self, claims: Mapping[str, Any], key: Key, **header: Any) -> str:
        head = {"alg": self.algorithm, "kid": key.kid, "typ": "JWT", **header}
        known = jws.JWSRegistry(algorithms=[head["alg"]], strict_check_header=False)
        return jwt.encode(head, dict(claims), key, algorithms=[head["alg"]], registry=known)
