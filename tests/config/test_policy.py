"""policy.yaml: the rules it makes, its defaults, and what is told about each mistake."""

import pytest

from pgproxy.policy.persona import PersonaPattern
from pgproxy.policy.rules import (
    ClassRule,
    ColumnPattern,
    Computed,
    Filters,
    Null,
    Redact,
    Show,
    Synthetic,
    Token,
    Writes,
)
from tests.config.told import POLICY, policy, policy_told

WHOLE = """\
version: 1
classes:
  email: {domain: person_email, filters: values, computed: refuse, writes: refuse}
  name: {}
columns:
  public.customers.email: email
  public.customers.{first,last}_name: name
  "*.*.ssn": ssn
  "shop.products.*": public
personas:
  customer:
    public.customers.email: {key: id, country: country}
    "public.customers.*": id
roles:
  - role: [analyst, bi]
    unclassified: show
    treat:
      email: token
      name: {synthetic: first_name}
      "*": null
    filters: refuse
    computed: refuse
    writes: refuse
  - role: app
    treat: {"*": show}
    unclassified: show
"""


def test_every_key_is_read() -> None:
    rules = policy(WHOLE)
    assert rules.personas == (
        PersonaPattern("customer", "public.customers.email", "id", country="country"),
        PersonaPattern("customer", "public.customers.*", "id"),
    )
    assert rules.classes == {
        "email": ClassRule("email", "person_email", Filters.VALUES, Computed.REFUSE, Writes.REFUSE),
        "name": ClassRule("name", "name"),
    }
    assert rules.columns == (
        ColumnPattern("public.customers.email", "email", 6),
        ColumnPattern("public.customers.{first,last}_name", "name", 7),
        ColumnPattern("*.*.ssn", "ssn", 8),
        ColumnPattern("shop.products.*", "public", 9),
    )
    analyst, app = rules.roles
    assert (analyst.names, analyst.line) == (("analyst", "bi"), 15)
    assert analyst.treat == {"email": Token(), "name": Synthetic("first_name")}
    assert (analyst.otherwise, analyst.hide_unclassified) == (Null(), False)
    assert (analyst.filters, analyst.computed) == (Filters.REFUSE, Computed.REFUSE)
    assert analyst.writes == Writes.REFUSE
    assert (app.names, app.treat, app.otherwise) == (("app",), {}, Show())
    assert rules.masks(analyst)
    assert not rules.masks(app)


def test_what_is_left_out_is_the_safe_thing() -> None:
    rules = policy(POLICY)
    (role,) = rules.roles
    assert role.hide_unclassified
    assert role.treatment("email") == Redact()
    assert (role.filters, role.computed) == (Filters.TOKENS, Computed.REDACT)
    assert role.writes == Writes.REFUSE
    assert rules.trusted_functions == ()
    assert rules.masks(role)


def test_an_empty_mapping_lacks_the_three_keys() -> None:
    assert policy_told("{}") == [
        "1: version: missing; expected `version: 1`",
        "1: columns: missing; expected lines such as `public.customers.email: email`",
        "1: roles: missing; expected a list of entries such as `- role: analyst`",
    ]


ROLE = "the name of a database role, or a list of names"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "version: 1",
            "version: 2",
            "1: version: found `2`; expected `1`, the only version there is",
        ),
        (
            "version: 1",
            "version: true",
            "1: version: found `true`; expected `1`, the only version there is",
        ),
        (
            "version: 1",
            "version: '1'",
            '1: version: found `"1"`; expected `1`, the only version there is',
        ),
        (
            "version: 1",
            "version: 01",
            (
                "1: version: found `01` without quotes, which not all YAML readers take for the "
                "same number; expected `1`, the only version there is"
            ),
        ),
        ("version:", "vesrion:", "1: version: missing; expected `version: 1`"),
        (
            "email: email",
            "email: no",
            (
                '3: columns."public.customers.email": found `no` without quotes, which some YAML '
                "readers take for false and others for a text; expected a class: one word of "
                "your choice, such as email"
            ),
        ),
        (
            "email: email",
            "email: {token: {}}",
            (
                '3: columns."public.customers.email": found a mapping; expected a class: one '
                "word of your choice, such as email"
            ),
        ),
        (
            "public.customers.email:",
            "customers.email:",
            (
                '3: columns."customers.email": has 2 parts; expected schema.table.column, such '
                'as public.customers.email or "*.*.ssn"'
            ),
        ),
        (
            "- role: analyst",
            "- analyst",
            (
                "5: roles[0]: found `analyst`; expected a mapping with `role`, `unclassified`, "
                "`treat`, `filters`, `computed` and `writes`"
            ),
        ),
        ("- role: analyst", "role: analyst", "4: roles: found a mapping; expected a list"),
        ("- role: analyst", "[]", "4: roles: found an empty list; expected one entry at least"),
        ("role: analyst", "role: [analyst, 5]", f"5: roles[0].role: found `5`; expected {ROLE}"),
        ("role: analyst", "role: []", f"5: roles[0].role: found a list; expected {ROLE}"),
        ("role: analyst", "role:", f"5: roles[0].role: found nothing; expected {ROLE}"),
        (
            "role: analyst",
            "role: '*'",
            "5: roles[0].role: wildcards are not read in role names; write each role out",
        ),
        (
            "role: analyst",
            "role: PUBLIC",
            "5: roles[0].role: nobody is a member of PUBLIC; expected a login or a group role",
        ),
    ],
)
def test_a_mistake_in_the_smallest_policy_is_told(old: str, new: str, expected: str) -> None:
    assert expected in policy_told(POLICY.replace(old, new))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "unclassified: hidden",
            "unclassified: found `hidden`; expected `hide` or `show`; did you mean `hide`?",
        ),
        (
            "unclassified: no",
            (
                "unclassified: found `no` without quotes, which some YAML readers take for false "
                "and others for a text; expected `hide` or `show`"
            ),
        ),
        (
            "filters: token",
            (
                "filters: found `token`; expected `refuse`, `tokens` or `values`; did you mean "
                "`tokens`?"
            ),
        ),
        ("computed: null", "computed: found `null`; expected `redact` or `refuse`"),
        ("writes: allow", "writes: found `allow`; expected `refuse` or `tokens`"),
        ("filter: refuse", "filter: unknown key; did you mean `filters`?"),
        ("domain: x", "domain: unknown key here; `domain` belongs under `classes`"),
        (
            "columns: {}",
            (
                "columns: unknown key; expected `role`, `unclassified`, `treat`, `filters`, "
                "`computed` or `writes`"
            ),
        ),
        ("treat: token", "treat: found `token`; expected a mapping"),
        (
            "treat: {public: null}",
            ("treat.public: `public` is built in: shown to everyone; expected a class of your own"),
        ),
        (
            "treat: {unclassified: null}",
            (
                "treat.unclassified: `unclassified` is built in; a role has `unclassified: hide` "
                "or `show` for it"
            ),
        ),
    ],
)
def test_a_mistake_in_a_role_is_told(text: str, expected: str) -> None:
    assert policy_told(f"{POLICY}    {text}\n") == [f"6: roles[0].{expected}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "classes: {email: {domian: x}}",
            "classes.email.domian: unknown key; did you mean `domain`?",
        ),
        ("classes: {email: {domain: }}", "classes.email.domain: found nothing; expected a text"),
        (
            "classes: {email: token}",
            (
                "classes.email: found `token`; expected a mapping with `domain`, `filters`, "
                "`computed` and `writes`"
            ),
        ),
        ("classes: [email]", "classes: found a list; expected a mapping"),
        (
            "classes: {public: {}}",
            (
                "classes.public: `public` is built in: shown to everyone; expected a class of "
                "your own"
            ),
        ),
        (
            "classes: {two words: {}}",
            (
                'classes."two words": found another text; expected a class: one word of your '
                "choice, such as email"
            ),
        ),
        ("personas: id", "personas: found `id`; expected a mapping"),
        ("personas: {customer: id}", "personas.customer: found `id`; expected a mapping"),
        (
            "personas: {customer: {public.customers: id}}",
            (
                'personas.customer."public.customers": has 2 parts; expected schema.table.column, '
                'such as public.customers.email or "*.*.ssn"'
            ),
        ),
        (
            "personas: {customer: {a.b.*: {id: key}}}",
            'personas.customer."a.b.*": found `id`; expected `key`, and `gender` or `country`',
        ),
        (
            "personas: {customer: {a.b.*: {gender: sex}}}",
            (
                'personas.customer."a.b.*": has no `key`; expected a column of the same table, '
                "such as id, or {key: id, gender: sex, country: country}"
            ),
        ),
        (
            "personas: {customer: {a.b.*: a.b.id}}",
            (
                'personas.customer."a.b.*": found `a.b.id`; expected a column of the same table, '
                "such as id, or {key: id, gender: sex, country: country}"
            ),
        ),
        ("trusted_functions: a.b", "trusted_functions: found `a.b`; expected a list"),
        ("treat: {}", "treat: unknown key here; `treat` belongs under `roles`"),
        ("rolls: {}", "rolls: unknown key; did you mean `roles`?"),
    ],
)
def test_a_mistake_elsewhere_is_told(text: str, expected: str) -> None:
    assert f"6: {expected}" in policy_told(f"{POLICY}{text}\n")


@pytest.mark.parametrize("text", ["order_total", "a.b.c", "a.b(", 5, "a b.c"])
def test_a_function_has_a_schema(text: object) -> None:
    expected = 'expected schema.function, or "schema.function(integer, text)"'
    told = policy_told(f"{POLICY}trusted_functions: ['{text}']\n")
    assert any(expected in line for line in told)


def test_a_role_named_twice_in_one_list_is_told() -> None:
    assert policy_told(POLICY.replace("analyst", "[analyst, analyst]")) == [
        "5: roles[0].role: `analyst` is already decided by the entry on line 5; keep one of them"
    ]
