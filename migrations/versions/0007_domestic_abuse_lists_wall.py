"""domestic abuse cases, lists, displays on the wall"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('list_sitting',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('ref', sa.Text(), nullable=False),
    sa.Column('series_id', sa.Text(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=True),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('opened_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('opened_by_id', sa.Integer(), nullable=False),
    sa.Column('took_part', app.core.database.EncryptedText(), nullable=True),
    sa.Column('ended_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('ended_by_id', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('ended_at IS NULL OR took_part IS NOT NULL', name=op.f('ck_list_sitting_ended_with_who_took_part')),
    sa.ForeignKeyConstraint(['ended_by_id'], ['staff.id'], name=op.f('fk_list_sitting_ended_by_id_staff')),
    sa.ForeignKeyConstraint(['opened_by_id'], ['staff.id'], name=op.f('fk_list_sitting_opened_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_list_sitting')),
    sa.UniqueConstraint('ref', name='uq_list_sitting_ref'),
    sa.UniqueConstraint('series_id', 'day', name='uq_list_sitting_day')
    )
    with op.batch_alter_table('list_sitting', schema=None) as batch_op:
        batch_op.create_index('ix_list_sitting_day', ['day', 'id'], unique=False)
        batch_op.create_index('ix_list_sitting_open', ['id'], unique=False, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('wall_display',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('screen', sa.Enum('triage', 'discussions', name='screen_known', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('token_digest', sa.Text(), nullable=False),
    sa.Column('made_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('made_by_id', sa.Integer(), nullable=False),
    sa.Column('last_seen_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['made_by_id'], ['staff.id'], name=op.f('fk_wall_display_made_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_wall_display')),
    sa.UniqueConstraint('token_digest', name='uq_wall_display_token')
    )
    with op.batch_alter_table('wall_display', schema=None) as batch_op:
        batch_op.create_index('ix_wall_display_made', ['made_at', 'id'], unique=False)

    op.create_table('abuse_case',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('ref', sa.Text(), nullable=False),
    sa.Column('referral_id', sa.Integer(), nullable=True),
    sa.Column('received_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('entered_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('entered_by_id', sa.Integer(), nullable=False),
    sa.Column('source_agency_id', sa.Integer(), nullable=False),
    sa.Column('incident', app.core.database.EncryptedText(), nullable=True),
    sa.Column('account', app.core.database.EncryptedText(), nullable=False),
    sa.Column('address', app.core.database.EncryptedText(), nullable=True),
    sa.Column('risk', sa.Enum('high', 'medium', 'standard', name='domesticabuserisk_known', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('risk_reason', app.core.database.EncryptedText(), nullable=True),
    sa.Column('due_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('clocks', sa.JSON(), nullable=False),
    sa.Column('dash_score', sa.Integer(), nullable=True),
    sa.Column('dash_by', sa.Text(), nullable=True),
    sa.Column('idva', sa.Enum('offered', 'accepted', 'declined', 'in_touch', name='idva_known', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('idva_note', app.core.database.EncryptedText(), nullable=True),
    sa.Column('marac_on', sa.Date(), nullable=True),
    sa.Column('marac_note', app.core.database.EncryptedText(), nullable=True),
    sa.Column('release', sa.Enum('consent', 'concern', name='release_known', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('release_reason', app.core.database.EncryptedText(), nullable=True),
    sa.Column('released_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('released_by_id', sa.Integer(), nullable=True),
    sa.Column('outcome', sa.Enum('strategy_discussion', 'section_17', 'early_help', 'targeted_support', 'universal_offer', 'share_information', 'signpost', 'advice', 'no_further_action', name='outcome_known', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('closed_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('(closed_at IS NULL) = (outcome IS NULL)', name=op.f('ck_abuse_case_closed_with_outcome')),
    sa.CheckConstraint('(released_at IS NULL) = (release IS NULL)', name=op.f('ck_abuse_case_released_by_something')),
    sa.CheckConstraint('dash_score BETWEEN 0 AND 24', name=op.f('ck_abuse_case_dash_has_24_questions')),
    sa.ForeignKeyConstraint(['entered_by_id'], ['staff.id'], name=op.f('fk_abuse_case_entered_by_id_staff')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_abuse_case_referral_id_referral')),
    sa.ForeignKeyConstraint(['released_by_id'], ['staff.id'], name=op.f('fk_abuse_case_released_by_id_staff')),
    sa.ForeignKeyConstraint(['source_agency_id'], ['agency.id'], name=op.f('fk_abuse_case_source_agency_id_agency')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_abuse_case')),
    sa.UniqueConstraint('ref', name='uq_abuse_case_ref'),
    sa.UniqueConstraint('referral_id', name='uq_abuse_case_referral')
    )
    with op.batch_alter_table('abuse_case', schema=None) as batch_op:
        batch_op.create_index('ix_abuse_case_open', ['due_at', 'id'], unique=False, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.create_index('ix_abuse_case_received', ['received_at', 'id'], unique=False)

    op.create_table('abuse_person',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('child', 'harmed', 'perpetrator', name='personkind_known', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('given_name', app.core.database.EncryptedText(), nullable=False),
    sa.Column('family_name', app.core.database.EncryptedText(), nullable=False),
    sa.Column('date_of_birth', app.core.database.EncryptedDate(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['abuse_case.id'], name=op.f('fk_abuse_person_case_id_abuse_case')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_abuse_person'))
    )
    with op.batch_alter_table('abuse_person', schema=None) as batch_op:
        batch_op.create_index('ix_abuse_person_case', ['case_id', 'position'], unique=False)

    op.create_table('list_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('sitting_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=True),
    sa.Column('referral_id', sa.Integer(), nullable=True),
    sa.Column('carried', sa.Boolean(), nullable=False),
    sa.Column('information', app.core.database.EncryptedText(), nullable=True),
    sa.Column('outcome', sa.Enum('strategy_discussion', 'section_17', 'early_help', 'targeted_support', 'universal_offer', 'share_information', 'signpost', 'advice', 'no_further_action', name='outcome_known', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('reason', app.core.database.EncryptedText(), nullable=True),
    sa.Column('agency_id', sa.Integer(), nullable=True),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.Column('decided_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('(case_id IS NULL) <> (referral_id IS NULL)', name=op.f('ck_list_entry_one_case')),
    sa.CheckConstraint('(outcome IS NULL) = (decided_at IS NULL) AND (outcome IS NULL) = (reason IS NULL)', name=op.f('ck_list_entry_outcome_has_reason_and_moment')),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_list_entry_agency_id_agency')),
    sa.ForeignKeyConstraint(['case_id'], ['abuse_case.id'], name=op.f('fk_list_entry_case_id_abuse_case')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['staff.id'], name=op.f('fk_list_entry_decided_by_id_staff')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_list_entry_referral_id_referral')),
    sa.ForeignKeyConstraint(['sitting_id'], ['list_sitting.id'], name=op.f('fk_list_entry_sitting_id_list_sitting')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_list_entry')),
    sa.UniqueConstraint('sitting_id', 'case_id', name='uq_list_entry_case'),
    sa.UniqueConstraint('sitting_id', 'number', name='uq_list_entry_number'),
    sa.UniqueConstraint('sitting_id', 'referral_id', name='uq_list_entry_referral')
    )
    with op.batch_alter_table('list_entry', schema=None) as batch_op:
        batch_op.create_index('ix_list_entry_case', ['case_id', 'id'], unique=False)
        batch_op.create_index('ix_list_entry_referral', ['referral_id', 'id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('list_entry', schema=None) as batch_op:
        batch_op.drop_index('ix_list_entry_referral')
        batch_op.drop_index('ix_list_entry_case')

    op.drop_table('list_entry')
    with op.batch_alter_table('abuse_person', schema=None) as batch_op:
        batch_op.drop_index('ix_abuse_person_case')

    op.drop_table('abuse_person')
    with op.batch_alter_table('abuse_case', schema=None) as batch_op:
        batch_op.drop_index('ix_abuse_case_received')
        batch_op.drop_index('ix_abuse_case_open', sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))

    op.drop_table('abuse_case')
    with op.batch_alter_table('wall_display', schema=None) as batch_op:
        batch_op.drop_index('ix_wall_display_made')

    op.drop_table('wall_display')
    with op.batch_alter_table('list_sitting', schema=None) as batch_op:
        batch_op.drop_index('ix_list_sitting_open', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.drop_index('ix_list_sitting_day')

    op.drop_table('list_sitting')
