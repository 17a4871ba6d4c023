"""What a letter about a referral says, and what it never does (A10): pure.

The referrer is told what became of what they sent, without a name: they know whom they wrote
about, and brothers or sisters found since are not theirs to know. The school is told of its own
pupil alone. Neither is told an address, who else is involved, the reason of the decision or what
agencies answered. Somebody who is no professional is not told the outcome.
(HO2014 Nottinghamshire, letters to referrers; Northamptonshire, effective feedback.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from app.core.clock import words_for_day
from app.core.refusal import Refused
from app.referrals.letters.types import LetterText, LetterTo, Recipient
from app.referrals.names import latin
from app.referrals.types import Outcome

MOST_ADDED = 2000
# Within a name, and within an address or a number.
_MARKS = re.compile(r"(?<=\w)['-]+(?=\w)")
_SEPARATORS = re.compile(r"[\s'.()-]+")
_JOINED, _NUMBERED = 5, 5  # shorter ones are met with by chance
# Names and initials that are everyday words too.
_EVERYDAY = frozenset(
    {
        "a",
        "am",
        "an",
        "as",
        "at",
        "be",
        "by",
        "do",
        "go",
        "he",
        "i",
        "if",
        "in",
        "is",
        "it",
        "me",
        "my",
        "no",
        "of",
        "on",
        "or",
        "so",
        "to",
        "up",
        "us",
        "we",
    }
)

_TOLD = {
    Outcome.STRATEGY_DISCUSSION: "We will talk at once with the police, health and others about "
    "what has to happen. If you are asked to take part, you get an invitation of its own.",
    Outcome.SECTION_17: "A social worker will assess with the family what help is needed.",
    Outcome.EARLY_HELP: "The family is offered early help.",
    Outcome.TARGETED_SUPPORT: "The family is offered targeted family support.",
    Outcome.UNIVERSAL_OFFER: "Universal services will get in touch with the family.",
    Outcome.SHARE_INFORMATION: "We have asked an agency to consider this in its work with the "
    "family.",
    Outcome.SIGNPOST: "The family is told of an agency that can help.",
    Outcome.ADVICE: "We gave advice. We take no further step of our own now.",
    Outcome.NO_FURTHER_ACTION: "We take no further step of our own now.",
}
_FILTERED = "What you sent us is not dealt with as a referral."
_NOT_TOLD = (
    "We have looked at it and decided what is to be done. To protect the family we cannot tell you "
    "more than that. Thank you for telling us: it was right to do so."
)


def letter(
    recipient: Recipient,
    outcome: Outcome,
    *,
    filtered: bool,
    received: datetime,
    decided: datetime,
    authority: str,
    telephone: str,
    out_of_hours: str,
    reference: str,
    added: str,
    now: datetime,
) -> LetterText:
    """The letter to this person, in plain sentences. Moments are aware."""
    about = (
        f"We decided on {words_for_day(decided)} what is to be done about information that "
        f"concerns {recipient.child_name}, who is with you."
        if recipient.to is LetterTo.SCHOOL
        else f"Thank you for what you sent us on {words_for_day(received)}. We decided on "
        f"{words_for_day(decided)} what is to be done."
    )
    if not recipient.professional:
        told = _NOT_TOLD
    elif filtered:
        told = _FILTERED
    else:
        told = _TOLD[outcome]
    ring = f"Telephone us on {telephone}" if telephone else "Tell us"
    late = f", outside office hours on {out_of_hours}" if telephone and out_of_hours else ""
    paragraphs = [
        about,
        told,
        *[part.strip() for part in added.split("\n\n") if part.strip()],
        f"If you have new concerns, or disagree with this, do not wait. {ring}{late}. "
        "If a child is in danger now, call 999.",
    ]
    return LetterText(
        heading="Feedback on a pupil" if recipient.to is LetterTo.SCHOOL else "What became of it",
        to=f"{recipient.name}, {recipient.agency}" if recipient.agency else recipient.name,
        sender=authority,
        reference=reference,
        day=words_for_day(now),
        paragraphs=tuple(paragraphs),
    )


def given_away(text: str, names: Iterable[str], phrases: Iterable[str]) -> str | None:
    """The first word or phrase in a text that its reader may not see, or None.

    `names` are looked for word by word, `phrases` (an address, a telephone number) as a whole;
    accents, hyphens, apostrophes and spaces make no other word of it.
    """
    said = latin(text)
    words = _words_in(said)
    capitals = set(re.findall(r"(?<![.!?:]\s)(?<!^)\b[A-Z]\w?\b", " ".join(text.split())))
    for name in names:
        spelt = latin(name)
        for part in re.findall(r"\w+", spelt):
            if part in _EVERYDAY:
                # As a name it is written large, and not only because a sentence begins.
                if part != "i" and not capitals.isdisjoint((part.capitalize(), part.upper())):
                    return str(part)
            elif part in words:
                return str(part)
        for part in sorted(_joined(spelt)):
            if part in words:
                return part
    run_together = _SEPARATORS.sub("", said)
    for phrase in phrases:
        # Part by part: a street gives a home away without its town, a town alone does not.
        for part in re.split(r"[\n,]", latin(phrase)):
            flat = " ".join(part.split())
            bare = _SEPARATORS.sub("", flat)
            numbered = len(bare) >= _NUMBERED and any(letter.isdigit() for letter in bare)
            if bare and (" " in flat or "@" in flat or numbered) and bare in run_together:
                return flat
    return None


def _words_in(said: str) -> set[str]:
    """The words of a text, also those that are written apart, with a hyphen or an apostrophe."""
    return set(re.findall(r"\w+", said)) | _joined(said)


def _joined(said: str) -> set[str]:
    """What is one word where it is written together: `o'neill`, `grey-wether`, `grey wether`.

    Two everyday words beside each other are none, and nor is a short form such as `i'm`.
    """
    whole = re.findall(r"\w+", _MARKS.sub("", said))
    parts = re.findall(r"\w+", said)
    beside = (
        first + second for first, second in pairwise(parts) if _EVERYDAY.isdisjoint((first, second))
    )
    return {one for one in (*whole, *beside) if len(one) >= _JOINED and one not in parts}


def check_send(
    recipient: Recipient | None, outcome: Outcome | None, added: str, hidden: str | None
) -> None:
    """Raise Refused where no letter may go: undecided, to nobody, or saying too much."""
    if outcome is None:
        raise Refused("to", "Decide the referral first: the letter says what became of it")
    if recipient is None:
        raise Refused("to", "Choose who gets the letter")
    if len(added) > MOST_ADDED:
        raise Refused("added", f"Shorten this to {MOST_ADDED:,} characters or fewer")
    if hidden is not None:
        raise Refused("added", f"The reader may not see “{hidden}”: take it out")


def one_of(recipients: Sequence[Recipient], key: str) -> Recipient | None:
    """The recipient chosen."""
    return next((one for one in recipients if one.key == key), None)
