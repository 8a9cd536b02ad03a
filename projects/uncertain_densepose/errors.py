"""The bases of errors that the user can mend, and of errors about a field of a file."""


class UserError(Exception):
    """What the user can mend: the message names the file and the field or option, and the remedy.

    Command lines print it in one line, without a traceback; see `cli.run_tool`. An error derives
    from it and from the built-in that it is a kind of: `class ConfigError(UserError, ValueError)`.
    """


NOT_JSON = (ValueError, RecursionError)
"""What `json` raises for text that is not JSON, or nested too deeply, or with numbers of thousands
of digits."""


class FieldError(ValueError):
    """A field of a record or a file that cannot be used.

    Who knows the file turns it into a `UserError` that names both.

    Attributes:
        field: the field's name.
    """

    def __init__(self, field: str, complaint: str):
        super().__init__(f"field '{field}' {complaint}")
        self.field = field
