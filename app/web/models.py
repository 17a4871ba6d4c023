"""Forms that must not act twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class FormOnce(Base):
    """A form that was acted on, and where its sender was taken afterwards."""

    __tablename__ = "form_once"

    digest: Mapped[str] = mapped_column(primary_key=True)
    location: Mapped[str]
    at: Mapped[datetime]
