"""What a vault tells of itself adds up."""

from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault.status import SpaceStatus, VaultStatus


def test_the_tokens_of_all_spaces_are_counted() -> None:
    spaces = tuple(SpaceStatus(TokenSpace("ssn", kind), 2) for kind in ("text", "integer"))
    assert VaultStatus(schema_version=1, bytes=0, spaces=spaces, keys=()).tokens == 4
    assert VaultStatus(schema_version=1, bytes=0, spaces=(), keys=()).tokens == 0
