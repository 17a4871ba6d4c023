"""forms kept for whoever was signed out"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('kept_form',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('fields', app.core.database.EncryptedText(), nullable=False),
    sa.Column('had_file', sa.Boolean(), nullable=False),
    sa.Column('kept_at', app.core.database.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_kept_form_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kept_form'))
    )
    op.create_index('ix_kept_form_staff', 'kept_form', ['staff_id', 'id'])
    op.create_index('ix_kept_form_kept_at', 'kept_form', ['kept_at'])


def downgrade() -> None:
    op.drop_table('kept_form')
