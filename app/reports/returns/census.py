"""The section 47 modules of the children in need census as XML (G4).

The elements stand as in the census's message and in its order:

    Message: Header (CollectionDetails, Source), Children
    Child: ChildIdentifiers, CINdetails
    ChildIdentifiers: LAchildID, PersonBirthDate or ExpectedPersonBirthDate, Sex
    CINdetails: CINreferralDate, ReferralSource, Section47 ..., ReferralNFA
    Section47: S47ActualStartDate, InitialCPCtarget, DateOfInitialCPC, ICPCnotRequired

In CINdetails, Assessments and CINPlanDates stand before Section47, ChildProtectionPlans after
ReferralNFA. `NOT_HELD` names what this product does not hold: that is put in in the council's case
system, by LAchildID. Source: Children in need census 2025 to 2026, technical specification
(Department for Education).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring  # writes only

from app.reports.returns import codes
from app.reports.returns.types import Enquiry, Year

MEDIA_TYPE = "application/xml"
# What the census wants and the council's case system has to fill in, and why.
NOT_HELD = (
    ("UPN, FormerUPN, UPNunknown, PersonDeathDate", "not held"),
    ("Sex", "put in where the referral says male or female; U for an unborn child"),
    ("Ethnicity, Disabilities", "held as they were written, not as codes"),
    ("CINreferralDate", "put in from the referral; not held where the case was open already"),
    (
        "ReferralSource",
        "put in where who referred leaves no choice (police 6, housing 4, a GP 3A, a school 2A); "
        "otherwise it is chosen there",
    ),
    ("PrimaryNeedCode", "not held: concerns are several and are no code of need"),
    ("CINclosureDate, ReasonForClosure", "not held: the case goes on there"),
    (
        "DateOfInitialCPC of CINdetails",
        "for conferences without an enquiry of this council, such as transfers in; that of an "
        "enquiry stands in its Section47 module, and never in both (rule 2884)",
    ),
    ("Assessments, CINPlanDates, ChildProtectionPlans", "not held"),
)


def as_file(
    enquiries: Iterable[Enquiry], year: Year, authority_number: str, now: datetime
) -> bytes:
    """The message of a year; enquiries of one child and one referral stand together."""
    message = Element("Message")
    header = SubElement(message, "Header")
    collection = SubElement(header, "CollectionDetails")
    _add(collection, "Collection", "CIN")
    _add(collection, "Year", str(year.ends))
    _add(collection, "ReferenceDate", year.last_day)
    source = SubElement(header, "Source")
    _add(source, "SourceLevel", "L")
    _add(source, "LEA", authority_number)
    _add(source, "SoftwareCode", "Hold a strategy discussion")
    _add(source, "SerialNo", "001")
    _add(source, "DateTime", now.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds"))
    children = SubElement(message, "Children")
    ordered = sorted(enquiries, key=lambda one: (one.case_reference, one.child_id, one.started_on))
    for _, of_child in groupby(ordered, key=lambda one: (one.case_reference, one.child_id)):
        _child(children, list(of_child))
    indent(message)
    return bytes(tostring(message, encoding="utf-8", xml_declaration=True))


def _child(children: Element, rows: list[Enquiry]) -> None:
    child = SubElement(children, "Child")
    identifiers = SubElement(child, "ChildIdentifiers")
    _add(identifiers, "LAchildID", rows[0].case_reference)
    if rows[0].born_on is not None:
        _add(identifiers, "PersonBirthDate", rows[0].born_on)
    elif rows[0].expected_on is not None:
        _add(identifiers, "ExpectedPersonBirthDate", rows[0].expected_on)
    _add(identifiers, "Sex", codes.sex(rows[0].gender, unborn=rows[0].unborn))
    for _, of_referral in groupby(sorted(rows, key=_by_referral), key=_of_referral):
        _details(SubElement(child, "CINdetails"), list(of_referral))


def _of_referral(row: Enquiry) -> tuple[date, str]:
    return row.referred_on or date.min, row.referral_ref or ""


def _by_referral(row: Enquiry) -> tuple[date, str, date]:
    return *_of_referral(row), row.started_on


def _details(details: Element, rows: list[Enquiry]) -> None:
    _add(details, "CINreferralDate", rows[0].referred_on)
    _add(details, "ReferralSource", rows[0].source)
    for row in rows:
        module = SubElement(details, "Section47")
        _add(module, "S47ActualStartDate", row.started_on)
        _add(module, "InitialCPCtarget", row.target_on)
        _add(module, "DateOfInitialCPC", row.conference_on)
        _add(module, "ICPCnotRequired", "true" if row.not_required else "false")
    # A referral with a section 47 enquiry is never one without further action (rule 8831).
    _add(details, "ReferralNFA", "false")


def _add(parent: Element, name: str, value: str | date | None) -> None:
    """An element, where there is something to put in it."""
    if not value:
        return
    text = value if isinstance(value, str) else value.isoformat()
    # XML holds no control characters, however they are written.
    SubElement(parent, name).text = "".join(one for one in text if one.isprintable())
