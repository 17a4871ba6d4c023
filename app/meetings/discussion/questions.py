"""What a strategy discussion has to settle beside the decisions for each child (E1, E4, E5)."""

from __future__ import annotations

from app.meetings.discussion.types import Kind, Option, Question, never

# Why a reader may not see a passage; the values are those of the record (F4, HO2014 Blackburn).
PROTECTIONS = (
    Option("", "Everybody who gets the record may read it"),
    Option("health_of_others", "Health information about somebody else: withhold from most"),
    Option("referrer", "Says who made the referral: withhold from most"),
    Option("address", "Says where the child lives: withhold from most"),
)


AGENDA = Question(
    "agenda",
    "Anything to add to the agenda",
    Kind.TEXT,
    "BROMLEY 3",
    required=never,
    protectable=True,
    undecidable=False,
)
ANALYSIS = (
    Question(
        "hypotheses",
        "Hypotheses",
        Kind.TEXT,
        "BROMLEY 2",
        hint="What could explain all of this? What else could?",
        required=never,
        protectable=True,
        undecidable=False,
    ),
    Question(
        "challenge",
        "Curiosity and challenge",
        Kind.TEXT,
        "BROMLEY 2",
        hint="What do we not know? What would change our mind? Whose account is missing?",
        required=never,
        protectable=True,
        undecidable=False,
    ),
    Question(
        "analysis",
        "Analysis",
        Kind.TEXT,
        "BROMLEY 2",
        hint="What it means for each child, from what every agency has said.",
        required=never,
        protectable=True,
        undecidable=False,
    ),
)
QUORUM_REASON = Question(
    "quorum_reason",
    "Why the discussion went on without them",
    Kind.TEXT,
    "TIMING",
    required=never,
    protectable=True,
    undecidable=False,
)
START_REASON = Question(
    "start_reason",
    "Why the discussion was started at once",
    Kind.TEXT,
    "TIMING",
    required=never,
    protectable=True,
    undecidable=False,
)
TIMES_REASON = Question(
    "times_reason",
    "Why the times of the discussion were corrected",
    Kind.TEXT,
    "TIMING",
    required=never,
    protectable=True,
    undecidable=False,
)
DISSENT_ASKED = Question(
    "dissent_asked",
    "Everybody was asked whether they disagree",
    Kind.TICK,
    "IMAP 9",
    required=never,
)
MEETING_QUESTIONS = {
    question.key: question
    for question in (AGENDA, *ANALYSIS, QUORUM_REASON, START_REASON, TIMES_REASON, DISSENT_ASKED)
}

INFORMATION = Question(
    "information",
    "What this agency knows",
    Kind.TEXT,
    "BROMLEY 3",
    required=never,
    protectable=True,
    undecidable=False,
)

# The words of a disagreement are its own; only who may read them is asked here.
DISSENT = Question(
    "dissent",
    "What somebody disagrees with",
    Kind.TEXT,
    "IMAP 9",
    required=never,
    protectable=True,
    undecidable=False,
)

# Nobody remembers, or the telephone went dead: the record says so, and is not late for it (F1).
NOT_KNOWN = Question(
    "attendance_not_known",
    "Not known, because",
    Kind.LINE,
    "TIMING",
    required=never,
    undecidable=False,
)

# Said to everyone at the start; the chair's own points come after it.
STANDARD_AGENDA = (
    "Who is here, and may each decide for their agency",
    "What every agency knows, facts before views",
    "What it may mean: hypotheses, challenge, what is not known",
    "Decisions for each child",
    "Actions: who does what by when",
    "Does anybody disagree",
)
