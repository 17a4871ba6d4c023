"""Children and adults on the public form: added one by one, changed and taken away again (A2).

Each has a random key of its own: a press that comes twice, or from a second window, is about the
same child as the first.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

from flask import Response, abort, request, url_for

from app.core.clock import london_date, now
from app.core.refusal import Refused
from app.core.session import transaction
from app.referrals import rules as referral_rules
from app.referrals.public import rules, service
from app.referrals.public.forms import AdultForm, ButtonForm, ChildForm, MoreForm
from app.referrals.public.page import blueprint, onwards, step_page
from app.referrals.public.shown import person_in_words
from app.referrals.public.types import AdultTold, ChangedElsewhere, Step, Told
from app.referrals.public.visitors import OwnForm, draft
from app.web.access import access
from app.web.htmx import go_to, respond

MOST = {Step.CHILDREN: referral_rules.MOST_CHILDREN, Step.ADULTS: rules.MOST_ADULTS}
_ONE = {Step.CHILDREN: "child", Step.ADULTS: "adult"}
_MORE = {
    Step.CHILDREN: "Do you want to add another child?",
    Step.ADULTS: "Do you want to add another adult?",
}
FIRST_ADULT = "Is there an adult to tell us about?"
_KEY = re.compile(r"[a-z0-9]{1,16}")


@blueprint.route("/children", methods=["GET", "POST"])
@access(OwnForm())
def children() -> Response:
    if not draft().told.children:
        return go_to(_another(Step.CHILDREN))
    return _all(Step.CHILDREN)


@blueprint.route("/children/<key>", methods=["GET", "POST"])
@access(OwnForm())
def child(key: str) -> Response:
    return _one(Step.CHILDREN, key)


@blueprint.post("/children/<key>/remove")
@access(OwnForm())
def remove_child(key: str) -> Response:
    return _remove(Step.CHILDREN, key)


@blueprint.route("/adults", methods=["GET", "POST"])
@access(OwnForm())
def adults() -> Response:
    return _all(Step.ADULTS)


@blueprint.route("/adults/<key>", methods=["GET", "POST"])
@access(OwnForm())
def adult(key: str) -> Response:
    return _one(Step.ADULTS, key)


@blueprint.post("/adults/<key>/remove")
@access(OwnForm())
def remove_adult(key: str) -> Response:
    return _remove(Step.ADULTS, key)


def _all(step: Step) -> Response:
    """Those told so far, and whether there is another."""
    held, form = draft(), MoreForm()
    people = held.told.people(step)
    form.ask(
        FIRST_ADULT if not people else _MORE[step], f"Choose whether to add an {_ONE[step]}"
        if step is Step.ADULTS else "Choose whether to add another child",
    )  # fmt: skip
    today = london_date(now())
    if request.method == "GET" or not form.validate():
        return step_page(
            step,
            form,
            200 if request.method == "GET" else 422,
            people=[(one.key, person_in_words(one, today)) for one in people],
        )
    if form.more.data == "yes":
        return go_to(_another(step))
    return _keep(step, lambda told: told, done=True)


def _one(step: Step, key: str) -> Response:
    """One child or adult, new or told of before."""
    held = draft()
    people = held.told.people(step)
    there = held.told.person(step, key)
    if not _KEY.fullmatch(key) or (there is None and len(people) >= MOST[step]):
        abort(404)
    filled = {"seen": held.told.mark(step, key)} | (asdict(there) if there is not None else {})
    form: Any = ChildForm(data=filled) if step is Step.CHILDREN else AdultForm(data=filled)
    if there is not None and step is Step.CHILDREN and request.method == "GET":
        form.adult_confirmed.data = _is_adult(form)
    good = request.method == "POST" and form.validate()
    if good:
        for problem in _problems(step, form):
            form.add_error(problem.field, problem.message)
            good = False
    aside = request.form.get("then") == "later" and not _unreadable(form)

    def page(status: int, elsewhere: Told | None = None) -> Response:
        now_there = elsewhere.person(step, key) if elsewhere is not None else None
        return respond(
            f"refer/{_ONE[step]}.html",
            None,
            status,
            form=form,
            step=step,
            steps=len(Step),
            number=people.index(there) + 1 if there is not None else len(people) + 1,
            back_to=url_for(f"refer.{step.name.lower()}") if people else url_for("refer.safety"),
            ask_adult=step is Step.CHILDREN and _is_adult(form),
            gone=elsewhere is not None and now_there is None,
            now_there=person_in_words(now_there, london_date(now())) if now_there else None,
        )

    if not good and not aside:
        return page(200 if request.method == "GET" else 422)
    given = form.told(key)
    nothing = False
    if step is Step.ADULTS and not form.name.data:  # put aside before a name was typed
        nothing = given == AdultTold(name="", relationship_to_child="", key=key)
        given = replace(given, name="Not known")
    try:
        return _keep(
            step,
            lambda told: told if nothing else told.with_person(step, given),
            done=False,
            seen=form.seen.data or "",
            of=key,
            then=url_for("refer.later") if aside else url_for(f"refer.{step.name.lower()}"),
        )
    except ChangedElsewhere as changed:
        form.seen.data, form.seen.raw_data = changed.told.mark(step, key), None
        return page(409, changed.told)


def _remove(step: Step, key: str) -> Response:
    """Take one away; one that is gone already stays gone, and nobody else goes with it."""
    if not ButtonForm().validate():
        abort(400)
    here = url_for(f"refer.{step.name.lower()}")
    return _keep(step, lambda told: told.without(step, key), done=False, then=here)


def _keep(
    step: Step,
    change: Callable[[Told], Told],
    *,
    done: bool,
    seen: str | None = None,
    of: str = "",
    then: str = "",
) -> Response:
    """Keep the answers and go `then` or onwards; to the receipt, once the form was sent."""
    try:
        with transaction() as session:
            told = service.answer(
                session, draft(), step, change, now(), done=done, seen=seen, of=of
            )
    except Refused:
        return go_to(url_for("refer.sent"))
    return go_to(then or onwards(told))


def _another(step: Step) -> str:
    """Where one more child or adult is told of, under a key of their own."""
    return url_for(f"refer.{_ONE[step]}", key=secrets.token_hex(4))


def _is_adult(form: Any) -> bool:
    return referral_rules.is_adult(form.date_of_birth.data, london_date(now()))


def _unreadable(form: Any) -> bool:
    """Whether something typed could not be read: it would be lost if it were put aside."""
    return any(field.process_errors for field in form)


def _problems(step: Step, form: Any) -> Iterator[Refused]:
    if step is not Step.CHILDREN:
        return
    today = london_date(now())
    yield from referral_rules.child_problems(form.told(""), today)
    if _is_adult(form) and not form.adult_confirmed.data:
        years = referral_rules.age(form.date_of_birth.data, today)
        yield Refused(
            "adult_confirmed",
            f"This person is {years} by this date of birth: correct the date, or tick that they "
            "stay on the form",
        )
