"""what follows a discussion for each child, reminders of actions"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('child_after',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('meeting_id', sa.Integer(), nullable=False),
    sa.Column('child_id', sa.Integer(), nullable=False),
    sa.Column('enquiry_runs', sa.Boolean(), nullable=False),
    sa.Column('section47_started_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('enquiry_outcome', sa.Enum('not_substantiated', 'no_continuing_risk', 'continuing_risk', name='enquiryoutcome_known', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('enquiry_ended_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('enquiry_reason', app.core.database.EncryptedText(), nullable=True),
    sa.Column('conference', sa.Enum('not_likely', 'likely', 'required', 'not_needed', name='conference_known', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('conference_decided_later', sa.Boolean(), nullable=False),
    sa.Column('conference_reason', app.core.database.EncryptedText(), nullable=True),
    sa.Column('icpc_decided_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('quality_told_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('icpc_referred_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('icpc_booked_for', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('icpc_late_reason', app.core.database.EncryptedText(), nullable=True),
    sa.Column('icpc_held_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('icpc_outcome', sa.Enum('plan', 'no_plan', name='conferenceoutcome_known', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('assessment_runs', sa.Boolean(), nullable=False),
    sa.Column('assessment_days', sa.Integer(), nullable=True),
    sa.Column('assessment_completed_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('review_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('review_held_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('clocks', sa.JSON(), nullable=False),
    sa.Column('icpc_referral_due_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('icpc_due_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('assessment_due_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('next_step', sa.Enum('quality', 'conference', 'referral', 'booking', 'held', 'enquiry', 'assessment', 'review', name='step_known', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('next_due_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("conference <> 'not_needed' OR conference_reason IS NOT NULL", name=op.f('ck_child_after_not_needed_has_a_reason')),
    sa.CheckConstraint("icpc_held_at IS NULL OR conference = 'required'", name=op.f('ck_child_after_held_was_required')),
    sa.CheckConstraint('(enquiry_outcome IS NULL) = (enquiry_ended_at IS NULL)', name=op.f('ck_child_after_outcome_has_a_date')),
    sa.CheckConstraint('(next_step IS NULL) = (next_due_at IS NULL)', name=op.f('ck_child_after_next_has_a_date')),
    sa.ForeignKeyConstraint(['child_id'], ['child.id'], name=op.f('fk_child_after_child_id_child')),
    sa.ForeignKeyConstraint(['meeting_id'], ['meeting.id'], name=op.f('fk_child_after_meeting_id_meeting')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_child_after')),
    sa.UniqueConstraint('meeting_id', 'child_id', name='uq_child_after_child')
    )
    with op.batch_alter_table('child_after', schema=None) as batch_op:
        batch_op.create_index('ix_child_after_child', ['child_id', 'id'], unique=False)
        batch_op.create_index('ix_child_after_next', ['next_step', 'next_due_at', 'id'], unique=False, sqlite_where=sa.text('next_step IS NOT NULL'), postgresql_where=sa.text('next_step IS NOT NULL'))

    op.create_table('action_reminder',
    sa.Column('action_id', sa.Integer(), nullable=False),
    sa.Column('due_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('step', sa.Integer(), nullable=False),
    sa.Column('sent_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['action_id'], ['action.id'], name=op.f('fk_action_reminder_action_id_action')),
    sa.PrimaryKeyConstraint('action_id', 'due_at', 'step', name=op.f('pk_action_reminder'))
    )


def downgrade() -> None:
    op.drop_table('action_reminder')
    with op.batch_alter_table('child_after', schema=None) as batch_op:
        batch_op.drop_index('ix_child_after_next', sqlite_where=sa.text('next_step IS NOT NULL'), postgresql_where=sa.text('next_step IS NOT NULL'))
        batch_op.drop_index('ix_child_after_child')

    op.drop_table('child_after')
