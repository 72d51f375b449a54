/*
 * init.c
 *		The first steps of every process of the program, and what the broker
 *		has of the outside: its lifeline and the wish to stop.
 */
#include "win32.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FILE_MODE_INFORMATION of NtQueryInformationFile */
#define FILE_MODE_CLASS			16
#define SYNCHRONOUS_MODES		0x30

/*
 * LocalSystem is refused: no token made from its own is worth much, because
 * it owns the machine.  Of an administrator's token the restricted one that
 * workers get has the group taken away and every privilege.
 */
static bool
account_is_fit(ShErr *err)
{
	PSID		system = NULL;
	SID_IDENTIFIER_AUTHORITY nt = {SECURITY_NT_AUTHORITY};
	bool		is_system = AllocateAndInitializeSid(&nt, 1,
													 SECURITY_LOCAL_SYSTEM_RID,
													 0, 0, 0, 0, 0, 0, 0,
													 &system) &&
		security_own_sid() != NULL && EqualSid(security_own_sid(), system);

	if (system != NULL)
		FreeSid(system);
	if (is_system)
		return sh_error(err, "sandbox_host must not run as LocalSystem; use "
						"the database server's account or one of its own");
	return true;
}

/* What was inherited as a standard stream goes no further. */
static void
keep_streams_here(void)
{
	static const DWORD streams[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
	STD_ERROR_HANDLE};

	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
	{
		HANDLE		h = GetStdHandle(streams[i]);

		if (h != NULL && h != INVALID_HANDLE_VALUE)
			(void) SetHandleInformation(h, HANDLE_FLAG_INHERIT, 0);
	}
}

bool
plat_init(bool is_template, ShErr *err)
{
	const Role *role = role_own();

	/* No dialogs: there is nobody to answer them. */
	(void) SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX |
						SEM_NOOPENFILEERRORBOX);
	/* Libraries come from where the program is and from the system. */
	(void) SetDllDirectoryW(L"");
	(void) HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
	if (role->role == ROLE_PROBE)
		probe_main(role);
	if (is_template != (role->role != ROLE_BROKER))
		return sh_error(err, "option --template is for the program itself");
	if (is_template)
		return true;
	keep_streams_here();
	if (!account_is_fit(err))
		return false;
	workdir_sweep();
	return true;
}

/* ---- stopping ---- */

/* Set by a service manager's or a console's wish; other threads do that. */
HANDLE
stop_event(void)
{
	static HANDLE event;

	if (event == NULL)
		event = CreateEventW(NULL, TRUE, FALSE, NULL);
	return event;
}

static BOOL WINAPI
console_event(DWORD what)
{
	(void) SetEvent(stop_event());
	/* After a close or shutdown event returning would end the process. */
	if (what == CTRL_CLOSE_EVENT || what == CTRL_SHUTDOWN_EVENT ||
		what == CTRL_LOGOFF_EVENT)
		Sleep(5000);
	return TRUE;
}

PlatHandle
plat_stop_handle(ShErr *err)
{
	HANDLE		event = stop_event();
	PlatHandle	handle = event != NULL ? port_event(event) : PLAT_NONE;

	if (handle == PLAT_NONE)
		sh_os_error(err, (int) GetLastError(),
					"could not prepare to be stopped");
	else
		(void) SetConsoleCtrlHandler(console_event, TRUE);
	return handle;
}

/* ---- the lifeline ---- */

static bool
is_overlapped(HANDLE h)
{
	const WinApi *api = winapi();
	void	   *status[2];
	ULONG		mode = 0;

	return api->file_mode != NULL &&
		api->file_mode(h, status, &mode, sizeof(mode), FILE_MODE_CLASS) == 0 &&
		(mode & SYNCHRONOUS_MODES) == 0;
}

/* A standard input that can only be waited for by reading it. */
static DWORD WINAPI
read_to_end(void *event)
{
	HANDLE		h = GetStdHandle(STD_INPUT_HANDLE);
	char		buf[64];
	DWORD		n;

	while (ReadFile(h, buf, sizeof(buf), &n, NULL) && n > 0)
		;
	(void) SetEvent(event);
	return 0;
}

/*
 * The launcher's end is an overlapped pipe.  A script that starts the program
 * may have given it an ordinary one: then its end still ends the broker, but
 * nothing is said on it.
 */
PlatHandle
plat_lifeline(void)
{
	HANDLE		h = GetStdHandle(STD_INPUT_HANDLE);
	HANDLE		event;
	HANDLE		thread;

	if (h == NULL || h == INVALID_HANDLE_VALUE)
		return PLAT_NONE;
	if (GetFileType(h) == FILE_TYPE_PIPE && is_overlapped(h))
		return port_new(h, false);
	event = CreateEventW(NULL, TRUE, FALSE, NULL);
	thread = event != NULL ? CreateThread(NULL, 65536, read_to_end, event, 0,
										  NULL) : NULL;
	if (thread == NULL)
		return PLAT_NONE;
	CloseHandle(thread);
	return port_event(event);
}

const char *
plat_system(void)
{
	static char text[160];
	const WinApi *api = winapi();
	OSVERSIONINFOW v = {.dwOSVersionInfoSize = sizeof(v)};

	if (text[0] != '\0')
		return text;
	if (api->version != NULL)
		(void) api->version(&v);
	snprintf(text, sizeof(text), "Windows %lu.%lu build %lu%s%s",
			 v.dwMajorVersion, v.dwMinorVersion, v.dwBuildNumber,
			 api->wine_version != NULL ? ", Wine " : "",
			 api->wine_version != NULL ? api->wine_version() : "");
	return text;
}

bool
plat_can_read(const char *path)
{
	wchar_t    *wide = text_to_path(path);
	HANDLE		h = wide == NULL ? INVALID_HANDLE_VALUE :
		CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE |
					FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);

	free(wide);
	if (h == INVALID_HANDLE_VALUE)
		return false;
	CloseHandle(h);
	return true;
}

const char *
plat_path_for_workers(const char *path)
{
	wchar_t    *wide = text_to_wide(path);
	wchar_t    *full = malloc(WIDE_PATH * sizeof(wchar_t));
	const char *result = NULL;

	if (wide != NULL && full != NULL &&
		GetFullPathNameW(wide, WIDE_PATH, full, NULL) > 0)
		result = text_to_utf8(full);
	free(wide);
	free(full);
	return result != NULL ? result : path;
}
