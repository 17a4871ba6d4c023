"""late records, copies that could not be made, copies released after all"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('circulation', sa.Column('after_all_at', app.core.database.UTCDateTime(timezone=True), nullable=True))
    op.create_table('record_warning',
    sa.Column('meeting_id', sa.Integer(), nullable=False),
    sa.Column('stage', sa.Enum('soon', 'late', name='stage_known', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['meeting_id'], ['meeting.id'], name=op.f('fk_record_warning_meeting_id_meeting')),
    sa.PrimaryKeyConstraint('meeting_id', 'stage', name=op.f('pk_record_warning'))
    )
    op.create_table('record_fault',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('invitee_id', sa.Integer(), nullable=True),
    sa.Column('since', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['invitee_id'], ['invitee.id'], name=op.f('fk_record_fault_invitee_id_invitee')),
    sa.ForeignKeyConstraint(['version_id'], ['record_version.id'], name=op.f('fk_record_fault_version_id_record_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_record_fault'))
    )
    op.create_index('ix_record_fault_version', 'record_fault', ['version_id', 'invitee_id'])


def downgrade() -> None:
    op.drop_table('record_fault')
    op.drop_table('record_warning')
    op.drop_column('circulation', 'after_all_at')
