"""What a strategy discussion has to settle for each child, as data (E2).

What decides on the threshold and keeps the child safe now stands here; the rest comes from
`enquiry_questions`. The order is the order in which a chair asks. Sources are cited by the short
names of the field's documents: BROMLEY is its multi-agency strategy discussion protocol, TIMING the
training text on the timing of meetings.
"""

from __future__ import annotations

from app.meetings.discussion.conditions import (
    answered,
    crime_looked_into,
    enquiry_runs,
    hospital,
    known_in_hospital,
    not_unborn,
    said,
    single_agency,
    unless_over,
)
from app.meetings.discussion.enquiry_questions import ENQUIRY, FAMILY, NEXT
from app.meetings.discussion.types import YES_NO, Group, Kind, Option, Question, never

THRESHOLD = Group(
    "Threshold",
    (
        Question(
            "harm",
            "Is significant harm suspected?",
            Kind.CHOICE,
            "TIMING",
            hint="Is the child suffering, or likely to suffer, significant harm?",
            options=YES_NO,
            reason=answered("harm"),
            reason_label="Why",
            headline=True,
            protectable=True,
        ),
        Question(
            "section_47",
            "Section 47 enquiry",
            Kind.CHOICE,
            "BROMLEY 3",
            options=(
                Option("started", "Started"),
                Option("continued", "Continued, it has already begun"),
                Option("not_started", "Not started"),
            ),
            reason=answered("section_47"),
            reason_label="Rationale",
            headline=True,
            protectable=True,
        ),
        Question(
            "instead",
            "What happens instead of an enquiry",
            Kind.CHOICE,
            "IMAP 3",
            options=(
                Option("assessment", "Assessment under section 17, child in need"),
                Option("goes_on", "An assessment already under way goes on"),
                Option("help", "Early help or targeted support"),
                Option("nothing", "No further action"),
            ),
            asked=said("section_47", "not_started"),
            headline=True,
        ),
        Question(
            "enquiry",
            "Single or joint enquiry",
            Kind.CHOICE,
            "BROMLEY 3",
            options=(
                Option("joint", "Joint, police and social care"),
                Option("single", "Single agency, social care alone"),
            ),
            asked=enquiry_runs,
            reason=said("enquiry", "single"),
            reason_label="Why police are not investigating jointly, as social care record it",
            protectable=True,
            headline=True,
        ),
        Question(
            "police_reason",
            "Why police are not investigating jointly, as police record it",
            Kind.TEXT,
            "BROMLEY 3",
            hint="Ask the police for their words: both agencies record the reason.",
            asked=single_agency,
            protectable=True,
        ),
        Question(
            "crime",
            "Criminal investigation",
            Kind.CHOICE,
            "BROMLEY 3",
            options=(
                Option("none", "None"),
                Option("to_begin", "To begin"),
                Option("under_way", "Under way"),
            ),
        ),
        Question(
            "crime_plan",
            "Timing and conduct of the criminal investigation",
            Kind.TEXT,
            "BROMLEY 3, 4",
            hint="How does it fit with seeing the child? What must not be said yet, and to whom?",
            asked=crime_looked_into,
            protectable=True,
        ),
        Question(
            "police_lead",
            "Who in the police leads the criminal investigation",
            Kind.LINE,
            "BROMLEY 4",
            asked=crime_looked_into,
            protectable=True,
        ),
        Question(
            "social_care_lead",
            "Who in social care leads the section 47 enquiry",
            Kind.LINE,
            "BROMLEY 4",
            asked=enquiry_runs,
            protectable=True,
        ),
    ),
)

SAFETY = Group(
    "Safe now",
    (
        Question(
            "immediate_safety",
            "Immediate action to keep this child safe",
            Kind.TEXT,
            "BROMLEY 3",
            hint="What happens at once, by whom, by when. Where does the child sleep tonight?",
            headline=True,
            protectable=True,
        ),
        Question(
            "protection",
            "Emergency protection order or police protection",
            Kind.CHOICE,
            "BROMLEY 3",
            options=(
                Option("none", "Neither"),
                Option("police_protection", "Police protection in force"),
                Option("order_sought", "Emergency protection order to be applied for"),
                Option("order_in_place", "Emergency protection order in place"),
            ),
            asked=unless_over("protection"),
            reason=said("protection", "police_protection", "order_sought", "order_in_place"),
            reason_label="Who does what by when",
            protectable=True,
        ),
        Question(
            "legal_action",
            "Is legal action required?",
            Kind.CHOICE,
            "BROMLEY 3",
            options=YES_NO,
            asked=unless_over("legal_action"),
            reason=said("legal_action", "yes"),
            reason_label="Which, and who instructs",
            protectable=True,
        ),
        Question(
            "in_hospital",
            "Is this child in hospital?",
            Kind.CHOICE,
            "BROMLEY 3",
            options=YES_NO,
            asked=not_unborn,
            required=known_in_hospital,
        ),
        Question(
            "discharge",
            "How a safe discharge from hospital is secured",
            Kind.TEXT,
            "BROMLEY 3",
            hint="Who does what by when; nobody leaves before that is done.",
            asked=hospital,
            protectable=True,
        ),
        Question(
            "interim_services",
            "Interim services and support",
            Kind.TEXT,
            "BROMLEY 3",
            required=never,
            protectable=True,
        ),
        Question(
            "other_children",
            "Other children who may be affected",
            Kind.TEXT,
            "BROMLEY 4",
            hint="Siblings, the same household, in contact with the alleged abuser. "
            "If there are none, say so.",
            protectable=True,
        ),
    ),
)

HEALTH = Group(
    "Health",
    (
        Question(
            "medical",
            "Medical examination or treatment",
            Kind.CHOICE,
            "BROMLEY 1, 3",
            options=(
                Option("needed", "Needed"),
                Option("took_place", "Has taken place"),
                Option("not_needed", "Not needed"),
            ),
            reason=said("medical", "not_needed"),
            reason_label="Why not",
            headline=True,
            protectable=True,
        ),
        Question(
            "medical_plan",
            "By whom, where and when; what it found if it took place",
            Kind.TEXT,
            "BROMLEY 1, 3",
            hint="Who gives consent? Is the paediatrician on this call?",
            asked=said("medical", "needed", "took_place"),
            protectable=True,
        ),
    ),
)

CHILD_GROUPS = (THRESHOLD, SAFETY, HEALTH, ENQUIRY, FAMILY, NEXT)
CHILD_QUESTIONS = {question.key: question for group in CHILD_GROUPS for question in group.questions}
