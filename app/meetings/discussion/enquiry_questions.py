"""What has to be settled for each child beyond today: enquiry, family and what comes next (E2).

Order and sources are those of `child_questions`.
"""

from __future__ import annotations

from app.meetings.discussion.conditions import (
    assessed,
    born,
    conference_ahead,
    enquiry_runs,
    said,
    seen_alone,
    unless_over,
)
from app.meetings.discussion.types import YES_NO, Group, Kind, Option, Question, never

CONFERENCE = "conference"
LONGEST_ASSESSMENT = 45  # working days (BROMLEY 3)

ENQUIRY = Group(
    "How the enquiry is carried out",
    (
        Question(
            "seen_alone",
            "Will the child be seen alone?",
            Kind.CHOICE,
            "BROMLEY 4",
            options=YES_NO,
            asked=born,
            reason=said("seen_alone", "no"),
            reason_label="Why that would be inappropriate for the child",
            protectable=True,
        ),
        Question(
            "seen_by", "Seen by whom", Kind.LINE, "BROMLEY 4", asked=seen_alone, protectable=True
        ),
        Question(
            "seen_when",
            "Seen when",
            Kind.MOMENT,
            "BROMLEY 4",
            hint="For example, tomorrow 9 am",
            asked=seen_alone,
        ),
        Question(
            "wishes",
            "How the child's wishes and feelings are heard",
            Kind.TEXT,
            "BROMLEY 4",
            asked=born,
            protectable=True,
        ),
        Question(
            "interviews",
            "Interviews: who, by whom, for what, when",
            Kind.TEXT,
            "BROMLEY 4",
            hint="Victims, family, witnesses. Timing and handling decide what evidence is left.",
            asked=enquiry_runs,
            protectable=True,
        ),
        Question(
            "interpreter",
            "Is an interpreter required?",
            Kind.CHOICE,
            "BROMLEY 4",
            options=YES_NO,
            asked=enquiry_runs,
            reason=said("interpreter", "yes"),
            reason_label="Which language, who arranges it",
            protectable=True,
        ),
        Question(
            "identity",
            "Language, race, ethnicity and religion: what is taken into account",
            Kind.TEXT,
            "BROMLEY 4",
            asked=enquiry_runs,
            protectable=True,
        ),
        Question(
            "further_information",
            "Further information needed, how it is got and recorded",
            Kind.TEXT,
            "BROMLEY 4",
            asked=enquiry_runs,
            protectable=True,
        ),
    ),
)

FAMILY = Group(
    "The family",
    (
        Question(
            "family_told",
            "Is the family told what was shared here?",
            Kind.CHOICE,
            "BROMLEY 3",
            hint="Unless it puts the child at more risk or harms the police investigation.",
            options=YES_NO,
            reason=said("family_told", "no"),
            reason_label="Why not",
            protectable=True,
        ),
        Question(
            "family_what",
            "What they are told, when and by whom",
            Kind.TEXT,
            "BROMLEY 3",
            asked=said("family_told", "yes"),
            protectable=True,
        ),
    ),
)

NEXT = Group(
    "What comes next",
    (
        Question(
            CONFERENCE,
            "Initial child protection conference",
            Kind.CHOICE,
            "BROMLEY 1, 2",
            options=(
                Option("not_likely", "Not likely now"),
                Option("likely", "Likely to be needed"),
                Option("required", "Required"),
            ),
            asked=unless_over("conference"),
            headline=True,
        ),
        Question(
            "quality_told",
            "When the quality service was told",
            Kind.MOMENT,
            "BROMLEY 1",
            hint="So that a date is kept. For example, today 4:10 pm. Where the council's settings "
            "name their mailbox, leave it empty: they are told by mail two minutes after somebody "
            "says that a conference is likely or required, and of what changes.",
            asked=conference_ahead,
            # What follows asks for it until it is done, by mail or on the telephone.
            required=never,
        ),
        Question(
            "assessment",
            "Timescale of this child's assessment, in working days",
            Kind.WORKING_DAYS,
            "BROMLEY 3",
            hint=f"By this child's needs, {LONGEST_ASSESSMENT} working days at most.",
            asked=assessed,
        ),
        Question(
            "next_discussion",
            "Next discussion",
            Kind.CHOICE,
            "TIMING",
            options=(Option("none", "None planned"), Option("planned", "Planned")),
            required=never,
        ),
        Question(
            "next_discussion_at",
            "When",
            Kind.MOMENT,
            "TIMING",
            hint="For example, Friday 10 am",
            asked=said("next_discussion", "planned"),
        ),
    ),
)
