"""Search finds what people know of a case, and keeps no name in the clear (G5, A8, H3, H6)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import now
from app.core.session import db, reading, transaction
from app.meetings.types import MeetingState
from app.referrals import keys
from app.referrals.models import ChildKey, Referral
from app.reports.search import children, queries, service
from app.reports.search.models import SearchAsked
from tests.factories.abuse import make_abuse_case
from tests.factories.arrivals import make_arrival
from tests.factories.checks import make_check
from tests.factories.directory import make_agency, make_professional, make_settings
from tests.factories.meetings import make_meeting
from tests.factories.referrals import make_referral

BORN = date(2019, 3, 27)
HOUR = timedelta(hours=1)


def named(session, given: str, family: str, born: date | None = BORN, **kept) -> Referral:
    """A referral on one child of this name, known to the index."""
    referral = make_referral(session, 1, **kept)
    child = referral.children[0].child
    child.given_name, child.family_name, child.date_of_birth = given, family, born
    session.flush()
    keys.index(session, child.id, keys.identity(child))
    return referral


def send(browser, text: str, **options):
    """Press Search in the box of the page's head."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/").text)
    assert token is not None
    data = {"text": text, "csrf_token": token[1]}
    return browser.post("/search", data=data, **options)


def ask(browser, text: str):
    return send(browser, text, follow_redirects=True)


@pytest.fixture
def desk(signed_in):
    return signed_in(Role.ADMINISTRATOR)


@pytest.mark.parametrize(
    "typed",
    [
        "Jaydon Smyth", "Smyth", "jayden", "Smith, Jayden", "Jay Smith", "27/3/2019",
        "Jayden 27.3.2019", "Jadyen Smith 27 March 2019", "Jayden Smith 27/4/2019",
    ],
)  # fmt: skip
def test_a_child_by_what_is_known_of_it(change, desk, typed: str) -> None:
    with change() as session:
        ref = named(session, "Jayden", "Smith").ref
        named(session, "Ottoline", "Brackenbury", date(2014, 1, 2))
    page = ask(desk, typed).text
    assert ref in page
    assert "Brackenbury" not in page


def test_a_day_on_which_nobody_of_the_name_was_born_says_so(change, desk) -> None:
    with change() as session:
        named(session, "Jayden", "Smith")
    page = ask(desk, "Jayden Smith 9/9/2011").text
    assert "Nobody of that name was born on that day" in page
    assert "Jayden Smith" in page


@pytest.mark.parametrize("way", [str.lower, lambda ref: ref.replace("-", " "), lambda r: r[3:]])
def test_a_reference_opens_its_case(change, desk, way) -> None:
    with change() as session:
        meeting = make_meeting(session, MeetingState.BOOKED, at=now())
        refs = {meeting.ref: f"/discussions/{meeting.ref}"}
        referral = session.get_one(Referral, meeting.referral_id)
        refs[referral.ref] = f"/referrals/{referral.ref}"
    for ref, address in refs.items():
        if not any(letter.isdigit() for letter in way(ref)):  # then it may be a name
            continue
        assert send(desk, way(ref)).location == address


def test_other_references_lead_to_the_case_they_belong_to(change, desk) -> None:
    with change() as session:
        referral = named(session, "Jayden", "Smith")
        check = make_check(session, referral)
        arrival = make_arrival(session, now=now())
        child = referral.children[0].child
        child.case_reference = "CF 12-345"
        session.flush()
        keys.index(session, child.id, keys.identity(child))
        check_ref, form_ref, child_ref, ref = check.ref, arrival.ref, child.ref, referral.ref
    assert send(desk, check_ref).location == f"/referrals/{ref}"
    assert form_ref in send(desk, form_ref).location
    assert ref in ask(desk, child_ref).text
    assert ref in ask(desk, "12345").text or ref in ask(desk, "cf12345").text


def test_a_wrong_case_reference_finds_the_child_no_more(change, desk) -> None:
    with change() as session:
        child = named(session, "Jayden", "Smith").children[0].child
        child.case_reference = "CF12345"
        session.flush()
        keys.index(session, child.id, keys.identity(child))
        keys.drop_reference(session, child.id, "CF 12345")
    assert "Nothing found" in ask(desk, "CF12345").text


@pytest.mark.parametrize("typed", ["2/1/2014", "Jayden Smith 2/1/2014"])
def test_a_day_that_was_wrong_finds_the_child_no_more(change, desk, typed: str) -> None:
    with change() as session:
        child = named(session, "Jayden", "Smith", date(2014, 1, 2)).children[0].child
        child.date_of_birth = BORN
        session.flush()
        keys.index(session, child.id, keys.identity(child))
    page = ask(desk, typed).text
    assert "Nothing found" in page or "Nobody of that name was born on that day" in page


def test_an_agency_and_a_professional(change, desk) -> None:
    with change() as session:
        school = make_agency(session, name="Oakfield Primary School")
        ref = named(session, "Jayden", "Smith", source=school).ref
        person = make_professional(session, agency=school, name="Amara Okafor")
        meeting = make_meeting(session, MeetingState.BOOKED, at=now())
        meeting.invitees[1].professional_id = person.id
        meeting.invitees[1].agency_id = school.id
        with_them = meeting.ref
    page = ask(desk, "oakfeild").text
    assert "Referrals from Oakfield Primary School" in page
    assert ref in page
    at_school = desk.get(_address(page, "Discussions with Oakfield Primary School")).text
    assert with_them in at_school
    assert with_them in ask(desk, "DS Okafor").text


def test_a_word_that_agencies_share_finds_all_that_bear_it(change, desk) -> None:
    with change() as session:
        police = make_agency(session, name="Exampleshire Police")
        ref = named(session, "Jayden", "Smith", source=police).ref
        make_agency(session, name="Oakfield Primary School")
    page = ask(desk, "police").text
    assert "Referrals from Exampleshire Police" in page
    assert ref in page
    assert "Oakfield" not in page.partition("What it may mean")[2].partition("</ul>")[0]


def _address(page: str, words: str) -> str:
    before = page.partition(f">{words}")[0]
    return before.rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")


def test_discussions_on_a_day(change, desk) -> None:
    moment = now()
    with change() as session:
        meeting = make_meeting(session, MeetingState.BOOKED, at=moment)
        meeting.starts_at = moment + timedelta(days=20)
        meeting.ends_at = meeting.starts_at + timedelta(hours=1)
        ref, day = meeting.ref, meeting.starts_at.date().isoformat()
    assert ref in ask(desk, day).text


def test_referrals_that_came_in_on_a_day(change, desk) -> None:
    """From midnight to midnight in London, in summer an hour before that of UTC."""
    day = datetime(2026, 7, 1, 23, tzinfo=UTC)  # midnight
    with change() as session:
        refs = [
            make_referral(session, 1, received_at=at).ref
            for at in (day - HOUR, day, day + 23 * HOUR, day + 24 * HOUR)
        ]
        make_referral(session, 1, received_at=day).children[0].child.date_of_birth = BORN
    page = ask(desk, "2 July 2026").text
    assert "Referrals that came in on 2 July 2026" in page
    assert [ref in page for ref in refs] == [False, True, True, False]
    assert page.index(refs[2]) < page.index(refs[1])


def test_thirty_of_a_day_stand_on_two_pages(change, desk) -> None:
    day = datetime(2026, 7, 2, 8, tzinfo=UTC)
    with change() as session:
        by_time = [
            make_referral(session, 1, received_at=day - timedelta(minutes=number)).ref
            for number in range(30)
        ]
    found = _pages(desk, ask(desk, "2.7.2026").text)
    assert [ref for page in found for ref in page] == by_time
    assert [len(page) for page in found] == [25, 5]


def test_sixty_cases_stand_on_three_pages_in_strict_order(change, desk) -> None:
    """Referrals, again of a child known for long, and an open case: the newest first over all."""
    moment = now()
    with change() as session:
        school = make_agency(session, name="Oakfield Primary School")
        first = named(session, "Jayden", "Smith", source=school, received_at=moment - 500 * HOUR)
        order = {first.received_at: first.ref}
        for number in range(58):
            # Every third is the oldest record's, in between of a newer one's.
            at = moment - (7 * number % 58) * 5 * HOUR
            if number % 3:
                one = named(session, f"Jay{number}den", "Smith", source=school, received_at=at)
            else:
                one = make_referral(session, 1, source=school, received_at=at)
                one.children[0].child_id = first.children[0].child_id
            order[at] = one.ref
        opened = make_meeting(session, MeetingState.BOOKED, at=moment)
        opened.referral_id, opened.starts_at = None, moment - 2 * HOUR
        opened.ends_at = moment
        opened.children[0].child_id = first.children[0].child_id
        order[opened.starts_at] = opened.ref
        by_time = [order[at] for at in sorted(order, reverse=True)]
    assert len(by_time) == 60
    found = _pages(desk, ask(desk, "Smith").text)
    assert [len(page) for page in found] == [25, 25, 10]
    assert [ref for page in found for ref in page] == by_time
    of_school = [ref for ref in by_time if ref.startswith("RF")]
    assert [ref for page in _pages(desk, ask(desk, "Oakfield").text) for ref in page] == of_school


def test_discussions_with_an_agency_stand_in_the_order_of_their_need(change, desk) -> None:
    with change() as session:
        school = make_agency(session, name="Oakfield Primary School")
        make_professional(session, agency=school, name="Amara Okafor")
        refs = []
        for number in range(queries.PAGE + 2):
            meeting = make_meeting(session, MeetingState.BOOKED, at=now())
            meeting.invitees[1].agency_id = school.id
            # Held in another order than it came up.
            meeting.starts_at += (number % 5) * 24 * HOUR
            meeting.ends_at = meeting.starts_at + HOUR
            refs.append(meeting.ref)
    # Nothing came from it, so that the second list it may mean is shown at once.
    found = _pages(desk, ask(desk, "oakfield").text)
    assert [ref for page in found for ref in page] == refs[::-1]


def test_too_many_of_one_name_says_so(change, desk, monkeypatch) -> None:
    monkeypatch.setattr(children, "MOST", 1)
    with change() as session:
        old, new = named(session, "Jayden", "Smith").ref, named(session, "Jayda", "Smith").ref
    page = ask(desk, "Smith").text
    assert new in page
    assert old not in page
    assert "only the newest of them were looked at" in page


def test_a_whole_name_is_found_before_those_of_which_one_half_is_alike(change, desk, monkeypatch):
    monkeypatch.setattr(children, "MOST_BY_HALF", 1)
    with change() as session:
        meant = named(session, "Jayden", "Smith").ref
        for family in ("Stone", "Summers", "Smithson"):
            newest = named(session, "Jayden", family).ref
    page = ask(desk, "Jayden Smith").text
    assert meant in page
    assert newest in page
    assert "only the newest of them were looked at" in page


def _pages(browser, page: str) -> list[list[str]]:
    """The cases of each page, as they stand there."""
    found = []
    while True:
        rows = page.partition("<tbody")[2].partition("</tbody")[0].split("<tr")[1:]
        found.append([re.search(r"(RF|SD)-\w{4}-\w{4}", row)[0] for row in rows])
        if 'rel="next"' not in page:
            return found
        page = browser.get(_next(page)).text


def _next(page: str) -> str:
    before = page.partition('rel="next"')[0]
    return before.rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")


def test_a_domestic_abuse_case_is_never_found_before_it_is_released(change, signed_in) -> None:
    with change() as session:
        case = make_abuse_case(session, at=now())
        ref = case.ref
        names_ = [f"{one.given_name} {one.family_name}" for one in case.people]
        families = {one.family_name for one in case.people}
    browser = signed_in(Role.CHAIR)
    for typed in [ref[3:], *names_, *families]:
        page = ask(browser, typed).text
        assert "Nothing found" in page
        assert f"/{ref}" not in page
    # By its own reference it is opened by those who work on it, and by nobody else.
    answer = send(browser, ref.lower().replace("-", " "))
    assert answer.headers["Location"].endswith(f"/domestic-abuse/{ref}")
    assert "Nothing found" in ask(signed_in(Role.SOCIAL_WORKER), ref).text


def test_neither_the_audit_nor_an_address_nor_a_table_holds_the_name(app, change, desk) -> None:
    with change() as session:
        named(session, "Jayden", "Smith")
    sent = send(desk, "Jayden Smith 27/3/2019")
    assert sent.status_code == 303
    assert sent.location.rpartition("/")[2].isdigit()
    with app.app_context():
        session = reading()
        entry = session.execute(
            select(AuditEntry).where(AuditEntry.action == "searched")
        ).scalar_one()
        assert entry.details["for"] == ["name", "day"]
        assert set(entry.details["digests"]) == {"name", "day"}
        for table in (AuditEntry, ChildKey):
            rows = str(session.execute(select(table.__table__)).all()).casefold()
            assert "jayden" not in rows
        raw = session.connection().exec_driver_sql("SELECT text FROM search_asked").scalar_one()
        assert "Jayden" not in raw


def test_the_same_name_has_the_same_digest_in_any_order(app, change, desk) -> None:
    with change():
        pass
    send(desk, "Jayden Smith")
    send(desk, "smith, jayden")
    with app.app_context():
        found = (
            reading()
            .execute(select(AuditEntry.details).where(AuditEntry.action == "searched"))
            .scalars()
        )
        assert len({one["digests"]["name"] for one in found}) == 1


def test_a_question_is_its_askers_alone_and_is_forgotten(app, change, signed_in) -> None:
    one, other = signed_in(Role.CHAIR), signed_in(Role.CHAIR)
    address = send(one, "Jayden").location
    assert one.get(address).status_code == 200
    assert other.get(address).status_code == 404
    with app.app_context():
        with transaction() as session:
            session.query(SearchAsked).update(
                {"asked_at": now() - service.KEPT - timedelta(minutes=1)}
            )
        assert one.get(address).status_code == 404
        with transaction() as session:
            assert service.forget(session, now()) == 1


def test_an_empty_box_says_what_to_type(desk) -> None:
    page = send(desk, "  ")
    assert page.status_code == 422
    assert "Type a name, a reference" in page.text


def test_who_sees_no_case_has_no_box(change, signed_in) -> None:
    for role in (Role.ANALYST, Role.SYSTEM):
        browser = signed_in(role)
        assert 'name="text"' not in browser.get("/").text
        assert browser.get("/search").status_code == 403
    assert 'id="search-everywhere"' in signed_in(Role.SOCIAL_WORKER).get("/").text


def test_children_known_before_can_be_found_after_the_index_was_made_anew(app, change, desk):
    with change() as session:
        ref = named(session, "Jayden", "Smith").ref
        session.query(ChildKey).delete()
    assert "Nothing found" in ask(desk, "Smith").text
    with app.app_context():
        answer = app.test_cli_runner().invoke(args=["keys", "index"])
    assert answer.exit_code == 0, answer.output
    assert ref in ask(desk, "Smith").text


def test_the_statements_do_not_grow_with_what_is_found(app, change, desk) -> None:
    with change() as session:
        for number in range(30):
            named(session, "Jayden", "Smith", received_at=now() - timedelta(days=number))
    address = send(desk, "Smith").location
    counted: list[str] = []
    with app.app_context():
        event.listen(
            db.engine, "before_cursor_execute", lambda *args: counted.append(args[2]), named=False
        )
        page = desk.get(address).text
    assert page.count("Jayden Smith") == queries.PAGE
    # Signed in, the question, the directory, the records, their cases, who they are, what is shown
    # of them, which of them are not for whoever asks, and how many forms wait.
    assert len([one for one in counted if one.startswith("SELECT")]) <= 12


def test_a_name_and_a_day_are_laid_over_each_other_and_neither_is_sorted(
    in_app, engine_name
) -> None:
    """A name that thousands bear would else be looked up, or put in order, one by one."""
    if engine_name != "sqlite":
        pytest.skip("PostgreSQL reads an empty table without any index")
    asked: list[tuple[str, object]] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2:4]),
                 named=False)  # fmt: skip
    children.records_on(reading(), ["day"], ["name"])
    ((statement, values),) = [one for one in asked if "child_key" in one[0]]
    told = reading().connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    of_keys = [row[3] for row in told if "child_key" in row[3] or "MERGE" in row[3]]
    assert of_keys == 2 * ["SEARCH child_key USING COVERING INDEX ix_child_key_digest (digest=?)"]


def test_forms_that_wait_are_named_where_a_name_is_looked_for(change, desk) -> None:
    """A child on a form that nobody took in is in no index: nothing found is not nothing known."""
    assert "not taken in yet" not in ask(desk, "Nobody Known").text
    with change() as session:
        make_settings(session)
        make_arrival(session, now())
    page = ask(desk, "Nobody Known").text
    assert "Nothing found" in page and "not taken in yet are not searched" in page
    assert "the one that waits" in page
