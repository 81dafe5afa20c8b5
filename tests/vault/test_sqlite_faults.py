"""A full disk and a read-only file stop new tokens with a reason, and the vault goes on after."""

import pytest

from pgproxy.errors import Unavailable
from pgproxy.vault.sqlite import SqliteVault
from tests.vault.conftest import EMAILS


@pytest.mark.parametrize(
    ("fault", "mended", "reason"),
    [
        ("max_page_count = 1", "max_page_count = 1000000", "the disk is full"),
        ("query_only = ON", "query_only = OFF", "it cannot be written"),
    ],
)
def test_what_cannot_be_written_is_not_handed_out(
    vault: SqliteVault, fault: str, mended: str, reason: str
) -> None:
    old = vault.tokens(EMAILS, [b"seen"])
    values = [b"secret-%d" % n for n in range(5000)]
    vault._connection.execute(f"PRAGMA {fault}").fetchall()
    with pytest.raises(Unavailable, match=reason) as caught:
        vault.tokens(EMAILS, [b"seen", *values])
    assert "secret" not in str(caught.value)
    assert vault.tokens(EMAILS, [b"seen"]) == old
    assert vault.status().tokens == 1
    vault._connection.execute(f"PRAGMA {mended}").fetchall()
    tokens = vault.tokens(EMAILS, values)
    assert vault.values(EMAILS, tokens) == values
