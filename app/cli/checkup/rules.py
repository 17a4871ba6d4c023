"""From when on a figure is worth a warning, or has to be mended: pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from app.cli.checkup.types import Finding, mend, ok, warning
from app.core.clock import words_for_day, words_for_span

# From when on the first page of the system administrator speaks of it, too.
from app.reports.duties.rules import BACKUP_OLD, MAIL_SLOW, VIEWS_WAIT, WORKER_AWAY

MAIL_STUCK = timedelta(hours=1)
BACKUP_TOO_OLD = timedelta(days=3)
CERTIFICATE_SOON, TLS_SOON = timedelta(days=60), timedelta(days=14)
CLOCK_OFF, CLOCK_WRONG = timedelta(seconds=2), timedelta(seconds=30)
DISK_LOW, DISK_FULL = 2 << 30, 500 << 20  # bytes
HOLIDAYS_SHORT, HOLIDAYS_OVER = timedelta(days=365), timedelta(days=90)
_START_WORKER = (
    "Start it: systemctl start desk-worker; journalctl -u desk-worker says why it ended."
)


def worker(last_seen: datetime | None, now: datetime) -> Finding:
    """Whether a worker went round in the last five minutes."""
    if last_seen is None:
        return mend("worker", "No worker was ever seen", _START_WORKER)
    away = now - last_seen
    seen = f"last seen {words_for_span(away)} ago"
    if away > WORKER_AWAY:
        return mend("worker", seen, _START_WORKER)
    if away < -WORKER_AWAY:
        return mend(
            "worker", "last seen in the future", "Set this machine's clock: timedatectl status."
        )
    return ok("worker", seen)


def mail_waiting(oldest: datetime | None, held: datetime | None, now: datetime) -> Finding:
    """Whether mail leaves. `oldest`: when the oldest that is not sent yet was queued."""
    if held is not None:
        return mend(
            "mail",
            f"held since a backup was restored, {words_for_span(now - held)} ago",
            "Say what becomes of it: flask mail release --help.",
        )
    if oldest is None:
        return ok("mail", "nothing waits")
    age = now - oldest
    if age < -CLOCK_WRONG:
        return mend(
            "mail",
            "mail was queued in the future: a clock was wrong, and it waits until then",
            "Set the clocks of all machines: timedatectl status.",
        )
    seen = f"the oldest letter waits for {words_for_span(age)}"
    if age > MAIL_STUCK:
        return mend("mail", seen, "Look at Deliveries: the reason stands beside each letter.")
    if age > MAIL_SLOW:
        return warning("mail", seen, "Look at Deliveries, and whether the worker runs.")
    return ok("mail", seen)


def views(oldest: datetime | None, now: datetime) -> Finding:
    """Whether views of cases are bound into the chain (H3)."""
    if oldest is None or now - oldest <= VIEWS_WAIT:
        return ok("audit", "views are bound into the chain")
    return mend(
        "audit",
        f"views have been waiting to be bound for {words_for_span(now - oldest)}",
        _START_WORKER,
    )


def backup(last: datetime | None, now: datetime, problems: int = 0) -> Finding:
    """Whether a backup was taken in the last day, of a database that was whole (`problems`)."""
    remedy = "Take one: flask backup DIRECTORY; then see to its timer: systemctl list-timers."
    if last is None:
        return mend("backup", "none was ever taken", remedy)
    age = now - last
    seen = f"the last was taken {words_for_span(age)} ago"
    if problems:
        return mend(
            "backup",
            f"{seen}, and what it holds was not whole",
            "flask backup verify FILE says what is wrong; keep the older ones, and find out since "
            "when.",
        )
    if age > BACKUP_TOO_OLD:
        return mend("backup", seen, remedy)
    return warning("backup", seen, remedy) if age > BACKUP_OLD else ok("backup", seen)


def seal_certificate(expires: datetime, now: datetime) -> Finding:
    """Whether the seal's certificate lasts; a seal made after it ended is worth little."""
    what, seen = "seal certificate", f"ends on {words_for_day(expires)}"
    remedy = (
        "Make a new one, and append the former certificate to its file (flask records new-key)."
    )
    if expires <= now:
        return mend(what, seen, remedy)
    return warning(what, seen, remedy) if expires - now < CERTIFICATE_SOON else ok(what, seen)


def tls_certificate(expires: datetime, now: datetime) -> Finding:
    """Whether the proxy's certificate lasts another fortnight."""
    what, seen = "address", f"answers; its certificate ends on {words_for_day(expires)}"
    if expires - now < TLS_SOON:
        return warning(what, seen, "Renew the proxy's certificate: certbot renew, or your own way.")
    return ok(what, seen)


def clock(ahead: timedelta) -> Finding:
    """How far this machine's clock is before that of the database."""
    off = abs(ahead)
    seen = f"{off.total_seconds():.1f} seconds from the database's"
    remedy = "Let both machines keep time: timedatectl set-ntp true."
    if off > CLOCK_WRONG:
        return mend("clock", seen, remedy)
    return warning("clock", seen, remedy) if off > CLOCK_OFF else ok("clock", seen)


def disk(what: str, free: int) -> Finding:
    """Whether a disk has room. `free` in bytes."""
    seen, remedy = f"{free / (1 << 30):.1f} GB free", "Make room, or add to the disk."
    if free < DISK_FULL:
        return mend(what, seen, remedy)
    return warning(what, seen, remedy) if free < DISK_LOW else ok(what, seen)


def fonts(missing: Sequence[str]) -> Finding:
    """Whether names can be printed in the scripts that people write them in."""
    if missing:
        return warning(
            "fonts",
            f"no letters of {', '.join(missing)}: records show names in them as numbers",
            "apt-get install fonts-dejavu-core fonts-noto-core fonts-droid-fallback fonts-nanum",
        )
    return ok("fonts", "letters of every script looked for")


def bank_holidays(last_known: date, today: date) -> Finding:
    """Whether deadlines far enough ahead can be computed."""
    left = last_known - today
    seen = f"known until {last_known.day} {last_known:%B %Y}"
    remedy = "Upgrade: a newer version knows the years that GOV.UK has published since."
    if left < HOLIDAYS_OVER:
        return mend("bank holidays", seen, remedy)
    if left < HOLIDAYS_SHORT:
        return warning("bank holidays", seen, remedy)
    return ok("bank holidays", seen)
