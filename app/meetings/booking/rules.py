"""Who must come to a strategy discussion, and why: pure (C2, C8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from app.core.clock import words_for_moment
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.booking.hospitals import are_one_hospital, is_named_in, is_there
from app.meetings.booking.places import MOST_OPTIONS, Places, once
from app.meetings.booking.types import (
    CaseFacts,
    Involved,
    OutsideKind,
    Person,
    Proposal,
    TypedPerson,
)
from app.referrals.types import Concern, Flag

Role = ProfessionalRole
MASH = Role.MASH_HEALTH

MEDICAL_CONCERNS = {
    Concern.SEXUAL_ABUSE: "sexual abuse",
    Concern.SEXUAL_EXPLOITATION: "sexual exploitation",
    Concern.FEMALE_GENITAL_MUTILATION: "female genital mutilation",
    Concern.FABRICATED_ILLNESS: "fabricated or induced illness",
}
MEDICAL_FLAGS = {
    Flag.PENETRATIVE_SEXUAL_ABUSE: "an allegation of penetrative sexual abuse",
    Flag.FORENSIC_EVIDENCE: "forensic evidence that needs to be secured",
    Flag.MEDICAL_EXAMINATION: "a medical examination that took place or may be needed",
}

# flag: rule, role, agency, why
BY_FLAG = {
    Flag.EARLY_HELP: (
        "early-help",
        Role.EARLY_HELP_WORKER,
        AgencyKind.EARLY_HELP,
        "Early help is involved with the family.",
    ),
    Flag.PROBATION: (
        "probation",
        Role.PROBATION_OFFICER,
        AgencyKind.PROBATION,
        "Probation works with somebody in the household.",
    ),
    Flag.HOUSING: (
        "housing",
        Role.HOUSING_OFFICER,
        AgencyKind.HOUSING,
        "Housing is involved with the family.",
    ),
    Flag.YOUTH_OFFENDING: (
        "youth-offending",
        Role.YOUTH_OFFENDING_WORKER,
        AgencyKind.YOUTH_OFFENDING,
        "The youth offending service is involved.",
    ),
}
# Who comes for a hospital or an examination is proposed whether or not they knew the child before,
# so they do not speak against the MASH health visitor.
BESIDE_MASH = ("hospital-", "paediatrician")
QUORUM = (AgencyKind.SOCIAL_CARE, AgencyKind.POLICE, AgencyKind.HEALTH)


def who_must_come(case: CaseFacts, directory: Sequence[Person], at: datetime) -> list[Proposal]:
    """Who is to be invited beside the chair, in the order of the page.

    `directory` holds everybody who could take one of the places; `at` is when the discussion is
    expected: somebody away until later cannot give immediate input, so the next in line is named.
    The alleged perpetrator's own agency is never among them. Sources: BROMLEY 1, TIMING, HO2014;
    each proposal cites its own.
    """
    table = _Table(case, directory, at)
    table.police()
    table.health()
    table.hospital_or_paediatrician()
    table.school()
    table.outside()
    table.referrer()
    table.by_circumstance()
    table.everybody_else_involved()
    return table.proposals


def roles_asked_for(case: CaseFacts) -> set[ProfessionalRole]:
    """Which roles of the directory the rules may need for this case: what to read of it."""
    roles = {Role.POLICE_CAIT, Role.MASH_HEALTH, *(each.person.role for each in case.involved)}
    if medical_reasons(case):
        roles.add(Role.COMMUNITY_PAEDIATRICIAN)
    if Flag.IN_HOSPITAL in case.flags:
        roles |= {Role.HOSPITAL_CONSULTANT, Role.WARD}
    if case.looked_after:
        roles.add(Role.FOSTERING_SERVICE)
    if Concern.ALLEGATION_AGAINST_STAFF in case.concerns:
        roles.add(Role.DESIGNATED_OFFICER)
    roles |= {BY_FLAG[flag][1] for flag in case.flags if flag in BY_FLAG}
    return roles


def medical_reasons(case: CaseFacts) -> list[str]:
    """What gives a case significant medical implications; empty where nothing does (BROMLEY 1)."""
    return [words for concern, words in MEDICAL_CONCERNS.items() if concern in case.concerns] + [
        words for flag, words in MEDICAL_FLAGS.items() if flag in case.flags
    ]


def can_know_the_child(kind: AgencyKind, role: Role) -> bool:
    """Whether somebody in this post may work with a child themselves: everybody in health, whatever
    the directory calls their role, but for the MASH health visitor (BROMLEY 1)."""
    return kind is AgencyKind.HEALTH and role is not MASH


def quorum_missing(kinds: Iterable[AgencyKind]) -> list[AgencyKind]:
    """Which of social care, police and health nobody is invited from (C2; TIMING)."""
    present = set(kinds)
    return [kind for kind in QUORUM if kind not in present]


def agencies_without_decision_maker(
    people: Iterable[tuple[str, bool]],
) -> list[str]:
    """Agencies (by name) of which nobody invited can decide on their behalf (C8; BROMLEY 2)."""
    decides: dict[str, bool] = {}
    for agency, decision_maker in people:
        decides[agency] = decides.get(agency, False) or decision_maker
    return [agency for agency, yes in decides.items() if not yes]


class _Table(Places):
    """The rules, each of which takes its places."""

    def police(self) -> None:
        known = [one.person for one in self.involved if one.person.role is Role.POLICE_CAIT]
        self.one_of(
            "police",
            Role.POLICE_CAIT,
            AgencyKind.POLICE,
            "The police child abuse investigation team takes part in every strategy discussion.",
            "BROMLEY 1; TIMING",
            first=known,
            required=True,
        )

    def health(self) -> None:
        """Those who know the child; the MASH health visitor only where none of them can."""
        known = [
            one
            for one in self.involved
            if can_know_the_child(one.person.agency_kind, one.person.role)
        ]
        active = [one for one in known if one.actively_involved]
        away = [one.person for one in active if not self.here(one.person)]
        can_come = [one.person for one in active if self.here(one.person)]
        reason = "Actively involved with the child."
        if not can_come:
            can_come = [
                one.person for one in known if not one.actively_involved and self.here(one.person)
            ]
            reason = "Knows the child and can give immediate input."
        gone = "".join(
            f" {one.name} ({one.role.label}) is away until {words_for_moment(one.away_until)}."
            for one in away
            if one.away_until
        )
        for person in can_come:
            self.seat(
                "health-involved",
                person,
                reason + gone,
                "BROMLEY 1",
                required=person is can_come[0],
            )
        if can_come:
            self.health_knows = True
            return
        if self.typed_health:
            self.typed_health_first(gone)
            return
        self.one_of(
            "health-mash",
            Role.MASH_HEALTH,
            AgencyKind.HEALTH,
            (
                "No health professional who is actively involved can give immediate input."
                if away
                else "No health professional is known to be actively involved with the child."
            )
            + gone
            + " Only then is the MASH health visitor asked.",
            "BROMLEY 1",
            required=True,
            # Whoever is back in time, or answers after all, may be chosen instead.
            others=away,
        )

    def typed_health_first(self, gone: str) -> None:
        """Somebody in health works with the child and is not in the directory: they are asked
        before the MASH health visitor, who may be chosen where they cannot be found in time."""
        mash = [one for one in self.directory if one.role is MASH and self.here(one)]
        for place, one in enumerate(self.typed_health):
            self.to_be_filled_in(
                one,
                "Works with the child and is not in the directory."
                + gone
                + " The MASH health visitor is asked only where nobody in health who knows the "
                "child can give immediate input.",
                required=place == 0,
                options=mash if place == 0 else (),
            )

    def hospital_or_paediatrician(self) -> None:
        medical = medical_reasons(self.case)
        implications = f"Medical implications: {_listed(medical)}." if medical else ""
        if Flag.IN_HOSPITAL in self.case.flags:
            where = f" ({self.case.hospital})" if self.case.hospital else ""
            self.at_the_hospital(
                "hospital-consultant",
                Role.HOSPITAL_CONSULTANT,
                f"A child is in hospital{where}: the consultant responsible for the child's care. "
                f"{implications}".strip(),
            )
            self.at_the_hospital(
                "hospital-ward", Role.WARD, f"A child is in hospital{where}: the ward."
            )
        elif medical:
            self.one_of(
                "paediatrician",
                Role.COMMUNITY_PAEDIATRICIAN,
                AgencyKind.HEALTH,
                f"{implications} A paediatrician is always included.",
                "BROMLEY 1",
            )

    def school(self) -> None:
        schools: dict[int, list[Involved]] = {}
        for one in self.involved:
            if one.person.agency_kind is AgencyKind.EDUCATION:
                schools.setdefault(one.person.agency_id, []).append(one)
        for members in schools.values():
            # One voice of each school: its safeguarding lead, and who is here before who is away.
            best = min(
                (one.person for one in members),
                key=lambda one: (not self.here(one), one.role is not Role.SAFEGUARDING_LEAD),
            )
            self.seat(
                "school",
                best,
                f"{best.agency_name} is the child's school or nursery.",
                "BROMLEY 1",
                others=[one.person for one in members],
            )

    def outside(self) -> None:
        """A school, practice or clinic that is not in the directory: it comes all the same, and
        the page asks for the person and the address."""
        for one in self.typed:
            if one.kind is OutsideKind.SCHOOL:
                self.to_be_filled_in(one, "The child's school or nursery.")
            elif self.health_knows:
                self.to_be_filled_in(one, "Works with the child.")

    def referrer(self) -> None:
        referrer = self.case.referrer
        if referrer is None or self.is_theirs(referrer.agency_id, referrer.agency_name):
            return
        if referrer.person is not None and self.may_come(referrer.person):
            self.seat(
                "referrer",
                referrer.person,
                "Made the referral.",
                "TIMING",
                others=self.like(referrer.person),
            )
        elif referrer.name and referrer.agency_kind is not AgencyKind.SOCIAL_CARE:
            self.proposals.append(
                Proposal(
                    key="referrer",
                    rule_id="referrer",
                    role=Role.OTHER,
                    agency_kind=referrer.agency_kind,
                    person=None,
                    why="Made the referral.",
                    source="TIMING",
                    typed=TypedPerson(
                        name=referrer.name,
                        # Every reader sees the title: it must not say who referred (F4).
                        title=referrer.title or "",
                        agency_name=referrer.agency_name,
                        agency_kind=referrer.agency_kind,
                        email=referrer.email,
                        telephone=referrer.telephone,
                    ),
                )
            )

    def by_circumstance(self) -> None:
        if self.case.looked_after:
            self.one_of(
                "fostering",
                Role.FOSTERING_SERVICE,
                AgencyKind.FOSTERING,
                "A child is looked after: the fostering service takes part.",
                "TIMING",
            )
        for flag, (rule, role, kind, why) in BY_FLAG.items():
            if flag in self.case.flags:
                self.one_of(rule, role, kind, why, "BROMLEY 1; HO2014")
        if Concern.ALLEGATION_AGAINST_STAFF in self.case.concerns:
            self.one_of(
                "designated-officer",
                Role.DESIGNATED_OFFICER,
                AgencyKind.SOCIAL_CARE,
                "An allegation against staff: the designated officer (LADO) takes part.",
                "TIMING; HO2014",
            )

    def everybody_else_involved(self) -> None:
        for one in self.involved:
            health = one.person.agency_kind is AgencyKind.HEALTH
            if (one.actively_involved or one.lead) and not (health and not self.here(one.person)):
                why = "The lead professional." if one.lead else "Involved with the family now."
                self.seat("involved", one.person, why, "BROMLEY 1", others=self.like(one.person))

    def at_the_hospital(self, rule: str, role: ProfessionalRole, why: str) -> None:
        """Who has this role at the hospital where the child is: nobody of another one treats the
        child, and nobody of another one is told (BROMLEY 1)."""
        known = [one.person for one in self.involved if one.person.role is role]
        having = list(once([*known, *(one for one in self.directory if one.role is role)]))
        named = self.case.hospital or ""
        there = [one for one in having if is_there(one.agency_name, named)]
        if not named and are_one_hospital(one.agency_name for one in having):
            there = having
        # Of several wards or consultants the one whose name was typed with the hospital's.
        there.sort(key=lambda one: not is_named_in(one.name, named))
        if any(one.id in self.seated for one in there):
            return
        here = [one for one in there if self.here(one)]
        if here:
            self.seat(rule, here[0], why, "BROMLEY 1", others=[*there, *having])
            return
        if there:
            missing = f" Everybody with this role is away until {self.first_back(there)} or later."
        elif named:
            missing = f" Nobody in the directory is {role.label.lower()} there: find who it is."
        else:
            missing = " Which hospital it is was not said: find out, and choose who it is."
        self.proposals.append(
            Proposal(
                key=rule,
                rule_id=rule,
                role=role,
                agency_kind=AgencyKind.HEALTH,
                person=None,
                why=why + missing,
                source="BROMLEY 1",
                options=once([*there, *having])[:MOST_OPTIONS],
            )
        )


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
