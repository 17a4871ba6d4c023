"""The case that the mail journey follows: who is in it, and the words that must not leak."""

from __future__ import annotations

from datetime import date

from app.directory.types import AgencyKind, ProfessionalRole

SCHOOL = "Larkspurfield Primary School"
# PINs of nine digits: none can be met by chance in a time or a number of milliseconds.
PINS = ("739104628", "815927364", "264839157", "593716482")
POLICE = "desk@police.example"
TO_REMOVE = "probation@probation.example"
HEALTH, SCHOOL_LEAD = "vera@health.example", "dsl@larkspurfield.example"
TEACHER = "b.teller@larkspurfield.example"
QUALITY = "conferences@council.example"
# Who comes instead of the health visitor; an address that was wrong, and the right one.
COLLEAGUE = "nora@health.example"
WRONG, RIGHT = "early@help.example", "leo@help.example"
_P, _K = ProfessionalRole, AgencyKind
PEOPLE = (
    ("Constance Abara", _P.POLICE_CAIT, _K.POLICE, "Northshire Police", POLICE),
    ("Vera Hollis", _P.HEALTH_VISITOR, _K.HEALTH, "Community Health", HEALTH),
    ("Dr Imogen Platt", _P.GP, _K.HEALTH, "Mill Lane Surgery", "platt@surgery.example"),
    ("Sara Lind", _P.SAFEGUARDING_LEAD, _K.EDUCATION, SCHOOL, SCHOOL_LEAD),
    ("Ben Teller", _P.TEACHER, _K.EDUCATION, SCHOOL, TEACHER),
    ("Leo Baptist", _P.EARLY_HELP_WORKER, _K.EARLY_HELP, "Early Help", WRONG),
    ("Grant Stead", _P.PROBATION_OFFICER, _K.PROBATION, "Probation North", TO_REMOVE),
    ("Tracy Boyd", _P.HOUSING_OFFICER, _K.HOUSING, "Homes North", "boyd@homes.example"),
)
CHILDREN = (("Xanthippe", "Quillfeather"), ("Zebedee", "Quillfeather"))
ADULTS = (("Marguerite", "Quillfeather"), ("Thaddeus", "Vexley"))
BORN = (date(2017, 3, 27), date(2020, 2, 29))
ADDRESS = "41 Wisteria Gardens, Nettlebury NB7 4QX"
CASE_NUMBER = "LCS-0093817"
NARRATIVE = (
    "Bruise behind the left ear, shaped like a hand. Said that Uncle Thaddeus used the poker. "
    "Her brother Zebedee cried in the cloakroom."
)
# Whatever staff type as a reason holds words of the case, as reasons do.
REASON = "Zebedee Quillfeather (born 29/02/2020) is in theatre; child protection takes this on"
CANARY_WORDS = (
    "Wisteria", "Nettlebury", "NB7 4QX", "Larkspurfield", CASE_NUMBER, "0093817", "bruise",
    "behind the left ear", "poker", "cloakroom", "uncle", "in theatre", "physical abuse",
    "emotional abuse", "neglect",
)  # fmt: skip
