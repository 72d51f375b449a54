"""Who may read a folder, as Windows says when asked."""
import ctypes
import os
import re

FILE_OBJECT, DACL = 1, 4
SHORT = {"AC": "S-1-15-2-1"}		# the one abbreviation that is asked for
READ_EXECUTE = 0x1200A9


def text(folder):
    """The folder's access list in Windows' own notation (SDDL), or ''."""
    if os.name != "nt":
        return ""
    advapi, kernel = ctypes.windll.advapi32, ctypes.windll.kernel32
    descriptor, words = ctypes.c_void_p(), ctypes.c_wchar_p()
    if advapi.GetNamedSecurityInfoW(ctypes.c_wchar_p(folder), FILE_OBJECT, DACL, None, None, None, None,
                                    ctypes.byref(descriptor)):
        return ""
    try:
        if not advapi.ConvertSecurityDescriptorToStringSecurityDescriptorW(
                descriptor, 1, DACL, ctypes.byref(words), None):
            return ""
        found = words.value
        kernel.LocalFree(words)
        return found
    finally:
        kernel.LocalFree(descriptor)


def readers(folder):
    """The accounts (as S-1-...) that may read and run what is in the folder."""
    found = set()
    for kind, _, rights, who in re.findall(r"\((\w+);(\w*);(\w*);[^;]*;[^;]*;([^)]*)\)", text(folder)):
        enough = rights in ("FA", "GA") or rights.startswith("0x") and int(rights, 16) & READ_EXECUTE == READ_EXECUTE
        if kind == "A" and (enough or {"FR", "FX"} <= set(re.findall("..", rights))):
            found.add(SHORT.get(who, who))
    return found
