"""The letter as a PDF, held against the standards that it declares (A10, F3)."""

from __future__ import annotations

import io

import pikepdf
import pypdf
import pytest

from app.referrals.letters.paper import letter_pdf
from app.referrals.letters.types import LetterText
from tests.clock import FRIDAY
from tests.unit.records import vera

NASTY = '</title><img src="file:///etc/hostname"> {{ 7*7 }} & <b>bold</b> 🦊 عائشة \u202eevil'


def letter(added: str = "Please keep an eye on attendance.") -> LetterText:
    return LetterText(
        heading="What became of your referral",
        to="Robin Referrer, A school",
        sender="Millbrook Council",
        reference="LT-7KQ4-2M8X",
        day="Friday 20 November 2026",
        paragraphs=("You told us of a concern.", "What we do next.", added, "If in danger: 999."),
    )


@pytest.mark.parametrize("profile", ["3a", "ua1"])
@pytest.mark.parametrize("added", ["Thank you.", NASTY, "Two pages of words. " * 400])
def test_the_letter_is_what_it_says_it_is(profile: str, added: str) -> None:
    assert vera.failures(letter_pdf(letter(added), FRIDAY), profile) == []


def test_the_file_says_its_title_sender_and_moment_and_is_the_same_each_time() -> None:
    pdf = letter_pdf(letter(), FRIDAY)
    with pikepdf.open(io.BytesIO(pdf)) as document, document.open_metadata() as metadata:
        assert metadata["dc:title"] == "What became of your referral, LT-7KQ4-2M8X"
        assert metadata["dc:creator"] == ["Millbrook Council"]
        assert metadata["xmp:CreateDate"] == f"{FRIDAY:%Y-%m-%dT%H:%M:%SZ}"
    assert pdf == letter_pdf(letter(), FRIDAY)


def test_typed_words_stay_words() -> None:
    pages = pypdf.PdfReader(io.BytesIO(letter_pdf(letter(NASTY), FRIDAY))).pages
    words = "".join("".join(page.extract_text().split()) for page in pages)
    assert "{{7*7}}&<b>bold</b>" in words
    assert "[foxface]" in words
    assert "[U+202E]evil" in words
