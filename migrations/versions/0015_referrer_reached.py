"""the referrer's email address and telephone number apart"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText
from app.invitations.wording import is_address

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

REFERRAL = sa.table(
    "referral",
    sa.column("id", sa.Integer),
    sa.column("referrer_email", EncryptedText),
    sa.column("referrer_telephone", EncryptedText),
)
BOTH = (REFERRAL.c.referrer_email, REFERRAL.c.referrer_telephone)


def upgrade() -> None:
    op.execute("ALTER TABLE referral RENAME COLUMN referrer_contact TO referrer_telephone")
    op.add_column("referral", sa.Column("referrer_email", EncryptedText(), nullable=True))
    rows = op.get_bind().execute(
        sa.select(REFERRAL.c.id, REFERRAL.c.referrer_telephone).where(
            REFERRAL.c.referrer_telephone.is_not(None)
        )
    )
    for key, both in rows.all():
        parts = [part.strip() for part in both.split(",")]
        emails = [part for part in parts if is_address(part)]
        if emails:
            rest = ", ".join(part for part in parts if part and part != emails[0])
            _write(key, emails[0], rest or None)


def downgrade() -> None:
    rows = op.get_bind().execute(
        sa.select(REFERRAL.c.id, *BOTH).where(REFERRAL.c.referrer_email.is_not(None))
    )
    for key, email, telephone in rows.all():
        _write(key, None, ", ".join(part for part in (telephone, email) if part))
    op.drop_column("referral", "referrer_email")
    op.execute("ALTER TABLE referral RENAME COLUMN referrer_telephone TO referrer_contact")


def _write(key: int, email: str | None, telephone: str | None) -> None:
    op.get_bind().execute(
        sa.update(REFERRAL)
        .where(REFERRAL.c.id == key)
        .values(referrer_email=email, referrer_telephone=telephone)
    )
