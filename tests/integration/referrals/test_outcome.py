"""Decisions with their grounds, what is no referral, reopening, referring on, letters (A7, A9,
A10, A12); ratings and disagreements (A5)."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from app.accounts.types import Role
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.referrals import queries as referrals
from app.referrals.checks import queries as check_queries
from app.referrals.checks import service as checks
from app.referrals.checks.types import AnswerGiven, AnswerVia, Held
from app.referrals.children import involve
from app.referrals.consent.service import add_consent
from app.referrals.letters import queries as letters
from app.referrals.letters import service as letter_service
from app.referrals.lists.models import ListEntry, ListSitting
from app.referrals.models import Child, Referral
from app.referrals.outcome import queries, service
from app.referrals.outcome.types import FilterReason, Ground, OnwardGiven
from app.referrals.rating import queries as ratings
from app.referrals.rating import service as rating
from app.referrals.types import (
    ChangedMeanwhile,
    Concern,
    ConsentGiven,
    ConsentState,
    Involvement,
    LawfulBasis,
    Outcome,
    Rating,
    RatingStage,
    ReferralState,
)
from tests.factories.checks import (
    SENDER,
    Fresh,
    asked_browser,
    mails,
    make_check,
    open_link,
    press,
    staff_actor,
)
from tests.factories.directory import make_agency, make_professional, make_settings
from tests.factories.meetings import make_meeting
from tests.factories.referrals import make_adult, make_referral
from tests.integration.mail_journey.canary import decoded
from tests.page_form import form_of


def refer(protocol="london", **more):
    with transaction() as session:
        referral = make_referral(session, received_at=now(), **more)
        make_settings(session, protocol)
        return referral


def decide(held, outcome, *, at=None, **more):
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        return service.decide(
            session, staff_actor(session), current, outcome, "Because", at or now(), **more
        )


def ground_of(decision):
    found = referrals.decisions(reading(), decision.referral_id)
    return next(one.ground for one in found if one.decision.id == decision.id)


def rate(held, colour, stage=RatingStage.BEFORE, early="", at=None):
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        rating.rate(
            session, staff_actor(session), current, colour, "Why", at or now(), stage=stage,
            early_because=early,
        )  # fmt: skip


def make_list_entry(session, referral):
    """The referral alone on a list of today."""
    sitting = ListSitting(
        ref="LS-TEST-0001", series_id=None, name="MASH meeting", source=None, day=now().date(),
        opened_at=now(), opened_by_id=staff_actor(session).id, took_part=None, ended_at=None,
        ended_by_id=None,
    )  # fmt: skip
    session.add(sitting)
    session.flush()
    entry = ListEntry(
        sitting_id=sitting.id, number=1, case_id=None, referral_id=referral.id, carried=False,
        information=None, outcome=None, reason=None, agency_id=None, decided_by_id=None,
        decided_at=None,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    return entry


@pytest.fixture(autouse=True)
def fresh_browsers(app):
    app.test_client_class = Fresh


@pytest.fixture
def held(in_app):
    return refer(consent=None)


OVERRIDE = Ground(override=ConsentGiven(ConsentState.OVERRIDDEN, LawfulBasis.CRIME, "A threat"))


def test_an_override_is_a_consent_of_its_own_by_whoever_decides(held):
    with pytest.raises(Refused) as refusal:
        decide(held, Outcome.SECTION_17)
    assert refusal.value.field == "outcome"
    decision = decide(held, Outcome.SECTION_17, ground=OVERRIDE)
    ground = ground_of(decision)
    [consent] = referrals.consents(reading(), held.id)
    assert (ground.overrode, ground.consent_id) == (True, consent.consent.id)
    assert consent.consent.state is ConsentState.OVERRIDDEN
    assert consent.consent.recorded_by_id == decision.decided_by_id


def test_an_outcome_without_consent_needs_no_override(held):
    decision = decide(held, Outcome.ADVICE, ground=OVERRIDE)
    assert not ground_of(decision).overrode
    assert referrals.consents(reading(), held.id) == []


def test_a_universal_offer_goes_first_to_the_unseen_the_youngest_and_those_at_home(in_app):
    held = refer()
    with transaction() as session:
        child = session.get_one(Child, held.children[0].child_id)
        child.date_of_birth = now().date() - timedelta(days=700)
    decision = decide(held, Outcome.UNIVERSAL_OFFER, ground=Ground(unseen=True))
    ground = ground_of(decision)
    assert (ground.unseen, ground.under_three, ground.home_educated) == (True, True, False)


def test_what_is_no_referral_is_closed_and_counted(held):
    since = now() - timedelta(days=1)
    decide(held, Outcome.NO_FURTHER_ACTION, ground=Ground(filtered=FilterReason.OTHER_AREA))
    assert queries.filtered(reading(), now() + timedelta(days=1)) == {}
    assert queries.filtered(reading(), since) == {FilterReason.OTHER_AREA: 1}
    # A later decision takes its place in the count.
    decide(held, Outcome.ADVICE)
    assert queries.filtered(reading(), since) == {}


def test_sandwell_decides_red_after_the_second_rating_only(in_app):
    held = refer("sandwell")
    rate(held, Rating.RED)
    with pytest.raises(Refused, match="after the meeting"):
        decide(held, Outcome.EARLY_HELP)
    # Rated down again before anybody answered, it waits all the same.
    rate(held, Rating.GREEN)
    with pytest.raises(Refused, match="rates red cases again"):
        decide(held, Outcome.EARLY_HELP)
    with pytest.raises(Refused) as refusal:
        rate(held, Rating.GREEN, RatingStage.AFTER)
    assert refusal.value.field == "early_because"
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        entry = make_list_entry(session, current)
        sitting = session.get_one(ListSitting, entry.sitting_id)
        sitting.ended_at, sitting.took_part = now(), "Police and health"
    rate(held, Rating.GREEN, RatingStage.AFTER)
    decide(held, Outcome.EARLY_HELP)
    told = [(one.rating.stage, one.rating.rating) for one in referrals.ratings(reading(), held.id)]
    assert told[0] == (RatingStage.AFTER, Rating.GREEN)
    with transaction() as session:
        check = make_check(session, referrals.by_ref(session, held.ref))
        given = AnswerGiven(Held.NOTHING, "", "Jo", "", AnswerVia.TELEPHONE)
        checks.answer(session, staff_actor(session), check, given, now())
    # Opened again, what was gathered and rated until then counts no more.
    reopen(held, at=now())
    rate(held, Rating.RED)
    with pytest.raises(Refused, match="rates red cases again"):
        decide(held, Outcome.EARLY_HELP)
    with pytest.raises(Refused):
        rate(held, Rating.GREEN, RatingStage.AFTER)
    rate(held, Rating.GREEN, RatingStage.AFTER, early="Everybody was on the telephone.")
    decide(held, Outcome.EARLY_HELP)
    [newest, *_] = referrals.ratings(reading(), held.id)
    assert newest.rating.early_because == "Everybody was on the telephone."


def reopen(held, reason="A new call", version=None, at=None):
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        service.reopen(
            session, staff_actor(session), current, reason, at or now(), version or current.version
        )


def test_a_reopened_referral_is_on_the_list_again_with_a_clock_of_its_own(held):
    decide(held, Outcome.ADVICE)
    later = now() + timedelta(days=3)
    reopen(held, at=later)
    current = referrals.by_ref(reading(), held.ref)
    assert (current.state, current.outcome) == (ReferralState.RECEIVED, None)
    assert current.decision_due_at == later + timedelta(hours=24)
    assert [row.ref for row in referrals.open_referrals(reading()).rows] == [held.ref]
    [kept] = queries.reopenings(reading(), held.id)
    assert kept.reopening.was_outcome is Outcome.ADVICE
    assert len(referrals.decisions(reading(), held.id)) == 1


def test_two_reopen_or_decide_at_once_and_the_second_is_told(held):
    decide(held, Outcome.ADVICE)
    version = referrals.by_ref(reading(), held.ref).version
    reopen(held, version=version)
    with pytest.raises(ChangedMeanwhile):
        reopen(held, version=version)
    with pytest.raises(ChangedMeanwhile):
        decide(held, Outcome.ADVICE, version=version)


def test_referring_on_keeps_to_whom_and_when(held):
    given = OnwardGiven(Concern.MISSING, None, "Missing panel", "MP-1", "Tonight", now())
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        service.refer_on(session, staff_actor(session), current, given, now())
    [kept] = queries.onward(reading(), held.id)
    assert (kept.onward.to_name, kept.onward.reference) == ("Missing panel", "MP-1")


# Disagreements


def disagree(held, wanted=Rating.RED):
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        return rating.dispute(
            session, staff_actor(session), current, "Jo, health", wanted, "Worse", now()
        )


def settle(held, role, colour, *, settled, version=None):
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        open_one = ratings.open_dispute(session, held.id)
        return rating.settle(
            session, staff_actor(session), [role], current, colour, "So it is", now(),
            settled=settled, version=version or open_one.version,
        )  # fmt: skip


def test_nottinghamshire_social_care_first_then_the_operational_manager(in_app):
    held = refer("nottinghamshire")
    rate(held, Rating.GREEN)
    disagree(held)
    with pytest.raises(Refused, match="settle it first"):
        rate(held, Rating.AMBER)
    with pytest.raises(Refused, match="already"):
        disagree(held)
    with pytest.raises(Refused, match="social care"):
        settle(held, Role.CHAIR, Rating.RED, settled=True)
    first = ratings.open_dispute(reading(), held.id).version
    settle(held, Role.TRIAGE, Rating.GREEN, settled=False)
    with pytest.raises(ChangedMeanwhile):
        settle(held, Role.TRIAGE, Rating.GREEN, settled=False, version=first)
    with pytest.raises(Refused, match="Operational Manager"):
        settle(held, Role.TRIAGE, Rating.RED, settled=True)
    settle(held, Role.CHAIR, Rating.RED, settled=True)
    assert ratings.open_dispute(reading(), held.id) is None
    assert referrals.by_ref(reading(), held.ref).rating is Rating.RED
    [told] = ratings.disputes(reading(), held.id)
    assert [one.step.settled for one in told.steps] == [False, True]
    assert len(referrals.ratings(reading(), held.id)) == 2


# Consent of the areas


def test_bury_refuses_consent_not_sought_but_for_child_protection(in_app):
    held = refer("bury", consent=None)
    with transaction() as session, pytest.raises(Refused) as refusal:
        given = ConsentGiven(ConsentState.NOT_SOUGHT, LawfulBasis.PUBLIC_TASK, "Not reached")
        current = referrals.by_ref(session, held.ref)
        add_consent(session, staff_actor(session), current, given, now())
    assert refusal.value.field == "lawful_basis"


# Letters


@pytest.fixture
def told(in_app):
    """A decided referral of two children; the first goes to a school, the referrer is known."""
    held = refer(decided=None)
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        school = make_agency(session, AgencyKind.EDUCATION)
        lead = make_professional(session, ProfessionalRole.SAFEGUARDING_LEAD, school, "Dana Lead")
        involve(
            session, staff_actor(session), current.children[0].child, [Involvement(lead.id)], now()
        )
        referrer = make_professional(session, ProfessionalRole.TEACHER, school, "Robin Referrer")
        current.referrer_professional_id = referrer.id
        make_adult(session, current)
    decide(held, Outcome.SECTION_17)
    return held


def send(held, to, added=""):
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        return letter_service.send(session, staff_actor(session), current, to, added, SENDER, now())


def school_of(held):
    found = letters.recipients(reading(), referrals.by_ref(reading(), held.ref))
    return next(one for one in found if one.key.startswith("school"))


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


# Pages


def test_the_pages_of_a_decision(app, signed_in, told):
    triage = signed_in(Role.TRIAGE)
    here = f"/referrals/{told.ref}"
    page = triage.get(f"{here}/letters")
    assert "Dana Lead" in page.text
    to = school_of(told).key
    shown = press(triage, f"{here}/letters", f"{here}/letters/preview", to=to, added="All well.")
    assert shown.status_code == 200
    for words in ("All well.", "A letter for you", "Feedback on a pupil"):
        assert words in shown.text
    fields = form_of(shown.text, f"{here}/letters/send")
    assert triage.post(f"{here}/letters/preview.pdf", data=fields).data[:5] == b"%PDF-"
    assert "All well." in triage.post(f"{here}/letters", data=fields).text
    assert triage.post(f"{here}/letters/send", data=fields).status_code == 303
    assert triage.post(f"{here}/letters/send", data=fields).status_code == 303
    assert len(mails(reading(), "outcome")) == 1
    refused = press(triage, f"{here}/letters", f"{here}/letters/preview", to=to, added="Ask Pat")
    assert refused.status_code == 422
    assert "Ask Pat" in refused.text

    again = press(triage, f"{here}/reopen", f"{here}/reopen", reason="A new call")
    assert again.status_code == 303
    page = triage.get(here).text
    assert "A new call" in page
    assert "Not a referral" in page
    closed = press(
        triage, f"{here}/no-referral", f"{here}/no-referral", filtered="other_area", reason="Moved"
    )
    assert closed.status_code == 303
    assert "The child lives in another area" in triage.get(here).text
    onward = press(
        triage, f"{here}/onward", f"{here}/onward", about="missing", to_name="Missing panel"
    )
    assert onward.status_code == 303
    assert "Missing panel" in triage.get(here).text


def test_a_decision_names_the_requests_that_nobody_has_answered(signed_in, told):
    triage = signed_in(Role.TRIAGE)
    reopen(told)
    with transaction() as session:
        current = referrals.by_ref(session, told.ref)
        wanted, other, answered = (make_check(session, current) for _ in range(3))
        given = AnswerGiven(Held.NOTHING, "", "Jo", "", AnswerVia.TELEPHONE)
        checks.answer(session, staff_actor(session), answered, given, now())
    here = f"/referrals/{told.ref}/decision"
    shown = form_of(triage.get(here).text, here)
    fields = {"outcome": "advice", "reason": "Enough is known"}
    with transaction() as session:
        late = make_check(session, referrals.by_ref(session, told.ref))
    # Asked by a colleague while this page was open: nothing is withdrawn unseen.
    unseen = triage.post(here, data=shown | fields)
    assert unseen.status_code == 422
    assert "Another agency was asked while you were deciding" in unseen.text
    without = triage.post(here, data=form_of(unseen.text, here) | fields | {"wanted": wanted.ref})
    assert without.status_code == 422
    assert "Say why the answer is still wanted" in without.text
    again = form_of(without.text, here) | {"wanted_because": "The school waits for it."}
    assert again["wanted"] == wanted.ref
    assert triage.post(here, data=again).status_code == 303
    found = {one.check.ref: one.check for one in check_queries.checks_on(reading(), told.id)}
    assert found[wanted.ref].withdrawn_at is None
    assert found[wanted.ref].wanted_because == "The school waits for it."
    assert found[wanted.ref].next_reminder_at is not None
    for one in (other, late):
        assert found[one.ref].withdrawn_reason == "The referral was decided: Advice"
        assert found[one.ref].next_reminder_at is None
    assert found[answered.ref].withdrawn_at is None
    assert "Still wanted after the decision" in triage.get(f"/referrals/{told.ref}/checks").text


def test_a_discussion_that_stands_is_cancelled_before_anything_else_is_decided(signed_in, in_app):
    with transaction() as session:
        make_settings(session)
        meeting = make_meeting(session, MeetingState.BOOKED, 2, at=now())
        held = session.get_one(Referral, meeting.referral_id)
        held.outcome, held.decided_at = Outcome.STRATEGY_DISCUSSION, now()
        held.state = ReferralState.DECIDED
    triage = signed_in(Role.TRIAGE)
    for page, fields in (
        ("decision", {"outcome": "advice", "reason": "Not needed"}),
        ("no-referral", {"filtered": "adult", "reason": "Not needed"}),
    ):
        here = f"/referrals/{held.ref}/{page}"
        refused = press(triage, here, here, **fields)
        assert refused.status_code == 422
        assert f"Strategy discussion {meeting.ref} is not cancelled" in refused.text
        assert "Not needed" in refused.text
    with transaction() as session:
        session.get_one(Meeting, meeting.id).state = MeetingState.CANCELLED
    here = f"/referrals/{held.ref}/decision"
    assert press(triage, here, here, outcome="advice", reason="Not needed").status_code == 303


def test_an_override_at_the_decision_keeps_that_the_family_was_told(signed_in, held):
    triage = signed_in(Role.TRIAGE)
    here = f"/referrals/{held.ref}/decision"
    fields = {"outcome": "section_17", "reason": "Needs support"}
    told = {"family_told": "y", "family_told_note": "By telephone at noon"}
    half = press(triage, here, here, **fields, **told)
    assert half.status_code == 422
    assert "By telephone at noon" in half.text
    basis = {"override_reason": "A threat", "lawful_basis": "crime"}
    assert press(triage, here, here, **fields, **told, **basis).status_code == 303
    [consent] = referrals.consents(reading(), held.id)
    assert consent.consent.family_told
    assert consent.consent.family_told_note == "By telephone at noon"


def test_the_decision_page_asks_for_the_override(signed_in, held):
    triage = signed_in(Role.TRIAGE)
    here = f"/referrals/{held.ref}/decision"
    fields = {"outcome": "section_17", "reason": "Needs support"}
    refused = press(triage, here, here, **fields)
    assert refused.status_code == 422
    assert "override it below" in refused.text
    half = press(triage, here, here, **fields, override_reason="A threat was made")
    assert half.status_code == 422
    assert "Choose the lawful basis for overriding consent" in half.text
    assert "A threat was made" in half.text
    done = press(triage, here, here, **fields, override_reason="A threat", lawful_basis="crime")
    assert done.status_code == 303
    assert "Consent was overridden by whoever decided" in triage.get(f"/referrals/{held.ref}").text


def test_two_who_decide_at_once_see_both_texts(signed_in, held):
    first, second = signed_in(Role.TRIAGE), signed_in(Role.CHAIR)
    here = f"/referrals/{held.ref}/decision"
    mine = form_of(second.get(here).text, here)
    press(first, here, here, outcome="advice", reason="First words")
    late = second.post(here, data=mine | {"outcome": "no_further_action", "reason": "Second words"})
    assert late.status_code == 409
    assert "First words" in late.text
    assert "Second words" in late.text
    assert [one.decision.reason for one in referrals.decisions(reading(), held.id)] == [
        "First words"
    ]


def test_disagreeing_and_settling_on_the_pages(in_app, signed_in):
    held = refer("nottinghamshire")
    rate(held, Rating.GREEN)
    triage, chair = signed_in(Role.TRIAGE), signed_in(Role.CHAIR)
    here = f"/referrals/{held.ref}/rating"
    said = press(triage, f"{here}/disagree", f"{here}/disagree", by_whom="Jo, health",
                 rating="red", rating_reason="Worse than it looks")  # fmt: skip
    assert said.status_code == 303
    shown = triage.get(f"/referrals/{held.ref}").text
    assert "Worse than it looks" in shown
    assert "Settle the disagreement" in shown
    press(triage, f"{here}/settle", f"{here}/settle", rating="green", rating_reason="Known well",
          settled="no")  # fmt: skip
    assert "final decision" in chair.get(f"{here}/settle").text
    press(chair, f"{here}/settle", f"{here}/settle", rating="red", rating_reason="Agreed",
          settled="yes")  # fmt: skip
    assert re.search(r"Disagreement, settled", triage.get(f"/referrals/{held.ref}").text)
    assert triage.get(f"{here}/settle").status_code == 303
