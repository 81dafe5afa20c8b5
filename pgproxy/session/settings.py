"""Start-up parameters of a masked role: which it may give, and which it always gets.

A parameter in the start-up packet beats ALTER ROLE and ALTER DATABASE SET, and is what RESET ALL
and DISCARD ALL come back to: the place to pin what decides how the server reads SQL and what it
tells (threats.md 2.7).
"""

from pgproxy.analysis.catalog import Catalog
from pgproxy.analysis.settings import SETTINGS
from pgproxy.errors import Refusal

_PROTOCOL_OPTION = "_pq_."

# What the lexer, the analysis and the treatments take for granted.
_PINS = {
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "DateStyle": "ISO",
    "bytea_output": "hex",
    "client_min_messages": "notice",
    "transform_null_equals": "off",
    "log_parameter_max_length_on_error": "0",
    # A whole column can be read out of its index: in the order of its values (policy.order).
    "enable_indexonlyscan": "off",
}


def pinned(parameters: dict[str, str], catalog: Catalog) -> dict[str, str]:
    """The parameters that go upstream.  Raises Refusal for one that is not allowed."""
    login = parameters["user"]
    sent = {"user": login, "database": parameters.get("database") or login}
    chosen: dict[str, str] = {}
    for name, value in parameters.items():
        if name.startswith(_PROTOCOL_OPTION):
            sent[name] = value
        elif name not in ("user", "database") and not _is_off(name, value):
            _check(name, value)
            chosen[name] = value
    for name, value in _PINS.items():
        chosen[_spelling(chosen, name)] = _pin(name, value, chosen)
    chosen["search_path"] = catalog.search_path_text(login)
    return sent | chosen


def bare(parameters: dict[str, str]) -> dict[str, str]:
    """Only whom it is about: for a login that will be refused once the server knows it."""
    login = parameters["user"]
    options = {k: v for k, v in parameters.items() if k.startswith(_PROTOCOL_OPTION)}
    return {"user": login, "database": parameters.get("database") or login} | options


def _is_off(name: str, value: str) -> bool:
    # Not a setting but a kind of session; "no" is what a client without it might also say.
    return name == "replication" and value.lower() in ("", "0", "off", "no", "false")


def _check(name: str, value: str) -> None:
    allowed = SETTINGS.get(name.lower(), frozenset())
    words = {_plain(name, word) for word in value.split(",")}
    if allowed is None or (words and words <= allowed):
        return
    known = name.lower() in SETTINGS
    raise Refusal(
        "startup_parameter",
        f'startup parameter "{name}" cannot '
        + ("have this value here" if known else "be given by a role with masked columns"),
        hint="Allowed are: " + ", ".join(sorted(allowed or SETTINGS)) + ".",
    )


def _plain(name: str, word: str) -> str:
    word = word.strip().lower()
    if name.lower() == "client_encoding":
        # The server looks at letters and digits only: asyncpg sends 'utf-8' with quotes.
        return "".join(filter(str.isalnum, word)).replace("utf8", "utf-8")
    return word


def _spelling(chosen: dict[str, str], name: str) -> str:
    """The client's own spelling of a setting: the server folds case, and the last one counts."""
    spellings = [given for given in chosen if given.lower() == name.lower()]
    for extra in spellings[1:]:
        del chosen[extra]
    return spellings[0] if spellings else name


def _pin(name: str, value: str, chosen: dict[str, str]) -> str:
    given = chosen.get(_spelling(chosen, name))
    if given is None:
        return value
    if name == "client_min_messages":
        return given
    if name == "DateStyle":
        words = [word.strip() for word in given.split(",")]
        return given if "iso" in [word.lower() for word in words] else f"ISO, {given}"
    return value
