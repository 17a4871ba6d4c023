"""The dataset: figures for whoever looks after the service, and the same as a file (G3)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for

from app.accounts.rules import may as roles_may
from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import record
from app.audit.types import Subject
from app.core.clock import now
from app.core.session import reading, transaction
from app.core.spreadsheet import MEDIA_TYPE
from app.reports.dataset.export import as_file, name_of_file
from app.reports.dataset.page import DatasetPage, choose, page_of
from app.reports.dataset.types import KEPT
from app.web.access import access
from app.web.htmx import respond

blueprint = Blueprint("dataset", __name__, url_prefix="/dataset")


@blueprint.get("/")
@access(staff_may(Permission.DATASET_SEE))
def figures() -> Response:
    page = _page()
    picked = page.chosen
    return respond(
        "reports/dataset/figures.html",
        "reports/dataset/_progress.html",
        page=page,
        kept_words=KEPT,
        here=url_for(".figures", **_asked(page)),
        export=url_for(".export", **_asked(page)),
        labels=[(one.key, one.label) for one in picked.periods],
        teams=[(one, one) for one in picked.teams],
        areas=[(one, one) for one in picked.areas],
    )


@blueprint.get("/figures.csv")
@access(staff_may(Permission.DATASET_SEE, fresh=True))
def export() -> Response:
    """Leaves the house, so password and code are asked for again, and it is written down (H1)."""
    page = _page()
    with transaction() as session:
        record(
            session, signed_in().actor, "dataset exported", Subject("dataset", "figures"), now(),
            _asked(page) | {"protected": page.protected},
        )  # fmt: skip
    response = Response(as_file(page), content_type=MEDIA_TYPE)
    response.headers.set("Content-Disposition", "attachment", filename=name_of_file(page))
    return response


def _page() -> DatasetPage:
    moment = now()
    picked = choose(reading(), request.args, moment)
    # Who may see the cases may count them; everybody else sees what may be published.
    protected = not roles_may(signed_in().roles, Permission.REFERRAL_SEE)
    return page_of(reading(), picked, protected=protected, now=moment)


def _asked(page: DatasetPage) -> dict[str, Any]:
    """The filter as the address has it."""
    picked = page.chosen
    given = {"period": picked.period.key, "team": picked.team, "area": picked.area}
    return {name: value for name, value in given.items() if value}
