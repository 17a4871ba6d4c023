"""One reader's copy: what they may see, printed and sealed. What several share is made once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from app.records.document.extracts import of_agency, of_child
from app.records.document.readers import for_reader
from app.records.document.render import LaidOut, address, lay_out
from app.records.document.seal import Sealer, seal
from app.records.document.types import Reader, ReaderRecord, RecordContent


@dataclass(frozen=True, slots=True)
class SealedCopy:
    """The bytes of a copy and their SHA-256, by which verification knows it."""

    pdf: bytes
    sha256: str


@dataclass(slots=True)
class Press:
    """Makes the copies of one version; readers who may see the same share the printed pages."""

    content: RecordContent
    sealer: Sealer
    former: RecordContent | None = None  # the version that this one corrects
    check_at: str = ""  # where anybody may have a copy checked (F7)
    _pages: list[LaidOut] = field(default_factory=list)

    def copy_for(self, reader: Reader, now: datetime) -> SealedCopy:
        """This reader's sealed copy. Takes a second where pages must be laid out, else a tenth.

        Raises SealError and drawable.FontsMissing. Source: F3, F4.
        """
        return self._sealed(for_reader(self.content, reader, self.former), now)

    def child_extract(self, place: int, reader: Reader, now: datetime) -> SealedCopy:
        """One child's part of this reader's copy (F6). Raises IndexError, see `of_child`."""
        return self._sealed(of_child(for_reader(self.content, reader), place), now)

    def actions_extract(self, agency: str, reader: Reader, now: datetime) -> SealedCopy:
        """One agency's actions (F6). Raises LookupError, see `of_agency`."""
        return self._sealed(of_agency(for_reader(self.content, reader), agency), now)

    def _sealed(self, copy: ReaderRecord, now: datetime) -> SealedCopy:
        pages = next((made for made in self._pages if made.copy.shares_pages_with(copy)), None)
        if pages is None:
            pages = lay_out(copy, check_at=self.check_at)
            self._pages.append(pages)
        pdf = seal(address(pages, copy), self.sealer, now)
        return SealedCopy(pdf, hashlib.sha256(pdf).hexdigest())
