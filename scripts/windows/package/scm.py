"""The service control manager, called directly: what sc.exe does, with codes instead of words."""
import ctypes
import ctypes.wintypes as w

NOT_THERE, NOT_RUNNING, RUNNING, EXISTS, MARKED = 1060, 1062, 1056, 1073, 1072
OWN_PROCESS, AUTO_START, NORMAL_ERROR, KEEP = 0x10, 2, 1, 0xFFFFFFFF
MANAGER_ALL, SERVICE_ALL = 0xF003F, 0xF01FF
MANAGER_LOOK, SERVICE_LOOK = 0x1, 0x5		# connect; read configuration and state
DESCRIPTION, FAILURE, DELAYED, SID = 1, 2, 3, 5
STOPPED, STOP = 1, 1


class Status(ctypes.Structure):
    _fields_ = [(name, w.DWORD) for name in
                ("type", "state", "accepted", "exit", "own_exit", "check_point", "wait_hint")]


class Config(ctypes.Structure):
    _fields_ = [("type", w.DWORD), ("start", w.DWORD), ("error", w.DWORD), ("program", w.LPWSTR),
                ("group", w.LPWSTR), ("tag", w.DWORD), ("needs", w.LPWSTR), ("account", w.LPWSTR),
                ("display", w.LPWSTR)]


class Action(ctypes.Structure):
    _fields_ = [("act", w.DWORD), ("delay", w.DWORD)]


class Failure(ctypes.Structure):
    _fields_ = [("reset", w.DWORD), ("message", w.LPWSTR), ("command", w.LPWSTR), ("count", w.DWORD),
                ("actions", ctypes.POINTER(Action))]


def _library():
    api = ctypes.WinDLL("advapi32", use_last_error=True)
    for name in ("OpenSCManagerW", "OpenServiceW", "CreateServiceW"):
        getattr(api, name).restype = ctypes.c_void_p
    return api


class Service:
    """A service by name; each call opens, acts, closes.  Errors are OSError with winerror."""

    def __init__(self, name):
        self.name, self.api = name, _library()

    def _check(self, result):
        if not result:
            raise ctypes.WinError(ctypes.get_last_error())
        return ctypes.c_void_p(result)

    def _with(self, act, manager_access=MANAGER_ALL, access=SERVICE_ALL, make=None):
        manager = self._check(self.api.OpenSCManagerW(None, None, manager_access))
        service = None
        try:
            if make is None:
                service = self._check(self.api.OpenServiceW(manager, self.name, access))
            else:
                service = self._check(make(manager))
            return act(service)
        finally:
            for handle in filter(None, (service, manager)):
                self.api.CloseServiceHandle(handle)

    def create(self, program, account, display):
        self._with(lambda service: None, make=lambda manager: self.api.CreateServiceW(
            manager, self.name, display, SERVICE_ALL, OWN_PROCESS, AUTO_START, NORMAL_ERROR, program,
            None, None, None, account, None))

    def change(self, program, account, display):
        self._with(lambda service: self._check(self.api.ChangeServiceConfigW(
            service, OWN_PROCESS, AUTO_START, NORMAL_ERROR, program, None, None, None, account, None, display)))

    def _change2(self, level, value):
        self._with(lambda service: self._check(self.api.ChangeServiceConfig2W(service, level, ctypes.byref(value))))

    def _query2(self, level):
        def ask(service):
            size, room = w.DWORD(), ctypes.create_string_buffer(8192)
            self._check(self.api.QueryServiceConfig2W(service, level, room, len(room), ctypes.byref(size)))
            return room
        return self._with(ask, MANAGER_LOOK, SERVICE_LOOK)

    def describe(self, text):
        self._change2(DESCRIPTION, w.LPWSTR(text))

    def delay(self):
        """Starts after the system; True when that reads back."""
        self._change2(DELAYED, w.BOOL(True))
        return w.BOOL.from_buffer(self._query2(DELAYED)).value == 1

    def own_identity(self):
        """An identity (NT SERVICE\\name) in its token; True when that reads back."""
        self._change2(SID, w.DWORD(1))
        return w.DWORD.from_buffer(self._query2(SID)).value == 1

    def restart_after_failure(self, delays):
        """Milliseconds before each restart; True when that reads back."""
        actions = (Action * len(delays))(*((1, delay) for delay in delays))
        self._change2(FAILURE, Failure(86400, None, None, len(delays), actions))
        return Failure.from_buffer(self._query2(FAILURE)).count == len(delays)

    def program(self):
        """The command line, or None when there is no such service."""
        def ask(service):
            size, room = w.DWORD(), ctypes.create_string_buffer(8192)
            self._check(self.api.QueryServiceConfigW(service, room, len(room), ctypes.byref(size)))
            return Config.from_buffer(room).program
        try:
            return self._with(ask, MANAGER_LOOK, SERVICE_LOOK)
        except OSError as error:
            if error.winerror == NOT_THERE:
                return None
            raise

    def state(self):
        def ask(service):
            status = Status()
            self._check(self.api.QueryServiceStatus(service, ctypes.byref(status)))
            return status.state
        return self._with(ask, MANAGER_LOOK, SERVICE_LOOK)

    def start(self):
        self._with(lambda service: self._check(self.api.StartServiceW(service, 0, None)))

    def stop(self):
        self._with(lambda service: self._check(self.api.ControlService(service, STOP, ctypes.byref(Status()))))

    def delete(self):
        self._with(lambda service: self._check(self.api.DeleteService(service)))
