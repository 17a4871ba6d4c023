"""`flask records`: check a file, make the authority's key (F3, F7)."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from app.cli.checked import checked
from app.core.clock import now
from app.core.config import SETTINGS
from app.core.session import reading
from app.records.document.seal import SealError
from app.records.rules import verdict_words
from app.records.sealing import certificate_request, certificates_of, write_authority
from app.records.verification import verify_file

records = AppGroup("records", help="Signed records: check a file, make the key that seals.")

# No record comes near this; a mistaken disk image must not fill the memory.
LARGEST = 50 * 1024 * 1024
NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@records.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(file: Path) -> None:
    """Say whether FILE is, byte for byte, a record that was signed and issued here.

    Ends with 0 for a genuine file, also where a newer version exists, and with 1 for any other.
    """
    checked(current_app)
    settings = SETTINGS.here()
    if file.stat().st_size > LARGEST:
        raise click.ClickException(f"{file.name} is too large to be a record.")
    try:
        verdict = verify_file(reading(), file.read_bytes(), certificates_of(settings))
    except (SealError, OSError) as error:
        raise click.ClickException(str(error)) from error
    heading, words = verdict_words(verdict)
    for line in (f"{heading}.", *words):
        if line:
            click.echo(line)
    if not verdict.genuine:
        raise SystemExit(1)


@records.command("new-key", with_appcontext=False)
@click.argument("key", type=NEW_FILE)
@click.argument("certificate", type=NEW_FILE)
@click.option("--authority", required=True, help="The council's name, as it stands in the seal.")
@click.option(
    "--request",
    "request_file",
    type=NEW_FILE,
    help="Also write a certificate request, for a certificate authority to sign.",
)
def new_key(key: Path, certificate: Path, authority: str, request_file: Path | None) -> None:
    """Make the key that signs and seals records, and a certificate that it signs itself.

    Set SEAL_KEY_FILE and SEAL_CERT_FILE to the two files. When a key is replaced, append the
    former certificate to the new certificate's file: what it sealed is then still known as ours.
    """
    try:
        write_authority(key, certificate, authority, now())
        if request_file is not None:
            with request_file.open("xb") as out:
                out.write(certificate_request(key, certificate))
    except FileExistsError as error:
        raise click.ClickException(
            f"{error}. Nothing is overwritten: choose another name, or move the old file away."
        ) from error
    except (SealError, OSError, ValueError) as error:
        raise click.ClickException(f"The key cannot be made: {error}") from error
    click.echo(f"Key: {key} (keep it secret, and back it up)\nCertificate: {certificate}")
    if request_file is not None:
        click.echo(f"Request: {request_file}")
