"""install and uninstall: transform's files into a server's folder, and out of it.

What is put there stands in <lib>\\transform\\installed.txt, written before the
first file is copied, so that uninstall knows even after a broken-off install.
Paths in it are relative to the server's folder; folders end with a backslash.
"""
import glob
import os
import subprocess

import acl
import files
from server import Refusal, setting

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = os.path.dirname(HERE)
APP_PACKAGES = ("S-1-15-2-1", "S-1-15-2-2")	# all, and the restricted ones
INNER = {"python": "python", "runtime": "venv"}		# in the package, and below <lib>\\transform


def say(*lines):
    print(*lines, sep="\n", flush=True)


def manifest():
    """{path: sha256} of the package."""
    with open(os.path.join(PACKAGE, "MANIFEST.txt"), encoding="utf-8") as lines:
        return {path: digest for digest, path in (line.rstrip("\n").split("  ", 1) for line in lines)}


def plan(server):
    """[(path in the package, path in the server)] of everything to install."""
    wanted = []
    places = [("module/%s-%s/" % (server.major, server.build), server.lib),
              ("share/extension/", os.path.join(server.share, "extension"))]
    places += [(source + "/", os.path.join(server.lib, "transform", target)) for source, target in INNER.items()]
    contents = manifest()
    for start, folder in places:
        found = [path for path in contents if path.startswith(start)]
        if not found:
            raise Refusal("This package has no %s: it is not complete." % start)
        wanted += [(path, os.path.join(folder, *path[len(start):].split("/"))) for path in found]
    return contents, wanted


def check_package(contents):
    """Nothing is touched if the package was not unpacked whole."""
    wrong = []
    for path, digest in contents.items():
        try:
            if files.digest(os.path.join(PACKAGE, *path.split("/"))) != digest:
                wrong.append(path)
        except OSError:
            wrong.append(path)
    if wrong:
        raise Refusal("The package is damaged or not unpacked whole: %s%s. Unpack the zip again."
                      % (", ".join(wrong[:3]), " and %d more" % (len(wrong) - 3) if len(wrong) > 3 else ""))


class Record:
    """installed.txt of one server."""

    def __init__(self, server):
        self.server = server
        self.path = os.path.join(server.lib, "transform", "installed.txt")
        self.version, self.entries = None, []
        try:
            with open(files.long(self.path), encoding="utf-8") as lines:
                self.version, *self.entries = lines.read().splitlines()
        except FileNotFoundError:
            pass

    def write(self, version, entries):
        self.version, self.entries = version, entries
        with open(files.long(self.path + ".new"), "w", encoding="utf-8") as out:
            out.write("\n".join([version] + entries) + "\n")
        files.retry(lambda: os.replace(files.long(self.path + ".new"), files.long(self.path)), self.path)

    def files(self):
        return [entry for entry in self.entries if not entry.endswith("\\")]

    def folders(self):
        return [entry[:-1] for entry in self.entries if entry.endswith("\\")]

    def full(self, entry):
        return os.path.join(self.server.root, *entry.split("\\"))


def missing_folders(server, targets):
    """The folders that must be made for the targets, as entries, outer ones first."""
    found = set()
    for folder in {os.path.dirname(target) for target in targets}:
        while folder not in found and not os.path.isdir(files.long(folder)):
            found.add(folder)
            folder = os.path.dirname(folder)
    return [server.relative(folder).replace("/", "\\") + "\\" for folder in sorted(found)]


def check_may_write(server):
    probe = os.path.join(server.lib, "transform.probe")
    try:
        with open(files.long(probe), "w"):
            pass
        files.remove(probe)
    except (OSError, files.InUse):
        raise Refusal("This account may not write into %s.\nStart the command prompt with "
                      '"Run as administrator" and call this again.' % server.lib) from None


def check_foreign(server, record, contents, wanted):
    """A file of the same name that is not ours stays, and nothing is installed."""
    ours = {entry.lower() for entry in record.entries}
    for source, target in wanted:
        entry = server.relative(target).replace("/", "\\").lower()
        if entry not in ours and os.path.exists(files.long(target)) and files.digest(target) != contents[source]:
            raise Refusal("%s is there already, and this installer did not put it there.\n"
                          "Remove or rename it, and call this again." % target)


def grant(folder):
    """Let confined processes read it: their accounts are in no group but these.
    What holds is read back; that the call succeeded proves nothing."""
    try:
        subprocess.run(["icacls.exe", folder, "/grant"] + ["*%s:(OI)(CI)(RX)" % sid for sid in APP_PACKAGES],
                       capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
    except OSError:
        pass
    if acl.readers(folder).issuperset(APP_PACKAGES):
        return "readable by confined processes"
    return "NOT readable by confined processes: this system did not take the permission"


def install(server):
    record = Record(server)
    contents, wanted = plan(server)
    say("Server:  PostgreSQL %s in %s" % (server.version, server.root),
        "Build:   %s, so the module is module\\%s-%s\\transform.dll"
        % ({"msvc": "Visual C++", "mingw": "mingw-w64"}[server.build], server.major, server.build))
    check_package(contents)
    say("Package: complete, %d files" % len(contents))
    check_may_write(server)
    check_foreign(server, record, contents, wanted)
    before, folders = record.version, record.folders()
    target_entries = {server.relative(target).replace("/", "\\"): (source, target) for source, target in wanted}
    new_folders = missing_folders(server, [target for _, target in wanted])
    stale = [entry for entry in record.files() if entry not in target_entries and not entry.endswith("installed.txt")]
    for entry in new_folders:
        os.makedirs(files.long(record.full(entry[:-1])), exist_ok=True)
    all_folders = sorted({folder + "\\" for folder in folders} | set(new_folders))
    # what is no longer part of it stays named until it is gone
    record.write(version(contents), sorted(target_entries) + stale + all_folders)
    for folder in INNER.values():
        path = os.path.join(server.lib, "transform", folder)
        say("Folder:  %s: %s" % (path, grant(path)))
    restart = put(server, contents, wanted)
    for entry in stale:
        files.remove(record.full(entry))
    for path in glob.glob(glob.escape(os.path.join(server.lib, "transform.dll")) + ".old*"):
        try:
            files.remove(path)
        except files.InUse:
            stale.append(server.relative(path).replace("/", "\\"))
    stale = [entry for entry in stale if os.path.exists(files.long(record.full(entry)))]
    record.write(version(contents), sorted(target_entries) + stale + all_folders)
    say("Record:  %s (%s)" % (record.path, "first installation" if before is None else "was %s" % before))
    say_next(server, restart)


def version(contents):
    name = next(path for path in contents if path.startswith("share/extension/transform--"))
    return "transform " + name.rsplit("--", 1)[1][:-len(".sql")]


def put(server, contents, wanted):
    """Copy what differs; True when the server still has an older module loaded."""
    copied = {}
    restart = False
    for source, target in wanted:
        if files.same(target, contents[source]):
            continue
        aside = files.copy(os.path.join(PACKAGE, *source.split("/")), target)
        if aside is not None:
            restart = True
            say("         %s is in use: moved aside, %s takes its place" % (target, os.path.basename(target)))
        folder = source.split("/")[0]
        what = os.path.join(server.lib, "transform", INNER[folder]) if folder in INNER else target
        copied[what] = copied.get(what, 0) + 1
    for what, count in copied.items():
        say("Copied:  %s%s" % (what, "" if count == 1 else " (%d files)" % count))
    total = sum(copied.values())
    say("Files:   %d copied, %d were there already" % (total, len(wanted) - total))
    return restart


def say_next(server, restart):
    data = server.data_folder()
    where = os.path.join(data, "postgresql.conf") if data else "postgresql.conf"
    now = setting(data, "shared_preload_libraries") if data else ""
    say("")
    if "transform" in [name.strip().strip('"') for name in now.split(",")]:
        say("shared_preload_libraries names transform already." + (" Restart the server." if restart else ""))
    else:
        both = ", ".join(filter(None, [now, "transform"]))
        say("Next: 1. in %s:" % where, "             shared_preload_libraries = '%s'" % both)
        name = server.service()
        say("      2. restart the server%s" % (': net stop "%s" and net start "%s"' % (name[0], name[0]) if name else ""),
            "      3. in psql: CREATE EXTENSION transform; SELECT * FROM transform_sandbox_status();")
    say("Whether this Windows confines scripts as it should: scripts\\selftest.cmd")


def uninstall(server):
    record = Record(server)
    if record.version is None:
        say("transform is not installed in %s; nothing to do." % server.root)
        return
    check_may_write(server)
    check_unused(record)
    left = []
    for entry in record.files():
        files.remove(record.full(entry))
    remove_caches(record)
    removed = len(record.files())
    folders = sorted(record.folders(), key=len, reverse=True)
    files.remove(record.path)
    for folder in folders:
        if not files.remove_folder(record.full(folder)):
            left.append(record.full(folder))
    say("Removed: %s from %s: %d files" % (record.version, server.root, removed))
    if left:
        say("Left:    %s: somebody else's files are in it" % left[-1])
    say("Remove transform from shared_preload_libraries too; databases that have the extension: DROP EXTENSION transform CASCADE first.")


def check_unused(record):
    """A program that runs, or a DLL that is loaded, cannot be opened for writing."""
    for entry in record.files():
        if entry.endswith((".dll", ".exe", ".pyd")) and os.path.exists(files.long(record.full(entry))):
            if not files.writable(record.full(entry)):
                raise Refusal("In use: %s.\nNothing was removed. Stop the server (and the service, scripts\\service.cmd "
                              "stop), and call this again." % record.full(entry))


def remove_caches(record):
    """Byte code that Python may have written beside our files."""
    for folder in record.folders():
        cache = os.path.join(record.full(folder), "__pycache__")
        for name in os.listdir(files.long(cache)) if os.path.isdir(files.long(cache)) else ():
            files.remove(os.path.join(cache, name))
        files.remove_folder(cache)
