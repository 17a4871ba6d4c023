"""Contents and readers for the tests of the record as a document."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from app.records.document.types import (
    Action,
    AgencyKind,
    Analysis,
    Attendance,
    Child,
    ClockLine,
    Decision,
    Dissent,
    Information,
    Meeting,
    Presence,
    Protected,
    ProtectedKind,
    Quorum,
    Reader,
    Record,
    RecordContent,
    SignOff,
)

BLINDING = "5f" * 32
ADDRESS_CANARY = "14 Quillfeather Rise"
REFERRER_CANARY = "Philippa Thistlewood"
HEALTH_CANARY = "lithium since March"
CANARIES = (ADDRESS_CANARY, REFERRER_CANARY, HEALTH_CANARY)

START = datetime(2026, 11, 19, 11, 30, tzinfo=UTC)
END = START + timedelta(minutes=50)
SIGNED = END + timedelta(hours=3, minutes=12)


def reader(kind: AgencyKind, name: str = "Amina Rahman", **changes: str) -> Reader:
    agency = changes.pop("agency", f"Exampleshire {kind.value.replace('_', ' ')}")
    return Reader(
        name=name,
        role=changes.pop("role", "Detective Sergeant"),
        agency=agency,
        agency_kind=kind,
        agency_id=changes.pop("agency_id", f"agency-{kind.value}"),
        person_id=changes.pop("person_id", f"person-{kind.value}"),
    )


POLICE = reader(AgencyKind.POLICE, agency="Exampleshire Police, child abuse investigation team")
HEALTH = reader(AgencyKind.HEALTH, "Grace Oyelaran", role="Health visitor")
SCHOOL = reader(AgencyKind.EDUCATION, "Tom Whitlock", role="Designated safeguarding lead")
SOCIAL_CARE = reader(AgencyKind.SOCIAL_CARE, "Helen Marsh", role="Duty manager")


def decisions(child: str) -> tuple[Decision[Protected], ...]:
    return (
        Decision(
            "Is significant harm suspected?",
            "Yes",
            (
                f"{child} has a bruise behind the left ear that the account given does not explain,"
                " and two earlier contacts describe shouting in the home at night.",
            ),
            headline=True,
        ),
        Decision(
            "Is a section 47 enquiry started?",
            "Yes, started today",
            ("The threshold of reasonable cause to suspect significant harm is met.",),
            headline=True,
        ),
        Decision(
            "Single or joint enquiry?",
            "Joint, with the police",
            ("A possible assault; police lead the crime, social care lead the enquiry.",),
            headline=True,
        ),
        Decision(
            "Medical",
            "Child protection medical tomorrow, 20 November 2026, at 9:30am",
            ("Bruising in a place that is seldom hurt by accident.",),
            headline=True,
        ),
        Decision("When is the child seen alone?", "Today after school, by the social worker"),
        Decision("What is the family told, when and by whom?", "Told by the social worker at home"),
        Decision(
            "Assessment timescale for this child",
            "20 working days",
            ("A young child with an unexplained injury should not wait.",),
        ),
    )


def child(name: str = "Ellie-Mae Carrow", born: date | None = date(2019, 4, 2)) -> Child[Protected]:
    return Child(
        name=name,
        date_of_birth=born,
        due_date=None if born else date(2027, 2, 14),
        case_reference="CF-204417",
        address=Protected(ProtectedKind.ADDRESS, f"{ADDRESS_CANARY}, Exampleton EX4 2QZ"),
        decisions=decisions(name.split()[0]),
    )


def full_record() -> Record[Protected]:
    return Record(
        reference="SD-7KQ4-M2XP",
        version=1,
        authority="Exampleshire County Council",
        meeting=Meeting(
            START, END, "Telephone conference", "", "Helen Marsh", "Duty manager, R&A team"
        ),
        sign_off=SignOff("Helen Marsh", "Duty manager, R&A team", SIGNED),
        protocol="London child protection procedures",
        protocol_version="2017.1",
        clocks=(
            ClockLine(
                "Strategy discussion",
                datetime(2026, 11, 19, 23, 59, 59, tzinfo=UTC),
                True,
                "serious-harm",
                "TIMING",
            ),
            ClockLine(
                "Record circulated", END + timedelta(hours=24), None, "record-24h", "BROMLEY 5"
            ),
        ),
        children=(child(), child("Jayden Carrow", date(2022, 8, 30))),
        attendance=(
            Attendance(
                "Helen Marsh",
                "Duty manager (chair)",
                "Children's social care",
                Presence.IN_PERSON,
                True,
            ),
            Attendance(
                "Amina Rahman", "Detective Sergeant", "Exampleshire Police", Presence.BY_PHONE, True
            ),
            Attendance(
                "Grace Oyelaran",
                "Health visitor",
                "Exampleshire NHS Trust",
                Presence.BY_PHONE,
                True,
            ),
            Attendance(
                "Tom Whitlock",
                "Designated safeguarding lead",
                "Example Primary School",
                Presence.JOINED_LATE,
                False,
                "Joined at 11:45am",
            ),
            Attendance(
                "Dr Priya Nair",
                "GP",
                "Example Road Surgery",
                Presence.ABSENT,
                False,
                "Sent apologies; no report",
            ),
        ),
        quorum=Quorum(True, "Social care, police and health took part."),
        information=(
            Information(
                "Children's social care",
                "Helen Marsh",
                (
                    "Two contacts in the last twelve months, both closed with advice.\n\nThe family"
                    " moved here in May 2025.",
                ),
            ),
            Information(
                "Exampleshire Police",
                "Amina Rahman",
                ("One call to the address in September for raised voices; no offence recorded.",),
            ),
            Information(
                "Exampleshire NHS Trust",
                "Grace Oyelaran",
                (
                    "Both children are up to date with their checks and immunisations.",
                    Protected(
                        ProtectedKind.HEALTH_OF_OTHERS,
                        f"Mother has taken {HEALTH_CANARY}.",
                        agency_id="agency-health",
                    ),
                    "The health visitor last saw Jayden on 3 November 2026.",
                ),
            ),
            Information(
                "Example Primary School",
                "Tom Whitlock",
                ("Ellie-Mae told her teacher that she fell. Attendance is 81% this term.",),
            ),
        ),
        analysis=(
            Analysis(
                "What may explain this",
                (
                    "An accident was considered. The place of the bruise and the two accounts make"
                    " it less likely than an injury by an adult.",
                ),
            ),
            Analysis("What was challenged", ("Whether Jayden can stay at home tonight.",)),
            Analysis("What is not known", ("Who was at home on Tuesday evening.",)),
        ),
        actions=(
            Action(
                1,
                "See Ellie-Mae alone at school, then visit the home",
                "Marcus Bell",
                "Children's social care",
                datetime(2026, 11, 19, 15, 30, tzinfo=UTC),
                "Her own account, before the medical",
                "Ellie-Mae Carrow",
            ),
            Action(
                2,
                "Check records of both adults and of the visitor named by the school",
                "Amina Rahman",
                "Exampleshire Police",
                date(2026, 11, 19),
                "To know who may be a risk tonight",
            ),
            Action(
                3,
                "Arrange the child protection medical",
                "Grace Oyelaran",
                "Exampleshire NHS Trust",
                datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
                "Bruising behind the ear",
                "Ellie-Mae Carrow",
            ),
            Action(
                4,
                "Send the attendance and incident log",
                "Tom Whitlock",
                "Example Primary School",
                date(2026, 11, 20),
                "Pattern of absence",
            ),
        ),
        dissent=(
            Dissent(
                "Grace Oyelaran",
                "Exampleshire NHS Trust",
                "Jayden staying at home tonight",
                ("He cannot tell anybody if he is hurt.",),
            ),
        ),
        referrer=Protected(
            ProtectedKind.REFERRER,
            f"{REFERRER_CANARY}, neighbour",
            person_id="person-referrer",
        ),
    )


def content(record: Record[Protected] | None = None) -> RecordContent:
    return RecordContent(record or full_record(), BLINDING)


def marked_content() -> RecordContent:
    """What is to be done, what is disagreed with and where it was held, marked; nobody was
    asked, and one came of whom nobody knows."""
    full = full_record()
    where = Protected(ProtectedKind.ADDRESS, "Fetch her from 7 Larch Mews", agency_id="agency:4")
    why = Protected(ProtectedKind.HEALTH_OF_OTHERS, "Her mother is ill")
    home = Protected(ProtectedKind.ADDRESS, "At home, the kitchen of 9 Larch Mews")
    return content(
        replace(
            full,
            meeting=replace(full.meeting, place=home),
            actions=(*full.actions[:3], replace(full.actions[3], what=where, why=why)),
            dissent=(replace(full.dissent[0], about=where, reason=(why,)),),
            attendance=(
                replace(full.attendance[0], presence=Presence.NOT_KNOWN, note="The line went dead"),
                *full.attendance[1:],
            ),
            dissent_not_asked="The police had to leave",
        )
    )


def empty_content() -> RecordContent:
    """The barest record that can be signed: an emergency call with nothing filled in yet."""
    full = full_record()
    bare = replace(
        full,
        clocks=(),
        children=(Child("Unborn baby of A. Carrow", None, date(2027, 2, 14), "", None),),
        attendance=(),
        quorum=Quorum(False, "No agency but social care took part.", "The call came at 2am."),
        information=(),
        analysis=(),
        actions=(),
        dissent=(),
        referrer=None,
    )
    return content(bare)


def three_children() -> RecordContent:
    names = ("Ellie-Mae Carrow", "Jayden Carrow", "Noah Carrow-Achterberg")
    return content(replace(full_record(), children=tuple(child(name) for name in names)))


def decided_differently(homes: int = 1) -> RecordContent:
    """Four children of whom something else was decided each, in one home or in several."""
    names = ("Ellie-Mae Carrow-Achterberg", "Jayden Carrow", "Noah Carrow", "Baby of A. Carrow")
    children = []
    for number, name in enumerate(names):
        enquiry = ("Started", "Not started", "Continued, it has already begun", "Started")[number]
        next_asked = (
            ("What happens instead of an enquiry", "Assessment under section 17, child in need")
            if enquiry == "Not started"
            else ("Single or joint enquiry", "Joint, police and social care")
        )
        safe = (
            f"{name.split()[0]} stays with the grandmother tonight; the social worker takes them "
            "there by 6 pm, and the police are told if anybody else comes to the door."
        )
        said = (
            ("Is significant harm suspected?", "Yes"),
            ("Section 47 enquiry", enquiry),
            next_asked,
            ("Immediate action to keep this child safe", safe),
            ("Medical examination or treatment", ("Needed", "Has taken place")[number % 2]),
            ("Initial child protection conference", ("Required", "Not likely now")[number % 2]),
        )
        home = f"{14 + number % homes} Quillfeather Rise, Exampleton EX4 2QZ"
        decided = tuple(Decision(question, answer, (), True) for question, answer in said)
        address = Protected(ProtectedKind.ADDRESS, home)
        children.append(replace(child(name), address=address, decisions=decided))
    return content(replace(full_record(), children=tuple(children)))


def many_languages() -> RecordContent:
    """Names and text in other scripts, and characters that no font should be asked to draw."""
    full = full_record()
    names = (
        "Zoë Nguyễn-Łukasiewicz",
        "محمد عبد الرحمن",
        "李小明",
        "Олександр Шевченко",
        "Ελένη Παπαδοπούλου",
        "ਗੁਰਪ੍ਰੀਤ ਕੌਰ",
        "রহিমা খাতুন",
        "שרה כהן",
        "김민준",
    )
    odd = "Smile \U0001f600 bell \x07 private \ue001 reversed \u202ecod.exe\u202c mark \ufeff end."
    information = (Information("School", "Tom", (odd, "Line one\r\nLine two\u2028Line three")),)
    return content(
        replace(full, children=tuple(child(name) for name in names), information=information)
    )


def long_record(paragraphs: int) -> RecordContent:
    full = full_record()
    text = "The school described what was seen on that day, and what was said by whom. " * 12
    information = tuple(
        Information(f"Agency {number}", "A. Person", (text, text)) for number in range(paragraphs)
    )
    return content(replace(full, information=information))
