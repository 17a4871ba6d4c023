"""What stands around the database: settings, files, mail, the address, the disk."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from app.cli.checkup import rules
from app.cli.checkup.types import Finding, mend, ok, warning
from app.core.clock import london_date
from app.core.config import Settings, UnsafeSettings
from app.core.imap_address import read_url
from app.core.paper.drawable import FontsMissing, scripts_without_font
from app.core.refusal import Refused
from app.core.scanning import scanner
from app.invitations.replies.mailbox import Mailbox, MailboxError
from app.outbox.transport import Unreachable, transport_for
from app.protocols.working_days import LAST_KNOWN_DAY
from app.records.document.seal import SealError
from app.records.sealing import certificates_of, sealer_of

PATIENCE = 10.0  # seconds for the own address


def around(settings: Settings, now: datetime) -> Iterator[Finding]:
    """One finding after the other; whatever is wrong, the next is looked at too."""
    yield from _files(settings)
    yield _seal(settings, now)
    yield _mail(settings)
    yield _mailbox(settings)
    yield _scanner(settings)
    yield _fonts()
    yield _address(settings, now)
    yield rules.bank_holidays(LAST_KNOWN_DAY, london_date(now))


def settings_found(settings: Settings) -> Iterator[Finding]:
    """Each setting that is missing or unsafe."""
    problems = settings.problems()
    for problem in problems:
        seen, _, remedy = problem.partition(": ")
        yield mend("settings", seen, remedy)
    if problems:
        return
    if settings.example:
        yield ok("settings", "of an example area, on this machine alone")
        return
    for danger in settings.in_the_clear():
        seen, _, remedy = danger.partition(": ")
        yield warning("settings", seen, remedy)
    if settings.proxies == 0:
        yield warning(
            "settings",
            "PROXIES is 0, though BASE_URL is https: somebody ends TLS in front",
            "Set PROXIES to how many proxies there are, or all people share one flood limit.",
        )
    else:
        yield ok("settings", "all there, none unsafe")
    if settings.audit_anchor_to is None:
        yield warning(
            "audit's head",
            "kept here alone: whoever takes over this application can write the audit anew",
            "Set AUDIT_ANCHOR_TO to a mailbox that nobody here can empty.",
        )


def _files(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    # Asked in this order: whether it is a folder nobody is told who may not enter the one it is in.
    if not os.access(folder, os.W_OK | os.X_OK) or not folder.is_dir():
        yield mend(
            "DATA_DIR", "is not there, or this user may not write to it",
            "Make it, and give it to the user of web and worker.",
        )  # fmt: skip
    else:
        yield rules.disk("DATA_DIR", shutil.disk_usage(folder).free)
    if _open_to_others(settings.seal_key_file):
        yield mend(
            "seal key", "other users of this machine can read it", "chmod 600, and its own user."
        )


def _open_to_others(path: Path) -> bool:
    try:
        return path.is_file() and bool(path.stat().st_mode & 0o077)
    except PermissionError:
        return False  # nor can we: the settings say so


def _seal(settings: Settings, now: datetime) -> Finding:
    try:
        sealer_of(settings)
        return rules.seal_certificate(certificates_of(settings)[0].not_valid_after_utc, now)
    except (SealError, OSError) as error:
        return mend("seal certificate", "records cannot be sealed", str(error))


def _mail(settings: Settings) -> Finding:
    try:
        with transport_for(settings) as transport:
            transport.open()
    except UnsafeSettings as error:
        return mend("mail server", "cannot be used", error.problems[0])
    except Unreachable as error:
        return mend("mail server", error.problem, "Check SMTP_URL, and that the relay takes us.")
    if settings.smtp_url is None:
        return ok("mail server", "none: mail is kept in a folder and shown on a page")
    return ok("mail server", "answers, with the TLS and sign-in that SMTP_URL asks for")


def _mailbox(settings: Settings) -> Finding:
    if settings.imap_url is None:
        return ok("mailbox", "none is read; answers come by `flask mail receive`, or not at all")
    try:
        with Mailbox(read_url(settings.imap_url, loopback_only=settings.example)):
            return ok("mailbox", "can be read")
    except (MailboxError, ValueError) as error:
        return mend("mailbox", str(error), "Check IMAP_URL.")


def _scanner(settings: Settings) -> Finding:
    if settings.scanner is None:
        if settings.example:
            return ok("scanner", "none: files are checked for their kind alone")
        return warning(
            "scanner",
            "none: files that people send are checked for their kind alone",
            "Install ClamAV and set SCANNER=clamd:///run/clamav/clamd.ctl.",
        )
    try:
        scanner.check(b"nothing harmful", "file")
    except Refused:
        return mend(
            "scanner",
            "does not answer, so no file that people send is taken",
            "See that it runs: systemctl status clamav-daemon.",
        )
    return ok("scanner", "answers")


def _fonts() -> Finding:
    try:
        missing = scripts_without_font()
    except FontsMissing as error:
        return mend("fonts", "no record can be printed", str(error))
    return rules.fonts(missing)


def _address(settings: Settings, now: datetime) -> Finding:
    if settings.example or urlsplit(settings.base_url).scheme != "https":
        return ok("address", f"{settings.base_url or 'none'}, not asked")
    remedy = "See that the proxy and the web processes run, and that BASE_URL is theirs."
    try:
        # The installation's own address, which was just seen to be https.
        with urlopen(f"{settings.base_url}/health", timeout=PATIENCE) as answer:  # noqa: S310
            if answer.read(10) != b"ok\n":
                return mend("address", "BASE_URL leads to something else", remedy)
        return rules.tls_certificate(_ends(settings.base_url), now)
    except (URLError, OSError, ValueError) as error:
        return mend("address", f"BASE_URL does not answer ({type(error).__name__})", remedy)


def _ends(base_url: str) -> datetime:
    parts = urlsplit(base_url)
    host, port = parts.hostname or "", parts.port or 443
    with (
        socket.create_connection((host, port), PATIENCE) as connection,
        ssl.create_default_context().wrap_socket(connection, server_hostname=host) as secured,
    ):
        given = secured.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(given["notAfter"])), UTC)
