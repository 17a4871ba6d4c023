"""The section 47 modules of the children in need census as XML (G4).

The elements stand as in the census's message: Message, Header, Children, Child, ChildIdentifiers,
CINdetails, Section47. What this product does not hold (UPN, the codes of ethnicity and need,
assessments' factors, plans) is not in the file: it is put together with the rest in the council's
case system, by LAchildID. Source: Children in need census, guide and technical specification
(Department for Education).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring  # writes only

from app.reports.returns.types import Enquiry, Year

MEDIA_TYPE = "application/xml"


def as_file(enquiries: Iterable[Enquiry], year: Year, now: datetime) -> bytes:
    """The message of a year; enquiries of one child and one referral stand together."""
    message = Element("Message")
    header = SubElement(message, "Header")
    collection = SubElement(header, "CollectionDetails")
    _add(collection, "Collection", "CIN")
    _add(collection, "Year", str(year.ends))
    _add(collection, "ReferenceDate", year.last_day)
    source = SubElement(header, "Source")
    _add(source, "SourceLevel", "L")
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
    for _, of_referral in groupby(rows, key=lambda one: (one.referred_on, one.referral_ref)):
        details = SubElement(child, "CINdetails")
        for place, row in enumerate(of_referral):
            if place == 0 and row.referred_on is not None:
                _add(details, "CINreferralDate", row.referred_on)
            module = SubElement(details, "Section47")
            _add(module, "S47ActualStartDate", row.started_on)
            if row.target_on is not None:
                _add(module, "InitialCPCtarget", row.target_on)
            if row.conference_on is not None:
                _add(module, "DateOfInitialCPC", row.conference_on)
            _add(module, "ICPCnotRequired", "true" if row.not_required else "false")


def _add(parent: Element, name: str, value: str | date) -> None:
    text = value if isinstance(value, str) else value.isoformat()
    # XML holds no control characters, however they are written.
    SubElement(parent, name).text = "".join(one for one in text if one.isprintable())
