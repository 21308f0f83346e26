"""The one error type of Rakkan: what went wrong, where, and what to do about it."""


class RakkanError(Exception):
    """A fault the person at the keyboard can do something about.

    ``message`` says what is wrong and where, ``hint`` what to do. The command line prints both on
    one line and exits with status 2; nothing has been written when it is raised.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message
