"""What referrals of the example week are about. Short, plain, and about nobody."""

from __future__ import annotations

from typing import NamedTuple

from app.directory.types import ProfessionalRole
from app.referrals.types import Channel, Concern, Flag, Outcome

_C, _F, _P, _O = Concern, Flag, ProfessionalRole, Outcome


class Story(NamedTuple):
    """`words` take the child's given name; `source` is who refers; `outcome` what usually follows."""

    concerns: tuple[Concern, ...]
    flags: tuple[Flag, ...]
    source: ProfessionalRole
    channel: Channel
    words: str
    outcome: Outcome


SERIOUS = (
    Story(
        (_C.PHYSICAL_ABUSE,),
        (_F.SERIOUS_HARM, _F.MEDICAL_EXAMINATION),
        _P.SAFEGUARDING_LEAD,
        Channel.PHONE,
        "{name} came to school with a bruise to the left ear and a mark on the upper arm the shape of fingers. "
        "{name} said that a grown-up at home had been cross. School has not spoken to the family yet.",
        _O.STRATEGY_DISCUSSION,
    ),
    Story(
        (_C.NEGLECT, _C.PARENTAL_SUBSTANCE_MISUSE),
        (),
        _P.HEALTH_VISITOR,
        Channel.FORM,
        "Home visit found no food in the kitchen, soiled bedding and an adult who could not be woken easily. "
        "{name} has missed two weighing appointments and has lost weight.",
        _O.STRATEGY_DISCUSSION,
    ),
    Story(
        (_C.SEXUAL_ABUSE,),
        (_F.PENETRATIVE_SEXUAL_ABUSE, _F.FORENSIC_EVIDENCE, _F.MEDICAL_EXAMINATION),
        _P.SAFEGUARDING_LEAD,
        Channel.PHONE,
        "{name} told a teaching assistant this morning about something that happened last night at a relative's home. "
        "The words used are written down and held in school.",
        _O.STRATEGY_DISCUSSION,
    ),
    Story(
        (_C.DOMESTIC_ABUSE, _C.EMOTIONAL_ABUSE),
        (_F.IMMEDIATE_ACTION,),
        _P.POLICE_OFFICER,
        Channel.POLICE_NOTIFICATION,
        "Officers attended a reported assault in the night. {name} was upstairs and had called 999. "
        "One adult was arrested; the other was taken to a relative with the children.",
        _O.STRATEGY_DISCUSSION,
    ),
    Story(
        (_C.PHYSICAL_ABUSE, _C.FABRICATED_ILLNESS),
        (_F.IN_HOSPITAL, _F.COMPLEX),
        _P.HOSPITAL_CONSULTANT,
        Channel.PHONE,
        "{name} was admitted for the third time this year. Observations on the ward do not fit the history given. "
        "The consultant asks for a strategy meeting at the hospital before discharge.",
        _O.STRATEGY_DISCUSSION,
    ),
    Story(
        (_C.CRIMINAL_EXPLOITATION, _C.MISSING),
        (_F.YOUTH_OFFENDING,),
        _P.YOUTH_OFFENDING_WORKER,
        Channel.EMAIL,
        "{name} was missing for two nights and came back with a new telephone, cash and a cut to the hand. "
        "Named adults have been seen waiting outside school.",
        _O.STRATEGY_DISCUSSION,
    ),
)

USUAL = (
    Story((_C.NEGLECT,), (_F.EARLY_HELP,), _P.SAFEGUARDING_LEAD, Channel.FORM,
          "{name} is often late, hungry and without a coat. The family has been offered the breakfast club twice.",
          _O.EARLY_HELP),
    Story((_C.DOMESTIC_ABUSE,), (), _P.POLICE_OFFICER, Channel.POLICE_NOTIFICATION,
          "Verbal argument between adults, reported by a neighbour. {name} was asleep. No injuries, no arrest.",
          _O.ADVICE),
    Story((_C.PARENTAL_MENTAL_HEALTH,), (), _P.GP, Channel.EMAIL,
          "A parent has told the surgery that they are not coping since the birth. {name} is well cared for.",
          _O.TARGETED_SUPPORT),
    Story((_C.EMOTIONAL_ABUSE,), (), _P.TEACHER, Channel.FORM,
          "{name} has become withdrawn since the parents separated and says the shouting has not stopped.",
          _O.SECTION_17),
    Story((_C.OTHER,), (_F.HOUSING,), _P.HOUSING_OFFICER, Channel.FORM,
          "The family is three months behind with the rent and has been served notice. {name} shares a room with two adults.",
          _O.SIGNPOST),
    Story((_C.MISSING,), (), _P.POLICE_OFFICER, Channel.POLICE_NOTIFICATION,
          "{name} was reported missing at 11 pm and came home by herself at 1 am after a party.",
          _O.NO_FURTHER_ACTION),
    Story((_C.PARENTAL_SUBSTANCE_MISUSE,), (), _P.HEALTH_VISITOR, Channel.FORM,
          "Cannabis could be smelt at two visits. {name} is meeting milestones; the parent accepts a referral for support.",
          _O.EARLY_HELP),
    Story((_C.EMOTIONAL_ABUSE, _C.OTHER), (), _P.SCHOOL_NURSE, Channel.PHONE,
          "{name} told the school nurse about caring for a younger brother most evenings.",
          _O.SHARE_INFORMATION),
)  # fmt: skip
