"""Value ⇄ token, durable: keys, cipher, store.  The home of cryptography.

*space*: one name space of tokens.  *look-up*: HMAC of a value under the space's key.  *sealed*:
the value under AES-256-GCM, bound to its space and token.  No plaintext and no bare hash is ever
stored.
"""
