"""Who and what the example area is made of. All of it is invented: reserved domains and the
telephone numbers that Ofcom keeps for drama."""

from __future__ import annotations

from typing import NamedTuple

from app.accounts.types import Role
from app.directory.types import AgencyKind, ProfessionalRole

AUTHORITY = "Millbrook Borough Council (example)"
AUTHORITY_NUMBER = "999"  # no council's
PROTOCOL = "bromley"
DESK_EMAIL = "rna-desk@example.org"
DESK_TELEPHONE = "020 7946 0100"
DESK_NAME = "Referral and assessment desk"
OUT_OF_HOURS_TELEPHONE = "020 7946 0199"
SECURE_DOMAINS = ("police.example", "health.example", "council.example")
QUALITY_EMAIL = "conferences@council.example"
POLICE_FORM_EMAIL = "cait.requests@police.example"
POLICE_FORM_TELEPHONE = "020 7946 0130"
# Not on the secure list: the form goes by link and code.
MEDICAL_FORM_EMAIL = "medicals@paediatrics.example"
MEDICAL_TELEPHONE = "020 7946 0140"
MEDICAL_RECEPTION_TELEPHONE = "020 7946 0141"
# In no street where a family of the example area lives: a letter would not name it.
MEETING_PLACE = "Meeting room 2, Civic Centre, Market Square"


class ExampleStaff(NamedTuple):
    name: str
    email: str
    roles: tuple[Role, ...]


STAFF = (
    ExampleStaff("Amina Cole", "administrator@council.example", (Role.ADMINISTRATOR,)),
    ExampleStaff("Helen Marsh", "chair@council.example", (Role.CHAIR,)),
    ExampleStaff("David Osei", "chair2@council.example", (Role.CHAIR,)),
    ExampleStaff("Tom Byrne", "triage@council.example", (Role.TRIAGE,)),
    ExampleStaff("Priya Nair", "socialworker@council.example", (Role.SOCIAL_WORKER,)),
    ExampleStaff("Ruth Adeyemi", "night@council.example", (Role.OUT_OF_HOURS,)),
    ExampleStaff("Owen Hughes", "analyst@council.example", (Role.ANALYST,)),
    ExampleStaff("Grace Lim", "system@council.example", (Role.SYSTEM,)),
)


class ExampleAgency(NamedTuple):
    name: str
    kind: AgencyKind
    people: tuple[tuple[str, ProfessionalRole, str, str, bool, bool], ...]
    """(name, role, title, mailbox, is a team, is a decision-maker)"""


_K, _P = AgencyKind, ProfessionalRole

AGENCIES = (
    ExampleAgency("Millbrook children's social care", _K.SOCIAL_CARE, (
        ("Joanne Pike", _P.DESIGNATED_OFFICER, "Designated officer (LADO)", "lado@council.example", False, True),
        ("Neil Farrow", _P.SOCIAL_WORKER, "Allocated social worker", "neil.farrow@council.example", False, False),
        ("Sunita Rao", _P.SOCIAL_WORKER, "Allocated social worker", "sunita.rao@council.example", False, False),
    )),
    ExampleAgency("Millbrook fostering service", _K.FOSTERING, (
        ("Carol Webb", _P.FOSTERING_SERVICE, "Supervising social worker", "fostering@council.example", True, True),
    )),
    ExampleAgency("Millbrook early help", _K.EARLY_HELP, (
        ("Leon Baptiste", _P.EARLY_HELP_WORKER, "Early help co-ordinator", "early.help@council.example", True, True),
    )),
    ExampleAgency("Metropolitan example police", _K.POLICE, (
        ("Child abuse investigation team, duty desk", _P.POLICE_CAIT, "Duty desk", "cait.duty@police.example", True, True),
        ("DS Karen Holt", _P.POLICE_CAIT, "Detective sergeant, child abuse investigation team", "karen.holt@police.example", False, True),
        ("PC Imran Shah", _P.POLICE_OFFICER, "Neighbourhood officer", "imran.shah@police.example", False, False),
    )),
    ExampleAgency("Millbrook community health", _K.HEALTH, (
        ("Bridget Quinn", _P.HEALTH_VISITOR, "Health visitor, north team", "bridget.quinn@health.example", False, False),
        ("Yemi Alade", _P.HEALTH_VISITOR, "Health visitor, south team", "yemi.alade@health.example", False, False),
        ("MASH health desk", _P.MASH_HEALTH, "MASH health visitor", "mash.health@health.example", True, True),
        ("Paula Jennings", _P.SCHOOL_NURSE, "School nurse", "paula.jennings@health.example", False, False),
        ("Community paediatrician on call", _P.COMMUNITY_PAEDIATRICIAN, "On-call paediatrician", "paediatric.oncall@health.example", True, True),
        ("Rosie Tan", _P.MIDWIFE, "Safeguarding midwife", "rosie.tan@health.example", False, True),
    )),
    ExampleAgency("Millbrook General Hospital", _K.HEALTH, (
        ("Dr Anil Mehta", _P.HOSPITAL_CONSULTANT, "Consultant paediatrician", "anil.mehta@health.example", False, True),
        ("Rainbow ward", _P.WARD, "Children's ward", "rainbow.ward@health.example", True, False),
    )),
    ExampleAgency("Mill Lane Surgery", _K.HEALTH, (
        ("Dr Fiona Grant", _P.GP, "GP, safeguarding lead", "mill.lane@health.example", False, False),
    )),
    ExampleAgency("Riverside Practice", _K.HEALTH, (
        ("Dr Kofi Boateng", _P.GP, "GP", "riverside@health.example", False, False),
    )),
    ExampleAgency("Oakfield Primary School", _K.EDUCATION, (
        ("Sarah Lindqvist", _P.SAFEGUARDING_LEAD, "Designated safeguarding lead", "dsl@oakfield.example", False, True),
    )),
    ExampleAgency("St Brigid's Primary School", _K.EDUCATION, (
        ("Mark Delaney", _P.SAFEGUARDING_LEAD, "Designated safeguarding lead", "dsl@stbrigids.example", False, True),
    )),
    ExampleAgency("Harbour Academy", _K.EDUCATION, (
        ("Nadia Hussain", _P.SAFEGUARDING_LEAD, "Designated safeguarding lead", "dsl@harbour.example", False, True),
        ("Chris Yates", _P.TEACHER, "Head of year 9", "c.yates@harbour.example", False, False),
    )),
    ExampleAgency("Little Acorns Nursery", _K.EDUCATION, (
        ("Wendy Sharpe", _P.SAFEGUARDING_LEAD, "Nursery manager", "manager@littleacorns.example", False, True),
    )),
    ExampleAgency("Example probation service", _K.PROBATION, (
        ("Graham Stead", _P.PROBATION_OFFICER, "Probation officer", "graham.stead@probation.example", False, True),
    )),
    ExampleAgency("Millbrook Homes", _K.HOUSING, (
        ("Tracey Boyd", _P.HOUSING_OFFICER, "Tenancy officer", "tracey.boyd@homes.example", False, False),
    )),
    ExampleAgency("Millbrook youth offending service", _K.YOUTH_OFFENDING, (
        ("Aaron Clarke", _P.YOUTH_OFFENDING_WORKER, "Case manager", "aaron.clarke@yos.example", False, True),
    )),
    ExampleAgency("Safe Harbour domestic abuse service", _K.DOMESTIC_ABUSE, (
        ("Lorna Petrie", _P.OTHER, "Independent domestic violence adviser", "idva@safeharbour.example", False, False),
    )),
)  # fmt: skip

SCHOOLS_BY_AGE = {
    "nursery": ("Little Acorns Nursery",),
    "primary": ("Oakfield Primary School", "St Brigid's Primary School"),
    "secondary": ("Harbour Academy",),
}

# Conference lines: name, number, how many PINs are on their list.
LINES = (
    ("Conference line A", "020 7946 0801", 120),
    ("Conference line B", "020 7946 0802", 120),
    ("Conference line C", "020 7946 0803", 60),
)

FAMILY_NAMES = (
    "Ashdown", "Bakare", "Carver", "Dhillon", "Ellery", "Fofanah", "Garrick", "Hobday", "Ibrahim",
    "Jessop", "Kowalska", "Lockett", "Mbeki", "Nowak", "O'Rourke", "Pemberton", "Quayle",
    "Rahman", "Stannard", "Tranter", "Ustinov", "Venn", "Whitlock", "Xu", "Yardley", "Zaman",
    "Arkwright", "Brannigan", "Choudhury", "Dempster", "Eastwood", "Farah", "Gillespie", "Hartnell",
    "Iqbal", "Jankowski", "Kaur", "Lamptey", "McAllister", "Ndlovu",
)  # fmt: skip
GIVEN_NAMES = (
    "Ava", "Ben", "Chloe", "Dylan", "Ella", "Finn", "Grace", "Hamza", "Isla", "Jayden", "Kezia",
    "Liam", "Maya", "Noah", "Olivia", "Poppy", "Quinn", "Reece", "Sofia", "Tariq", "Uma", "Victor",
    "Willow", "Xanthe", "Yusuf", "Zara", "Amelia", "Callum", "Daisy", "Elijah", "Freya", "George",
    "Hanna", "Ibrahim", "Jasmine", "Kai", "Lola", "Mohammed", "Nell", "Oscar",
)  # fmt: skip
# Ward, area, team; and in which ward each street lies.
WARDS = (
    "Millside, North, North assessment team",
    "Tannery, North, North assessment team",
    "Station, Central, Central assessment team",
    "Canal, Central, Central assessment team",
    "Priory, South, South assessment team",
)
WARD_OF_STREET = {
    "Mill Lane": "Millside", "Beech Avenue": "Millside", "Tanners Row": "Tannery",
    "Quarry Hill": "Tannery", "Station Road": "Station", "Albert Terrace": "Station",
    "Canal Street": "Canal", "Canal Row": "Canal", "Priory Close": "Priory",
    "Larch Drive": "Priory", "Fountain Court": "Priory",
}  # fmt: skip
STREETS = (
    "Mill Lane", "Tanners Row", "Station Road", "Beech Avenue", "Canal Street", "Priory Close",
    "Albert Terrace", "Quarry Hill", "Larch Drive", "Fountain Court",
)  # fmt: skip
