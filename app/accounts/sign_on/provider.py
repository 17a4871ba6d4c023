"""Speaking with the OpenID provider: discovery, the way there, the answer, its signature (H1).

Authorization Code with PKCE (RFC 7636), state, nonce and, where the provider names itself in the
answer, its issuer (RFC 9207), so that no other provider's answer passes for this one's.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from app.accounts.sign_on.rules import LASTS, SKEW
from app.accounts.sign_on.types import Begun, Known
from app.core.crypto import same
from app.core.sign_on import SignOn

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

SECONDS = 5.0
# Asymmetric alone: a key that signs must not be one that we hold too, and `none` signs nothing.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]


class ProviderDown(RuntimeError):
    """The provider does not answer, or not as a provider would."""


class NotTrusted(RuntimeError):
    """The answer is not one to let somebody in on. Says why, for the audit: no names, no tokens."""

    words = "The answer of {name} could not be trusted, so nobody was let in."


class TooLate(NotTrusted):
    """The answer may be right, but the start lies too far back."""

    words = "Signing in with {name} took longer than 10 minutes, so nobody was let in."


class Declined(NotTrusted):
    """The provider itself says no: the person pressed Cancel there, or may not use this product."""

    words = (
        "{name} did not let you in. If you did not stop it there yourself, ask your service desk "
        "whether you may use this service."
    )


@dataclass(frozen=True, slots=True)
class Provider:
    """What the provider says of itself."""

    authorization: str
    token: str
    keys: str
    names_itself: bool


def discover(sign_on: SignOn) -> Provider:
    """Ask the provider where its pages are. Raises ProviderDown."""
    found = _asked(f"{sign_on.issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != sign_on.issuer:
        raise ProviderDown("The provider calls itself by another issuer than OIDC_ISSUER.")
    places = [found.get(f"{name}_endpoint") for name in ("authorization", "token")]
    places.append(found.get("jwks_uri"))
    scheme = urlsplit(sign_on.issuer).scheme
    for place in places:
        if not isinstance(place, str) or urlsplit(place).scheme not in ("https", scheme):
            raise ProviderDown("The provider does not say where its pages are.")
    authorization, token, keys = map(str, places)
    named = found.get("authorization_response_iss_parameter_supported") is True
    return Provider(authorization, token, keys, named)


def begin(
    sign_on: SignOn, callback: str, after: str, now: datetime, again: int | None = None
) -> tuple[Begun, str]:
    """A new sign-on, and the address of the provider's page. `again` asks for the password even
    of somebody whom the provider knows already. Raises ProviderDown."""
    provider = discover(sign_on)
    begun = Begun(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        at=now,
        after=after,
        again=again,
    )
    more: dict[str, Any] = {} if again is None else {"prompt": "login", "max_age": 0}
    address, _state = _client(sign_on, callback).create_authorization_url(
        provider.authorization,
        state=begun.state,
        code_verifier=begun.verifier,
        nonce=begun.nonce,
        **more,
    )
    return begun, str(address)


def finish(
    sign_on: SignOn, callback: str, begun: Begun, answer: Mapping[str, str], now: datetime
) -> Known:
    """Whom the provider says this is. Raises NotTrusted where anything about its answer is not as
    it must be, and ProviderDown where it cannot be asked."""
    if not same(answer.get("state", ""), begun.state):
        raise NotTrusted("state")
    if not begun.at <= now <= begun.at + LASTS:
        raise TooLate("too late")
    provider = discover(sign_on)
    issuer = answer.get("iss")
    if issuer != sign_on.issuer and (issuer is not None or provider.names_itself):
        raise NotTrusted("another provider")
    if "error" in answer or not answer.get("code"):
        raise Declined("refused by the provider")
    given = _exchanged(sign_on, callback, provider, begun, answer["code"])
    signed = given.get("id_token")
    if not isinstance(signed, str):
        raise NotTrusted("no identity")
    claims = _claims(sign_on, provider, begun, signed, given.get("access_token"), now)
    return _known(sign_on, claims)


def _exchanged(
    sign_on: SignOn, callback: str, provider: Provider, begun: Begun, code: str
) -> Mapping[str, Any]:
    from authlib.common.errors import AuthlibBaseError
    from requests import RequestException

    try:
        given: Mapping[str, Any] = _client(sign_on, callback).fetch_token(
            provider.token, code=code, code_verifier=begun.verifier, allow_redirects=False
        )
    except AuthlibBaseError as error:
        raise NotTrusted("the provider did not take the code") from error
    except (RequestException, ValueError) as error:
        raise ProviderDown("The provider does not answer.") from error
    return given


def _claims(
    sign_on: SignOn,
    provider: Provider,
    begun: Begun,
    signed: str,
    access_token: object,
    now: datetime,
) -> Mapping[str, Any]:
    """The claims of the identity, once signature, issuer, audience, time and nonce are right."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    held = _asked(provider.keys)
    try:
        keys = KeySet.import_key_set(held)  # type: ignore[arg-type]  # checked by the import
        token = jwt.decode(signed, keys, algorithms=ALGORITHMS)
        wanted = {"iss": {"value": sign_on.issuer}, "aud": {"value": sign_on.client_id}}
        given = {"nonce": begun.nonce, "client_id": sign_on.client_id, "access_token": access_token}
        claims = CodeIDToken(token.claims, token.header, wanted, given)
        claims.validate(now=int(now.timestamp()), leeway=int(SKEW.total_seconds()))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise NotTrusted(f"identity: {type(error).__name__}") from error
    return dict(claims)


def _known(sign_on: SignOn, claims: Mapping[str, Any]) -> Known:
    subject, email = claims.get("sub"), claims.get("email")
    if not isinstance(subject, str) or not subject or len(subject) > 255:
        raise NotTrusted("no subject")
    verified = claims.get("email_verified") is True and isinstance(email, str)
    methods = [value for value in claims.get("amr") or () if isinstance(value, str)]
    level, at = claims.get("acr"), claims.get("auth_time")
    return Known(
        # With its issuer: another provider's subject of the same name is somebody else.
        subject=f"{sign_on.issuer} {subject}",
        email=str(email).lower() if verified else None,
        methods=frozenset([*methods, level] if isinstance(level, str) else methods),
        authenticated_at=datetime.fromtimestamp(at, UTC) if isinstance(at, (int, float)) else None,
    )


def _client(sign_on: SignOn, callback: str) -> OAuth2Session:
    # Imported here: who never signs on needs neither library in memory.
    from authlib.integrations.requests_client import OAuth2Session

    return OAuth2Session(
        sign_on.client_id,
        sign_on.client_secret,
        scope="openid email",
        redirect_uri=callback,
        code_challenge_method="S256",
        default_timeout=SECONDS,
    )


def _asked(address: str) -> Mapping[str, Any]:
    import requests

    try:
        answer = requests.get(address, timeout=SECONDS, allow_redirects=False)
        found = answer.json() if answer.status_code == 200 else None
    except (requests.RequestException, ValueError) as error:
        raise ProviderDown("The provider does not answer.") from error
    if not isinstance(found, dict):
        raise ProviderDown("The provider does not answer as it should.")
    return found
