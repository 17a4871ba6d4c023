"""Words that may leave the house, and names that may stand in a header or a calendar entry."""

from __future__ import annotations

import re
import unicodedata

# D2: never in a subject, summary, location, UID, file name or address.
_FORBIDDEN = re.compile(
    r"child(ren)?('s)?[\s_–-]*protection|strategy[\s_–-]*(discussion|meeting)s?", re.IGNORECASE
)
# Characters with a meaning in a mail header or a calendar parameter. A display name with a comma
# or a quote in it can be folded into a second address by Python 3.11's mail library.
_SPECIAL = re.compile(r'[",;:<>()\[\]\\@=?^]')
_LONGEST_NAME = 60
# What is in an address or a number, and in nobody's name.
_NO_NAME = re.compile(r"://|www\.|@|\d[\d ]{5}", re.IGNORECASE)
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)
_LONGEST_ADDRESS = 254
_NUMBER = re.compile(r"(?<!\d)(?:\+\d|0)[\d ().-]{7,18}\d(?!\d)")


def forbidden_words(text: str) -> str | None:
    """The words in a text that must not leave the house (D2), or None.

    For a place or a name that a person types: say which words to take out.
    """
    found = _FORBIDDEN.search(text)
    return None if found is None else found[0]


def is_address(email: str) -> bool:
    """Whether mail can be sent to this address: plain letters, one @, nothing that could become
    a header or an address of its own (H7)."""
    return (
        len(email) <= _LONGEST_ADDRESS
        and "=?" not in email
        and _ADDRESS.fullmatch(email) is not None
    )


def one_line(text: str) -> str:
    """The text without control and direction characters, on one line, each gap one space."""
    if text.isprintable():
        return " ".join(text.split())
    kept = (
        " " if unicodedata.category(character) in ("Cc", "Zl", "Zp", "Zs") else character
        for character in text
        if unicodedata.category(character) not in ("Cf", "Cs", "Cn", "Co")
    )
    return " ".join("".join(kept).split())


def display_name(name: str) -> str:
    """The name as it may stand beside an address; empty where only the address may stand.

    Sending is never refused because of a name: what has a meaning of its own in a header is
    taken out, and a name that holds forbidden words (a "child protection team") is left out.
    """
    if forbidden_words(one_line(name)):
        return ""
    return " ".join(_SPECIAL.sub(" ", one_line(name)).split())[:_LONGEST_NAME].strip()


def neutral(text: str, instead: str) -> str:
    """The text on one line, or `instead` where it holds forbidden words or nothing."""
    line = one_line(text)
    return instead if not line or forbidden_words(line) else line


def called(name: str, instead: str) -> str:
    """How somebody is greeted: by their name, or `instead` where that is more than a name. People
    without an account name others, who then get a letter from the desk's own mailbox."""
    line = neutral(name, instead)
    return instead if len(line) > _LONGEST_NAME or _NO_NAME.search(line) else line


def telephone_in(text: str) -> str | None:
    """The number in what somebody typed about dialling in, as a `tel:` address; None where there is
    none. A PIN behind it stays out: nobody knows what its line asks for between the two."""
    found = _NUMBER.search(text)
    return None if found is None else telephone_uri(found[0])


def telephone_uri(number: str) -> str | None:
    """`020 7946 0123` as `tel:+442079460123` (RFC 3966), or None where no number can be read."""
    kept = re.sub(r"[\s().-]", "", number.replace("(0)", ""))
    if re.fullmatch(r"\+\d{7,15}", kept):
        return f"tel:{kept}"
    if re.fullmatch(r"00\d{7,15}", kept):
        return f"tel:+{kept[2:]}"
    if re.fullmatch(r"0\d{8,10}", kept):
        return f"tel:+44{kept[1:]}"
    return None
