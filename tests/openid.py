"""A real OpenID provider over HTTP on loopback, made of Authlib's own server classes: it keeps
codes and PKCE as a provider does. `lie` lets a test bend what it says."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from authlib.oidc.core.models import AuthorizationCodeMixin
from flask import Flask, jsonify, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "strategy-desk", "a secret of the test provider"
CALLBACK = "http://desk.example.org/sign-on/callback"


@cache
def signing_key(whose: str) -> RSAKey:
    """A key of somebody, made once for all tests."""
    return RSAKey.generate_key(2048, {"kid": "one"})


class _Client(ClientMixin):
    client_id = CLIENT

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return CALLBACK

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == CALLBACK

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class _Code(AuthorizationCodeMixin):
    code: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    auth_time: int
    amr: list[str]

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_amr(self) -> list[str]:
        return self.amr

    def get_acr(self) -> None:
        return None


@dataclass
class Provider:
    """Who is known there, what it says, and how a browser gets its answer."""

    issuer: str = ""
    subject: str = "subject-1"
    email: str = ""
    email_verified: object = True
    amr: list[str] = field(default_factory=list)
    # The person gave their password so many seconds ago, where the client does not insist.
    signed_in_ago: int = 0
    ignores_prompt: bool = False
    names_itself: bool = True
    lie: Callable[[dict[str, Any], dict[str, Any]], None] | None = None
    sign_with: RSAKey | None = None
    # Makes the whole signed identity, where no library would.
    forge: Callable[[dict[str, Any]], str] | None = None
    key: RSAKey = field(default_factory=lambda: signing_key("own"))
    codes: dict[str, _Code] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)

    def answer(self, address: str) -> str:
        """Sign in at the page behind this address; where the browser is sent back to, as a path."""
        sent = requests.get(address, allow_redirects=False, timeout=5)
        assert sent.status_code == 302, sent.text
        there = urlsplit(sent.headers["Location"])
        assert f"{there.scheme}://{there.netloc}{there.path}" == CALLBACK
        return f"{there.path}?{there.query}"


def _app(provider: Provider) -> Flask:
    app = Flask("provider")
    app.config["TESTING"] = True
    server = AuthorizationServer(
        app, query_client=lambda name: _Client() if name == CLIENT else None,
        save_token=lambda token, request: None,
    )  # fmt: skip

    class Grant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]  # noqa: RUF012

        def save_authorization_code(self, code: str, request: Any) -> None:
            given = request.payload.data
            insists = "max_age" in given and not provider.ignores_prompt
            ago = 0 if insists else provider.signed_in_ago
            provider.codes[code] = _Code(
                code, given["redirect_uri"], given["scope"], given.get("nonce", ""),
                given["code_challenge"], given["code_challenge_method"],
                int(time.time()) - ago, provider.amr,
            )  # fmt: skip

        def query_authorization_code(self, code: str, client: _Client) -> _Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: _Code) -> None:
            del provider.codes[authorization_code.code]

        def authenticate_user(self, authorization_code: _Code) -> str:
            return provider.subject

    class Identity(OpenIDCode):
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return False

        def generate_user_info(self, user: str, scope: str) -> UserInfo:
            return UserInfo(sub=user, email=provider.email, email_verified=provider.email_verified)

        def encode_id_token(self, token: dict[str, Any], request: Any) -> str:
            claims: dict[str, Any] = {
                "iss": provider.issuer, "aud": [CLIENT], "iat": int(time.time()),
                "exp": int(time.time()) + 300,
            }  # fmt: skip
            claims |= self.get_authorization_code_claims(request.authorization_code)
            claims |= self.generate_user_info(request.user, token["scope"])
            header = {"alg": "RS256", "kid": "one"}
            if provider.lie is not None:
                provider.lie(header, claims)
            if provider.forge is not None:
                return provider.forge(claims)
            return jwt.encode(header, claims, provider.sign_with or provider.key)

    server.register_grant(Grant, [CodeChallenge(required=True), Identity(require_nonce=True)])

    @app.get("/authorize")
    def authorize() -> Any:
        provider.asked = request.args.to_dict()
        answer = server.create_authorization_response(grant_user=provider.subject)
        if provider.names_itself:
            there = answer.headers["Location"]
            answer.headers["Location"] = f"{there}&iss={provider.issuer}"
        return answer

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    @app.get("/keys")
    def keys() -> Any:
        return jsonify({"keys": [provider.key.as_dict(private=False)]})

    @app.get("/.well-known/openid-configuration")
    def discovery() -> Any:
        return jsonify(
            issuer=provider.issuer,
            authorization_endpoint=f"{provider.issuer}/authorize",
            token_endpoint=f"{provider.issuer}/token",
            jwks_uri=f"{provider.issuer}/keys",
            authorization_response_iss_parameter_supported=provider.names_itself,
        )

    return app


@contextmanager
def running_provider() -> Iterator[Provider]:
    """A provider that answers on a port of its own until the block ends."""
    # It stands in for a provider behind TLS, which Authlib's server insists on.
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    provider = Provider()
    server = make_server("127.0.0.1", 0, _app(provider), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        del os.environ["AUTHLIB_INSECURE_TRANSPORT"]


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
