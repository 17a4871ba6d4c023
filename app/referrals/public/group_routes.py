"""Children and adults on the public form: added one by one, changed and taken away again (A2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from app.referrals.public.shown import adult_in_words, child_in_words
from app.referrals.public.types import Step, Told
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


@blueprint.route("/children", methods=["GET", "POST"])
@access(OwnForm())
def children() -> Response:
    if not draft().told.children:
        return go_to(url_for("refer.child", number=1))
    return _all(Step.CHILDREN)


@blueprint.route("/children/<int:number>", methods=["GET", "POST"])
@access(OwnForm())
def child(number: int) -> Response:
    return _one(Step.CHILDREN, number)


@blueprint.post("/children/<int:number>/remove")
@access(OwnForm())
def remove_child(number: int) -> Response:
    return _remove(Step.CHILDREN, number)


@blueprint.route("/adults", methods=["GET", "POST"])
@access(OwnForm())
def adults() -> Response:
    return _all(Step.ADULTS)


@blueprint.route("/adults/<int:number>", methods=["GET", "POST"])
@access(OwnForm())
def adult(number: int) -> Response:
    return _one(Step.ADULTS, number)


@blueprint.post("/adults/<int:number>/remove")
@access(OwnForm())
def remove_adult(number: int) -> Response:
    return _remove(Step.ADULTS, number)


def _all(step: Step) -> Response:
    """Those told so far, and whether there is another."""
    held, form = draft(), MoreForm()
    people = _people(held.told, step)
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
            people=[
                child_in_words(one, today) if step is Step.CHILDREN else adult_in_words(one)
                for one in people
            ],
        )
    if form.more.data == "yes":
        return go_to(url_for(f"refer.{_ONE[step]}", number=len(people) + 1))
    return _keep(step, held.told, done=True) or go_to(onwards(held.told.with_done(step)))


def _one(step: Step, number: int) -> Response:
    """One child or adult, new or told of before."""
    held = draft()
    people = _people(held.told, step)
    if not 1 <= number <= min(len(people) + 1, MOST[step]):
        abort(404)
    before = asdict(people[number - 1]) if number <= len(people) else {}
    form: Any = ChildForm(data=before) if step is Step.CHILDREN else AdultForm(data=before)
    if before and step is Step.CHILDREN and request.method == "GET":
        form.adult_confirmed.data = _is_adult(form)
    good = request.method == "POST" and form.validate()
    if good:
        for problem in _problems(step, form):
            form.add_error(problem.field, problem.message)
            good = False
    aside = request.form.get("then") == "later" and not _unreadable(form)
    if not good and not aside:
        return respond(
            f"refer/{_ONE[step]}.html",
            None,
            200 if request.method == "GET" else 422,
            form=form,
            step=step,
            steps=len(Step),
            number=number,
            back_to=url_for(f"refer.{step.name.lower()}") if people else url_for("refer.safety"),
            ask_adult=step is Step.CHILDREN and _is_adult(form),
        )
    told = _with(held.told, step, [*people[: number - 1], form.told(), *people[number:]])
    if step is Step.ADULTS and not form.name.data:
        told = held.told  # put aside before a name was typed
    return _keep(step, told, done=good and step.value in held.told.done) or go_to(
        url_for("refer.later") if aside else url_for(f"refer.{step.name.lower()}")
    )


def _remove(step: Step, number: int) -> Response:
    held = draft()
    people = _people(held.told, step)
    if not ButtonForm().validate():
        abort(400)
    if 1 <= number <= len(people):
        told = _with(held.told, step, [*people[: number - 1], *people[number:]])
        if (away := _keep(step, told, done=False)) is not None:
            return away
    return go_to(url_for(f"refer.{step.name.lower()}"))


def _keep(step: Step, told: Told, *, done: bool) -> Response | None:
    """Keep the answers; where to go instead, once the form was sent."""
    try:
        with transaction() as session:
            service.answer(session, draft(), step, told, now(), done=done)
    except Refused:
        return go_to(url_for("refer.sent"))
    return None


def _people(told: Told, step: Step) -> Sequence[Any]:
    return told.children if step is Step.CHILDREN else told.adults


def _with(told: Told, step: Step, people: Sequence[Any]) -> Told:
    if step is Step.ADULTS:
        return replace(told, adults=tuple(people))
    fresh = replace(told, children=tuple(people))
    # Nobody left: the step has to be done again.
    left = tuple(one for one in fresh.done if people or one != step.value)
    return replace(fresh, done=left)


def _is_adult(form: Any) -> bool:
    return referral_rules.is_adult(form.date_of_birth.data, london_date(now()))


def _unreadable(form: Any) -> bool:
    """Whether something typed could not be read: it would be lost if it were put aside."""
    return any(field.process_errors for field in form)


def _problems(step: Step, form: Any) -> Iterator[Refused]:
    if step is not Step.CHILDREN:
        return
    today = london_date(now())
    yield from referral_rules.child_problems(form.told(), today)
    if _is_adult(form) and not form.adult_confirmed.data:
        years = referral_rules.age(form.date_of_birth.data, today)
        yield Refused(
            "adult_confirmed",
            f"This person is {years} by this date of birth: correct the date, or tick that they "
            "stay on the form",
        )
