"""agency checks, what a decision rests on, onward referrals, letters, disagreements over a rating"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('agency_check',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('ref', sa.Text(), nullable=False),
    sa.Column('referral_id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('professional_id', sa.Integer(), nullable=False),
    sa.Column('invitation_id', sa.Integer(), nullable=True),
    sa.Column('question', app.core.database.EncryptedText(), nullable=False),
    sa.Column('asked_by_id', sa.Integer(), nullable=False),
    sa.Column('asked_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('due_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('due_rule', sa.Text(), nullable=False),
    sa.Column('due_source', sa.Text(), nullable=False),
    sa.Column('opened_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('answered_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('next_reminder_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('reminded_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('reminders', sa.Integer(), nullable=False),
    sa.Column('withdrawn_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_reason', app.core.database.EncryptedText(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)', name=op.f('ck_agency_check_withdrawn_with_a_reason')),
    sa.CheckConstraint('next_reminder_at IS NULL OR (answered_at IS NULL AND withdrawn_at IS NULL)', name=op.f('ck_agency_check_closed_is_not_chased')),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_agency_check_agency_id_agency')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['staff.id'], name=op.f('fk_agency_check_asked_by_id_staff')),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitation.id'], name=op.f('fk_agency_check_invitation_id_invitation')),
    sa.ForeignKeyConstraint(['professional_id'], ['professional.id'], name=op.f('fk_agency_check_professional_id_professional')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_agency_check_referral_id_referral')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agency_check')),
    sa.UniqueConstraint('invitation_id', name='uq_agency_check_invitation_id'),
    sa.UniqueConstraint('ref', name='uq_agency_check_ref')
    )
    with op.batch_alter_table('agency_check', schema=None) as batch_op:
        batch_op.create_index('ix_agency_check_referral', ['referral_id', 'id'], unique=False)
        batch_op.create_index('ix_agency_check_reminder', ['next_reminder_at', 'id'], unique=False, sqlite_where=sa.text('next_reminder_at IS NOT NULL'), postgresql_where=sa.text('next_reminder_at IS NOT NULL'))
        batch_op.create_index('uq_agency_check_open', ['referral_id', 'professional_id'], unique=True, sqlite_where=sa.text('answered_at IS NULL AND withdrawn_at IS NULL'), postgresql_where=sa.text('answered_at IS NULL AND withdrawn_at IS NULL'))

    op.create_table('onward_referral',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('referral_id', sa.Integer(), nullable=False),
    sa.Column('about', sa.Enum('physical_abuse', 'sexual_abuse', 'emotional_abuse', 'neglect', 'domestic_abuse', 'sexual_exploitation', 'criminal_exploitation', 'female_genital_mutilation', 'fabricated_illness', 'missing', 'trafficking', 'allegation_against_staff', 'organised_abuse', 'parental_substance_misuse', 'parental_mental_health', 'other', name='concern_known', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=True),
    sa.Column('to_name', sa.Text(), nullable=True),
    sa.Column('reference', app.core.database.EncryptedText(), nullable=True),
    sa.Column('note', app.core.database.EncryptedText(), nullable=True),
    sa.Column('referred_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('recorded_by_id', sa.Integer(), nullable=False),
    sa.Column('recorded_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('(agency_id IS NULL) <> (to_name IS NULL)', name=op.f('ck_onward_referral_goes_to_somebody')),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_onward_referral_agency_id_agency')),
    sa.ForeignKeyConstraint(['recorded_by_id'], ['staff.id'], name=op.f('fk_onward_referral_recorded_by_id_staff')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_onward_referral_referral_id_referral')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_onward_referral'))
    )
    with op.batch_alter_table('onward_referral', schema=None) as batch_op:
        batch_op.create_index('ix_onward_referral_referral', ['referral_id', 'id'], unique=False)

    op.create_table('referral_reopening',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('referral_id', sa.Integer(), nullable=False),
    sa.Column('reason', app.core.database.EncryptedText(), nullable=False),
    sa.Column('reopened_by_id', sa.Integer(), nullable=False),
    sa.Column('reopened_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('was_outcome', sa.Enum('strategy_discussion', 'section_17', 'early_help', 'targeted_support', 'universal_offer', 'share_information', 'signpost', 'advice', 'no_further_action', name='outcome_known', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('was_decided_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('was_due_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_referral_reopening_referral_id_referral')),
    sa.ForeignKeyConstraint(['reopened_by_id'], ['staff.id'], name=op.f('fk_referral_reopening_reopened_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_referral_reopening'))
    )
    with op.batch_alter_table('referral_reopening', schema=None) as batch_op:
        batch_op.create_index('ix_referral_reopening_referral', ['referral_id', 'id'], unique=False)

    op.create_table('check_answer',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('check_id', sa.Integer(), nullable=False),
    sa.Column('held', sa.Enum('nothing', 'something', name='held_known', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('words', app.core.database.EncryptedText(), nullable=True),
    sa.Column('by_name', app.core.database.EncryptedText(), nullable=True),
    sa.Column('by_role', app.core.database.EncryptedText(), nullable=True),
    sa.Column('via', sa.Enum('link', 'telephone', 'secure_email', name='answervia_known', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('recorded_by_id', sa.Integer(), nullable=True),
    sa.Column('at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(via = 'link') = (recorded_by_id IS NULL)", name=op.f('ck_check_answer_staff_write_the_others')),
    sa.CheckConstraint("held = 'nothing' OR words IS NOT NULL", name=op.f('ck_check_answer_what_is_held_is_told')),
    sa.ForeignKeyConstraint(['check_id'], ['agency_check.id'], name=op.f('fk_check_answer_check_id_agency_check')),
    sa.ForeignKeyConstraint(['recorded_by_id'], ['staff.id'], name=op.f('fk_check_answer_recorded_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_check_answer'))
    )
    with op.batch_alter_table('check_answer', schema=None) as batch_op:
        batch_op.create_index('ix_check_answer_check', ['check_id', 'id'], unique=False)

    op.create_table('decision_ground',
    sa.Column('decision_id', sa.Integer(), nullable=False),
    sa.Column('consent_id', sa.Integer(), nullable=True),
    sa.Column('overrode', sa.Boolean(), nullable=False),
    sa.Column('filtered', sa.Enum('information_request', 'other_area', 'open_case', 'adult', 'entered_twice', 'other', name='filterreason_known', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('unseen', sa.Boolean(), nullable=False),
    sa.Column('under_three', sa.Boolean(), nullable=False),
    sa.Column('home_educated', sa.Boolean(), nullable=False),
    sa.CheckConstraint('NOT overrode OR consent_id IS NOT NULL', name=op.f('ck_decision_ground_an_override_names_its_consent')),
    sa.ForeignKeyConstraint(['consent_id'], ['referral_consent.id'], name=op.f('fk_decision_ground_consent_id_referral_consent')),
    sa.ForeignKeyConstraint(['decision_id'], ['referral_decision.id'], name=op.f('fk_decision_ground_decision_id_referral_decision')),
    sa.PrimaryKeyConstraint('decision_id', name=op.f('pk_decision_ground'))
    )
    with op.batch_alter_table('decision_ground', schema=None) as batch_op:
        batch_op.create_index('ix_decision_ground_filtered', ['filtered'], unique=False, sqlite_where=sa.text('filtered IS NOT NULL'), postgresql_where=sa.text('filtered IS NOT NULL'))

    op.create_table('rating_dispute',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('referral_id', sa.Integer(), nullable=False),
    sa.Column('rating_id', sa.Integer(), nullable=False),
    sa.Column('by_whom', app.core.database.EncryptedText(), nullable=False),
    sa.Column('wanted', sa.Enum('red', 'amber', 'green', 'blue', name='rating_known', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('reason', app.core.database.EncryptedText(), nullable=False),
    sa.Column('raised_by_id', sa.Integer(), nullable=False),
    sa.Column('raised_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('step', sa.Integer(), nullable=False),
    sa.Column('settled_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('step >= 0', name=op.f('ck_rating_dispute_steps_count_up')),
    sa.ForeignKeyConstraint(['raised_by_id'], ['staff.id'], name=op.f('fk_rating_dispute_raised_by_id_staff')),
    sa.ForeignKeyConstraint(['rating_id'], ['referral_rating.id'], name=op.f('fk_rating_dispute_rating_id_referral_rating')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_rating_dispute_referral_id_referral')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rating_dispute'))
    )
    with op.batch_alter_table('rating_dispute', schema=None) as batch_op:
        batch_op.create_index('ix_rating_dispute_referral', ['referral_id', 'id'], unique=False)
        batch_op.create_index('uq_rating_dispute_open', ['referral_id'], unique=True, sqlite_where=sa.text('settled_at IS NULL'), postgresql_where=sa.text('settled_at IS NULL'))

    op.create_table('referral_letter',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('ref', sa.Text(), nullable=False),
    sa.Column('referral_id', sa.Integer(), nullable=False),
    sa.Column('decision_id', sa.Integer(), nullable=False),
    sa.Column('letter_to', sa.Enum('referrer', 'school', name='letterto_known', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('child_id', sa.Integer(), nullable=True),
    sa.Column('name', app.core.database.EncryptedText(), nullable=False),
    sa.Column('content', app.core.database.EncryptedText(), nullable=False),
    sa.Column('invitation_id', sa.Integer(), nullable=False),
    sa.Column('sent_by_id', sa.Integer(), nullable=False),
    sa.Column('sent_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('opened_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['child_id'], ['child.id'], name=op.f('fk_referral_letter_child_id_child')),
    sa.ForeignKeyConstraint(['decision_id'], ['referral_decision.id'], name=op.f('fk_referral_letter_decision_id_referral_decision')),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitation.id'], name=op.f('fk_referral_letter_invitation_id_invitation')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_referral_letter_referral_id_referral')),
    sa.ForeignKeyConstraint(['sent_by_id'], ['staff.id'], name=op.f('fk_referral_letter_sent_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_referral_letter')),
    sa.UniqueConstraint('invitation_id', name='uq_referral_letter_invitation_id'),
    sa.UniqueConstraint('ref', name='uq_referral_letter_ref')
    )
    with op.batch_alter_table('referral_letter', schema=None) as batch_op:
        batch_op.create_index('ix_referral_letter_referral', ['referral_id', 'id'], unique=False)

    op.create_table('rating_dispute_step',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('dispute_id', sa.Integer(), nullable=False),
    sa.Column('step', sa.Integer(), nullable=False),
    sa.Column('who', sa.Text(), nullable=False),
    sa.Column('rating', sa.Enum('red', 'amber', 'green', 'blue', name='rating_known', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('reason', app.core.database.EncryptedText(), nullable=False),
    sa.Column('settled', sa.Boolean(), nullable=False),
    sa.Column('recorded_by_id', sa.Integer(), nullable=False),
    sa.Column('recorded_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['dispute_id'], ['rating_dispute.id'], name=op.f('fk_rating_dispute_step_dispute_id_rating_dispute')),
    sa.ForeignKeyConstraint(['recorded_by_id'], ['staff.id'], name=op.f('fk_rating_dispute_step_recorded_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rating_dispute_step'))
    )
    with op.batch_alter_table('rating_dispute_step', schema=None) as batch_op:
        batch_op.create_index('ix_rating_dispute_step_dispute', ['dispute_id', 'id'], unique=False)

    # Plain SQL: a table that is rebuilt loses its other constraints on SQLite.
    op.execute(
        "ALTER TABLE referral_rating ADD COLUMN stage VARCHAR(40) NOT NULL DEFAULT 'before' "
        "CONSTRAINT ck_referral_rating_ratingstage_known CHECK (stage IN ('before', 'after'))"
    )



def downgrade() -> None:
    op.execute("ALTER TABLE referral_rating DROP COLUMN stage")

    with op.batch_alter_table('rating_dispute_step', schema=None) as batch_op:
        batch_op.drop_index('ix_rating_dispute_step_dispute')

    op.drop_table('rating_dispute_step')
    with op.batch_alter_table('referral_letter', schema=None) as batch_op:
        batch_op.drop_index('ix_referral_letter_referral')

    op.drop_table('referral_letter')
    with op.batch_alter_table('rating_dispute', schema=None) as batch_op:
        batch_op.drop_index('uq_rating_dispute_open', sqlite_where=sa.text('settled_at IS NULL'), postgresql_where=sa.text('settled_at IS NULL'))
        batch_op.drop_index('ix_rating_dispute_referral')

    op.drop_table('rating_dispute')
    with op.batch_alter_table('decision_ground', schema=None) as batch_op:
        batch_op.drop_index('ix_decision_ground_filtered', sqlite_where=sa.text('filtered IS NOT NULL'), postgresql_where=sa.text('filtered IS NOT NULL'))

    op.drop_table('decision_ground')
    with op.batch_alter_table('check_answer', schema=None) as batch_op:
        batch_op.drop_index('ix_check_answer_check')

    op.drop_table('check_answer')
    with op.batch_alter_table('referral_reopening', schema=None) as batch_op:
        batch_op.drop_index('ix_referral_reopening_referral')

    op.drop_table('referral_reopening')
    with op.batch_alter_table('onward_referral', schema=None) as batch_op:
        batch_op.drop_index('ix_onward_referral_referral')

    op.drop_table('onward_referral')
    with op.batch_alter_table('agency_check', schema=None) as batch_op:
        batch_op.drop_index('uq_agency_check_open', sqlite_where=sa.text('answered_at IS NULL AND withdrawn_at IS NULL'), postgresql_where=sa.text('answered_at IS NULL AND withdrawn_at IS NULL'))
        batch_op.drop_index('ix_agency_check_reminder', sqlite_where=sa.text('next_reminder_at IS NOT NULL'), postgresql_where=sa.text('next_reminder_at IS NOT NULL'))
        batch_op.drop_index('ix_agency_check_referral')

    op.drop_table('agency_check')
