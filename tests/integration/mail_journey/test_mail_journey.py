"""One discussion with eight invitees, from the referral to its cancellation: every letter that a
real mail server took, and a search of all that was sent, asked for and logged."""

from __future__ import annotations

import re

from tests.integration.mail_journey.case import (
    CHILDREN,
    COLLEAGUE,
    HEALTH,
    PEOPLE,
    PINS,
    POLICE,
    QUALITY,
    RIGHT,
    SCHOOL_LEAD,
    TEACHER,
    TO_REMOVE,
    WRONG,
)
from tests.integration.mail_journey.seen import Journey
from tests.integration.mail_journey.steps import (
    BEHIND_LINKS,
    BY_THE_FORM,
    DISAGREED,
    EVERY_STEP,
    OF_ACTIONS,
    OF_CONFERENCES,
    TO_STAFF,
    at_the_end,
    entries,
    everybody,
    to,
)

# Who gets what


def test_eight_invitations_and_the_chairs_own(journey: Journey) -> None:
    recipients = [letter.recipient for letter in journey.steps["booked"]]
    assert len(recipients) == len(PEOPLE) + 1 == 9
    assert set(recipients) == everybody(journey)
    for letter in journey.steps["booked"]:
        assert letter.subject.startswith("Invitation: multi-agency meeting")
        assert letter.entry.method == "REQUEST"
        assert letter.entry.sequence == 0


def test_the_manager_is_told_once_that_it_comes_after_its_deadline(journey: Journey) -> None:
    [told] = journey.steps["told"]
    assert told.recipient == journey.chair
    assert journey.reference in told.text and told.token is None
    assert told.parts("text/calendar") == []


def test_a_new_time_updates_everybodys_entry(journey: Journey) -> None:
    assert sorted(letter.recipient for letter in journey.steps["moved"]) == sorted(
        everybody(journey)
    )
    for letter in journey.steps["moved"]:
        assert letter.entry.method == "REQUEST"
        assert letter.entry.sequence == 1
        assert "It has a new time." in letter.text
    # Moving the time locks nobody out (C4).
    assert journey.pins["moved"] == journey.pins["booked"]


def test_who_is_removed_gets_a_cancellation_alone_and_the_rest_a_new_pin(journey: Journey) -> None:
    letters = journey.steps["removed"]
    assert sorted(letter.recipient for letter in letters) == sorted(everybody(journey))
    assert journey.pins["removed"] != journey.pins["moved"]
    for letter in letters:
        assert letter.entry.sequence == 2
        assert journey.pins["moved"] not in letter.words
        if letter.recipient == TO_REMOVE:
            assert letter.entry.method == "CANCEL"
            assert journey.pins["removed"] not in letter.words
            assert letter.token is None
        else:
            assert letter.entry.method == "REQUEST"
            assert journey.pins["removed"] in letter.text
    assert TO_REMOVE not in [
        letter.recipient for step in ("reminded", "cancelled") for letter in journey.steps[step]
    ]


def test_a_code_goes_to_the_one_who_asked(journey: Journey) -> None:
    [letter] = journey.steps["code"]
    assert letter.recipient == POLICE
    assert letter.code not in letter.subject
    assert letter.token is None
    assert letter.message.get_content_type() == "multipart/alternative"


def test_a_reminder_goes_to_those_who_have_not_answered(journey: Journey) -> None:
    letters = journey.steps["reminded"]
    assert sorted(letter.recipient for letter in letters) == sorted(
        everybody(journey) - {POLICE, TO_REMOVE, journey.chair}
    )
    for letter in letters:
        # A second REQUEST of the same SEQUENCE would ask for an answer twice.
        assert letter.message.get_content_type() == "multipart/alternative"
        assert journey.pins["reminded"] in letter.text


def test_sent_again_it_is_the_same_entry_with_a_fresh_link(journey: Journey) -> None:
    [letter] = journey.steps["resent"]
    before = to(journey.steps["removed"], SCHOOL_LEAD)
    assert letter.recipient == SCHOOL_LEAD
    assert letter.subject.startswith("Invitation: multi-agency meeting")
    assert letter.entry.method == "REQUEST"
    assert (letter.entry.uid, letter.entry.sequence) == (before.entry.uid, 2)
    assert letter.token and letter.token != before.token
    assert journey.pins["resent"] == journey.pins["removed"]


def test_a_colleague_has_an_entry_of_their_own_and_the_first_is_taken_back(
    journey: Journey,
) -> None:
    letters = journey.steps["deputy"]
    assert {letter.recipient for letter in letters} == {HEALTH, COLLEAGUE}
    gone, fresh = to(letters, HEALTH), to(letters, COLLEAGUE)
    assert (gone.entry.method, gone.entry.sequence, gone.token) == ("CANCEL", 3, None)
    assert (fresh.entry.method, fresh.entry.sequence) == ("REQUEST", 0)
    assert fresh.entry.uid != gone.entry.uid
    # Nobody was sent away: the PIN stays (C4).
    assert journey.pins["deputy"] == journey.pins["removed"]


def test_a_wrong_address_gets_a_cancellation_and_the_right_one_an_entry_of_its_own(
    journey: Journey,
) -> None:
    letters = journey.steps["corrected"]
    # Whoever read the wrong mailbox knows the PIN: everybody else gets another.
    assert sorted(one.recipient for one in letters) == sorted({*at_the_end(journey), WRONG})
    others = [one for one in letters if one.recipient not in (WRONG, RIGHT)]
    assert {one.entry.method for one in others} == {"REQUEST"}
    assert {one.entry.sequence for one in others} == {1, 3}
    for letter in letters:
        assert (journey.pins["corrected"] in letter.words) == (letter.recipient != WRONG)
        assert journey.pins["deputy"] not in letter.words
    wrong, right = to(letters, WRONG), to(letters, RIGHT)
    assert (wrong.entry.method, wrong.entry.sequence, wrong.token) == ("CANCEL", 3, None)
    assert (right.entry.method, right.entry.sequence) == ("REQUEST", 0)
    assert right.entry.uid != wrong.entry.uid


def test_a_cancellation_takes_the_entry_away_and_leaves_no_way_in(journey: Journey) -> None:
    letters = journey.steps["cancelled"]
    assert sorted(letter.recipient for letter in letters) == sorted(at_the_end(journey))
    taken_back = (("removed", TO_REMOVE), ("deputy", HEALTH), ("corrected", WRONG))
    for letter in [*letters, *(to(journey.steps[step], email) for step, email in taken_back)]:
        assert letter.entry.method == "CANCEL"
        assert letter.entry.event["STATUS"] == "CANCELLED"
        assert "CONFERENCE" not in letter.entry.event
        assert not letter.entry.has_alarm
        assert letter.token is None
        for secret in (*PINS, "808 157 0100", "8081570100"):
            assert secret not in letter.words
    for letter in letters:
        assert letter.entry.sequence == {RIGHT: 1, COLLEAGUE: 2}.get(letter.recipient, 4)


def test_the_chair_is_told_of_the_record_before_it_is_late_and_then(journey: Journey) -> None:
    for step, begins in zip(TO_STAFF, ("Due soon: ", "Late: "), strict=True):
        [letter] = journey.steps[step]
        assert letter.recipient == journey.chair
        assert letter.subject.startswith(begins)
        assert journey.reference in letter.text


def test_the_quality_service_hears_early_of_a_conference_and_that_none_is_needed(
    journey: Journey,
) -> None:
    for step, begins in zip(OF_CONFERENCES, ("Early notice: ", "Early notice withdrawn: "),
                            strict=True):  # fmt: skip
        [letter] = journey.steps[step]
        assert letter.recipient == QUALITY
        assert letter.subject == f"{begins}multi-agency meeting {journey.reference}"
        assert letter.token is None
        for name in {name for pair in CHILDREN for name in pair}:
            assert name not in letter.words


def test_the_chair_is_told_that_somebody_disagrees(journey: Journey) -> None:
    for step, begins in zip(DISAGREED, ("Somebody disagrees: ", "Late: "), strict=True):
        [letter] = journey.steps[step]
        assert letter.recipient == journey.chair
        assert letter.subject.startswith(begins)
        assert journey.reference in letter.text


def test_owners_of_actions_are_reminded_by_their_link_and_staff_by_a_notice(
    journey: Journey,
) -> None:
    for step, subject in zip(OF_ACTIONS, ("Due soon", "Overdue"), strict=True):
        by_link, notice = sorted(journey.steps[step], key=lambda letter: letter.token is None)
        assert by_link.token and notice.recipient == journey.chair
        for letter in (by_link, notice):
            assert letter.subject.startswith(f"{subject}: your actions after multi-agency meeting")
            assert letter.parts("text/calendar") == []


def test_agencies_are_asked_and_chased_and_referrer_and_school_written_to(journey: Journey) -> None:
    asked, chased, written = (journey.steps[step] for step in BEHIND_LINKS)
    assert sorted(letter.recipient for letter in asked) == sorted([HEALTH, SCHOOL_LEAD])
    assert [letter.recipient for letter in chased] == [HEALTH]
    assert chased[0].subject.startswith("Reminder: request for information")
    assert [letter.recipient for letter in written] == [TEACHER, SCHOOL_LEAD]
    for letter in (*asked, *chased, *written):
        assert letter.link is not None
        assert letter.link.startswith("/r/")
        assert letter.message.get_content_type() == "multipart/alternative"


def test_an_agency_is_told_that_its_request_is_withdrawn(journey: Journey) -> None:
    [letter] = journey.steps["withdrawn"]
    assert (letter.recipient, letter.link) == (HEALTH, None)
    assert letter.subject.startswith("Withdrawn: request for information")
    assert "your answer is no longer needed" in letter.text


def test_the_referrer_gets_the_way_back_the_code_for_it_and_the_receipt(journey: Journey) -> None:
    letters = [letter for step in BY_THE_FORM for letter in journey.steps[step]]
    assert [letter.recipient for letter in letters] == [SCHOOL_LEAD] * 3
    way_back, code, receipt = letters
    assert way_back.token
    assert code.code not in way_back.words
    assert code.token is receipt.token is None
    assert receipt.subject.startswith("We have received your form RF-")


# One envelope, one reader


def test_who_took_part_is_asked_for_a_view_without_a_word_of_the_meeting(journey: Journey) -> None:
    letters = journey.steps["feedback"]
    took_part = at_the_end(journey) | {HEALTH}  # who sent a colleague came herself as well
    assert {letter.recipient for letter in letters} == took_part - {journey.chair}
    for letter in letters:
        assert journey.reference not in letter.words
        assert letter.link and letter.link.startswith("/feedback/")


def test_each_letter_is_for_one_mailbox_alone(journey: Journey) -> None:
    assert set(journey.steps) == set(EVERY_STEP)
    for letter in journey.letters:
        headers = letter.message
        assert len(letter.received.recipients) == 1
        assert [box.addr_spec for box in headers["To"].addresses] == [letter.recipient]
        assert [box.addr_spec for box in headers["From"].addresses] == [journey.desk]
        assert letter.received.sender == journey.desk
        for name in ("To", "From", "Subject", "Date", "Message-ID", "MIME-Version"):
            assert len(headers.get_all(name, [])) == 1, name
        for name in headers:
            assert not re.fullmatch("(?i)b?cc|resent-.*|sender|reply-to|disposition-.*", name)
    found = [letter.message_id for letter in journey.letters]
    by_step = (9, 9, 9, 1, 6, 1, 1, 2, 9, 8, 1, 1, 1, 1, 2, 2, 1, 1, 1, 2, 1, 1, 2, 1, 1, 1)
    asked = len(journey.steps["feedback"])
    assert len(set(found)) == len(found) == sum(by_step) + asked


def test_nobody_reads_of_another(journey: Journey) -> None:
    uids = {letter.entry.uid: letter.recipient for letter in entries(journey)}
    assert len(uids) == 9 + 2
    tokens = [letter.token for letter in journey.letters if letter.token]
    by_step = (9, 9, 8, 6, 1, 1, 8, 1, 1, 2, 1, 2, 1)
    asked = len(journey.steps["feedback"])
    assert len(set(tokens)) == len(tokens) == sum(by_step) + asked
    names = {email: name for name, *_, email in PEOPLE}
    names |= {journey.chair: "Helen Marsh", COLLEAGUE: "Nora Ferris", RIGHT: names[WRONG]}
    names[QUALITY] = "Quality service"
    for letter in journey.letters:
        for email in names.keys() - {letter.recipient}:
            assert email not in letter.words
            # Somebody whose address was wrong is the same person.
            if names[email] != names[letter.recipient]:
                assert names[email] not in letter.words
        for uid, recipient in uids.items():
            assert uid not in letter.words or recipient == letter.recipient
        for token in tokens:
            assert token not in letter.words or token == letter.token
