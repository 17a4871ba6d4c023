"""Settings, read once from the environment, and what makes them unsafe (I1, I2)."""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from app.core.crypto import is_field_key, new_field_key
from app.core.handed import Handed
from app.core.imap_address import imap_problem
from app.core.scanning import scanner_problem
from app.core.sign_on import SignOn, read_sign_on
from app.core.smtp_address import read_url as smtp_address
from app.core.smtp_address import smtp_problem

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
EXAMPLE_FILE = "example.json"
EXAMPLE_MARK = "example-"
_ENCRYPTED = ("require", "verify-ca", "verify-full")
_GUESSABLE = ("changeme", "change-me", "secret", "default", "dev", "test", "password")
# A folder copied from a safe or another machine keeps the number of a user who is another here.
_SHUT = "{folder}, which this user may not enter: mend its owner and mode as in docs/production.md."


class UnsafeSettings(RuntimeError):
    """Raised at start. Lists every setting to mend, not only the first."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(
            "This installation will not start until these are mended:\n"
            + "\n".join(f"  - {problem}" for problem in problems)
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and which keys to use. `example` is the example area on loopback."""

    example: bool
    data_dir: Path
    database_url: str
    secret_key: str
    field_keys: tuple[str, ...]
    base_url: str
    smtp_url: str | None
    mail_from: str
    protocols_dir: Path | None
    seal_key_file: Path
    seal_cert_file: Path
    log_json: bool
    # A collector that is not on this machine shows this token to read /metrics.
    metrics_token: str | None = None
    # How many proxies stand in front and say for whom they ask. None is believed unless counted.
    proxies: int = 0
    # What looks at uploaded files before they are kept; see app.core.scanning.
    scanner: str | None = None
    # The mailbox that answers and returned mail come to: imaps://user:password@host/INBOX.
    imap_url: str | None = None
    # The council's OpenID provider; see app.core.sign_on.
    sign_on: SignOn | None = None
    # A mailbox outside this installation that gets the head of the audit every day (H3).
    audit_anchor_to: str | None = None

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Settings from the environment; nothing is checked here, see `problems`.

        The example area is chosen by EXAMPLE_AREA=1, or for commands by a DATA_DIR that already
        holds one while no DATABASE_URL is given.
        """
        env = os.environ if environ is None else environ
        data_dir = Path(env.get("DATA_DIR") or "instance").absolute()
        held = _example_keys(data_dir)
        example = env.get("EXAMPLE_AREA") == "1" or (bool(held) and not env.get("DATABASE_URL"))
        keys = tuple(key.strip() for key in env.get("FIELD_KEYS", "").split(",") if key.strip())
        secret = env.get("SECRET_KEY", "")
        if example:
            secret = secret or held.get("secret_key", "")
            keys = keys or tuple(held.get("field_keys", "").split(",")) if held else keys
        port = env.get("PORT") or "8000"
        return cls(
            example=example,
            data_dir=data_dir,
            database_url=_database_url(env, data_dir, example),
            secret_key=secret,
            field_keys=keys,
            base_url=(
                env.get("BASE_URL") or (f"http://127.0.0.1:{port}" if example else "")
            ).rstrip("/"),
            smtp_url=env.get("SMTP_URL") or None,
            mail_from=env.get("MAIL_FROM") or ("rna-desk@example.org" if example else ""),
            protocols_dir=Path(env["PROTOCOLS_DIR"]) if env.get("PROTOCOLS_DIR") else None,
            seal_key_file=Path(env.get("SEAL_KEY_FILE") or data_dir / "keys" / "seal-key.pem"),
            seal_cert_file=Path(env.get("SEAL_CERT_FILE") or data_dir / "keys" / "seal-cert.pem"),
            log_json=not example,
            metrics_token=env.get("METRICS_TOKEN") or None,
            proxies=_number(env.get("PROXIES", "")),
            scanner=env.get("SCANNER") or None,
            imap_url=env.get("IMAP_URL") or None,
            sign_on=read_sign_on(env),
            audit_anchor_to=env.get("AUDIT_ANCHOR_TO") or None,
        )

    def problems(self) -> list[str]:
        """Everything that makes these settings unsafe, each with what to do. An example area may
        only read a mailbox of this machine; the rest is asked where real cases are kept."""
        mailbox = self.imap_url and imap_problem(self.imap_url, loopback_only=self.example)
        found = [mailbox] if mailbox else []
        if self.sign_on is not None:
            found.extend(self.sign_on.problems(loopback_only=self.example))
        if self.audit_anchor_to is not None and not _ADDRESS.fullmatch(self.audit_anchor_to):
            found.append("AUDIT_ANCHOR_TO is not one email address: give name@domain alone.")
        if self.example:
            return found
        if not self.database_url.startswith("postgresql"):
            found.append(
                "DATABASE_URL is missing or not PostgreSQL: set it to "
                "postgresql+psycopg://user@host/name."
            )
        if not self.secret_key:
            found.append("SECRET_KEY is missing: set it to 32 or more random characters.")
        elif _is_guessable(self.secret_key):
            found.append(
                "SECRET_KEY is a default, an example key or shorter than 32 characters: "
                "set it to random characters of your own."
            )
        found.extend(self._key_problems())
        if not self.base_url:
            found.append("BASE_URL is missing: set it to the https address people will use.")
        elif urlsplit(self.base_url).scheme != "https":
            found.append("BASE_URL does not start with https://: links would travel in the clear.")
        elif not urlsplit(self.base_url).hostname:
            found.append("BASE_URL names no machine: give https://desk.council.example.")
        if not self.smtp_url:
            found.append("SMTP_URL is missing: set it to smtp://host:port of your mail relay.")
        elif problem := smtp_problem(self.smtp_url):
            found.append(problem)
        if not self.mail_from:
            found.append("MAIL_FROM is missing: set it to a mailbox that somebody reads.")
        elif not _ADDRESS.fullmatch(self.mail_from):
            found.append("MAIL_FROM is not one email address: give name@domain alone.")
        if self.proxies < 0:
            found.append("PROXIES is not a number: set it to how many proxies stand in front.")
        if self.scanner is not None and (problem := scanner_problem(self.scanner)):
            found.append(problem)
        if self.metrics_token is not None and _is_guessable(self.metrics_token):
            found.append("METRICS_TOKEN is too easily guessed: use 32 or more random characters.")
        for name, path in (
            ("SEAL_KEY_FILE", self.seal_key_file),
            ("SEAL_CERT_FILE", self.seal_cert_file),
        ):
            try:
                if not path.is_file():
                    found.append(f"{name} is missing: records could not be sealed without it.")
            except PermissionError:
                found.append(f"{name} lies in {_SHUT.format(folder=path.parent)}")
        try:
            (self.data_dir / EXAMPLE_FILE).exists()
        except PermissionError:
            found.append(f"DATA_DIR is {_SHUT.format(folder=self.data_dir)}")
        return found

    def in_the_clear(self) -> list[str]:
        """What leaves this machine unencrypted though nothing refuses it, each with what to do."""
        found = []
        if self.smtp_url and not smtp_problem(self.smtp_url):
            server = smtp_address(self.smtp_url)
            if server.tls == "none" and not server.loopback:
                found.append(
                    "SMTP_URL says tls=none, so letters with links and PINs go to the relay in the "
                    "clear: leave it out, unless the relay offers no TLS."
                )
        parts = urlsplit(self.database_url)
        asked = parse_qs(parts.query)
        host = parts.hostname or asked.get("host", [""])[0]
        here = not host or host.startswith("/") or host in ("localhost", "127.0.0.1", "::1")
        if not here and asked.get("sslmode", [""])[0] not in _ENCRYPTED:
            found.append(
                "DATABASE_URL leads to another machine without sslmode, so whoever stands between "
                "may read: add sslmode=verify-full, or at least require."
            )
        return found

    def _key_problems(self) -> list[str]:
        if not self.field_keys:
            return ["FIELD_KEYS is missing: protected fields need a key (flask keys new)."]
        found = []
        for place, key in enumerate(self.field_keys, start=1):
            if not is_field_key(key):
                found.append(f"FIELD_KEYS: key {place} is not a key made by `flask keys new`.")
        if set(self.field_keys) & set(
            _example_keys(self.data_dir).get("field_keys", "").split(",")
        ):
            found.append("FIELD_KEYS holds the key of an example area: make one of your own.")
        return found

    def require_safe(self) -> None:
        """Raise UnsafeSettings naming each problem."""
        if problems := self.problems():
            raise UnsafeSettings(problems)


SETTINGS = Handed[Settings]("settings")


def make_example_keys(data_dir: Path) -> None:
    """Random keys for an example area, kept in DATA_DIR, readable by their owner alone."""
    target = data_dir / EXAMPLE_FILE
    if target.exists():
        return
    data_dir.mkdir(parents=True, exist_ok=True)
    held = {
        "secret_key": EXAMPLE_MARK + secrets.token_urlsafe(32),
        "field_keys": new_field_key(),
    }
    part = target.with_suffix(".part")
    part.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
    part.write_text(json.dumps(held), encoding="utf-8")
    part.rename(target)


def _example_keys(data_dir: Path) -> dict[str, str]:
    target = data_dir / EXAMPLE_FILE
    try:
        if not target.is_file():
            return {}
        held: dict[str, str] = json.loads(target.read_text(encoding="utf-8"))
    except PermissionError:
        return {}  # `problems` says so
    return held


def _database_url(env: Mapping[str, str], data_dir: Path, example: bool) -> str:
    url = env.get("DATABASE_URL", "")
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
    if not url and example:
        url = f"sqlite:///{data_dir / 'strategy.sqlite3'}"
    return url


def _number(typed: str) -> int:
    """The number typed, 0 for nothing, -1 for what is no number (`problems` says so)."""
    typed = typed.strip()
    if not typed:
        return 0
    return int(typed) if typed.isascii() and typed.isdigit() else -1


def _is_guessable(key: str) -> bool:
    lowered = key.lower()
    return (
        len(key) < 32
        or lowered.startswith(EXAMPLE_MARK)
        or any(lowered.startswith(word) for word in _GUESSABLE)
        or len(set(key)) < 10
    )
