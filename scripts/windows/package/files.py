"""Files on Windows: paths of any length, and files that a scanner holds for a moment."""
import hashlib
import os
import time

HELD = (5, 32, 33, 145)		# access denied, sharing, lock violation, not empty yet
PATIENCE = 4.0				# seconds


class InUse(Exception):
    """A file that stays in use."""


def long(path):
    """The path in the form that has no limit of 260 characters."""
    if os.name != "nt" or path.startswith("\\\\?\\"):
        return path
    path = os.path.abspath(path)
    return "\\\\?\\UNC" + path[1:] if path.startswith("\\\\") else "\\\\?\\" + path


def retry(act, path):
    """Do act(), again and again while somebody holds the file, for some seconds."""
    pause, end = 0.02, time.monotonic() + PATIENCE
    while True:
        try:
            return act()
        except OSError as error:
            if getattr(error, "winerror", None) not in HELD:
                raise
            if time.monotonic() + pause > end:
                raise InUse(path) from None
            time.sleep(pause)
            pause *= 2


def writable(path):
    """False when somebody runs or holds it, for longer than a scanner would."""
    def act():
        try:
            open(long(path), "r+b").close()
        except PermissionError as error:	# which says no more than that
            raise OSError(error.errno, error.strerror, path, HELD[0]) from None
    try:
        retry(act, path)
        return True
    except InUse:
        return False


def digest(path):
    with open(long(path), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def same(path, sha256):
    """Is there a file with this digest?"""
    try:
        return digest(path) == sha256
    except FileNotFoundError:
        return False


def copy(source, target):
    """Put source at target, whole or not at all.  A DLL in use is moved aside."""
    new = target + ".new"
    with open(long(source), "rb") as file:
        data = file.read()
    with open(long(new), "wb") as file:
        file.write(data)
    try:
        retry(lambda: os.replace(long(new), long(target)), target)
    except InUse:
        aside = "%s.old%d" % (target, os.getpid())
        try:
            os.rename(long(target), long(aside))	# allowed while it is loaded
            os.rename(long(new), long(target))
        except OSError:
            remove(new)
            raise InUse(target) from None
        return aside
    return None


def remove(path):
    """Remove a file; one that is not there is fine."""
    def act():
        try:
            os.unlink(long(path))
        except FileNotFoundError:
            pass
    retry(act, path)


def remove_folder(path):
    """Remove a folder if it is empty; True when it is gone."""
    def act():
        try:
            if os.listdir(long(path)):
                return False
            os.rmdir(long(path))
        except FileNotFoundError:
            pass
        return True
    return retry(act, path)


def tree(folder):
    """The files below folder, as sorted relative paths."""
    found = []
    for at, folders, names in os.walk(long(folder)):
        folders.sort()
        found += [os.path.relpath(os.path.join(at, name), long(folder)) for name in names]
    return sorted(found)
