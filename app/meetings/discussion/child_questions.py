"""What a strategy discussion has to settle for each child, as data (E2).

The order is the order in which a chair asks. Sources are cited by the short names of the field's
documents: BROMLEY is its multi-agency strategy discussion protocol, TIMING the training text on
the timing of meetings.
"""

from __future__ import annotations

from app.meetings.discussion.conditions import (
    answered,
    assessed,
    born,
    conference_ahead,
    crime_looked_into,
    enquiry_runs,
    hospital,
    known_in_hospital,
    not_unborn,
    said,
    seen_alone,
    single_agency,
    unless_over,
)
from app.meetings.discussion.types import (
    Group,
    Kind,
    Option,
    Question,
    never,
)

CONFERENCE = "conference"
LONGEST_ASSESSMENT = 45  # working days (BROMLEY 3)

YES_NO = (Option("yes", "Yes"), Option("no", "No"))


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

CHILD_GROUPS = (THRESHOLD, SAFETY, HEALTH, ENQUIRY, FAMILY, NEXT)
CHILD_QUESTIONS = {question.key: question for group in CHILD_GROUPS for question in group.questions}
