"""What stands in the navigation for whom."""

from __future__ import annotations

from typing import NamedTuple

from flask import Flask, request, url_for

from app.accounts import rules
from app.accounts.signed_in import is_signed_in, may, signed_in
from app.accounts.types import Permission


class Place(NamedTuple):
    label: str
    endpoint: str
    permission: Permission


PLACES: tuple[Place, ...] = (
    Place("What to do next", "reports.first_page", Permission.SIGNED_IN),
    Place("Referrals", "referrals.queue", Permission.REFERRAL_SEE),
    Place("Domestic abuse", "abuse.cases", Permission.LIST_WORK),
    Place("Lists", "lists.overview", Permission.LIST_WORK),
    Place("Actions", "record_actions.actions", Permission.AFTER_FOLLOW),
    Place("Deliveries", "outbox.deliveries", Permission.DELIVERY_SEE),
    Place("Mail", "received.waiting", Permission.MAIL_SEE),
    Place("Directory", "directory.people", Permission.DIRECTORY_EDIT),
    Place("Dataset", "dataset.figures", Permission.DATASET_SEE),
    Place("Returns", "returns.section47", Permission.RETURN_MAKE),
    Place("Archive", "retention.lists", Permission.CASE_CLOSE),
    Place("Quality", "quality.overview", Permission.SIGNED_IN),
    Place("Protocol", "protocol.shown", Permission.PROTOCOL_SEE),
    Place("Wall", "wall_displays.displays", Permission.WALL_MANAGE),
    Place("Audit", "audit_page.rows", Permission.AUDIT_SEE),
    Place("Staff", "staff.people", Permission.STAFF_MANAGE),
)


class Link(NamedTuple):
    label: str
    href: str
    current: bool


def links() -> list[Link]:
    """The navigation of the person signed in; empty for everybody else."""
    if not is_signed_in():
        return []
    roles = signed_in().roles
    here = (request.endpoint or "").partition(".")[0]
    return [
        Link(place.label, url_for(place.endpoint), place.endpoint.partition(".")[0] == here)
        for place in PLACES
        if rules.may(roles, place.permission)
    ]


def init_navigation(app: Flask) -> None:
    """Give every template the navigation, the person signed in and `may`."""

    @app.context_processor
    def _context() -> dict[str, object]:
        staff = signed_in() if is_signed_in() else None
        return {
            "navigation": links(),
            "staff": staff,
            "account": staff
            and {
                "name": staff.name,
                "href": url_for("accounts.account"),
                "sign_out_url": url_for("accounts.sign_out"),
            },
            "may": may,
            "Permission": Permission,
        }
