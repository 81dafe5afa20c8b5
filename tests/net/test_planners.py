"""Planners are shared by those who plan alike, and by nobody else."""

from pgproxy.analysis.catalog import Catalog
from pgproxy.net import planners as planners_module
from pgproxy.net.planners import Planners
from pgproxy.policy.rules import Policy, RoleRule


def catalog() -> Catalog:
    return Catalog("shop", 1, 180000, {}, {}, {})


def test_sessions_that_plan_alike_share_one() -> None:
    rule = RoleRule(("analyst",))
    planners, snapshot = Planners(Policy({}, (), (rule,))), catalog()
    first = planners(snapshot, rule, ["hr"])
    assert planners(snapshot, rule, ["hr"]) is first
    assert planners(snapshot, rule, ["hr", "public"]) is not first
    assert planners(catalog(), rule, ["hr"]) is not first
    assert planners(snapshot, RoleRule(("analyst",)), ["hr"]) is not first


def test_many_snapshots_do_not_pile_up() -> None:
    rule = RoleRule(("analyst",))
    planners = Planners(Policy({}, (), (rule,)))
    for _ in range(planners_module._KEPT + 10):
        planners(catalog(), rule, ["hr"])
    assert len(planners._made) == planners_module._KEPT
