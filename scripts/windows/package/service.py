"""sandbox_host as a Windows service of its own, under its own virtual account.

Everything goes through sc.exe, whose words are shown when it refuses.
"""
import os
import subprocess

from installer import Record, say
from server import Refusal

NAME = "transform_sandbox_host"
ACCOUNT = "NT SERVICE\\" + NAME
PIPE = "\\\\.\\pipe\\" + NAME
NOT_THERE, NOT_RUNNING, RUNNING, EXISTS = 1060, 1062, 1056, 1073


def sc(*arguments, allow=()):
    """Run sc.exe; True unless it ended with one of the allowed codes."""
    done = subprocess.run(["sc.exe", *arguments], capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
    if done.returncode == 0:
        return True
    if done.returncode in allow:
        return False
    said = done.stdout.decode("mbcs", "replace").strip() if os.name == "nt" else ""
    raise Refusal("sc.exe %s failed (%d): %s\nServices take an administrator's command prompt."
                  % (" ".join(arguments[:2]), done.returncode, said))


def optional(what, *arguments):
    """A refinement that an old or foreign system may not know."""
    try:
        sc(*arguments)
        say("Service: %s" % what)
    except Refusal as refusal:
        say("Service: NOT %s: %s" % (what, str(refusal).splitlines()[0]))


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
    account = found[1]
    return "NT AUTHORITY\\SYSTEM" if account.lower() == "localsystem" else account


def install(server, account=None):
    if Record(server).version is None:
        raise Refusal("transform is not installed in %s: scripts\\install.cmd first." % server.root)
    account = server_account(server, account)
    line = command(server, account)
    if not sc("create", NAME, "binPath=", line, "start=", "delayed-auto", "obj=", ACCOUNT,
              "DisplayName=", "transform sandbox_host", allow=(EXISTS,)):
        sc("config", NAME, "binPath=", line, "start=", "delayed-auto", "obj=", ACCOUNT)
        say("Service: %s was there; changed" % NAME)
    else:
        say("Service: %s made, account %s, starts after the system" % (NAME, ACCOUNT))
    optional("described", "description", NAME, "Runs pandas scripts of PostgreSQL jobs in confined processes.")
    optional("restarted 5 seconds after a failure", "failure", NAME, "reset=", "86400", "actions=",
             "restart/5000/restart/5000/restart/60000")
    optional("given an identity of its own", "sidtype", NAME, "unrestricted")
    say("", "Next: 1. scripts\\service.cmd start",
        "      2. in postgresql.conf:  transform.sandbox_address = '%s'" % PIPE,
        "      3. SELECT pg_reload_conf();",
        "Jobs are taken from %s alone." % account)


def remove(server=None):
    stop()
    if sc("delete", NAME, allow=(NOT_THERE,)):
        say("Service: %s removed. Take transform.sandbox_address out of postgresql.conf." % NAME)
    else:
        say("Service: there is no %s; nothing to do." % NAME)


def start(server=None):
    if sc("start", NAME, allow=(RUNNING,)):
        say("Service: %s started" % NAME)
    else:
        say("Service: %s runs already" % NAME)


def stop(server=None):
    if sc("stop", NAME, allow=(NOT_RUNNING, NOT_THERE)):
        say("Service: %s told to stop" % NAME)
    else:
        say("Service: %s does not run" % NAME)


def exists_for(server):
    """True if the service runs this server's copy of the program."""
    try:
        done = subprocess.run(["sc.exe", "qc", NAME], capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
    except OSError:
        return False
    return os.path.normcase(server.lib) in os.path.normcase(done.stdout.decode("mbcs", "replace"))
