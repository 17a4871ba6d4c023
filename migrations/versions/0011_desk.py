"""the administrator's desk: forms, calls, reminders, working hours, versions of the directory"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# (table, column, type, what rows that are there already get; None: nothing)
ADDED = (
    ("agency", "version", sa.Integer(), "1"),
    ("council_settings", "police_form_email", sa.Text(), ""),
    ("council_settings", "police_form_telephone", sa.Text(), ""),
    ("council_settings", "medical_form_email", sa.Text(), ""),
    ("council_settings", "medical_telephone", sa.Text(), ""),
    ("council_settings", "medical_reception_telephone", sa.Text(), ""),
    ("professional", "works_days", sa.Text(), ""),
    ("professional", "works_from", sa.Text(), None),
    ("professional", "works_to", sa.Text(), None),
    ("professional", "version", sa.Integer(), "1"),
)


def upgrade() -> None:
    op.create_table('sent_form',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('meeting_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('police_request', 'medical', name='formkind_known', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('pdf', app.core.database.EncryptedBytes(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('email', app.core.database.EncryptedText(), nullable=False),
    sa.Column('attached', sa.Boolean(), nullable=False),
    sa.Column('invitation_id', sa.Integer(), nullable=True),
    sa.Column('message_id', sa.Integer(), nullable=False),
    sa.Column('sent_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('sent_by_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('sent', 'acknowledged', 'refused', 'replaced', name='formstate_known', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('chase_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('chases', sa.Integer(), nullable=False),
    sa.Column('settled_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('reply', app.core.database.EncryptedText(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state IN ('acknowledged', 'refused')) = (settled_at IS NOT NULL)", name=op.f('ck_sent_form_settled_has_a_moment')),
    sa.CheckConstraint("state <> 'refused' OR reply IS NOT NULL", name=op.f('ck_sent_form_refused_has_reasons')),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitation.id'], name=op.f('fk_sent_form_invitation_id_invitation')),
    sa.ForeignKeyConstraint(['meeting_id'], ['meeting.id'], name=op.f('fk_sent_form_meeting_id_meeting')),
    sa.ForeignKeyConstraint(['message_id'], ['outbox_message.id'], name=op.f('fk_sent_form_message_id_outbox_message')),
    sa.ForeignKeyConstraint(['sent_by_id'], ['staff.id'], name=op.f('fk_sent_form_sent_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sent_form')),
    sa.UniqueConstraint('invitation_id', name='uq_sent_form_invitation'),
    sa.UniqueConstraint('meeting_id', 'kind', 'number', name='uq_sent_form_number')
    )
    with op.batch_alter_table('sent_form', schema=None) as batch_op:
        batch_op.create_index('ix_sent_form_message', ['message_id'], unique=False)
        batch_op.create_index('ix_sent_form_unanswered', ['chase_at', 'id'], unique=False, sqlite_where=sa.text("state = 'sent'"), postgresql_where=sa.text("state = 'sent'"))

    op.create_table('call',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('meeting_id', sa.Integer(), nullable=False),
    sa.Column('invitee_id', sa.Integer(), nullable=True),
    sa.Column('form_id', sa.Integer(), nullable=True),
    sa.Column('outcome', sa.Enum('spoke', 'message_left', 'no_answer', name='outcome_known', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('said', app.core.database.EncryptedText(), nullable=True),
    sa.Column('at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('again_at', app.core.database.UTCDateTime(timezone=True), nullable=True),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('(invitee_id IS NULL) <> (form_id IS NULL)', name=op.f('ck_call_about_one_thing')),
    sa.CheckConstraint('again_at > at', name=op.f('ck_call_again_later')),
    sa.ForeignKeyConstraint(['by_id'], ['staff.id'], name=op.f('fk_call_by_id_staff')),
    sa.ForeignKeyConstraint(['form_id'], ['sent_form.id'], name=op.f('fk_call_form_id_sent_form')),
    sa.ForeignKeyConstraint(['invitee_id'], ['invitee.id'], name=op.f('fk_call_invitee_id_invitee')),
    sa.ForeignKeyConstraint(['meeting_id'], ['meeting.id'], name=op.f('fk_call_meeting_id_meeting')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call'))
    )
    with op.batch_alter_table('call', schema=None) as batch_op:
        batch_op.create_index('ix_call_meeting', ['meeting_id', 'id'], unique=False)

    op.create_table('reminder_sent',
    sa.Column('invitee_id', sa.Integer(), nullable=False),
    sa.Column('starts_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.Column('hours_before', sa.Integer(), nullable=False),
    sa.Column('sent_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['invitee_id'], ['invitee.id'], name=op.f('fk_reminder_sent_invitee_id_invitee')),
    sa.PrimaryKeyConstraint('invitee_id', 'starts_at', 'hours_before', name=op.f('pk_reminder_sent'))
    )
    for table, name, column_type, default in ADDED:
        op.add_column(
            table,
            sa.Column(name, column_type, nullable=default is None, server_default=default),
        )


def downgrade() -> None:
    # Plainly, as they were added: a table that is made anew would lose its triggers.
    for table, name, _, _ in reversed(ADDED):
        op.drop_column(table, name)
    op.drop_table('reminder_sent')
    with op.batch_alter_table('call', schema=None) as batch_op:
        batch_op.drop_index('ix_call_meeting')

    op.drop_table('call')
    with op.batch_alter_table('sent_form', schema=None) as batch_op:
        batch_op.drop_index('ix_sent_form_unanswered', sqlite_where=sa.text("state = 'sent'"), postgresql_where=sa.text("state = 'sent'"))
        batch_op.drop_index('ix_sent_form_message')

    op.drop_table('sent_form')
