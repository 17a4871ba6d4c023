"""The public form: one thing per page, without an account (A1, I3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace

from flask import Response, abort, make_response, request, url_for
from sqlalchemy.exc import IntegrityError

from app.core.clock import now, words_for_moment
from app.core.config import SETTINGS
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.core.uploads import checked_upload
from app.directory.queries import council_or_none
from app.referrals.public import queries, rules, service
from app.referrals.public.forms import (
    ButtonForm,
    CheckForm,
    ConcernsForm,
    ConsentForm,
    FileForm,
    SafetyForm,
    StepForm,
    StoryForm,
    YouForm,
)
from app.referrals.public.page import (
    address_of,
    blueprint,
    desk,
    onwards,
    step_page,
    too_much,
)
from app.referrals.public.shown import Person, answers_in_words
from app.referrals.public.types import ChangedElsewhere, Draft, Flooded, Step, Told
from app.referrals.public.visitors import COOKIE, OwnForm, any_draft, draft, of_another_form
from app.web import own_page
from app.web.access import Everyone, access
from app.web.cookies import drop_cookie, set_cookie
from app.web.htmx import go_to, respond

QUICK = "That was quick: wait three seconds, then press Continue again"
STALE = "This page was open for a long time: press Continue again"
UNSEEN = "Empty the field “Leave this empty”, which a program filled in, then press Continue again"

ANOTHER = "Your answers were changed in another window: read them again, then press Send"


@blueprint.get("/")
@access(Everyone())
def start() -> Response:
    held = any_draft()
    return respond(
        "refer/start.html",
        unfinished=onwards(held.told) if held and held.sent_at is None else "",
        days=rules.KEEP_UNFINISHED.days,
    )


@blueprint.route("/you", methods=["GET", "POST"])
@access(Everyone())
def you() -> Response:
    if council_or_none(reading()) is None:
        abort(503)
    held = any_draft()
    if held is None or held.sent_at is not None:
        return _first()
    other = of_another_form(held)
    # The page on which a form begins belongs to none yet: `seen` tells what it was filled from.
    if other is not None and own_page.FIELD in request.form:
        return other
    form = YouForm(data=asdict(held.told.you) | {"seen": held.told.mark(Step.YOU)})
    return _step(Step.YOU, form, lambda told: replace(told, you=form.told()))


def _first() -> Response:
    """The first answers make the form; the browser gets its token with them."""
    form = YouForm()
    if request.method == "GET" or not form.validate() or not _is_typed(form):
        return respond(
            "refer/you.html",
            None,
            200 if request.method == "GET" else 422,
            form=form,
            step=Step.YOU,
            steps=len(Step),
            back_to=url_for("refer.start"),
        )
    told = Told(you=form.told())

    def begin() -> str:
        with transaction() as session:
            network = rules.network_of(request.remote_addr)
            return service.start(session, told, network, now(), form.page.data or "")

    try:
        token = begin()
    except IntegrityError:
        token = begin()  # pressed twice at the same moment: the other press began it
    except Flooded:
        return too_much()
    later = request.form.get("then") == "later"
    response = go_to(url_for("refer.later") if later else onwards(told.with_done(Step.YOU)))
    set_cookie(response, COOKIE, token)
    return response


def _is_typed(form: YouForm) -> bool:
    """Whether a person seems to have typed the form; else it says what to do."""
    age = form.age(now())
    if form.website.data:
        form.form_errors.append(UNSEEN)
    elif age is None or age > rules.STALEST:
        form.show_again()
        form.form_errors.append(STALE)
    elif age < rules.FASTEST:
        form.form_errors.append(QUICK)
    return not form.form_errors


@blueprint.route("/safety", methods=["GET", "POST"])
@access(OwnForm())
def safety() -> Response:
    held = draft()
    form = SafetyForm(data={"risk_now": held.told.risk_now, "seen": held.told.mark(Step.SAFETY)})
    return _step(
        Step.SAFETY,
        form,
        lambda told: replace(told, risk_now=form.risk_now.data or ""),
        then=lambda told: url_for("refer.telephone") if rules.asks_for_call(told) else "",
    )


@blueprint.get("/telephone")
@access(OwnForm())
def telephone() -> Response:
    return respond("refer/telephone.html", onwards=onwards(draft().told))


@blueprint.route("/concerns", methods=["GET", "POST"])
@access(OwnForm())
def concerns() -> Response:
    held = draft()
    form = ConcernsForm(
        data={"concerns": list(held.told.concerns), "seen": held.told.mark(Step.CONCERNS)}
    )
    return _step(
        Step.CONCERNS,
        form,
        lambda told: replace(told, concerns=tuple(form.concerns.data or ())),
    )


@blueprint.route("/what-happened", methods=["GET", "POST"])
@access(OwnForm())
def story() -> Response:
    held = draft()
    form = StoryForm(data={"narrative": held.told.narrative, "seen": held.told.mark(Step.STORY)})
    return _step(Step.STORY, form, lambda told: replace(told, narrative=form.narrative.data))


@blueprint.route("/consent", methods=["GET", "POST"])
@access(OwnForm())
def consent() -> Response:
    held = draft()
    names = ("consent", "consent_reason", "family_told", "family_told_note")
    form = ConsentForm(
        data={name: getattr(held.told, name) for name in names}
        | {"seen": held.told.mark(Step.CONSENT)}
    )
    return _step(
        Step.CONSENT,
        form,
        lambda told: replace(
            told,
            consent=form.consent.data or "",
            consent_reason=form.consent_reason.data,
            family_told=form.family_told.data,
            family_told_note=form.family_told_note.data,
        ),
        problems=lambda: rules.consent_problems(form.consent.data or "", form.consent_reason.data),
    )


@blueprint.route("/files", methods=["GET", "POST"])
@access(OwnForm())
def files() -> Response:
    held, form = draft(), FileForm()
    if request.method == "GET":
        return _files(form)
    sent, then = form.file.data, request.form.get("then", "")
    if not form.validate():
        return _files(form, 422)
    if then == "add" and not (sent and sent.filename):
        form.add_error("file", "Choose a file, then upload it")
        return _files(form, 422)
    try:
        upload = checked_upload(sent.filename, sent.read()) if sent and sent.filename else None
        with transaction() as session:
            if upload is not None:
                service.add_file(session, held, upload, now())
            if then != "add":
                told = service.answer(session, held, Step.FILES, lambda told: told, now())
    except Refused as refusal:
        if refusal.field != "file":
            return go_to(url_for("refer.sent"))
        form.add_error("file", refusal.message)
        return _files(form, 422)
    if then == "add":
        return go_to(url_for("refer.files"))
    if then == "later":
        return go_to(url_for("refer.later"))
    return go_to(onwards(told))


@blueprint.post("/files/<int:number>/remove")
@access(OwnForm())
def remove_file(number: int) -> Response:
    with transaction() as session:
        service.remove_file(session, draft(), number, now())
    return go_to(url_for("refer.files"))


def _files(form: FileForm, status: int = 200) -> Response:
    return step_page(
        Step.FILES, form, status, files=queries.files_of(reading(), draft().id),
        most=rules.MOST_FILES,
    )  # fmt: skip


@blueprint.route("/check", methods=["GET", "POST"])
@access(OwnForm())
def check() -> Response:
    held = draft()
    form = CheckForm(data={"seen": held.told.mark()})
    following = rules.next_step(held.told)
    if following is not None:
        return go_to(address_of(following))
    if request.method == "GET":
        return _check(held, form)
    if not form.validate():
        return _check(held, form, 422)
    try:
        # Sent twice it acts once: the form itself knows that it was sent.
        with transaction() as session:
            service.send(session, held, desk(session), now(), form.seen.data or "")
    except ChangedElsewhere as changed:
        form.seen.data, form.seen.raw_data = changed.told.mark(), None
        form.form_errors.append(ANOTHER)
        return _check(replace(held, told=changed.told), form, 409)
    except Refused as refusal:
        form.form_errors.append(refusal.message)
        return _check(held, form, 422)
    except Flooded:
        return too_much()
    return go_to(url_for("refer.sent"))


def _check(held: Draft, form: CheckForm, status: int = 200) -> Response:
    return respond(
        "refer/check.html",
        None,
        status,
        form=form,
        sections=answers_in_words(
            held.told, [one.name for one in queries.files_of(reading(), held.id)], now(), address_of
        ),
        call=rules.asks_for_call(held.told),
        back_to=address_of(Step.FILES),
    )


@blueprint.get("/sent")
@access(OwnForm(sent=True))
def sent() -> Response:
    held = draft()
    return respond(
        "refer/sent.html",
        ref=held.ref,
        sent=words_for_moment(held.sent_at or now()),
        email=held.told.you.email,
        call=rules.asks_for_call(held.told),
    )


@blueprint.route("/later", methods=["GET", "POST"])
@access(OwnForm())
def later() -> Response:
    """Put aside: the link goes to the address given, and the address is shown before."""
    held, form, until = draft(), ButtonForm(), rules.kept_until(now())
    if request.method == "POST" and form.validate():
        try:
            with transaction() as session:
                until = service.put_aside(
                    session, held, SETTINGS.here().base_url, desk(session), now()
                )
        except Flooded:
            return too_much()
        return respond("refer/put_aside.html", email=held.told.you.email, until=until)
    return respond(
        "refer/later.html", form=form, email=held.told.you.email, until=until,
        back_to=onwards(held.told),
    )  # fmt: skip


@blueprint.post("/leave")
@access(OwnForm())
def leave() -> Response:
    with transaction() as session:
        service.forget(session, draft(), now())
    response = make_response(go_to(url_for("refer.start")))
    drop_cookie(response, COOKIE)
    return response


def _step(
    step: Step,
    form: StepForm,
    change: Callable[[Told], Told],
    problems: Callable[[], Iterable[Refused]] = tuple,
    then: Callable[[Told], str] = lambda _told: "",
) -> Response:
    """GET shows a step, POST keeps it and goes on; put aside, it is kept unfinished too."""
    if request.method == "GET":
        return step_page(step, form)
    good = form.validate()
    if good:
        for problem in problems():
            form.add_error(problem.field, problem.message)
            good = False
    aside = request.form.get("then") == "later"
    if not good and (not aside or step is Step.YOU):
        return step_page(step, form, 422)
    try:
        with transaction() as session:
            fresh = service.answer(
                session, draft(), step, change, now(), done=good, seen=form.seen.data or ""
            )
    except ChangedElsewhere as changed:
        form.seen.data, form.seen.raw_data = changed.told.mark(step), None
        (theirs,) = (
            one for one in answers_in_words(changed.told, None, now()) if one.title == step.label
        )
        return step_page(step, form, 409, now_there=Person("What is there now", "", theirs.rows))
    except Refused:
        return go_to(url_for("refer.sent"))
    if aside:
        return go_to(url_for("refer.later"))
    return go_to(then(fresh) or onwards(fresh))
