"""What decides whether a question is asked: what was said of this child before (E2)."""

from __future__ import annotations

from app.meetings.discussion.types import Circumstances, Condition


def said(key: str, *values: str) -> Condition:
    """Holds when this child's answer to `key` is one of the values."""

    def condition(child: Circumstances) -> bool:
        return child.says(key, *values)

    return condition


def answered(key: str) -> Condition:
    """Holds when this child has an answer to `key`, whichever it is."""

    def condition(child: Circumstances) -> bool:
        return bool(child.answers.get(key))

    return condition


enquiry_runs = said("section_47", "started", "continued")
conference_ahead = said("conference", "likely", "required")


def born(child: Circumstances) -> bool:
    return enquiry_runs(child) and not child.unborn


def enquiry_is_joint(child: Circumstances) -> bool:
    return enquiry_runs(child) and child.says("enquiry", "joint")


def single_agency(child: Circumstances) -> bool:
    return enquiry_runs(child) and child.says("enquiry", "single")


def seen_alone(child: Circumstances) -> bool:
    return born(child) and child.says("seen_alone", "yes")


def crime_looked_into(child: Circumstances) -> bool:
    return enquiry_is_joint(child) or child.says("crime", "to_begin", "under_way")


def hospital(child: Circumstances) -> bool:
    """The answer goes before what the referral said; an unborn child is nowhere to discharge."""
    if child.unborn or child.says("in_hospital", "no"):
        return False
    return child.in_hospital or child.says("in_hospital", "yes")


def _no_more_to_come(child: Circumstances) -> bool:
    """No harm is suspected and no enquiry is made: what protects a child at risk is not asked."""
    return child.says("harm", "no") and child.says("section_47", "not_started")


def unless_over(key: str) -> Condition:
    """Asked unless no more is to come; an answer that was given stays in the record."""

    def condition(child: Circumstances) -> bool:
        return not _no_more_to_come(child) or bool(child.answers.get(key))

    return condition


def assessed(child: Circumstances) -> bool:
    """There is no assessment to set a timescale for where it ends here."""
    ends = child.says("section_47", "not_started") and child.says("instead", "help", "nothing")
    return not ends or bool(child.answers.get("assessment"))


def not_unborn(child: Circumstances) -> bool:
    return not child.unborn


def known_in_hospital(child: Circumstances) -> bool:
    return child.in_hospital
