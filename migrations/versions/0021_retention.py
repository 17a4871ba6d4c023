"""closed cases: until when they are kept, legal hold, deletion"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('closed_case',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('referral_id', sa.Integer(), nullable=True),
    sa.Column('meeting_id', sa.Integer(), nullable=True),
    sa.Column('ref', sa.Text(), nullable=False),
    sa.Column('closed_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('closed_by_id', sa.Integer(), nullable=True),
    sa.Column('keep_until', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('rule', sa.JSON(), nullable=False),
    sa.Column('longer_reason', app.core.database.EncryptedText(), nullable=True),
    sa.Column('held_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('held_by_id', sa.Integer(), nullable=True),
    sa.Column('hold_reason', app.core.database.EncryptedText(), nullable=True),
    sa.Column('approved_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('approved_by_id', sa.Integer(), nullable=True),
    sa.Column('approved_reason', app.core.database.EncryptedText(), nullable=True),
    sa.Column('deleted_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('(referral_id IS NULL) <> (meeting_id IS NULL)', name=op.f('ck_closed_case_a_referral_or_a_meeting')),
    sa.CheckConstraint('deleted_at IS NULL OR approved_at IS NOT NULL', name=op.f('ck_closed_case_reviewed_first')),
    sa.CheckConstraint('deleted_at IS NULL OR held_at IS NULL', name=op.f('ck_closed_case_held_is_not_deleted')),
    sa.CheckConstraint('held_at IS NULL OR hold_reason IS NOT NULL', name=op.f('ck_closed_case_held_with_a_reason')),
    sa.ForeignKeyConstraint(['approved_by_id'], ['staff.id'], name=op.f('fk_closed_case_approved_by_id_staff')),
    sa.ForeignKeyConstraint(['closed_by_id'], ['staff.id'], name=op.f('fk_closed_case_closed_by_id_staff')),
    sa.ForeignKeyConstraint(['held_by_id'], ['staff.id'], name=op.f('fk_closed_case_held_by_id_staff')),
    sa.ForeignKeyConstraint(['meeting_id'], ['meeting.id'], name=op.f('fk_closed_case_meeting_id_meeting')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_closed_case_referral_id_referral')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_closed_case')),
    sa.UniqueConstraint('meeting_id', name='uq_closed_case_meeting'),
    sa.UniqueConstraint('referral_id', name='uq_closed_case_referral')
    )
    with op.batch_alter_table('closed_case', schema=None) as batch_op:
        batch_op.create_index('ix_closed_case_approved', ['approved_at', 'id'], unique=False, sqlite_where=sa.text('approved_at IS NOT NULL AND deleted_at IS NULL'), postgresql_where=sa.text('approved_at IS NOT NULL AND deleted_at IS NULL'))
        batch_op.create_index('ix_closed_case_due', ['keep_until', 'id'], unique=False, sqlite_where=sa.text('deleted_at IS NULL AND approved_at IS NULL AND held_at IS NULL'), postgresql_where=sa.text('deleted_at IS NULL AND approved_at IS NULL AND held_at IS NULL'))
        batch_op.create_index('ix_closed_case_held', ['held_at', 'id'], unique=False, sqlite_where=sa.text('held_at IS NOT NULL AND deleted_at IS NULL'), postgresql_where=sa.text('held_at IS NOT NULL AND deleted_at IS NULL'))



def downgrade() -> None:
    with op.batch_alter_table('closed_case', schema=None) as batch_op:
        batch_op.drop_index('ix_closed_case_held', sqlite_where=sa.text('held_at IS NOT NULL AND deleted_at IS NULL'), postgresql_where=sa.text('held_at IS NOT NULL AND deleted_at IS NULL'))
        batch_op.drop_index('ix_closed_case_due', sqlite_where=sa.text('deleted_at IS NULL AND approved_at IS NULL AND held_at IS NULL'), postgresql_where=sa.text('deleted_at IS NULL AND approved_at IS NULL AND held_at IS NULL'))
        batch_op.drop_index('ix_closed_case_approved', sqlite_where=sa.text('approved_at IS NOT NULL AND deleted_at IS NULL'), postgresql_where=sa.text('approved_at IS NOT NULL AND deleted_at IS NULL'))

    op.drop_table('closed_case')
