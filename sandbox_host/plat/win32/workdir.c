/*
 * workdir.c
 *		A worker's working directory: new, empty, private, and removed when
 *		the worker is gone.  Broker.
 *
 * The worker may look into it and not write: a file of its own would outlive
 * its limits.  A broker that was killed leaves its directories to the next.
 */
#include "win32.h"

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define PATIENCE_MS		2000	/* with virus scanners and the like */

/* Then the number of the broker that made it, and something random. */
#define PREFIX			L"transform-worker-"

/*
 * Ends in a backslash; 0: there is none.  Without a variable that says where,
 * Windows would name its own directory.
 */
DWORD
workdir_place(wchar_t out[MAX_PATH])
{
	HANDLE		token;
	DWORD		n = MAX_PATH - 20;
	BOOL		found;

	if (GetEnvironmentVariableW(L"TMP", NULL, 0) > 0 ||
		GetEnvironmentVariableW(L"TEMP", NULL, 0) > 0 ||
		winapi()->profile_directory == NULL ||
		!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return GetTempPathW(MAX_PATH, out);
	found = winapi()->profile_directory(token, out, &n);
	CloseHandle(token);
	if (!found)
		return GetTempPathW(MAX_PATH, out);
	wcscat(out, L"\\AppData\\Local\\Temp\\");
	return (DWORD) wcslen(out);
}

wchar_t *
workdir_create(ShErr *err)
{
	SECURITY_ATTRIBUTES sa;
	wchar_t    *path = malloc((MAX_PATH + 64) * sizeof(wchar_t));
	DWORD		n = path != NULL ? workdir_place(path) : 0;
	bool		made;

	if (n == 0 || n >= MAX_PATH ||
		!security_attributes(&sa, L"D:P(A;OICI;FA;;;%s)"
							 L"(A;OICI;0x1200a9;;;S-1-15-2-1)"
							 L"(A;OICI;0x1200a9;;;S-1-15-2-2)", err))
	{
		free(path);
		sh_error(err, "could not find a place for working directories");
		return NULL;
	}
	n += (DWORD) swprintf(path + n, 48, PREFIX L"%lx-", GetCurrentProcessId());
	text_random(path + n, 16);
	made = CreateDirectoryW(path, &sa);
	security_free(&sa);
	if (made)
		return path;
	sh_os_error(err, (int) GetLastError(),
				"could not create a working directory");
	free(path);
	return NULL;
}

static bool
is_in_use(DWORD error)
{
	return error == ERROR_SHARING_VIOLATION || error == ERROR_ACCESS_DENIED ||
		error == ERROR_DIR_NOT_EMPTY || error == ERROR_LOCK_VIOLATION;
}

/* Files that something put there go as well; directories are not followed. */
static void
empty_it(const wchar_t *path)
{
	wchar_t		name[2 * MAX_PATH + 80];
	WIN32_FIND_DATAW found;
	HANDLE		find;

	_snwprintf(name, 2 * MAX_PATH, L"%ls\\*", path);
	find = FindFirstFileW(name, &found);
	if (find == INVALID_HANDLE_VALUE)
		return;
	do
	{
		_snwprintf(name, 2 * MAX_PATH, L"%ls\\%ls", path, found.cFileName);
		if ((found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) == 0)
			(void) DeleteFileW(name);
	} while (FindNextFileW(find, &found));
	FindClose(find);
}

static bool
removed(const wchar_t *path)
{
	if (RemoveDirectoryW(path))
		return true;
	if (GetLastError() == ERROR_DIR_NOT_EMPTY)
	{
		empty_it(path);
		if (RemoveDirectoryW(path))
			return true;
	}
	return !is_in_use(GetLastError());
}

/* The broker's loop does not wait for somebody else's scanner. */
static DWORD CALLBACK
keep_trying(void *arg)
{
	wchar_t    *path = arg;
	DWORD		pause = 10;

	for (DWORD waited = 0; waited < PATIENCE_MS; waited += pause, pause *= 2)
	{
		Sleep(pause);
		if (removed(path))
			break;
	}
	free(path);
	return 0;
}

void
workdir_remove(wchar_t *path)
{
	if (path == NULL)
		return;
	if (removed(path) ||
		!QueueUserWorkItem(keep_trying, path, WT_EXECUTELONGFUNCTION))
		free(path);
}

static bool
is_alive(DWORD pid)
{
	HANDLE		process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE,
									  pid);
	DWORD		status = STILL_ACTIVE;

	if (process == NULL)
		return GetLastError() == ERROR_ACCESS_DENIED;
	(void) GetExitCodeProcess(process, &status);
	CloseHandle(process);
	return status == STILL_ACTIVE;
}

/* What brokers that no longer live have left; once, at the start of one. */
void
workdir_sweep(void)
{
	wchar_t		path[2 * MAX_PATH];
	WIN32_FIND_DATAW found;
	DWORD		place = workdir_place(path);
	HANDLE		find;

	if (place == 0 || place >= MAX_PATH)
		return;
	wcscpy(path + place, PREFIX L"*");
	find = FindFirstFileW(path, &found);
	if (find == INVALID_HANDLE_VALUE)
		return;
	do
	{
		DWORD		pid = wcstoul(found.cFileName + wcslen(PREFIX), NULL, 16);

		if ((found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) == 0 ||
			is_alive(pid))
			continue;
		_snwprintf(path + place, MAX_PATH, L"%ls", found.cFileName);
		(void) removed(path);
	} while (FindNextFileW(find, &found));
	FindClose(find);
}
