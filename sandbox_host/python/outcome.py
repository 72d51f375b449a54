"""outcome.py - how a job may end badly, and limits that several files know.

Runs in workers.
"""

NULLABLE = 1                    # WIRE_NULLABLE
LAST_OF_CALL = 1                # WIRE_LAST_OF_CALL
MAX_COLUMNS = 1600              # WIRE_MAX_COLUMNS
MAX_NAME = 63                   # NAMEDATALEN - 1
MAX_PAYLOAD = 64 * 1024 * 1024  # WIRE_MAX_PAYLOAD
TARGET_PAYLOAD = 8 * 1024 * 1024    # WIRE_TARGET_PAYLOAD
MAX_ROWS = 65536                # of one frame

# WireErrorKind
SYNTAX, POLICY, NO_TRANSFORM, SCRIPT, GUARD, MEMORY, RESULT, OUTPUT_ROWS, \
    OUTPUT_BYTES, INPUT, INTERNAL = range(1, 12)


class JobError(Exception):
    """The job ends here; kind is a WireErrorKind."""

    def __init__(self, kind, message, detail="", hint=""):
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.detail = detail
        self.hint = hint


def bad(name, why, hint="", detail=""):
    """The error for a column of the result."""
    return JobError(RESULT, f'column "{name}" of the result cannot be stored: {why}',
                    detail, hint)
