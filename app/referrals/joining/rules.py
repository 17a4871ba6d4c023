"""Who may join a referral and who may leave it: pure (A2)."""

from __future__ import annotations

from collections.abc import Collection

from app.core.refusal import Refused
from app.referrals.rules import MOST_CHILDREN


def check_join(on_it: Collection[str], same_as: str | None) -> None:
    """Whether one more child can stand on a referral; `on_it` are the references of those who do.

    Raises Refused by the field of the form.
    """
    if same_as is not None and same_as in on_it:
        raise Refused("children-0-same_as", "That child is on this referral already")
    if len(on_it) >= MOST_CHILDREN:
        raise Refused(
            "children-0-given_name",
            f"A referral holds {MOST_CHILDREN} children: enter another referral for the others",
        )


def check_leave(reason: str, children: int, decisions: int) -> None:
    """Whether a child who was entered by mistake can be taken off. Raises Refused (`reason`)."""
    if not reason:
        raise Refused("reason", "Say why the child does not belong on this referral")
    if decisions:
        raise Refused(
            "reason",
            "The child stays: a decision was taken on this referral with the child on it. If it "
            "is the wrong child, say so under “Known children”",
        )
    if children <= 1:
        raise Refused(
            "reason",
            "This is the only child: add the right one first, or close what is no referral",
        )
