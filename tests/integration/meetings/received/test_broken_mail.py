"""A thousand broken mails crash nothing, change nothing and lose nothing (D6)."""

from __future__ import annotations

import random
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.invitations.replies.reading import read_mail
from app.meetings.received import service
from app.meetings.received.models import ReceivedMail
from app.meetings.received.types import Outcome
from tests.clock import FRIDAY
from tests.factories.delivery_reports import read_receipt, returned, returned_by_exchange
from tests.factories.replies import apple, counter, delegated, google, out_of_office, outlook, plain
from tests.integration.meetings.received.test_taking_in import Desk

MAILS = 1_000
SEED = 5546
_SPLICES = (
    b"\x00", b"\xff\xfe", b"\r\n\r\n", b"\r\n ", b"=?utf-8?q?=0D=0ABcc:x?=", b"BEGIN:VEVENT\r\n",
    b"END:VCALENDAR\r\n", b"=3D" * 40, b"(" * 300, b"\xf0\x9f\x91\xa7", b"9" * 40, b"--",
    b"Content-Type: multipart/mixed; boundary=x\r\n", b"charset=nobody-knows;", b"\xe2\x80\xae",
    b"DTSTAMP:99999999T999999Z\r\n", b'"', b";", b":", b"@@", b"<>", b"METHOD:REPLY\r\n",
)  # fmt: skip


def broken(chance: random.Random, raw: bytes) -> bytes:
    """The mail with one to six things done to it that networks and programs do."""
    for _ in range(chance.randint(1, 6)):
        if not raw:
            break
        start = chance.randrange(len(raw))
        end = min(len(raw), start + chance.randrange(1, 200))
        match chance.randrange(7):
            case 0:
                raw = raw[:start]
            case 1:
                raw = raw[:start] + raw[end:]
            case 2:
                raw = raw[:start] + chance.choice(_SPLICES) + raw[start:]
            case 3:
                raw = raw[:start] + raw[start:end] * chance.randint(2, 30) + raw[end:]
            case 4:
                raw = raw[:start] + chance.randbytes(end - start) + raw[end:]
            case 5:
                lines = raw.split(b"\r\n")
                chance.shuffle(lines)
                raw = b"\r\n".join(lines)
            case _:
                raw = raw.swapcase() if chance.random() < 0.2 else raw.replace(b"\r\n", b"\n")
    return raw


def mails(desk: Desk):
    """Mails of every kind that are not this invitee's own answer: whatever is broken in them, it
    can't become one."""
    # The entry of somebody else, from somebody else; mutation can't guess a UID of 122 bits.
    said = desk.said.but(
        uid="11111111-2222-4333-8444-555555555555", email="sam.reed@elsewhere.example"
    )
    return (
        outlook(said), google(said), apple(said), delegated(said), plain(said), read_receipt(said),
        counter(said, FRIDAY + timedelta(days=2)), out_of_office(said, "<x@example.org>"),
        returned("<x@example.org>", said.email), returned_by_exchange("<x@example.org>", "a@b.c"),
        # Ours by its UID, from another address.
        outlook(desk.said.but(sender="sam.reed@elsewhere.example")),
        google(desk.said.but(email="sam.reed@elsewhere.example")),
    )  # fmt: skip


@pytest.fixture
def desk(change):
    return Desk(change)


def test_a_thousand_broken_mails(desk):
    desk.letter()
    before = desk.state_of_the_world()
    chance = random.Random(SEED)
    whole = mails(desk)
    inputs = {broken(chance, chance.choice(whole)) for _ in range(MAILS)}
    longest = 0.0
    kept: dict[str, bytes] = {}
    with desk.change() as session:
        for raw in inputs:
            began = time.thread_time()
            read = read_mail(raw)
            longest = max(longest, time.thread_time() - began)
            taken = service.take_in(session, read, raw, FRIDAY)
            assert taken.outcome in (Outcome.LOOK, Outcome.NO_EFFECT), taken
            if taken.outcome is Outcome.LOOK and not taken.before:
                kept[taken.ref] = raw
    assert len(inputs) > MAILS * 0.98
    assert longest < 2
    assert desk.state_of_the_world() == before
    with desk.change() as session:
        rows = session.execute(
            select(ReceivedMail.ref, ReceivedMail.original).where(
                ReceivedMail.outcome == Outcome.LOOK
            )
        )
        assert {row.ref: row.original for row in rows} == kept
        assert session.execute(select(func.count()).select_from(ReceivedMail)).scalar() <= MAILS


def test_broken_answers_of_the_invitee_say_what_they_may_and_nothing_else(desk):
    """Mail that comes from the right address with the right UID: at worst another answer, of
    this one person."""
    chance = random.Random(SEED + 1)
    (people, *rest) = desk.state_of_the_world()
    whole = [program(desk.said) for program in (outlook, google, apple)]
    with desk.change() as session:
        for _ in range(150):
            raw = broken(chance, chance.choice(whole))
            service.take_in(session, read_mail(raw), raw, FRIDAY)
    (after, *rest_after) = desk.state_of_the_world()
    assert rest_after == rest
    changed = [one for one, other in zip(after, people, strict=True) if one != other]
    assert [one[0] for one in changed] in ([], [desk.invitee_id])
