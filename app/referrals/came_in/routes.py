"""Correcting how a referral came in (A1)."""

from __future__ import annotations

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.queries import history
from app.core.clock import now, words_for_moment
from app.core.session import reading
from app.directory import queries as directory
from app.directory.wards.queries import ward
from app.referrals.came_in import service
from app.referrals.came_in.forms import CameInForm
from app.referrals.changes.small_routes import SmallForm, Text, answer_small
from app.referrals.context import context_of
from app.referrals.finding import found
from app.referrals.intake.people import Pairs, lists, words_for
from app.referrals.models import Referral
from app.referrals.of_meetings import DISCUSSIONS_AHEAD
from app.referrals.types import Channel
from app.web.access import access

blueprint = Blueprint("came_in", __name__, url_prefix="/referrals")

_NAMES = ("version", "received_at", "source_agency_id", "referrer_name", "referrer_role",
          "referrer_email", "referrer_telephone", "referrer_professional_id",
          "ward_id")  # fmt: skip


@blueprint.route("/<ref>/came-in", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ENTER))
def came_in(ref: str) -> Response:
    held = found(reading(), ref)
    ref = held.ref
    form = CameInForm(
        data={name: getattr(held, name) for name in _NAMES} | {"channel": held.channel.value}
    )
    agencies, people, wards = _offered(reading(), held)
    form.set_choices(agencies, people, wards)

    def save(session: Session) -> None:
        current = found(session, ref)
        service.change_came_in(
            session, signed_in().actor, current, form.came_in(current.received_at), now(),
            form.version.data, DISCUSSIONS_AHEAD.here(),
        )  # fmt: skip

    def theirs(session: Session) -> list[Text]:
        latest = history(session, "referral", ref, most=1)
        words = _in_words(session, found(session, ref))
        return [Text(entry.actor_label, entry.at, words) for entry in latest]

    return answer_small(
        held,
        SmallForm(
            page="came_in",
            form=form,
            save=save,
            done="How it came in is changed.",
            theirs=theirs,
            yours=_typed_in_words(form, dict(agencies)),
            context={"entered_at": held.recorded_at},
        ),
    )


def _offered(session: Session, held: Referral) -> tuple[Pairs, Pairs, Pairs]:
    """What the lists offer; who is chosen already stays there when they left the directory."""
    offered = lists(session)
    agencies, people = list(offered.agencies), list(offered.everybody)
    if str(held.source_agency_id) not in dict(agencies):
        agencies.append((str(held.source_agency_id), context_of(session, held.id).source))
    if held.referrer_professional_id is not None:
        person = directory.professional(session, held.referrer_professional_id)
        if person is not None and str(person.id) not in dict(people):
            people.append((str(person.id), words_for(person)))
    wards = list(offered.wards)
    if held.ward_id is not None and str(held.ward_id) not in dict(wards):
        ended = ward(session, held.ward_id)
        wards += [(str(ended.id), f"{ended.name} ({ended.area})")] if ended else []
    return agencies, people, wards


def _in_words(session: Session, held: Referral) -> str:
    context = context_of(session, held.id)
    return _lines(
        context.source,
        held.channel.label,
        f"received {words_for_moment(held.received_at)}",
        ", ".join(
            filter(
                None,
                (held.referrer_name, held.referrer_role, held.referrer_telephone,
                 held.referrer_email),
            )
        ),
        context.referrer,
    )  # fmt: skip


def _typed_in_words(form: CameInForm, agencies: dict[str, str]) -> str:
    data = form.data
    channels = {one.value: one.label for one in Channel}
    moment = data["received_at"]
    return _lines(
        agencies.get(str(data["source_agency_id"])) or data["source_agency_name"],
        channels.get(data["channel"] or ""),
        f"received {words_for_moment(moment)}" if moment else None,
        ", ".join(
            filter(
                None,
                (
                    data["referrer_name"],
                    data["referrer_role"],
                    data["referrer_telephone"],
                    data["referrer_email"],
                ),
            )
        ),
        dict(form.referrer_professional_id.choices).get(str(data["referrer_professional_id"])),
    )


def _lines(*words: str | None) -> str:
    return "\n".join(filter(None, words))
