"""pack.py STAGE ZIP LICENSE DOC SODIUM: the last steps of the package, on Linux.

Collects the licences, checks that every DLL that anything needs is there or
part of Windows and that nothing names a folder of this machine,
writes MANIFEST.txt, and zips with sorted names and fixed times.
"""
import hashlib
import os
import shutil
import sys
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "package"))
import pe

# What Windows 10 and Server 2019 bring; api-ms-win-* besides.
WINDOWS = set("""advapi32 bcrypt crypt32 dbghelp iphlpapi kernel32 ntdll ole32 oleaut32 propsys psapi
    rpcrt4 secur32 shell32 shlwapi user32 userenv version webservices winhttp winmm ws2_32""".split())
TIME = (2026, 1, 1, 0, 0, 0)
FROM_DEBIAN = {"CPython": "libpython3.13-minimal", "mingw-w64": "mingw-w64-common",
               "GCC-runtime": "gcc-mingw-w64-ucrt64-runtime"}
MICROSOFT = """vcruntime140.dll, vcruntime140_1.dll and the msvcp140 libraries are parts of the
Microsoft Visual C++ Redistributable, distributed unchanged with CPython and with the wheels.
"""


def fail(*lines):
    print(*lines, sep="\n", file=sys.stderr)
    sys.exit(1)


def walk(stage):
    return sorted(os.path.relpath(os.path.join(at, name), stage).replace(os.sep, "/")
                  for at, _, names in os.walk(stage) for name in names)


def licences(stage, own, doc, sodium):
    target = os.path.join(stage, "licences")
    os.makedirs(target)
    shutil.copyfile(own, os.path.join(target, "transform.txt"))
    for name, package in FROM_DEBIAN.items():
        shutil.copyfile(os.path.join(doc, package, "copyright"), os.path.join(target, name + ".txt"))
    with open(os.path.join(target, "Microsoft-runtime.txt"), "w") as out:
        out.write(MICROSOFT)
    shutil.copyfile(sodium, os.path.join(target, "libsodium.txt"))
    packages = os.path.join(stage, "runtime", "lib", "site-packages")
    for info in sorted(name for name in os.listdir(packages) if name.endswith(".dist-info")):
        found = [path for path in walk(os.path.join(packages, info))
                 if path.startswith("licenses/") or os.path.basename(path).upper().startswith(("LICEN", "NOTICE", "COPYING"))]
        if not found:
            fail("%s carries no licence" % info)
        for path in found:
            to = os.path.join(target, info[:-len(".dist-info")], *path.replace("licenses/", "").split("/"))
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copyfile(os.path.join(packages, info, path), to)


def check_dlls(stage, files):
    """Whatever is loaded finds what it imports: beside it, or in Windows."""
    programs = [path for path in files if path.endswith((".exe", ".dll", ".pyd"))]
    shipped = {os.path.basename(path).lower() for path in programs if path.startswith("runtime/")}
    missing = []
    for path in programs:
        have = shipped if path.startswith("runtime/") else {"postgres.exe"}
        image = pe.Image(os.path.join(stage, path))
        if image.machine != "x64":
            missing.append("%s is built for %s" % (path, image.machine))
        for name in image.imports() - have:
            if not name.startswith("api-ms-win-") and name.rsplit(".", 1)[0] not in WINDOWS:
                missing.append("%s needs %s" % (path, name))
    if missing:
        fail("what nobody brings:", *missing)


def check_places(stage, files, top):
    """No folder of the machine that built it stands in anything."""
    places = top.encode(), top.replace("/", "\\").encode()
    for path in files:
        with open(os.path.join(stage, path), "rb") as file:
            data = file.read()
        if any(place in data for place in places):
            fail("%s names %s" % (path, top))


def manifest(stage, files):
    with open(os.path.join(stage, "MANIFEST.txt"), "w", newline="\n") as out:
        for path in files:
            with open(os.path.join(stage, path), "rb") as file:
                out.write("%s  %s\n" % (hashlib.sha256(file.read()).hexdigest(), path))


def pack(stage, target):
    with zipfile.ZipFile(target + ".new", "w", zipfile.ZIP_DEFLATED, compresslevel=6) as out:
        for path in walk(stage):
            info = zipfile.ZipInfo(os.path.basename(stage) + "/" + path, TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with open(os.path.join(stage, path), "rb") as file:
                out.writestr(info, file.read())
    os.rename(target + ".new", target)


def main():
    stage, target, own, doc, sodium = sys.argv[1:]
    licences(stage, own, doc, sodium)
    files = walk(stage)
    check_dlls(stage, files)
    check_places(stage, files, os.path.dirname(own))
    manifest(stage, files)
    pack(stage, target)
    with open(target, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    size = sum(os.path.getsize(os.path.join(stage, path)) for path in files)
    print("%s\n%d files, %.1f MB, unpacked %.1f MB\nSHA-256 %s" % (
        target, len(files) + 1, os.path.getsize(target) / 1e6, size / 1e6, digest))


main()
