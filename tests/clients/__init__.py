"""Real clients, through the proxy: the same rows as straight for a role without masks, tokens and
nothing raw for one with masks.  A client that is not installed is left out, and said so."""
