"""What a reviewer of a case asks, in the field's words (G6; IMAP 8, 11; HO2014)."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Found(enum.Enum):
    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    NOT_APPLICABLE = "not_applicable"

    @property
    def label(self) -> str:
        return {"not_applicable": "Does not apply"}.get(self.value, self.value.capitalize())


class Grade(enum.Enum):
    GOOD = "good"
    IMPROVE = "improve"
    CONCERN = "concern"

    @property
    def label(self) -> str:
        return {
            "good": "Good practice",
            "improve": "Some things to improve",
            "concern": "Serious concern",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Question:
    key: str
    words: str
    source: str


QUESTIONS = (
    Question("in_time", "Was it decided in time, with the reason written down?", "IMAP 5"),
    Question(
        "consent",
        "Was consent sought, or is it written down why information was shared without it?",
        "IMAP 1 to 3; HO2014 Haringey",
    ),
    Question(
        "threshold",
        "Do rating and outcome fit what was known: neither too little nor too much?",
        "HO2014 Bury: timely and proportionate interventions",
    ),
    Question(
        "history",
        "Was what is known from earlier referrals, and of siblings, taken into account?",
        "HO2014 Bury: re-referrals",
    ),
    Question(
        "agencies",
        "Did the agencies that hold something give it, and in time?",
        "HO2014 Camden, Sandwell",
    ),
    Question(
        "present",
        "Were police, health and those who know the child part of the strategy discussion?",
        "HO2014 Sandwell; BROMLEY 1",
    ),
    Question(
        "child",
        "Can the child be seen in it: what they said, want, and live with?",
        "BROMLEY 3",
    ),
    Question(
        "actions",
        "Is it clear who does what by when, and was it done?",
        "BROMLEY 5; TIMING",
    ),
    Question(
        "feedback",
        "Did the referrer hear what became of it?",
        "HO2014 Nottinghamshire, Northamptonshire",
    ),
)
