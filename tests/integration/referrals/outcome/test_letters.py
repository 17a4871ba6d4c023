"""Outcome letters: to whom, and with nothing the reader may not see (A10)."""

from __future__ import annotations

from html import unescape

import pytest

from app.accounts.types import Role
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory import queries as directory
from app.referrals import queries as referrals
from app.referrals.letters import queries as letters
from app.referrals.letters import service as letter_service
from app.referrals.types import (
    ConsentState,
)
from tests.factories.checks import (
    SENDER,
    asked_browser,
    mails,
    open_link,
    press,
    staff_actor,
)
from tests.integration.mail_journey.canary import decoded
from tests.integration.referrals.outcome.steps import (
    school_of,
)
from tests.page_form import form_of


def send(held, to, added=""):
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        newest = letters.newest(session, current.id)
        return letter_service.send(
            session, staff_actor(session), current, to, added, SENDER, now(), newest
        )


def test_a_letter_is_sent_by_a_mail_that_names_nobody_and_kept_as_it_was(app, told):
    kept = send(told, "referrer", "Thank you.")
    [mail] = mails(reading(), "outcome")
    child, other = (row.child for row in told.children)
    for name in (child.given_name, child.family_name, told.ref, "social worker"):
        assert name not in decoded(mail.content)
    with transaction() as session:
        token = open_link(session, kept.invitation_id)
    browser = asked_browser(app, token)
    page = unescape(browser.get("/request").text)
    assert "A social worker will assess" in page
    assert "Thank you." in page
    for hidden in (child.family_name, other.given_name, "Pat Testwell", "Example Street", "Because",
                   told.ref):  # fmt: skip
        assert hidden not in page
    assert letters.letters(reading(), told.id)[0].letter.opened_at
    pdf = browser.get("/request/letter.pdf")
    assert (pdf.mimetype, pdf.data[:5]) == ("application/pdf", b"%PDF-")
    assert press(browser, "/request", "/request/leave").status_code == 200


def test_the_school_is_told_of_its_own_pupil_alone(told):
    school = school_of(told)
    kept = send(told, school.key)
    words = " ".join(letters.letter_text(reading(), kept.id).paragraphs)
    child, other = (row.child for row in told.children)
    assert child.given_name in words
    assert other.given_name not in words


@pytest.mark.parametrize("secret", ["Pat", "1 Example Street", "01632 960300"])
def test_what_the_school_may_not_see_is_refused(told, secret):
    with pytest.raises(Refused) as refusal:
        send(told, school_of(told).key, f"Do ask {secret} about it.")
    assert refusal.value.field == "added"
    assert mails(reading(), "outcome") == []


def test_no_school_is_told_without_consent_or_a_basis(told):
    with transaction() as session:
        current = referrals.by_ref(session, told.ref)
        current.consent, current.lawful_basis = ConsentState.REFUSED, None
    with pytest.raises(Refused) as refusal:
        send(told, school_of(told).key)
    assert refusal.value.field == "to"
    send(told, "referrer")


def test_the_surname_of_another_child_is_refused(told):
    with transaction() as session:
        other = referrals.by_ref(session, told.ref).children[1].child
        other.family_name = "Quillfeather"
    with pytest.raises(Refused, match="quillfeather"):
        send(told, school_of(told).key, "Quillfeather will be seen too.")


def test_the_school_of_whoever_is_accused_gets_no_feedback(told):
    school = school_of(told)
    with transaction() as session:
        current = referrals.by_ref(session, told.ref)
        (adult,) = current.adults
        adult.alleged_perpetrator = True
        adult.employer_id = next(
            one.professional.agency_id
            for one in referrals.involved_with(session, [row.child_id for row in current.children])
            if one.professional.name == school.name
        )
    offered = letters.recipients(reading(), referrals.by_ref(reading(), told.ref))
    assert [one.key for one in offered] == ["referrer"]


def test_an_employer_that_was_only_typed_counts_too(told, signed_in):
    """Surely theirs: no feedback. Perhaps theirs, or the referrer's own agency: said to whoever
    writes."""
    school = school_of(told)
    page = f"/referrals/{told.ref}/letters"
    referrers = directory.agency(reading(), told.source_agency_id).name
    browser = signed_in(Role.ADMINISTRATOR)
    for typed, offered, words in (
        (school.agency.upper(), ["referrer"], ""),
        (f"{school.agency} and nursery", ["referrer", school.key], "may work for this agency"),
        (referrers, ["referrer", school.key], "works for this agency"),
    ):
        with transaction() as session:
            (adult,) = referrals.by_ref(session, told.ref).adults
            adult.alleged_perpetrator, adult.employer_typed = True, typed
        found = letters.recipients(reading(), referrals.by_ref(reading(), told.ref))
        assert [one.key for one in found] == offered
        shown = browser.get(page).text
        assert ("an alleged perpetrator" in shown) == bool(words) and words in shown


def test_who_sends_second_sees_what_was_sent_meanwhile(signed_in, told):
    """Two workers with the same page before them: the reader does not get two letters unseen."""
    path = f"/referrals/{told.ref}/letters"
    first, second = signed_in(Role.TRIAGE), signed_in(Role.ADMINISTRATOR)
    pages = [form_of(browser.get(path).text, f"{path}/preview") for browser in (first, second)]
    pages = [
        form_of(
            browser.post(f"{path}/preview", data=page | {"to": "referrer"}).text, f"{path}/send"
        )
        for browser, page in zip((first, second), pages, strict=True)
    ]
    assert first.post(f"{path}/send", data=pages[0]).status_code == 303
    refused = second.post(f"{path}/send", data=pages[1])
    assert refused.status_code == 422
    assert "Somebody else has just sent a letter" in refused.text
    assert len(mails(reading(), "outcome")) == 1
    again = form_of(refused.text, f"{path}/preview") | {"to": "referrer"}
    shown = second.post(f"{path}/preview", data=again).text
    assert second.post(f"{path}/send", data=form_of(shown, f"{path}/send")).status_code == 303
    assert len(mails(reading(), "outcome")) == 2
