"""There is always a time chosen where there is one to choose, and it is never lost (C1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.core.session import reading, transaction
from app.directory.models import ConferenceLine
from app.meetings.booking import queries
from app.meetings.booking.forms import OTHER_TIME, BookingForm
from app.meetings.booking.ground import Ground
from app.meetings.booking.page import build, fill
from app.meetings.booking.slots import QUARTER, quarters_of
from app.meetings.models import LineQuarter, Meeting
from app.meetings.types import MeetingState
from tests.clock import FRIDAY
from tests.factories.booking import SENDER
from tests.factories.meetings import make_meeting
from tests.page_form import form_of

HOUR = timedelta(hours=1)
# The office is open from nine to five; FRIDAY is a quarter to five.
CLOCKS = {
    "the last quarter of office hours": FRIDAY,
    "Friday at five": FRIDAY + QUARTER,
    "ten to midnight": datetime(2026, 11, 20, 23, 50, tzinfo=UTC),
    "Saturday": datetime(2026, 11, 21, 11, 5, tzinfo=UTC),
    "the night the clocks go back": datetime(2026, 10, 25, 0, 40, tzinfo=UTC),
    "a second before a quarter": datetime(2026, 11, 23, 10, 14, 59, tzinfo=UTC),
}
DEADLINES = (None, -HOUR, 2 * HOUR, 20 * HOUR, 72 * HOUR)


def opened(app, ref, at):
    """The page as it opens at that moment."""
    with app.test_request_context():
        ground, form = ground_at(ref, at), BookingForm()
        fill(ground, form)
        return form, build(ground, form, SENDER)


def pressed(app, ref, at, fields):
    """The page as it comes back at that moment from a press that sends nothing."""
    with app.test_request_context(method="POST"):
        form = BookingForm(formdata=MultiDict(fields))
        return form, build(ground_at(ref, at), form, SENDER)


def ground_at(ref, at):
    read = queries.read(reading(), ref)
    assert read is not None
    return Ground(reading(), read, at)


@pytest.mark.parametrize("clock", CLOCKS.values(), ids=CLOCKS)
def test_a_time_is_chosen_whenever_the_page_is_opened(app, in_app, case, clock):
    for left in DEADLINES:
        with transaction() as session:
            meeting = session.execute(select(Meeting)).scalar_one()
            meeting.due_at = clock + left if left is not None else None
        form, page = opened(app, case["ref"], clock)
        chosen = [slot for slot in page.slots if slot.checked]
        assert len(chosen) == 1, left
        assert chosen == page.slots[:1]
        assert form.start is not None and form.start >= clock


def test_where_nothing_is_free_another_time_is_chosen_to_be_typed(app, in_app, case):
    with transaction() as session:
        line = session.execute(select(ConferenceLine)).scalar_one()
        line.ended_at = FRIDAY
    form, page = opened(app, case["ref"], FRIDAY)
    assert page.slots == [] and form.slot.data == OTHER_TIME and page.no_slots


def test_a_page_that_was_open_for_long_keeps_what_was_chosen(app, in_app, case):
    opens = CLOCKS["a second before a quarter"]
    with transaction() as session:
        session.execute(select(Meeting)).scalar_one().due_at = opens + 72 * HOUR
    form, _page = opened(app, case["ref"], opens)
    fields = {"slot": form.slot.data, "format": "call", "chair": form.chair.data}
    for later in (timedelta(seconds=2), timedelta(minutes=40), timedelta(days=1)):
        again, shown = pressed(app, case["ref"], opens + later, fields)
        (kept,) = (slot for slot in shown.slots if slot.checked)
        assert kept.value == form.slot.data and kept.note == "As you chose"
        assert again.start == form.start
        # What has passed is said, and the next best stands beside it.
        assert ("This time is in the past." in shown.time_notes) == (form.start < opens + later)
        assert len(shown.slots) > 1
    # Typing another leaves it.
    _again, shown = pressed(app, case["ref"], opens + HOUR, fields | {"slot": OTHER_TIME})
    assert not [slot for slot in shown.slots if slot.checked]


def test_a_time_that_the_line_lost_meanwhile_stays_chosen_and_says_so(app, desk, case):
    where = f"/discussions/{case['ref']}/book"
    fields = form_of(desk.get(where).text, where)
    start = datetime.fromisoformat(fields["slot"])
    with app.app_context(), transaction() as session:
        line = session.execute(select(ConferenceLine)).scalar_one()
        other = make_meeting(session, MeetingState.BOOKED, start=start)
        session.add_all(
            LineQuarter(line_id=line.id, quarter=quarter, meeting_id=other.id)
            for quarter in quarters_of(start, start + timedelta(minutes=45))
        )
        taken_by = other.ref
    found = desk.post(where, data=fields | {"search": "nobody of this name", "do": "search"})
    again = form_of(found.text, where)
    assert again["slot"] == fields["slot"]
    assert "Every conference line is taken then" in found.text
    refused = desk.post(where, data=again | {"do": "send"})
    assert refused.status_code == 422 and taken_by in refused.text
    assert "Choose a time" not in refused.text
    assert form_of(refused.text, where)["slot"] == fields["slot"]


@pytest.mark.parametrize(
    ("day", "month", "year", "said"),
    [
        ("28", "3", "2027", "Clocks go forward that night and never show 01:30"),
        ("31", "10", "2027", "enter 01:30 BST for the first time or 01:30 GMT for the second"),
    ],
)
def test_an_hour_that_clocks_leave_out_or_show_twice_is_said_beside_it(
    app, desk, case, day, month, year, said
):
    where = f"/discussions/{case['ref']}/book"
    typed = {
        "slot": OTHER_TIME, "other-day": day, "other-month": month, "other-year": year,
        "other-time": "1:30", "late_reason": "Nobody can come before.",
    }  # fmt: skip
    fields = form_of(desk.get(where).text, where) | typed
    refused = desk.post(where, data=fields | {"do": "send"})
    assert refused.status_code == 422 and said in refused.text
    again = form_of(refused.text, where)
    again["csrf_token"] = fields["csrf_token"]
    assert again == fields
    with app.app_context():
        assert reading().execute(select(Meeting.starts_at)).scalar_one() is None
