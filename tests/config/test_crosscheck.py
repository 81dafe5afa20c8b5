"""What lies between two entries of a policy: misspelt classes, roles that are never reached."""

from pgproxy.config.crosscheck import warnings
from pgproxy.config.yaml import read
from tests.config.told import POLICY, policy, policy_told

TREAT = POLICY + "    treat:\n"


def warned(text: str) -> list[str]:
    policy(text)
    return [f"{w.line}: {w.message}" for w in warnings(read("policy.yaml", text.encode()))]


def test_a_misspelt_class_does_not_fall_to_another_rule() -> None:
    assert policy_told(TREAT + "      emial: token\n") == [
        "7: roles[0].treat.emial: no column has this class; did you mean `email`?"
    ]


def test_a_class_that_nothing_is_like_is_told() -> None:
    assert policy_told(TREAT + "      salary: token\n") == [
        (
            "7: roles[0].treat.salary: no column has this class; "
            "expected a class that `columns` gives"
        )
    ]


def test_a_class_may_be_declared_before_its_columns_are() -> None:
    text = TREAT + "      salary: redact\nclasses: {salary: {}}\n"
    assert warned(text) == ["8: classes.salary: no column has this class"]


def test_the_second_entry_of_a_role_would_never_decide() -> None:
    text = POLICY + "  - role: [app, analyst]\n  - role: app\n"
    assert policy_told(text) == [
        "6: roles[1].role: `analyst` is already decided by the entry on line 5; keep one of them",
        "7: roles[2].role: `app` is already decided by the entry on line 6; keep one of them",
    ]


def test_a_class_that_only_a_misspelt_column_has_is_warned_of() -> None:
    text = POLICY.replace("roles:", "  public.staff.email: e-mail\nroles:")
    assert warned(text + "    treat: {email: token}\n") == [
        (
            '4: columns."public.staff.email": class `e-mail` is named nowhere else; '
            "did you mean `email`?"
        )
    ]


def test_a_class_that_no_rule_names_is_no_slip() -> None:
    text = POLICY.replace("roles:", "  public.staff.ssn: ssn\n  public.a.b: public\nroles:")
    assert warned(text + "    treat: {email: token}\n") == []


def test_both_kinds_of_mistakes_are_told_at_once() -> None:
    text = TREAT + "      emial: tokn\n  - role: analyst\n    treat: []\n  - 5\n"
    assert policy_told(text) == [
        "7: roles[0].treat.emial: found `tokn`, no treatment; did you mean `token`?",
        "7: roles[0].treat.emial: no column has this class; did you mean `email`?",
        "8: roles[1].role: `analyst` is already decided by the entry on line 5; keep one of them",
        "9: roles[1].treat: found a list; expected a mapping",
        (
            "10: roles[2]: found `5`; expected a mapping with `role`, `unclassified`, `treat`, "
            "`filters`, `computed` and `writes`"
        ),
    ]


def test_values_of_any_kind_do_not_stop_the_checks() -> None:
    for text in ("roles: 5\ncolumns: x\n", "roles: [1, {role: {}}]\ncolumns: {a: [1]}\n"):
        assert policy_told("version: 1\nclasses: []\n" + text)


DOCUMENTS = """\
version: 1
columns:
  crm.customers.profile: private
  crm.customers.profile->email: email
roles:
  - role: analyst
    treat: {email: token, private: %s}
"""


def test_a_path_into_what_is_treated_as_a_whole_is_told() -> None:
    assert policy_told(DOCUMENTS % "redact") == [
        (
            '4: columns."crm.customers.profile->email": the column has class `private`, which '
            "treats it as a whole (`redact`), so that no path is looked at; give the column no "
            "class, or one with treatment `show` or `null`"
        )
    ]


def test_a_path_that_decides_for_one_role_is_no_mistake() -> None:
    for treatment in ("show", "null"):
        assert warned(DOCUMENTS % treatment) == []
    other = "  - {role: bi, treat: {private: show}}\n"
    assert warned(DOCUMENTS % "redact" + other) == []
    assert warned((DOCUMENTS % "redact").replace("customers.profile:", "people.profile:")) == []
