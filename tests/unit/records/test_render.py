from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pikepdf
import pypdf
import pytest
import weasyprint

from app.core.paper.printing import PrintError, print_pages
from app.records.copies import Press
from app.records.document.canonical import canonical_sha256
from app.records.document.readers import for_reader
from app.records.document.render import address, lay_out, render, render_draft
from app.records.document.seal import Sealer, seal
from app.records.document.types import Protected, ProtectedKind, Reader, RecordContent
from app.records.document.verify import attached_record
from app.records.document.wording import one_address
from app.records.rules import check_page
from tests.unit.records import contents, vera
from tests.unit.records.contents import HEALTH, POLICE, SCHOOL, SOCIAL_CARE


def every_byte(pdf: bytes) -> bytes:
    """The file with all its streams unpacked, so that a search finds what a reader could find."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.save(
            out,
            stream_decode_level=pikepdf.StreamDecodeLevel.all,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            compress_streams=False,
        )
    return pdf + out.getvalue()


def text_of(pdf: bytes) -> str:
    pages = (page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(" ".join(pages).split())


@pytest.mark.parametrize("profile", ["3a", "ua1"])
@pytest.mark.parametrize(
    ("make", "reader"),
    [
        (contents.marked_content, SOCIAL_CARE),
        (contents.content, SOCIAL_CARE),
        (contents.content, SCHOOL),
        (contents.empty_content, SCHOOL),
        (contents.three_children, POLICE),
        (contents.decided_differently, SOCIAL_CARE),
        (contents.decided_differently, SCHOOL),
        (contents.many_languages, HEALTH),
    ],
    ids=[
        "marked",
        "whole",
        "redacted",
        "empty",
        "three",
        "side by side",
        "withheld",
        "other scripts",
    ],
)
def test_a_sealed_copy_is_pdf_a_3a_and_pdf_ua_1(
    make: Callable[[], RecordContent], reader: Reader, profile: str, sealer: Sealer
) -> None:
    sealed = seal(render(for_reader(make(), reader)), sealer, contents.SIGNED)
    assert vera.failures(sealed, profile) == []


def test_the_checker_does_find_faults() -> None:
    plain = print_pages("<html lang=en><title>Plain</title><p>Text</p></html>", [])
    assert vera.failures(plain, "3a")
    assert vera.failures(plain, "ua1")


@pytest.mark.parametrize("reader", [SOCIAL_CARE, POLICE, HEALTH, SCHOOL])
def test_what_is_withheld_is_nowhere_in_the_file(reader: Reader, sealer: Sealer) -> None:
    copy = for_reader(contents.content(), reader)
    pdf = seal(render(copy), sealer, contents.SIGNED)
    text, raw, record = text_of(pdf), every_byte(pdf), json.dumps(attached_record(pdf))
    for canary in contents.CANARIES:
        may_see = canary in repr(copy)
        assert (canary in text) is may_see
        assert (canary in record) is may_see
        if not may_see:
            for spelling in ("utf-8", "utf-16-be", "utf-16-le"):
                assert canary.encode(spelling) not in raw
    assert contents.BLINDING.encode() not in raw


def test_withheld_is_said_in_words() -> None:
    text = text_of(render(for_reader(contents.content(), SCHOOL)))
    for words in ("Withheld: address", "Withheld: referrer", "Withheld: health of others"):
        assert words in text


def test_what_is_marked_is_on_paper_for_whoever_may_read_it() -> None:
    for reader, seen in ((SOCIAL_CARE, True), (SCHOOL, False)):
        text = text_of(render(for_reader(contents.marked_content(), reader)))
        for words in ("7 Larch Mews", "Her mother is ill"):
            assert (words in text) is seen
        assert "Nobody was asked whether they disagree, because: The police had to leave" in text
        assert "Not known The line went dead" in text


def test_a_copy_says_where_a_stranger_has_it_checked(sealer) -> None:
    press = Press(contents.content(), sealer, check_at=check_page("https://desk.example.org/"))
    text = text_of(press.copy_for(SCHOOL, contents.SIGNED).pdf)
    assert "https://desk.example.org/verify" in text
    assert "on request" not in text


def test_many_children_of_one_address_leave_room_for_what_was_decided() -> None:
    names = [f"Child {number} Carrow" for number in range(9)]
    record = replace(contents.full_record(), children=tuple(contents.child(name) for name in names))
    for reader, said, heading in (
        (SOCIAL_CARE, "Quillfeather", "Address of all of them"),
        (SCHOOL, "Withheld: address", "Addresses"),
    ):
        pdf = render(for_reader(contents.content(record), reader))
        first = " ".join(pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())
        assert first.count(said) == 1 and heading in first
        assert "Is a section 47 enquiry started?" in first
    elsewhere = replace(record.children[0], address=None)
    apart = replace(record, children=(elsewhere, *record.children[1:]))
    assert one_address(for_reader(contents.content(apart), SOCIAL_CARE).view) is None


@pytest.mark.parametrize("homes", [1, 4])
def test_what_was_decided_for_four_children_stands_on_the_first_page(homes: int) -> None:
    content = contents.decided_differently(homes)
    for reader in (SOCIAL_CARE, SCHOOL):
        pages = pypdf.PdfReader(io.BytesIO(render(for_reader(content, reader)))).pages
        first = " ".join(pages[0].extract_text().split())
        for child in content.record.children:
            assert f"{child.name.split()[0]} stays with the grandmother" in first
        assert first.count("comes to the door.") == 4
        for said in ("Yes (for each)", "Started", "Not started", "Has taken place", "Not likely"):
            assert said in first
        assert ("Quillfeather" in first) is (reader is SOCIAL_CARE)
        assert ("Withheld: address" in first) is (reader is SCHOOL)


def test_the_first_page_says_what_matters() -> None:
    pdf = render(for_reader(contents.content(), SCHOOL))
    first = " ".join(pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())
    for words in (
        "OFFICIAL-SENSITIVE",
        "SD-7KQ4-M2XP, version 1",
        "Thursday 19 November 2026 at 11:30 am to 12:20 pm",
        "Ellie-Mae Carrow and Jayden Carrow",
        "Yes, started today",
        "Marcus Bell",
        "Fri 20 November 2026, 9:30 am",
        "Send the attendance and incident log",
        "Copy for Tom Whitlock, Designated safeguarding lead",
        "Page 1 of",
    ):
        assert words in first


def test_every_page_bears_marking_reference_reader_and_number() -> None:
    pages = pypdf.PdfReader(io.BytesIO(render(for_reader(contents.content(), POLICE)))).pages
    assert len(pages) >= 2
    for number, page in enumerate(pages, start=1):
        text = " ".join(page.extract_text().split())
        assert "OFFICIAL-SENSITIVE" in text
        assert "SD-7KQ4-M2XP" in text
        assert "Copy for Amina Rahman, Detective Sergeant, Exampleshire Police" in text
        assert f"Page {number} of {len(pages)}" in text


def test_the_hash_that_was_signed_is_printed_and_attached() -> None:
    content = contents.content()
    pdf = render(for_reader(content, SCHOOL))
    digest = canonical_sha256(content)
    assert digest in text_of(pdf).replace(" ", "")
    record = attached_record(pdf)
    assert record is not None
    assert record["canonical_sha256"] == digest
    assert record["copy_for"]["name"] == "Tom Whitlock"


def test_the_file_says_its_language_title_and_data() -> None:
    with pikepdf.open(io.BytesIO(render(for_reader(contents.content(), SCHOOL)))) as pdf:
        assert str(pdf.Root.Lang) == "en-GB"
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        with pdf.open_metadata() as metadata:
            assert "SD-7KQ4-M2XP" in metadata["dc:title"]
            assert "Copy for Tom Whitlock" in metadata["dc:title"]
        assert [spec.AFRelationship for spec in pdf.Root.AF] == [pikepdf.Name.Data]
        assert list(pdf.attachments) == ["record.json"]


def test_headings_skip_no_level_and_every_header_cell_has_a_scope() -> None:
    with pikepdf.open(io.BytesIO(render(for_reader(contents.content(), SCHOOL)))) as pdf:
        kinds = [
            item for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and "/S" in item
        ]
        headers = [item for item in kinds if item.S == pikepdf.Name.TH]
        assert {str(item.A.Scope) for item in headers} == {"/Row", "/Column"}
        levels: list[int] = []
        _walk(pdf.Root.StructTreeRoot.K, levels)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def _walk(item: Any, levels: list[int]) -> None:
    if isinstance(item, pikepdf.Array):
        for child in item:
            _walk(child, levels)
    elif isinstance(item, pikepdf.Dictionary) and "/S" in item:
        if str(item.S) in ("/H1", "/H2", "/H3", "/H4"):
            levels.append(int(str(item.S)[2]))
        if "/K" in item:
            _walk(item.K, levels)


def test_the_same_copy_has_the_same_bytes() -> None:
    copy = for_reader(contents.content(), SCHOOL)
    assert render(copy) == render(copy)


def test_pages_are_laid_out_once_for_all_who_see_the_same(
    monkeypatch: pytest.MonkeyPatch, sealer: Sealer
) -> None:
    printed: list[str] = []
    real = weasyprint.HTML.write_pdf

    def counted(self: weasyprint.HTML, *args: Any, **options: Any) -> Any:
        printed.append(str(options.get("pdf_variant", "name")))
        return real(self, *args, **options)

    monkeypatch.setattr(weasyprint.HTML, "write_pdf", counted)
    kinds = [POLICE, SCHOOL, HEALTH, SOCIAL_CARE] * 3
    readers = [replace(reader, name=f"Reader {n}") for n, reader in enumerate(kinds)]
    press = Press(contents.content(), sealer)
    made = [press.copy_for(reader, contents.SIGNED).pdf for reader in readers]
    assert printed.count("pdf/a-3a") == 4
    assert made[0].startswith(render(for_reader(contents.content(), readers[0])))
    for number, pdf in enumerate(made):
        assert f"Copy for Reader {number}, " in text_of(pdf)


def test_what_was_printed_before_changes_no_byte() -> None:
    first, again = (render(for_reader(contents.content(), SCHOOL)) for _ in range(2))
    render(for_reader(contents.many_languages(), HEALTH))
    render_draft(for_reader(contents.three_children(), POLICE))
    assert first == again == render(for_reader(contents.content(), SCHOOL))


def test_pages_made_for_other_eyes_are_refused() -> None:
    pages = lay_out(for_reader(contents.content(), SOCIAL_CARE))
    with pytest.raises(ValueError, match="another view"):
        address(pages, for_reader(contents.content(), SCHOOL))


def test_a_long_name_is_never_cut_and_never_breaks_the_page() -> None:
    name = "Wilhelmina-Josephine " * 12 + "Last"
    pdf = render(for_reader(contents.content(), replace(SCHOOL, name=name.strip())))
    assert name.replace(" ", "") in text_of(pdf).replace(" ", "")


def test_text_from_people_never_becomes_markup_or_a_fetch() -> None:
    record = contents.full_record()
    nasty = '</title><script>x</script><img src="file:///etc/hostname"> {{ 7*7 }} & <b>bold</b>'
    action = replace(record.actions[0], what=nasty)
    content = contents.content(replace(record, actions=(action,), authority=f"A {nasty}"))
    pdf = render(for_reader(content, replace(SCHOOL, name=nasty)))
    text = text_of(pdf).replace(" ", "")
    assert text.count(nasty.replace(" ", "")) >= 3
    with pikepdf.open(io.BytesIO(pdf)) as document, document.open_metadata() as metadata:
        assert nasty in metadata["dc:title"]
    assert vera.failures(pdf, "3a") == []


def test_nothing_is_fetched_even_if_the_page_asks() -> None:
    with pytest.raises(PrintError, match="fetches nothing"):
        print_pages("<html><img src='data:image/png;base64,AAAA'></html>", [])


def test_a_correction_and_another_signer_stand_in_the_record() -> None:
    record = contents.full_record()
    content = contents.content(
        replace(
            record,
            version=2,
            correction_reason="The time of the medical was wrong.",
            sign_off=replace(record.sign_off, name="Ravi Shah", instead_of_chair="Off duty."),
            quorum=replace(record.quorum, met=False, reason="Harm tonight is likely."),
            clocks=(replace(record.clocks[0], met=False, reason_late="No line was free."),),
        )
    )
    text = text_of(render(for_reader(content, SCHOOL)))
    for words in (
        "corrects an earlier one. The time of the medical was wrong.",
        "in place of the chair, Helen Marsh: Off duty.",
        "The chair went on because: Harm tonight is likely.",
        "Late: No line was free.",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        (SOCIAL_CARE, "Late No line was free. Protected: why it was late"),
        (POLICE, "Late. The reason is kept by the council."),
        (SCHOOL, "Late. The reason is kept by the council."),
    ],
)
def test_why_it_was_booked_late_stays_with_social_care(reader: Reader, said: str) -> None:
    record = contents.full_record()
    reason = Protected(ProtectedKind.LATE_REASON, "No line was free.")
    clocks = (replace(record.clocks[0], met=False, reason_late=reason),)
    pdf = render(for_reader(contents.content(replace(record, clocks=clocks)), reader))
    text = " ".join(text_of(pdf).split())
    assert said in text
    assert ("No line was free." in text) is (reader is SOCIAL_CARE)


@pytest.mark.long
def test_sixty_pages_conform(sealer: Sealer) -> None:
    pdf = seal(render(for_reader(contents.long_record(140), SCHOOL)), sealer, contents.SIGNED)
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) >= 60
    assert vera.failures(pdf, "3a") == []
    assert vera.failures(pdf, "ua1") == []
