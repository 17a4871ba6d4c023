"""A busy week of the example area, dated back from its first start (I1).

Everything goes through the services that the pages use, each step with the moment at which it is
said to have happened, so that states, clocks, letters and the audit agree with one another.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import partial

from flask import Flask
from sqlalchemy.orm import Session

from app.accounts.types import Role
from app.cli.example import arrivals, people
from app.cli.example.abuse import fill_abuse
from app.cli.example.archive import fill_archive
from app.cli.example.area import Area, make_area
from app.cli.example.circulated import Circulated
from app.cli.example.desk import desks_day
from app.cli.example.discussions import Discussions
from app.cli.example.open_case import DECIDED_AGO, discuss
from app.cli.example.planned import Planned
from app.cli.example.quality import fill_quality
from app.cli.example.restricted import restrict_one
from app.cli.example.stories import SERIOUS, USUAL, Story
from app.cli.example.triage import Triage
from app.core.clock import from_london, in_london
from app.core.config import SETTINGS, Settings
from app.core.installation import install
from app.core.session import transaction
from app.directory.models import Professional
from app.directory.types import ProfessionalRole
from app.directory.wards.queries import listed
from app.records.sealing import ensure_example_seal
from app.referrals import service as referrals
from app.referrals.models import Referral
from app.referrals.public.types import Told
from app.referrals.sender import Sender
from app.referrals.types import (
    CHILD_PROTECTION,
    AdultGiven,
    ChildGiven,
    Concern,
    ConsentGiven,
    ConsentState,
    DomesticAbuseRisk,
    Flag,
    Intake,
    Involvement,
    LawfulBasis,
    Outcome,
    Rating,
)

REFERRALS = 118
# Whenever the area is started, some of it is fresh: hours before the first start.
FRESH = (21.0, 19.5, 8.2, 7.5, 6.5, 5.0, 4.4, 2.1, 1.2, 0.6)
# Not decided yet, with every answer there, hours before the first start; over the rating of the
# second health disagrees. Who refers the last fears for the child at this moment.
GATHERED = (5.4, 4.8)
AT_RISK = 0.3
# This one of them is about a child who is known, given otherwise: the guard shows both.
MISHEARD = 8
DAYS = 7
SEED = 20261120
MAY_BE_SHARED = ConsentGiven(ConsentState.GIVEN, family_told=True)


def fill(app: Flask, password: str, now: datetime) -> None:
    """Fill an empty database: all of the week or nothing of it, then the copies of its records."""
    settings = SETTINGS.of(app)
    chance = random.Random(SEED)  # noqa: S311  # a made-up week, not a secret
    with transaction() as session:
        install(session, example=True, now=now)
        area = make_area(session, password, chance, now - timedelta(days=DAYS + 1))
        ensure_example_seal(settings, people.AUTHORITY, now)
        week = Week(session, area, chance, settings, now)
        week.play()
    Circulated(area, settings, now).play(week.discussions.signed)
    desks_day(area, settings, now)


class Week:
    """Plans what happens and plays it in the order of the clock."""

    def __init__(
        self, session: Session, area: Area, chance: random.Random, settings: Settings, now: datetime
    ) -> None:
        self.session = session
        self.area = area
        self.chance = chance
        self.settings = settings
        self.now = now
        self.discussions = Discussions(session, area, settings, now)
        self.triage = Triage(session, area, Sender(settings.mail_from, settings.base_url))
        self._by_role: dict[ProfessionalRole, list[Professional]] = {}
        for person in area.professionals:
            self._by_role.setdefault(person.role, []).append(person)
        self._wards = {ward.name: ward.id for ward in listed(session)}
        self._planned = Planned(until=now)
        self._plan = self._planned.plan
        self._families = self._endless_families()
        self._earlier: list[Referral] = []

    def play(self) -> None:
        for number, at in enumerate(self._moments()):
            story = (
                SERIOUS[number // 36 % len(SERIOUS)] if number % 36 == 0 else self._usual(number)
            )
            self._plan(at, partial(self._refer, story))
        for number, hours in enumerate(FRESH):
            story = SERIOUS[number % len(SERIOUS)]
            misheard = number == MISHEARD
            refer = partial(self._refer, story, misheard=misheard)
            self._plan(self.now - timedelta(hours=hours), refer)
        for at, told in arrivals.forms(self.now):
            self._plan(at, partial(self._send_form, told))
        self._plan(self.now - arrivals.CLOSED_AGO, self._close_form)
        self._planned.happen()
        for number, hours in enumerate(GATHERED):
            left = partial(self._leave_open, USUAL[number], disputed=number > 0)
            self._plan(self.now - timedelta(hours=hours), left)
        self._plan(self.now - timedelta(hours=AT_RISK), self._fear)
        open_case = partial(discuss, self.discussions, self._plan)
        self._plan(self.now - timedelta(minutes=DECIDED_AGO), open_case)
        self._planned.happen()
        fill_abuse(self.session, self.area, self.now)
        fill_archive(self.session, self.area, self.now)
        fill_quality(self.session, self.area, self.now)
        restrict_one(self.session, self.area, self.discussions.sender, self.now)
        self.discussions.settle_mail()
        self.triage.settle_mail(self.now)

    def _leave_open(self, story: Story, at: datetime, *, disputed: bool) -> None:
        referral = self._enter(story, at)
        self.triage.gather(referral, self._plan, at, disputed=disputed)

    def _fear(self, at: datetime) -> None:
        self._enter(SERIOUS[0]._replace(flags=(Flag.RISK_NOW,)), at)

    def _send_form(self, told: Told, at: datetime) -> None:
        arrivals.send_form(self.session, self.settings, told, at)

    def _close_form(self, at: datetime) -> None:
        arrivals.close_one(self.session, self.settings, self.area.actor(Role.TRIAGE), at)

    def _moments(self) -> list[datetime]:
        """When referrals came in: mostly in office hours, some at night and at the weekend."""
        found: list[datetime] = []
        first = in_london(self.now).date() - timedelta(days=DAYS)
        while len(found) < REFERRALS - len(FRESH):
            day = first + timedelta(days=self.chance.randrange(DAYS + 1))
            busy = day.weekday() < 5
            if not busy and self.chance.random() < 0.7:
                continue
            hour = self.chance.choice((9, 10, 10, 11, 11, 12, 14, 14, 15, 15, 16, 16, 20, 23, 3))
            at = _local(day, time(hour, self.chance.randrange(60)))
            if at < self.now - timedelta(minutes=20):
                found.append(at)
        return sorted(found)

    def _usual(self, number: int) -> Story:
        return USUAL[number % len(USUAL)]

    # Referrals

    def _refer(self, story: Story, at: datetime, *, misheard: bool = False) -> None:
        referral = self._enter(story, at, misheard=misheard)
        if story.outcome is Outcome.STRATEGY_DISCUSSION:
            hours = self.chance.uniform(0.4, 2.5)
            self._plan(
                at + timedelta(hours=hours),
                partial(self.discussions.needed, referral, self._plan),
            )
        elif self.chance.random() < 0.95:
            hours = self.chance.uniform(0.5, 21)
            if self.triage.came_in(referral, self._plan, at):
                hours = max(hours, 4.5)  # decided once the agencies have answered
            self._plan(at + timedelta(hours=hours), partial(self._decide, referral, story))

    def _enter(self, story: Story, at: datetime, *, misheard: bool = False) -> Referral:
        children = (_misheard(self._earlier),) if misheard else self._children(at)
        source = self._source(story.source, children[0])
        serious = story.outcome is Outcome.STRATEGY_DISCUSSION
        known = self.chance.random() < 0.9
        referral = referrals.enter_referral(
            self.session,
            self.area.actor(Role.TRIAGE),
            Intake(
                received_at=at - timedelta(minutes=self.chance.randrange(3, 15)),
                channel=story.channel,
                children=children,
                source_agency_id=source.agency_id,
                referrer_name=source.name,
                referrer_role=source.title,
                referrer_email=source.email or "",
                referrer_telephone=source.telephone or "",
                referrer_professional_id=source.id if known else None,
                concerns=story.concerns,
                flags=frozenset(story.flags),
                narrative=story.words.format(name=children[0].given_name),
                domestic_abuse=self._risk(story),
                rating=self._rating(serious),
                rating_reason="Rated on what the referrer said; looked at again after checks.",
                immediate_action_at=at
                if "immediate_action" in {f.value for f in story.flags}
                else None,
                hospital="Millbrook General Hospital, Rainbow ward" if _in_hospital(story) else "",
                ward_id=self._ward(children[0].address),
                consent=self._consent(story),
                adults=self._adults(children[0].family_name),
            ),
            at,
        )
        self._earlier.append(referral)
        return referral

    def _decide(self, referral: Referral, story: Story, at: datetime) -> None:
        referrals.decide(
            self.session,
            self.area.actor(Role.TRIAGE),
            referral,
            story.outcome,
            "The threshold for a strategy discussion is not met. "
            "The referrer was told and agrees with the next step.",
            at,
            agency_id=self._agency_for(story.outcome),
            requests=self.triage.unanswered(referral),
        )
        self.triage.was_decided(referral, self._plan, at)

    def _agency_for(self, outcome: Outcome) -> int | None:
        wanted = {
            Outcome.SIGNPOST: ProfessionalRole.HOUSING_OFFICER,
            Outcome.SHARE_INFORMATION: ProfessionalRole.SAFEGUARDING_LEAD,
        }.get(outcome)
        return self._by_role[wanted][0].agency_id if wanted else None

    def _consent(self, story: Story) -> ConsentGiven:
        if story.outcome is Outcome.STRATEGY_DISCUSSION:
            return CHILD_PROTECTION
        if Concern.MISSING in story.concerns:
            return ConsentGiven(
                ConsentState.NOT_SOUGHT,
                LawfulBasis.PUBLIC_TASK,
                "The parent could not be reached before the notification was shared.",
            )
        return MAY_BE_SHARED

    def _risk(self, story: Story) -> DomesticAbuseRisk | None:
        if Concern.DOMESTIC_ABUSE not in story.concerns:
            return None
        serious = story.outcome is Outcome.STRATEGY_DISCUSSION
        return DomesticAbuseRisk.HIGH if serious else DomesticAbuseRisk.STANDARD

    def _rating(self, serious: bool) -> Rating:
        return Rating.RED if serious else self.chance.choice((Rating.AMBER, Rating.GREEN))

    # People

    def _ward(self, address: str) -> int | None:
        """Where they live, by the street; nobody knows it of every family."""
        street = next((one for one in people.WARD_OF_STREET if one in address), "")
        return self._wards.get(people.WARD_OF_STREET.get(street, ""))

    def _pick(self, role: ProfessionalRole) -> Professional:
        return self.chance.choice(self._by_role[role])

    def _endless_families(self) -> Iterator[str]:
        names = list(people.FAMILY_NAMES)
        while True:
            self.chance.shuffle(names)
            yield from names

    def _children(self, at: datetime) -> tuple[ChildGiven, ...]:
        if self._earlier and self.chance.random() < 0.06:
            return (_again(self.chance.choice(self._earlier)),)
        family = next(self._families)
        address = f"{self.chance.randrange(1, 90)} {self.chance.choice(people.STREETS)}, Millbrook"
        count = self.chance.choice((1, 1, 1, 2, 2, 3))
        names = self.chance.sample(people.GIVEN_NAMES, count)
        days = sorted((self.chance.randrange(30, 16 * 365) for _ in names), reverse=True)
        if count > 1 and self.chance.random() < 0.12:
            days[1] = days[0]  # twins
        return tuple(
            ChildGiven(
                given_name=name,
                family_name=family,
                date_of_birth=at.date() - timedelta(days=age),
                first_language="English",
                address=address,
                # Two of three are known to the case system when they come in.
                case_reference=f"LCS{20_000 + 7 * age + place}" if age % 3 else "",
                professionals=self._involved(age // 365),
            )
            for place, (name, age) in enumerate(zip(names, days, strict=True))
        )

    def _involved(self, years: int) -> tuple[Involvement, ...]:
        """Who works with a child of this age; the GP is seldom actively involved."""
        school = self.chance.choice(
            [
                lead
                for lead in self._by_role[ProfessionalRole.SAFEGUARDING_LEAD]
                if lead.agency.name in people.SCHOOLS_BY_AGE[_stage(years)]
            ]
        )
        nurse = ProfessionalRole.HEALTH_VISITOR if years < 5 else ProfessionalRole.SCHOOL_NURSE
        return (
            Involvement(self._pick(ProfessionalRole.GP).id, actively_involved=False),
            Involvement(school.id, actively_involved=self.chance.random() < 0.8, lead=True),
            Involvement(self._pick(nurse).id, actively_involved=self.chance.random() < 0.75),
        )

    def _source(self, role: ProfessionalRole, child: ChildGiven) -> Professional:
        """Who refers: the child's own professional in this role, else somebody in it."""
        own = {involvement.professional_id for involvement in child.professionals}
        known = [person for person in self._by_role[role] if person.id in own]
        return known[0] if known else self._pick(role)

    def _adults(self, family: str) -> tuple[AdultGiven, ...]:
        return (
            AdultGiven(f"Ms {family}", "Mother", parental_responsibility=True, in_household=True),
            AdultGiven(f"Mr {family}", "Father", parental_responsibility=True, in_household=False),
        )


def _again(earlier: Referral) -> ChildGiven:
    """The first child of an earlier referral, referred once more."""
    child = earlier.children[0].child
    return ChildGiven(
        given_name=child.given_name,
        family_name=child.family_name,
        date_of_birth=child.date_of_birth,
        same_as=child.ref,
    )


def _misheard(earlier: list[Referral]) -> ChildGiven:
    """A child referred before, given by a caller who is sure of neither name nor date."""
    known = [row.child for one in earlier for row in one.children]
    child = next(
        one
        for one in reversed(known)
        if one.date_of_birth
        and one.date_of_birth.day <= 12
        and one.date_of_birth.day != one.date_of_birth.month
    )
    born = child.date_of_birth
    return ChildGiven(
        given_name=child.given_name,
        family_name=f"{child.family_name[:-1]}{child.family_name[-1] * 2}",
        date_of_birth=born and born.replace(day=born.month, month=born.day),
        address=f"With a relative at {len(known) % 60 + 1} Canal Row, Millbrook",
    )


def _stage(years: int) -> str:
    return "nursery" if years < 5 else "primary" if years < 11 else "secondary"


def _in_hospital(story: Story) -> bool:
    return any(flag.value == "in_hospital" for flag in story.flags)


def _local(day: date, at: time) -> datetime:
    return from_london(datetime.combine(day, at))
