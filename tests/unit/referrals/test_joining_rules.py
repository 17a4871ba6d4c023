"""Who may join a referral and who may leave it."""

from __future__ import annotations

import pytest

from app.core.refusal import Refused
from app.referrals.joining.rules import check_join, check_leave
from app.referrals.rules import MOST_CHILDREN


def test_a_child_stands_on_a_referral_once():
    check_join(["CH-1"], None)
    check_join(["CH-1"], "CH-2")
    with pytest.raises(Refused, match="already") as refused:
        check_join(["CH-1"], "CH-1")
    assert refused.value.field == "children-0-same_as"
    with pytest.raises(Refused, match="another referral"):
        check_join([f"CH-{number}" for number in range(MOST_CHILDREN)], None)


@pytest.mark.parametrize(
    ("reason", "children", "decisions", "said"),
    [
        ("", 2, 0, "Say why"),
        ("A neighbour", 2, 1, "a decision was taken"),
        ("A neighbour", 1, 0, "the only child"),
    ],
)
def test_who_stays(reason, children, decisions, said):
    check_leave("A neighbour", 2, 0)
    with pytest.raises(Refused, match=said) as refused:
        check_leave(reason, children, decisions)
    assert refused.value.field == "reason"
