"""Which discussions are about one section 47 enquiry (F8)."""

from __future__ import annotations

from datetime import timedelta

from app.meetings.after.enquiries import Discussed, enquiries
from tests.clock import FRIDAY

DAY = timedelta(days=1)


def said(row_id, days, *, runs=True, started=False, ended=None):
    ends = None if ended is None else FRIDAY + ended * DAY
    return Discussed(row_id, FRIDAY + days * DAY, runs, started, ends)


def numbers(*discussed):
    return [[one.row_id for one in group] for group in enquiries(discussed)]


def test_a_discussion_that_continues_goes_with_the_enquiry_that_runs():
    assert numbers(said(1, 0, started=True), said(2, 3), said(3, 5)) == [[1, 2, 3]]


def test_order_is_that_of_the_discussions_not_of_their_rows():
    # One already held was entered later.
    assert numbers(said(2, 0, started=True), said(1, 3)) == [[2, 1]]


def test_a_finished_enquiry_is_not_continued():
    assert numbers(said(1, 0, started=True, ended=4), said(2, 5)) == [[1], [2]]
    assert numbers(said(1, 0, started=True, ended=5), said(2, 5)) == [[1, 2]]
    # The outcome may be noted with a later discussion about it.
    assert numbers(said(1, 0, started=True), said(2, 3, ended=4), said(3, 5)) == [[1, 2], [3]]


def test_one_that_is_started_anew_is_another_enquiry():
    assert numbers(said(1, 0, started=True), said(2, 3, started=True), said(3, 5)) == [[1], [2, 3]]


def test_an_enquiry_whose_start_is_not_known_is_one_all_the_same():
    assert numbers(said(1, 0), said(2, 3)) == [[1, 2]]


def test_a_discussion_without_an_enquiry_is_in_none():
    assert numbers(said(1, 0, started=True), said(2, 3, runs=False)) == [[1]]
