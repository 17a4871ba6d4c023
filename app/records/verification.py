"""Whether a file is what was signed and issued (F7): against the register and the seal."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy.orm import Session

from app.meetings.models import Meeting
from app.records import queries
from app.records.document.canonical import CanonicalError, canonical_sha256
from app.records.document.seal import Statement, verify_hash
from app.records.document.types import ExtractKind
from app.records.document.verify import attached_record, verify_seal
from app.records.extracts.models import RecordExtract
from app.records.extracts.queries import extract_with_hash
from app.records.keys import UnreadableRecord
from app.records.models import RecordCopy, RecordVersion
from app.records.recall.queries import is_recalled
from app.records.service import content_of
from app.records.types import Found, Verdict

_PARTS = {
    ExtractKind.CHILD: "One child's part",
    ExtractKind.ACTIONS: "The actions of one agency, part",
}


def verify_file(session: Session, pdf: bytes, certificates: Sequence[x509.Certificate]) -> Verdict:
    """What a file is: genuine, superseded, changed, or not known here. It is not kept.

    Genuine means all of it: its bytes are in the register of copies, the seal is intact and ours,
    and the version it is a copy of still fits its hash and the signature given at sign-off. Never
    raises on a file, whatever it holds. `certificates` are ours, the present one and former ones.
    Source: F7.
    """
    digest = hashlib.sha256(pdf).hexdigest()
    issued = queries.copy_with_hash(session, digest) or extract_with_hash(session, digest)
    sealed = verify_seal(pdf, list(certificates))
    if issued is None:
        if sealed.genuine:
            return Verdict(
                Found.UNKNOWN,
                problem="It bears this authority's seal, but no such copy is in the register.",
            )
        ours = _names_our_key(pdf, certificates) or _names_our_record(session, pdf)
        return Verdict(Found.CHANGED if ours else Found.UNKNOWN, problem="")
    version = session.get_one(RecordVersion, issued.version_id)
    meeting = session.get_one(Meeting, version.meeting_id)
    if meeting.erased_at is not None:
        # What was signed cannot be read any more; the register and the seal still speak (H8).
        problem = sealed.problem or _names_another(version, pdf)
        return _answer(session, issued, version, meeting, problem)
    problem = sealed.problem or _chain_problem(session, version, pdf, certificates)
    return _answer(session, issued, version, meeting, problem)


def _answer(
    session: Session,
    copy: RecordCopy | RecordExtract,
    version: RecordVersion,
    meeting: Meeting,
    problem: str,
) -> Verdict:
    newest = queries.newest_number(session, version.meeting_id)
    found = Found.GENUINE if newest == version.number else Found.SUPERSEDED
    if is_recalled(session, version.id):
        found = Found.RECALLED  # the graver of the two: who holds it is to delete it
    part = _PARTS[copy.kind] if isinstance(copy, RecordExtract) else ""
    return Verdict(
        Found.BROKEN if problem else found,
        part=part,
        reference=meeting.ref,
        version=version.number,
        newest=newest,
        signed_at=version.signed_at,
        issued_at=copy.made_at,
        sha256=version.sha256,
        problem=problem,
        erased_at=meeting.erased_at,
    )


def _chain_problem(
    session: Session,
    version: RecordVersion,
    pdf: bytes,
    certificates: Sequence[x509.Certificate],
) -> str:
    """What does not fit between file, version, hash, statement and signature; empty if all does."""
    try:
        content = content_of(session, version)
    except (CanonicalError, UnreadableRecord) as error:
        return str(error)
    if canonical_sha256(content) != version.sha256:
        return "The stored content does not have the hash that was signed."
    if problem := _names_another(version, pdf):
        return problem
    record = content.record
    statement = Statement(
        record.reference,
        record.version,
        record.sign_off.name,
        record.sign_off.role,
        record.sign_off.signed_at,
        version.sha256,
    )
    if statement.spelled().decode() != version.statement or record.version != version.number:
        return "The stored statement is not the one that the content calls for."
    if not any(verify_hash(one, statement, version.signature) for one in certificates):
        return "The signature given at sign-off does not hold."
    return ""


def _names_another(version: RecordVersion, pdf: bytes) -> str:
    if _record_of(pdf).get("canonical_sha256") != version.sha256:
        return "The file names another hash than the version it belongs to."
    return ""


def _names_our_key(pdf: bytes, certificates: Sequence[x509.Certificate]) -> bool:
    """Whether one of our certificates stands in the file, as it does in every seal of ours."""
    return any(one.public_bytes(Encoding.DER).hex().upper().encode() in pdf for one in certificates)


def _names_our_record(session: Session, pdf: bytes) -> bool:
    """Whether the file's record.json names the hash of something that was signed here."""
    sha256 = _record_of(pdf).get("canonical_sha256")
    return isinstance(sha256, str) and queries.version_signed_as(session, sha256)


def _record_of(pdf: bytes) -> dict[str, Any]:
    return attached_record(pdf) or {}
