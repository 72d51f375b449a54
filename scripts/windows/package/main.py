"""What the .cmd files run: one command per row, errors in plain words."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import demo
import files
import installer
import server
import service


def host_parts(argument, script):
    """(folder of the program, folder of the driver): of the server that is
    named or found and has transform, else those of the package."""
    try:
        found = server.choose(argument, script)
        inner = os.path.join(found.lib, "transform")
        if installer.Record(found).version is not None:
            return os.path.join(inner, "venv"), os.path.join(inner, "python")
        if argument:
            raise server.Refusal("transform is not installed in %s: scripts\\install.cmd first." % found.root)
    except server.Refusal:
        if argument:
            raise
    venv, driver = (os.path.join(installer.PACKAGE, name) for name in ("runtime", "python"))
    installer.say("transform is not installed in a server yet; this is the package's own copy.")
    for folder in (venv, driver):
        installer.say("Folder:  %s: %s" % (folder, installer.grant(folder)))
    return venv, driver


def run_host(argument, script, options):
    venv, driver = host_parts(argument, script)
    line = [os.path.join(venv, "sandbox_host.exe"), "--venv", venv, "--driver", driver] + options
    installer.say("Running: " + subprocess.list2cmdline(line))
    try:
        return subprocess.run(line).returncode
    except KeyboardInterrupt:
        return 0


def install(arguments):
    installer.install(server.choose(first(arguments), "install.cmd"))


def uninstall(arguments):
    found = server.choose(first(arguments), "uninstall.cmd")
    if service.exists_for(found):
        raise server.Refusal("The service %s runs from this server's folder: scripts\\service.cmd remove first."
                             % service.NAME)
    installer.uninstall(found)


def selftest(arguments):
    return run_host(first(arguments), "selftest.cmd", ["--selftest"])


def start_host(arguments):
    return run_host(first(arguments), "start_host.cmd", ["--service", "--listen", service.PIPE])


def run_service(arguments):
    acts = {"install": lambda: service.install(server.choose(first(arguments[1:]), "service.cmd install"), *arguments[2:3]),
            "remove": service.remove, "start": service.start, "stop": service.stop}
    if first(arguments) not in acts:
        raise server.Refusal("usage: service.cmd install, remove, start or stop [SERVER-FOLDER [ACCOUNT]]")
    acts[arguments[0]]()


def run_demo(arguments):
    settings = [argument for argument in arguments if "=" in argument]
    plain = [argument for argument in arguments if "=" not in argument and argument != "stop"]
    found = server.choose(first(plain), "demo.cmd")
    return demo.stop(found) if "stop" in arguments else demo.run(found, settings)


def first(arguments):
    return arguments[0] if arguments else ""


COMMANDS = {"install": install, "uninstall": uninstall, "selftest": selftest,
            "start_host": start_host, "service": run_service, "demo": run_demo}


def main():
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    try:
        return COMMANDS[sys.argv[1]](sys.argv[2:]) or 0
    except server.Refusal as refusal:
        print(refusal, file=sys.stderr)
    except files.InUse as error:
        print("In use, or this account may not change it: %s\nStop the server, or start the command prompt with "
              '"Run as administrator", and call this again.' % error, file=sys.stderr)
    except subprocess.TimeoutExpired as error:
        print("%s did not end in time." % error.cmd[0], file=sys.stderr)
    return 1


sys.exit(main())
