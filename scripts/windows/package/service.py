"""sandbox_host as a Windows service of its own, under its own virtual account."""
import os
import subprocess
import time

from installer import Record, say
from scm import EXISTS, MARKED, NOT_RUNNING, NOT_THERE, RUNNING, STOPPED, Service
from server import Refusal

NAME = "transform_sandbox_host"
ACCOUNT = "NT SERVICE\\" + NAME
PIPE = "\\\\.\\pipe\\" + NAME
DISPLAY = "transform sandbox_host"
DESCRIPTION = "Runs pandas scripts of PostgreSQL jobs in confined processes."
DELAYS = (5000, 5000, 60000)
RUNS, PATIENCE = 4, 60		# a state; seconds


def allowing(act, *codes):
    """act(); False if it ended with one of these codes, True if all went well."""
    try:
        act()
        return True
    except OSError as error:
        if error.winerror in codes:
            return False
        hint = {5: "Services take an administrator's command prompt.",
                MARKED: "It is being removed: close the Services window, and call this again."}
        raise Refusal("The service %s: %s\n%s" % (NAME, error, hint.get(error.winerror, ""))) from None


def optional(what, act):
    """A refinement that this system may not know: said as it reads back."""
    try:
        done = act()
    except OSError:
        done = False
    say("Service: %s%s" % ("" if done else "NOT on this system: ", what))


def command(server, account):
    inner = os.path.join(server.lib, "transform")
    return subprocess.list2cmdline([
        os.path.join(inner, "venv", "sandbox_host.exe"), "--service", "--listen", PIPE,
        "--venv", os.path.join(inner, "venv"), "--driver", os.path.join(inner, "python"),
        "--allow-account", account])


def server_account(server, given):
    """The account whose processes may send jobs: that of the server."""
    if given:
        return given
    found = server.service()
    if found is None:
        raise Refusal("No Windows service runs %s, so the account of the server is not known.\n"
                      'Name it: scripts\\service.cmd install "%s" "NT AUTHORITY\\NetworkService"'
                      % (server.root, server.root))
    return "NT AUTHORITY\\SYSTEM" if found[1].lower() == "localsystem" else found[1]


def install(server, account=None):
    if Record(server).version is None:
        raise Refusal("transform is not installed in %s: scripts\\install.cmd first." % server.root)
    account = server_account(server, account)
    service, line = Service(NAME), command(server, account)
    if allowing(lambda: service.create(line, ACCOUNT, DISPLAY), EXISTS):
        say("Service: %s made, account %s" % (NAME, ACCOUNT))
    else:
        allowing(lambda: service.change(line, ACCOUNT, DISPLAY))
        say("Service: %s was there; changed" % NAME)
    allowing(lambda: service.describe(DESCRIPTION))
    optional("starts with the system, a little later", service.delay)
    optional("restarted 5 seconds after a failure", lambda: service.restart_after_failure(DELAYS))
    optional("an identity of its own in its token", service.own_identity)
    say("", "Next: 1. scripts\\service.cmd start",
        "      2. in postgresql.conf:  transform.sandbox_address = '%s'" % PIPE,
        "                              transform.sandbox_account = '%s'" % ACCOUNT,
        "      3. SELECT pg_reload_conf();",
        "Jobs are taken from %s alone." % account)


def wait_for(*states):
    """True when the service reaches one of the states in time."""
    service, end = Service(NAME), time.monotonic() + PATIENCE
    while service.state() not in states:
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def start():
    if not allowing(Service(NAME).start, RUNNING):
        say("Service: %s runs already" % NAME)
    elif wait_for(RUNS, STOPPED) and Service(NAME).state() == RUNS:
        say("Service: %s runs" % NAME)
    else:
        raise Refusal("The service %s did not start; Event Viewer, Windows Logs, System says why." % NAME)


def stop():
    if not allowing(Service(NAME).stop, NOT_RUNNING, NOT_THERE):
        say("Service: %s does not run" % NAME)
    elif wait_for(STOPPED):
        say("Service: %s stopped" % NAME)
    else:
        raise Refusal("The service %s did not stop in %d seconds." % (NAME, PATIENCE))


def remove():
    stop()
    if allowing(Service(NAME).delete, NOT_THERE):
        say("Service: %s removed. Take transform.sandbox_address out of postgresql.conf." % NAME)
    else:
        say("Service: there is no %s; nothing to do." % NAME)


def exists_for(server):
    """True if the service runs this server's copy of the program."""
    program = Service(NAME).program()
    return program is not None and os.path.normcase(server.lib + os.sep) in os.path.normcase(program)
