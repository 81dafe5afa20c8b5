"""Why a masked session refuses a message that its plan allows."""

from pgproxy.errors import Refusal
from pgproxy.policy.plan import REFUSED_STATEMENT, QueryPlan, StatementPlan

CHANGED = Refusal(
    "changed",
    "the tables of this prepared statement have changed: prepare it again",
    sqlstate="0A000",
)
UNSURE = Refusal(
    "catalog",
    "the catalog of the database cannot be read in time: try again",
    sqlstate="58000",
)
EXECUTED = Refusal(
    "masked_equal",
    "EXECUTE of a statement whose parameters are compared with a masked column: tokens are "
    "resolved in parameters of the protocol",
    hint="Bind the statement, or write the token into the SQL.",
)
FUNCTION_CALL = Refusal(
    "function_call",
    "FunctionCall is refused for a role with masked columns",
    hint="Call the function in a SELECT.",
)


def refusing(refusal: Refusal) -> QueryPlan:
    """A plan that the server itself fails."""
    return QueryPlan((StatementPlan("", "", refusal=refusal),), REFUSED_STATEMENT.encode())
