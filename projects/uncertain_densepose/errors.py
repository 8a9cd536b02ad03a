"""The base of all errors that the user can mend."""


class UserError(Exception):
    """What the user can mend: the message names the file and the field or option, and the remedy.

    Command lines print it in one line, without a traceback; see `cli.run_tool`. An error derives
    from it and from the built-in that it is a kind of: `class ConfigError(UserError, ValueError)`.
    """
