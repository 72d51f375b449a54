"""The PostgreSQL server that transform goes into: where it is, and which build."""
import glob
import os
import re
import subprocess

import pe

MAJORS = ("15", "16", "17", "18")
RUNTIMES = "the C runtime it is built for (Universal CRT, by Visual C++ or by mingw-w64)"


class Refusal(Exception):
    """Said to the user as it stands; nothing has been changed."""


def registered():
    """What the usual Windows installer has noted: a dict per server."""
    try:
        import winreg
        key = winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\PostgreSQL\Installations")
    except OSError:
        return []
    found = []
    for n in range(winreg.QueryInfoKey(key)[0]):
        with winreg.OpenKey(key, winreg.EnumKey(key, n)) as one:
            values = {}
            for m in range(winreg.QueryInfoKey(one)[1]):
                name, value, _ = winreg.EnumValue(one, m)
                values[name] = value
            found.append(values)
    return found


def candidates():
    """Folders that hold a server, as far as one can see."""
    folders = [str(one.get("Base Directory", "")) for one in registered()]
    for name in ("ProgramW6432", "ProgramFiles"):
        if os.environ.get(name):
            folders += glob.glob(os.path.join(glob.escape(os.environ[name]), "PostgreSQL", "*"))
    seen = {}
    for folder in folders:
        if os.path.isfile(os.path.join(folder, "bin", "postgres.exe")):
            seen.setdefault(os.path.normcase(os.path.abspath(folder)), os.path.abspath(folder))
    return list(seen.values())


def choose(argument, script):
    """The server that the argument, PGROOT, or a look around names."""
    folder = (argument or os.environ.get("PGROOT", "")).strip().strip('"').rstrip("\\/")
    if folder:
        return Server(folder)
    found = candidates()
    if len(found) == 1:
        return Server(found[0])
    if not found:
        raise Refusal("No PostgreSQL was found. Name its folder:\n"
                      '    %s "C:\\Program Files\\PostgreSQL\\17"' % script)
    raise Refusal("There are several servers. Name one:\n"
                  + "\n".join('    %s "%s"' % (script, folder) for folder in found))


class Server:
    """One server's folder; reading it changes nothing."""

    def __init__(self, root):
        self.root = os.path.abspath(root)
        self.postgres = os.path.join(self.root, "bin", "postgres.exe")
        if not os.path.isfile(self.postgres):
            raise Refusal("%s holds no PostgreSQL server: there is no bin\\postgres.exe in it." % self.root)
        self.lib = self._folder_of("lib", "plpgsql.dll")
        self.share = os.path.dirname(self._folder_of("share", os.path.join("extension", "plpgsql.control")))
        self.build = self._look_at_build()
        self.version = self._ask_version()
        self.major = self.version.split(".")[0]
        if self.major not in MAJORS:
            raise Refusal("This is PostgreSQL %s; transform is for %s to %s."
                          % (self.version, MAJORS[0], MAJORS[-1]))

    def _folder_of(self, top, name):
        for inner in ("", "postgresql"):
            path = os.path.join(self.root, top, inner, name)
            if os.path.isfile(path):
                return os.path.dirname(path)
        raise Refusal("%s is not complete: there is no %s below %s." % (self.root, name, top))

    def _ask_version(self):
        try:
            said = subprocess.run([self.postgres, "--version"], capture_output=True, timeout=60,
                                  stdin=subprocess.DEVNULL).stdout.decode("ascii", "replace")
        except OSError as error:
            raise Refusal("%s does not run: %s" % (self.postgres, error)) from None
        match = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)?)", said)
        if not match:
            raise Refusal("%s --version says %r; is this a released PostgreSQL?" % (self.postgres, said.strip()))
        return match.group(1)

    def _look_at_build(self):
        """mingw's module in an MSVC server, or the reverse, ends it at the first error."""
        image = pe.Image(self.postgres)
        if image.machine != "x64":
            raise Refusal("This server is built for %s; transform is for x64." % image.machine)
        names = image.imports()
        if "vcruntime140.dll" in names:
            return "msvc"
        if "msvcrt.dll" not in names and any(name.startswith("api-ms-win-crt-") for name in names):
            return "mingw"
        raise Refusal("This server does not name %s among its DLLs, so no module of transform fits it." % RUNTIMES)

    def relative(self, path):
        return os.path.relpath(path, self.root)

    def data_folder(self):
        """Its data folder, as far as one can see, or None."""
        places = [str(one.get("Data Directory", "")) for one in registered()
                  if os.path.normcase(os.path.abspath(str(one.get("Base Directory", "")))) == os.path.normcase(self.root)]
        for place in places + [os.environ.get("PGDATA", ""), os.path.join(self.root, "data")]:
            if place and os.path.isfile(os.path.join(place, "postgresql.conf")):
                return place
        return None

    def service(self):
        """(name, account) of the Windows service that runs this server, or None."""
        try:
            import winreg
            services = winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Services")
        except OSError:
            return None
        for n in range(winreg.QueryInfoKey(services)[0]):
            name = winreg.EnumKey(services, n)
            try:
                with winreg.OpenKey(services, name) as one:
                    program = str(winreg.QueryValueEx(one, "ImagePath")[0])
                    account = str(winreg.QueryValueEx(one, "ObjectName")[0])
            except OSError:
                continue
            if os.path.normcase(os.path.join(self.root, "bin", "pg_ctl.exe")) in os.path.normcase(program):
                return name, account
        return None


def setting(data, name):
    """The value a data folder's files give a setting, or ''.  Included files are not read."""
    value = ""
    for file in ("postgresql.conf", "postgresql.auto.conf"):
        try:
            with open(os.path.join(data, file), encoding="utf-8", errors="replace") as lines:
                text = lines.read()
        except OSError:
            continue
        for match in re.finditer(r"(?mi)^\s*%s\s*=?\s*(?:'((?:[^']|'')*)'|([^\s#]+))" % re.escape(name), text):
            value = (match.group(1) or match.group(2) or "").replace("''", "'")
    return value
