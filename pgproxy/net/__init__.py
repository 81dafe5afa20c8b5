"""The shell: sockets, clocks, tasks, files.  Carries out what the session asks for.

*leg*: one of a session's two connections.  *conversation*: a session with both of them.  The
home of asyncio, uvloop, asyncpg and prometheus-client.
"""
