"""The small requests of the chair's page: one field, what others wrote, one action."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, abort, jsonify, make_response, request, url_for

from app.accounts.signed_in import signed_in
from app.core.clock import now, words_for_due, words_for_time
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.discussion import actions, queries, service
from app.meetings.discussion.due_words import DueUnclear, parse_due
from app.meetings.discussion.forms import ActionForm, FieldForm, Lines
from app.meetings.discussion.lists_shown import (
    actions_mark,
    actions_shown,
    names_of_children,
    owners,
)
from app.meetings.discussion.live.changes import changes_since, shown_in
from app.meetings.discussion.routes import WRITE, meeting_or_404, to_write
from app.meetings.discussion.types import Conflict
from app.meetings.models import Meeting
from app.meetings.standing import stand_in
from app.web.access import access
from app.web.forms import add_refusal
from app.web.htmx import go_to, respond, wants_fragment
from app.web.once import done_before, mark_done

blueprint = Blueprint("discussion_live", __name__)


@blueprint.post("/discussions/<ref>/hold/field")
@access(WRITE)
def field(ref: str) -> Response:
    """Keep one field: 200 with its new version, 409 with both texts, 422 with what to do."""
    form = FieldForm()
    meeting_or_404(ref)
    if not form.validate_on_submit():
        message = next(iter(form.errors.values()))[0]
        return _answer({"message": message}, 422)
    scope, value = form.scope.data, form.value.data
    try:
        with transaction() as session:
            meeting = to_write(session, ref)
            saved = service.save_field(
                session,
                signed_in().actor,
                meeting,
                scope,
                form.field.data,
                value,
                form.version.data or 0,
                now(),
            )
            shown = shown_in(session, meeting, scope)
    except Refused as refusal:
        return _answer({"message": refusal.message}, 422)
    if isinstance(saved, Conflict):
        clash = {
            "version": saved.version,
            "theirs": saved.theirs,
            "who": saved.who,
            "at": words_for_time(saved.at),
        }
        return _answer(clash, 409)
    return _answer(
        {
            "version": saved.version,
            "value": saved.value,
            "saved": f"Saved at {words_for_time(now())}",
            "shown": shown,
        }
    )


@blueprint.get("/discussions/<ref>/hold/changes")
@access(WRITE)
def changes(ref: str) -> Response:
    """What others wrote since, what is still missing, and whether lists have changed."""
    meeting = meeting_or_404(ref)
    held = queries.held(reading(), meeting)
    return _answer(changes_since(held, _since(), now()))


@blueprint.get("/discussions/<ref>/hold/due")
@access(WRITE)
def due(ref: str) -> Response:
    """The words of a date, as they are understood."""
    since = actions.agreed_since(meeting_or_404(ref))
    try:
        words = words_for_due(parse_due(request.args.get("action-due", ""), now(), since))
    except DueUnclear as unclear:
        words = str(unclear) if request.args.get("action-due") else ""
    response = make_response(words)
    response.mimetype = "text/plain"
    return response


@blueprint.get("/discussions/<ref>/hold/actions")
@access(WRITE)
def list_actions(ref: str) -> Response:
    """The list of actions alone, for a page that stays open."""
    meeting = meeting_or_404(ref)
    if not wants_fragment():
        return go_to(url_for("discussion.hold", ref=ref, _anchor="actions"))
    return _fragment("meetings/discussion/_action_list.html", meeting, Lines.empty().action, 200)


@blueprint.post("/discussions/<ref>/hold/actions")
@access(WRITE)
def add_action(ref: str) -> Response:
    """One line and Enter (E3)."""
    form, meeting = Lines().action, meeting_or_404(ref)
    _offer(form, meeting)
    if not form.validate():
        return _fragment("meetings/discussion/_actions.html", meeting, form, 422)
    here = url_for("discussion.hold", ref=ref, _anchor="actions")
    try:
        with transaction() as session:
            if not done_before(session, form.nonce.data or ""):
                found = to_write(session, ref)
                actions.add_action(session, signed_in().actor, found, form.order, now())
                mark_done(session, form.nonce.data or "", here, now())
    except Refused as refusal:
        add_refusal(form, refusal)
        return _fragment("meetings/discussion/_actions.html", meeting, form, 422)
    if not wants_fragment():
        return go_to(here)
    return _fragment("meetings/discussion/_actions.html", meeting, Lines.empty().action, 200)


@blueprint.route("/discussions/<ref>/hold/actions/<int:action_id>", methods=["GET", "POST"])
@access(WRITE)
def change_action(ref: str, action_id: int) -> Response:
    meeting = meeting_or_404(ref)
    found = queries.action_of(reading(), meeting, action_id)
    if found is None:
        abort(404)
    form = ActionForm(
        what=found.what,
        owner=str(stand_in(found.owner_id, meeting.invitees)),
        due=words_for_due(found.due_at),
        child=str(found.child_id or ""),
        why=found.why or "",
        protects=found.protects,
        version=str(found.version),
    )
    _offer(form, meeting)
    if form.validate_on_submit():
        try:
            with transaction() as session:
                actions.change_action(
                    session,
                    signed_in().actor,
                    to_write(session, ref),
                    action_id,
                    form.order,
                    form.base_version,
                    now(),
                )
            return go_to(url_for("discussion.hold", ref=ref, _anchor="actions"))
        except actions.ChangedMeanwhile as changed:
            form.version.data = str(changed.version)
            add_refusal(form, changed)
        except Refused as refusal:
            add_refusal(form, refusal)
    return respond(
        "meetings/discussion/action.html",
        status=422 if form.errors else 200,
        form=form,
        ref=ref,
        action_id=action_id,
    )


def _fragment(template: str, meeting: Meeting, form: ActionForm, status: int) -> Response:
    session = reading()
    listed = queries.actions_of(session, meeting)
    children = queries.children_of(session, meeting)
    invitees = meeting.invitees
    form.offer(owners(invitees), names_of_children(children))
    return respond(
        template,
        template,
        status=status,
        ref=meeting.ref,
        read_only=False,
        actions=actions_shown(listed, invitees, children),
        actions_mark=actions_mark(listed),
        action_form=form,
    )


def _offer(form: ActionForm, meeting: Meeting) -> None:
    form.offer(
        owners(meeting.invitees),
        names_of_children(queries.children_of(reading(), meeting)),
    )


def _since() -> datetime | None:
    """The moment of the page's last look; everything when it gives none that can be read."""
    try:
        since = datetime.fromisoformat(request.args.get("since", ""))
    except ValueError:
        return None
    return since if since.tzinfo else None


def _answer(values: dict[str, object], status: int = 200) -> Response:
    response = jsonify(values)
    response.status_code = status
    return response
