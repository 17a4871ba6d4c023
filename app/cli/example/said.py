"""What is said, decided and answered in the discussions of the example week."""

from __future__ import annotations

# What a joint section 47 enquiry answers; keys as in app.meetings.discussion.questions.
DECISIONS = {
    "harm": "yes",
    "harm.reason": "The account, the injury and what each agency holds point the same way.",
    "section_47": "started",
    "section_47.reason": "There is reasonable cause to suspect significant harm.",
    "enquiry": "joint",
    "crime": "to_begin",
    "crime_plan": "The detective sergeant decides on the conduct and timing today.",
    "police_lead": "DS Karen Holt",
    "social_care_lead": "Priya Nair",
    "immediate_safety": "The child stays with the grandmother tonight; agreed with both parents.",
    "protection": "none",
    "legal_action": "no",
    "in_hospital": "no",
    "interim_services": "Daily call by the allocated social worker until the visit.",
    "other_children": "The cousins next door are named and will be seen as well.",
    "medical": "needed",
    "medical_plan": "Community paediatrician, tomorrow morning, social worker to bring the child.",
    "seen_alone": "yes",
    "seen_by": "Priya Nair",
    "seen_when": "within 1 working day",
    "wishes": "Drawing and talking at school, where the child feels safe.",
    "interviews": "Both parents, apart, by police and social care together, after the medical.",
    "interpreter": "no",
    "identity": "White British, no faith named; nothing further needed.",
    "further_information": "GP history and the attendance record, both by tomorrow noon.",
    "family_told": "yes",
    "family_what": "That concerns were shared and what happens next; not who referred.",
    "conference": "not_likely",
    "assessment": "45",
    "next_discussion": "none",
}
DISAGREES = (
    "The family is told today",
    "Whoever lives there should not hear of it before the child was seen.",
)
SPOKE = "Spoke on the telephone. The visit is brought forward to noon, and the family told after."
SPOKE_IN_VAIN = "Spoke on the telephone and did not agree. Both managers are asked to look at it."
MORE = "The marks are of different ages, the paediatrician says: the accounts do not explain them."
MISHEARD = "It was said by somebody else on the line, who agreed once they had heard the plan."
SHARED = {
    "police": "Two incidents at the address in the last year, both verbal. No convictions.",
    "health": "Immunisations up to date. One missed review. No earlier injuries on file.",
    "education": "Attendance 88 per cent. Tired and quiet for about three weeks.",
    "social_care": "One earlier contact, closed with advice.",
}
