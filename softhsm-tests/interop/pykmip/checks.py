"""What the checks of PyKMIP have in common."""
from kmip.core import enums
from kmip.pie.exceptions import KmipOperationFailure


def equal(found, expected, what):
    if found != expected:
        raise AssertionError("%s: found %r, expected %r" % (what, found, expected))


def refused(reason, call, *arguments):
    """The call fails with this reason, and with a text."""
    try:
        answer = call(*arguments)
    except KmipOperationFailure as failure:
        equal(failure.status, enums.ResultStatus.OPERATION_FAILED, "status")
        equal(failure.reason, reason, "reason")
        if not failure.message:
            raise AssertionError("no result message")
        return
    raise AssertionError("expected %s, but the answer is %r" % (reason, answer))
