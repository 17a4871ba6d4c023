"""The factory: assembles the floors and does nothing else."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from flask import Flask
from flask_wtf import CSRFProtect

from app.accounts.case_views import init_case_views
from app.accounts.navigation import init_navigation
from app.accounts.signed_in import BEHIND_GLASS, init_signed_in
from app.accounts.teller import TELL_STAFF
from app.cli import Commands
from app.core.clock import words_for_day, words_for_due, words_for_moment, words_for_time
from app.core.config import SETTINGS, Settings
from app.core.crypto import field_cipher, is_field_key
from app.core.logging import set_up as set_up_logging
from app.core.scanning import scanner
from app.core.session import init_database
from app.directory.council_routes import PROTOCOL_NAMES
from app.directory.service import BOOKED_ON_LINE
from app.meetings.booking.diary_queries import booked_on_line
from app.meetings.joined.service import waiting
from app.meetings.of_children import discussion_over, live_discussion
from app.meetings.restricted import hidden
from app.meetings.restricted.gate import init_restricted, read_behind_glass
from app.meetings.routes import RECORD_TAKEN_BACK
from app.meetings.sooner.service import ahead
from app.notices.service import account_letters
from app.protocols import registry as protocol_registry
from app.protocols.loading import load_protocols
from app.records.address.routes import ARCHIVED
from app.records.recall.queries import taken_back
from app.referrals.masking import HIDDEN
from app.referrals.of_meetings import (
    DISCUSSION_OVER,
    DISCUSSIONS_AHEAD,
    LIVE_DISCUSSION,
    WAITING_DISCUSSIONS,
)
from app.referrals.sections import SECTIONS
from app.reports.measures import measures
from app.retention.queries import discussion_archived
from app.web.access import enforce
from app.web.application import Application
from app.web.errors import init_errors
from app.web.headers import init_headers
from app.web.htmx import init_htmx
from app.web.limits import init_limits
from app.web.metrics import MEASURES, init_metrics
from app.web.numbers import init_numbers
from app.web.own_page import init_own_pages
from app.web.proxies import trust_proxies
from app.web.static_files import init_static

_HERE = Path(__file__).parent
# Every room with tables: importing them fills `Base.metadata` for migrations and foreign keys.
for _models in sorted(_HERE.rglob("models.py")):
    import_module(".".join(("app", *_models.parent.relative_to(_HERE).parts, "models")))

# Modules that hold a `blueprint`, bottom floor first.
ROUTES = (
    "app.web.health",
    "app.accounts.routes",
    "app.accounts.own_routes",
    "app.accounts.sign_on.routes",
    "app.accounts.auditing.routes",
    "app.accounts.kept.routes",
    "app.accounts.staff.routes",
    "app.outbox.routes",
    "app.directory.routes",
    "app.directory.imports.routes",
    "app.directory.wards.routes",
    "app.referrals.routes",
    "app.referrals.abuse.routes",
    "app.referrals.lists.routes",
    "app.referrals.checks.routes",
    "app.referrals.letters.routes",
    "app.referrals.protocol_page",
    "app.referrals.involvement.routes",
    "app.referrals.public.routes",
    "app.referrals.arrivals.letter_routes",
    "app.referrals.no_referral.routes",
    "app.referrals.family.routes",
    "app.referrals.came_in.routes",
    "app.referrals.filing.routes",
    "app.referrals.joining.routes",
    "app.referrals.allocation.routes",
    "app.referrals.assessment.routes",
    "app.meetings.need.routes",
    "app.meetings.need.again_routes",
    "app.meetings.open_case.routes",
    "app.meetings.open_case.child_routes",
    "app.meetings.booking.routes",
    "app.meetings.keeping.routes",
    "app.meetings.sooner.routes",
    "app.meetings.joined.routes",
    "app.meetings.routes",
    "app.meetings.restricted.routes",
    "app.meetings.received.routes",
    "app.meetings.papers.routes",
    "app.meetings.calls.routes",
    "app.meetings.discussion.routes",
    "app.meetings.discussion.live.routes",
    "app.meetings.discussion.times_routes",
    "app.meetings.after.routes",
    "app.meetings.escalation.routes",
    "app.records.routes",
    "app.records.actions.routes",
    "app.records.filing.routes",
    "app.records.extracts.routes",
    "app.records.recall.routes",
    "app.records.address.routes",
    "app.records.withdrawing.routes",
    "app.records.same_child.routes",
    "app.guests.routes",
    "app.guests.requests.routes",
    "app.retention.routes",
    "app.reports.routes",
    "app.reports.dataset.routes",
    "app.reports.returns.routes",
    "app.reports.wall.display_routes",
    "app.reports.wall.routes",
    "app.reports.search.routes",
    "app.reports.quality.routes",
    "app.reports.quality.near_misses.routes",
    "app.reports.quality.sample.routes",
    "app.reports.quality.feedback.routes",
    "app.reports.quality.board.routes",
)
# Modules that hold a `referral_section`, in the order in which the referral's page shows them.
REFERRAL_SECTIONS = (
    "app.records.filing.section", "app.referrals.allocation.section",
    "app.referrals.checks.section", "app.referrals.lists.section", "app.meetings.of_children",
    "app.referrals.assessment.section", "app.retention.section",
    "app.meetings.restricted.section",
)  # fmt: skip


def create_app(settings: Settings | None = None) -> Flask:
    """The application for these settings. Whether they are safe is asked by who serves them."""
    settings = settings or Settings.read()
    app = Application(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key or None,
        SESSION_COOKIE_NAME="desk" if settings.example else "__Host-desk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=not settings.example,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a long meeting must still save
        # Browsers are told to send no Referer, so it cannot be asked for behind TLS.
        WTF_CSRF_SSL_STRICT=False,
        # Well above what a file may hold: one that is moderately too large is refused on the page
        # that was filled in, with its words kept, and not before it is read.
        MAX_CONTENT_LENGTH=40 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
    )
    SETTINGS.give(app, settings)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        example_area=settings.example,
        words_for_moment=words_for_moment,
        words_for_day=words_for_day,
        words_for_due=words_for_due,
        words_for_time=words_for_time,
    )
    set_up_logging(settings.log_json)
    # What is no key is named by whoever asks whether the settings are safe.
    field_cipher.use([key for key in settings.field_keys if is_field_key(key)])
    scanner.use(settings.scanner)
    # A bad file is refused here, at start, with its line and the reason (B1).
    protocol_registry.use(load_protocols(settings.protocols_dir))
    init_database(app, settings.database_url or "sqlite://")
    trust_proxies(app, settings.proxies)
    init_numbers(app)
    CSRFProtect(app)
    init_own_pages(app)
    init_htmx(app)
    init_static(app)
    init_headers(app, https=settings.base_url.startswith("https:"))
    init_errors(app)
    init_limits(app)
    init_metrics(app)
    init_signed_in(app)
    init_case_views(app)
    init_navigation(app)
    for module in ROUTES:
        app.register_blueprint(import_module(module).blueprint)
    app.cli = Commands(app.name)
    _hand_in(app, settings)
    enforce(app)
    init_restricted(app)
    return app


def _hand_in(app: Flask, settings: Settings) -> None:
    """What floors ask of rooms above them, which they must not import."""
    BEHIND_GLASS.give(app, read_behind_glass)
    TELL_STAFF.give(app, account_letters(settings.mail_from, settings.base_url))
    MEASURES.give(app, measures)
    PROTOCOL_NAMES.give(app, [(one.id, one.name) for one in protocol_registry.all()])
    BOOKED_ON_LINE.give(app, booked_on_line)
    LIVE_DISCUSSION.give(app, live_discussion)
    DISCUSSION_OVER.give(app, discussion_over)
    DISCUSSIONS_AHEAD.give(app, ahead)
    WAITING_DISCUSSIONS.give(app, waiting)
    HIDDEN.give(app, hidden)
    SECTIONS.give(app, [import_module(one).referral_section for one in REFERRAL_SECTIONS])
    RECORD_TAKEN_BACK.give(app, taken_back)
    ARCHIVED.give(app, discussion_archived)
