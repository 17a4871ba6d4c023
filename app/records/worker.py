"""What happens to a signed record by itself: copies made, readers told, the end noted (F3, F5).

A copy takes a second to print, so it is made outside any transaction. Keeping it and queueing its
letter is one short transaction for each reader: a crash in between repeats the printing, never
the letter.
"""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

import structlog
from sqlalchemy.exc import IntegrityError

from app.core.config import Settings
from app.core.session import reading, transaction
from app.directory.queries import council
from app.meetings.models import Invitee, Meeting
from app.records import circulation, lateness, queries, reminding, rules
from app.records.copies import Press, SealedCopy
from app.records.models import Circulation, RecordVersion
from app.records.readers import council_reader, reader_for
from app.records.sealing import sealer_of
from app.records.service import content_of, former_of
from app.referrals.sender import Sender

log = structlog.get_logger()
BATCH = 100


def make_copies(settings: Settings, now: datetime) -> int:
    """Make the copies that were released and tell their readers; returns how many were told.

    One reader's fault does not hold up the others: it is logged, and raised when all were tried.
    """
    session = reading()
    waiting = queries.circulation_to_send(session, BATCH)
    plan = [
        (version_id, [(line.id, line.invitee_id) for line in lines])
        for version_id, lines in groupby(
            sorted(waiting, key=lambda line: (line.version_id, line.id)), _version_of
        )
    ]
    session.rollback()
    sender = Sender(settings.mail_from, settings.base_url)
    told, faults = 0, list[Exception]()
    for version_id, lines in plan:
        press: Press | None = None
        for circulation_id, invitee_id in lines:
            try:
                press = press or _press(settings, version_id)
                copy = _printed(press, version_id, invitee_id, now)
                with transaction() as session:
                    told += circulation.store_and_tell(session, circulation_id, copy, sender, now)
            except IntegrityError:
                log.info("copy made by another worker", circulation=circulation_id)
            except Exception as fault:
                log.error("copy not made", circulation=circulation_id, exc_info=fault)
                faults.append(fault)
                _note_fault(version_id, invitee_id, now)
    if faults:
        raise faults[0]
    return told


def make_council_copies(settings: Settings, now: datetime) -> int:
    """Make the council's own full copy of each record that is not circulated yet.

    One that cannot be made does not hold up the others: it is logged and shown to people, and
    raised when all were tried.
    """
    made, faults = 0, list[Exception]()
    session = reading()
    missing = queries.without_council_copy(session, BATCH)
    session.rollback()
    for version_id in missing:
        try:
            make_council_copy(settings, version_id, now)
        except Exception as fault:
            log.error("council's copy not made", version=version_id, exc_info=fault)
            faults.append(fault)
            _note_fault(version_id, None, now)
        else:
            made += 1
    if faults:
        raise faults[0]
    return made


def make_council_copy(settings: Settings, version_id: int, now: datetime) -> None:
    """The council's full copy of one version; nothing happens where it is there already."""
    session = reading()
    authority = council(session).authority
    session.rollback()
    copy = _press(settings, version_id).copy_for(council_reader(authority), now)
    try:
        with transaction() as session:
            version = session.get_one(RecordVersion, version_id)
            if not queries.has_copy(session, version.id, None):
                circulation.keep_copy(session, version, None, copy, now)
    except IntegrityError:
        log.info("council's copy made by another process", version=version_id)


def note_circulated(settings: Settings, now: datetime) -> int:
    """Note the records that have now reached everyone; returns how many."""
    session = reading()
    meetings = queries.with_everyone(session, BATCH)
    session.rollback()
    noted = 0
    for meeting_id in meetings:
        with transaction() as session:
            noted += circulation.note_circulated(session, meeting_id, now)
    return noted


def warn(settings: Settings, now: datetime) -> int:
    """Tell those whom a record that is due soon or late concerns; returns how many letters."""
    session = reading()
    meetings = lateness.to_look_at(session, now)
    session.rollback()
    sender = Sender(settings.mail_from, settings.base_url)
    told = 0
    for meeting_id in meetings:
        with transaction() as session:
            told += lateness.warn(session, meeting_id, sender, now)
    return told


def remind_readers(settings: Settings, now: datetime) -> int:
    """Remind those who have not said that they read the record; returns how many letters."""
    session = reading()
    due = reminding.unread(session, now, BATCH)
    session.rollback()
    sender = Sender(settings.mail_from, settings.base_url)
    told = 0
    for circulation_id in due:
        with transaction() as session:
            told += reminding.remind(session, circulation_id, sender, now)
    return told


def _note_fault(version_id: int, invitee_id: int | None, now: datetime) -> None:
    with transaction() as session:
        circulation.note_fault(session, version_id, invitee_id, now)


def _press(settings: Settings, version_id: int) -> Press:
    session = reading()
    version = session.get_one(RecordVersion, version_id)
    content = content_of(session, version)
    meeting = session.get_one(Meeting, version.meeting_id)
    former = former_of(session, meeting, version.number)
    session.rollback()
    return Press(content, sealer_of(settings), former, rules.check_page(settings.base_url))


def _printed(press: Press, version_id: int, invitee_id: int, now: datetime) -> SealedCopy | None:
    """The reader's copy, or None where it is stored and only the letter is wanted."""
    session = reading()
    there = queries.has_copy(session, version_id, invitee_id)
    invitee = session.get_one(Invitee, invitee_id)
    facts = next(one for one in queries.invitees_of(invitee.meeting) if one.id == invitee_id)
    session.rollback()
    return None if there else press.copy_for(reader_for(facts), now)


def _version_of(line: Circulation) -> int:
    return line.version_id
