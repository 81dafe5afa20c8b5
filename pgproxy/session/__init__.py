"""One client's conversation, sans-I/O: events in, effects out.

*client* and *upstream* are the peers; *entry* is one expected reply; *relay* is the conversation of
a role without masks, *guard* that of a masked role: *questions* go up, *answers* come down.  No
sockets, clocks, tasks or logs.
"""
