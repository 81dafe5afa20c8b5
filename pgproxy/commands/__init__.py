"""The command line, one file a command.  The home of typer and rich."""
