"""The letters that are only a link (D2, E3, F5, A6, A10): pure, from facts to finished bytes.

What they are about stands behind the link, after a code or the sign-in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from app.core.mail import FinishedMessage, header_text
from app.invitations.envelope import frame
from app.invitations.letters import closing, greeting
from app.invitations.rendering import Block, Link, Rendering, Text
from app.invitations.types import Desk, LetterKind, Notice, Preview
from app.invitations.wording import neutral


class _LinkWords(NamedTuple):
    subject: str
    says: str
    button: str
    then: str


_LINKS: dict[LetterKind, _LinkWords] = {
    LetterKind.RECORD: _LinkWords(
        "The record of multi-agency meeting {reference} is ready",
        "The record of multi-agency meeting {reference} is ready for you to read.",
        "Read the record",
        "Please confirm on that page that you have read it. You can also say there that you "
        "disagree.",
    ),
    LetterKind.RECORD_REMINDER: _LinkWords(
        "Reminder: the record of multi-agency meeting {reference}",
        "You have not confirmed yet that you have read the record of multi-agency meeting "
        "{reference}.",
        "Read the record",
        "Please confirm on that page that you have read it. You can also say there that you "
        "disagree.",
    ),
    LetterKind.RECORD_RECALLED: _LinkWords(
        "The record of multi-agency meeting {reference} is recalled",
        "The record of multi-agency meeting {reference} that we sent you is recalled: it should "
        "not be used. If you have downloaded, printed or passed it on, delete or destroy every "
        "copy now and tell us on the telephone who has seen it.",
        "Open your page",
        "Earlier links to the record do not open any more. What you took on in the meeting still "
        "holds, and stands on that page.",
    ),
    LetterKind.ACTIONS: _LinkWords(
        "Your actions after multi-agency meeting {reference}",
        "You took on one or more actions in multi-agency meeting {reference}. The record is not "
        "yet signed: until then the wording may change.",
        "See your actions",
        "Please say on that page when an action is done, or why it can't be done.",
    ),
    LetterKind.ACTIONS_SOON: _LinkWords(
        "Due soon: your actions after multi-agency meeting {reference}",
        "One or more of the actions that you took on in multi-agency meeting {reference} are due "
        "within a day.",
        "See your actions",
        "Please say on that page when an action is done, or why it can't be done.",
    ),
    LetterKind.ACTIONS_LATE: _LinkWords(
        "Overdue: your actions after multi-agency meeting {reference}",
        "One or more of the actions that you took on in multi-agency meeting {reference} were due "
        "and are still open.",
        "Say how they stand",
        "If an action is done, please say so on that page. If it can't be done, say why: then "
        "somebody can take care of it. You are asked again until then.",
    ),
    LetterKind.ACTIONS_HANDED: _LinkWords(
        "An action for you after multi-agency meeting {reference}",
        "Somebody else took on an action in multi-agency meeting {reference}. It is yours now.",
        "See your actions",
        "Please say on that page when an action is done, or why it can't be done. If it can't be "
        "yours, tell us today.",
    ),
    LetterKind.REQUEST: _LinkWords(
        "Request for information {reference}",
        "Please look up what your agency holds for request {reference}. The link says who it is "
        "about, what we ask and by when.",
        "Open the request",
        "If your agency holds nothing, one press on that page says so.",
    ),
    LetterKind.REQUEST_REMINDER: _LinkWords(
        "Reminder: request for information {reference}",
        "We do not have your answer to request {reference} yet. The link says who it is about, "
        "what we ask and by when.",
        "Open the request",
        "If your agency holds nothing, one press on that page says so.",
    ),
    LetterKind.OUTCOME: _LinkWords(
        "A letter for you, {reference}",
        "There is a letter for you about something that you told us, or that concerns somebody "
        "you work with. Its reference is {reference}.",
        "Read the letter",
        "If you have new concerns, do not wait: telephone us.",
    ),
}

_NOT_YOU = (
    "If that was not you, or nobody spoke to you about it, tell your system administrator now: by "
    "telephone, not by answering this message."
)
_NOTICES: dict[Notice, _LinkWords] = {
    Notice.RECORD_SOON: _LinkWords(
        "Due soon: the record of multi-agency meeting {reference}",
        "The record of multi-agency meeting {reference} is not with everyone yet. It is due {due}.",
        "Open the record",
        "The page says what is still missing. If the chair is away, another authorised manager "
        "may sign.",
    ),
    Notice.RECORD_LATE: _LinkWords(
        "Late: the record of multi-agency meeting {reference}",
        "The record of multi-agency meeting {reference} is late. It was due {due} and is not "
        "with everyone yet.",
        "Open the record",
        "If the chair is away, another authorised manager may sign. Whatever was not decided may "
        "be answered so, with the reason: nothing has to make it later.",
    ),
    Notice.ACTIONS_SOON: _LinkWords(
        "Due soon: your actions after multi-agency meeting {reference}",
        "An action that you took on in multi-agency meeting {reference} is due {due}.",
        "Open the actions",
        "Please note there when it is done, or why it can't be done.",
    ),
    Notice.ACTIONS_LATE: _LinkWords(
        "Overdue: your actions after multi-agency meeting {reference}",
        "An action that you took on in multi-agency meeting {reference} was due {due} and is "
        "still open.",
        "Open the actions",
        "Please note there when it is done, or why it can't be done. You are asked again until "
        "then.",
    ),
    Notice.ACTIONS_HANDED: _LinkWords(
        "An action for you after multi-agency meeting {reference}",
        "Somebody else took on an action in multi-agency meeting {reference}. It is yours now, "
        "due {due}.",
        "Open the actions",
        "Please note there when it is done, or why it can't be done.",
    ),
    Notice.BOOKED_LATE: _LinkWords(
        "After its deadline: multi-agency meeting {reference}",
        "Multi-agency meeting {reference} has been booked for a time after its deadline, which is "
        "{due}.",
        "Open the meeting",
        "The reason that was given stands on its page.",
    ),
    Notice.DISAGREES: _LinkWords(
        "Somebody disagrees: multi-agency meeting {reference}",
        "Somebody who was invited to multi-agency meeting {reference} disagrees with what was "
        "decided. It is resolved, or taken to the next step, by {due}.",
        "Read who disagrees, and with what",
        "Please speak with them, then record on that page what came of it.",
    ),
    Notice.DISAGREEMENT_LATE: _LinkWords(
        "Late: a disagreement over multi-agency meeting {reference}",
        "A disagreement over multi-agency meeting {reference} was to be resolved, or taken to the "
        "next step, by {due}.",
        "Open the disagreement",
        "If it is not resolved, take it to the next step there: nothing has to wait for it.",
    ),
    Notice.RECOVERY_CODE_USED: _LinkWords(
        "A recovery code of your account was used",
        "One of your recovery codes was used in place of your authenticator app on {due}.",
        "See where you are signed in",
        _NOT_YOU,
    ),
    Notice.RECOVERY_CODES_MADE: _LinkWords(
        "New recovery codes for your account",
        "New recovery codes were made for your account on {due}. Earlier ones no longer work.",
        "See your account",
        _NOT_YOU,
    ),
    Notice.SECOND_FACTOR_RENEWED: _LinkWords(
        "Your account has a new second factor",
        "A new authenticator app was set up for your account on {due}. Codes of the one before no "
        "longer work.",
        "See your account",
        _NOT_YOU,
    ),
    Notice.SECOND_FACTOR_RESET: _LinkWords(
        "The second factor of your account was reset",
        "The second factor and the recovery codes of your account were taken away on {due}, and "
        "you were signed out. Your next sign-in sets up a new second factor.",
        "Sign in",
        _NOT_YOU,
    ),
    Notice.SINGLE_SIGN_ON_LINKED: _LinkWords(
        "Your account is linked to single sign-on",
        "Your account was linked to your council's single sign-on, and used with it, on {due}.",
        "See where you are signed in",
        _NOT_YOU,
    ),
    Notice.PASSWORD_CHANGED: _LinkWords(
        "The password of your account was changed",
        "The password of your account was changed on {due}. Other browsers were signed out.",
        "See where you are signed in",
        _NOT_YOU,
    ),
    Notice.PASSWORD_GIVEN: _LinkWords(
        "A one-time password was made for your account",
        "A system administrator made a one-time password for your account on {due}. The password "
        "before no longer works, and you were signed out.",
        "Sign in",
        _NOT_YOU,
    ),
    Notice.SEES_CASES_NOW: _LinkWords(
        "From now on this person may see cases: {reference}",
        "A system administrator gave {reference} a role that sees cases on {due}.",
        "Sign in",
        "If you do not know why, ask the system administrator, and another manager: by telephone, "
        "not by answering this message. The audit says who gave the role.",
    ),
    Notice.GLASS_BROKEN: _LinkWords(
        "A case was opened by break-glass: {reference}",
        "Somebody who may not see case {reference} otherwise has opened it, with a reason, until "
        "{due}.",
        "Read who and why",
        "Speak with them, then say on that page what you found. Whoever opened it can't do that.",
    ),
    Notice.PERHAPS_KNOWN: _LinkWords(
        "Only you can say: {reference}",
        "{reference}, entered {due}, may be about somebody whose case only you and a few others "
        "may see. Whoever entered it can't see that case.",
        "Open what was entered",
        "Please look now, and tell whoever entered it whether it is the same person. If it is, "
        "link the two on the page of the referral.",
    ),
    Notice.READERS_CHANGED: _LinkWords(
        "Who may see case {reference} has changed",
        "Who may see case {reference}, which is or was restricted, was changed {due}.",
        "Open the case",
        "If you do not know why, ask the chair.",
    ),
}


def link_letters(
    kind: LetterKind,
    desk: Desk,
    reference: str,
    readers: Sequence[tuple[str, str, str]],
    now: datetime,
    *,
    at_once: bool = False,
    enclosed: bytes | None = None,
) -> list[FinishedMessage]:
    """RECORD ("the record is ready") or ACTIONS ("your actions"): a link, and no content.

    Readers are (name, email, link) each, in their order. `at_once` where the time for what is
    asked has run out; `enclosed` is a PDF that travels with the letter."""
    words = _LINKS[kind]
    subject = words.subject.format(reference=header_text(reference))
    made = frame(kind, desk, subject, now, enclosed=enclosed is not None)
    writes = Rendering()
    finished = []
    for name, email, link in readers:
        blocks = _link_blocks(words, desk, reference, name, link, at_once)
        if enclosed is not None:
            blocks.insert(2, Text("Your own copy is also attached to this message."))
        text, html = writes.as_text(blocks), writes.as_html(subject, blocks)
        finished.append(made.fill(name, email, text, html, file=enclosed))
    return finished


def notice_letters(
    notice: Notice,
    desk: Desk,
    reference: str,
    due: str,
    link: str,
    people: Sequence[tuple[str, str]],
    now: datetime,
) -> list[FinishedMessage]:
    """To members of staff, (name, email) each, in their order: what waits, until when (`due`, in
    words), and where it is done. The link leads behind the sign-in and says nothing (D2)."""
    words = _NOTICES[notice]
    subject = words.subject.format(reference=header_text(reference))
    made = frame(LetterKind.NOTICE, desk, subject, now)
    writes = Rendering()
    finished = []
    for name, email in people:
        blocks: list[Block] = [
            Text(greeting(name)),
            Text(words.says.format(reference=reference, due=due)),
            Link(words.button, link),
            Text(words.then),
            Text(neutral(desk.name, "The desk")),
        ]
        text, html = writes.as_text(blocks), writes.as_html(subject, blocks)
        finished.append(made.fill(name, email, text, html))
    return finished


def link_preview(kind: LetterKind, desk: Desk, reference: str, name: str) -> Preview:
    """What `link_letters` would send, for the page before it is sent."""
    words = _LINKS[kind]
    blocks = _link_blocks(words, desk, reference, name, "made when it is sent")
    return Preview(words.subject.format(reference=reference), Rendering().as_text(blocks), ())


def _link_blocks(
    words: _LinkWords, desk: Desk, reference: str, name: str, link: str, at_once: bool = False
) -> list[Block]:
    return [
        Text(greeting(name)),
        Text(words.says.format(reference=reference)),
        *([Text("The answer is wanted at once.")] if at_once else []),
        Link(words.button, link),
        Text(
            "The link first sends a code to this address. "
            "It is yours alone: please do not pass it on."
        ),
        Text(words.then),
        *closing(desk),
    ]
