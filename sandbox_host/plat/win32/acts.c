/*
 * acts.c
 *		The forbidden acts of the self-test, one short function each.
 *
 * They run in probes (probe.c), first with no wall and then behind one wall
 * at a time.  An act returns 0 when it worked and the error number otherwise.
 * None of them harms anybody: the targets belong to the scene.
 */
#include "win32.h"

#include <stdio.h>
#include <string.h>

/* 0 or the error number, for a handle that a call has or has not opened. */
static int
outcome(HANDLE h)
{
	DWORD		error = GetLastError();

	if (h == NULL || h == INVALID_HANDLE_VALUE)
		return error != 0 ? (int) error : ERROR_ACCESS_DENIED;
	CloseHandle(h);
	return 0;
}

static int
outcome_bool(BOOL worked)
{
	DWORD		error = GetLastError();

	if (worked)
		return 0;
	return error != 0 ? (int) error : ERROR_ACCESS_DENIED;
}

/* ---- files ---- */

static int
read_a_file(const ActScene *scene)
{
	return outcome(CreateFileW(scene->secret_file, GENERIC_READ,
							   FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL));
}

static int
create_a_file(const ActScene *scene)
{
	int			rc = outcome(CreateFileW(scene->new_file, GENERIC_WRITE, 0,
										 NULL, CREATE_ALWAYS, 0, NULL));

	if (rc == 0)
		(void) DeleteFileW(scene->new_file);
	return rc;
}

static int
delete_a_file(const ActScene *scene)
{
	return outcome(CreateFileW(scene->secret_file, DELETE, FILE_SHARE_DELETE,
							   NULL, OPEN_EXISTING, 0, NULL));
}

static int
list_a_directory(const ActScene *scene)
{
	wchar_t		pattern[320];
	WIN32_FIND_DATAW found;
	HANDLE		find;

	_snwprintf(pattern, 319, L"%ls\\*", scene->directory);
	find = FindFirstFileW(pattern, &found);
	if (find == INVALID_HANDLE_VALUE)
		return outcome(find);
	FindClose(find);
	return 0;
}

static int
write_the_registry(const ActScene *scene)
{
	HKEY		key;
	LONG		rc = RegCreateKeyExW(HKEY_CURRENT_USER,
									 L"Software\\transform-probe", 0, NULL,
									 REG_OPTION_VOLATILE, KEY_WRITE, NULL, &key,
									 NULL);

	(void) scene;
	if (rc != ERROR_SUCCESS)
		return (int) rc;
	RegCloseKey(key);
	(void) RegDeleteKeyW(HKEY_CURRENT_USER, L"Software\\transform-probe");
	return 0;
}

/* ---- network ---- */

static SOCKET
new_socket(int type)
{
	WSADATA		wsa;
	int			rc = WSAStartup(MAKEWORD(2, 2), &wsa);

	WSASetLastError(rc);
	return rc == 0 ? socket(AF_INET, type, 0) : INVALID_SOCKET;
}

static int
outcome_socket(SOCKET s, int rc)
{
	int			error = WSAGetLastError();

	if (s != INVALID_SOCKET)
		closesocket(s);
	if (s != INVALID_SOCKET && rc >= 0)
		return 0;
	return error != 0 ? error : WSAEACCES;
}

static struct sockaddr_in
loopback(uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	in.sin_port = htons(port);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return in;
}

/* A firewall may answer nothing at all: not connected soon is refused. */
static int
connect_tcp(const ActScene *scene)
{
	struct sockaddr_in in = loopback(scene->tcp_port);
	struct timeval patience = {3, 0};
	SOCKET		s = new_socket(SOCK_STREAM);
	u_long		yes = 1;
	fd_set		connected;
	int			rc = -1;

	if (s != INVALID_SOCKET && ioctlsocket(s, FIONBIO, &yes) == 0)
		rc = connect(s, (struct sockaddr *) &in, sizeof(in));
	if (rc != 0 && WSAGetLastError() == WSAEWOULDBLOCK)
	{
		FD_ZERO(&connected);
		FD_SET(s, &connected);
		rc = select(0, NULL, &connected, NULL, &patience) == 1 ? 0 : -1;
		WSASetLastError(WSAETIMEDOUT);
	}
	return outcome_socket(s, rc);
}

static int
listen_tcp(const ActScene *scene)
{
	struct sockaddr_in in = loopback(0);
	SOCKET		s = new_socket(SOCK_STREAM);
	int			rc = -1;

	(void) scene;
	if (s != INVALID_SOCKET)
		rc = bind(s, (struct sockaddr *) &in, sizeof(in));
	if (rc == 0)
		rc = listen(s, 1);
	return outcome_socket(s, rc);
}

/* Whether it arrives is looked at where it should. */
static int
send_udp(const ActScene *scene)
{
	struct sockaddr_in in = loopback(scene->udp_port);
	SOCKET		s = new_socket(SOCK_DGRAM);
	int			rc = -1;

	if (s != INVALID_SOCKET)
		rc = sendto(s, "x", 1, 0, (struct sockaddr *) &in, sizeof(in));
	return outcome_socket(s, rc);
}

static int
connect_to_a_pipe(const ActScene *scene)
{
	return outcome(CreateFileW(scene->pipe, GENERIC_READ | GENERIC_WRITE, 0,
							   NULL, OPEN_EXISTING, SECURITY_SQOS_PRESENT |
							   SECURITY_ANONYMOUS, NULL));
}

/* ---- other processes ---- */

static int
read_memory_of_another(const ActScene *scene)
{
	HANDLE		h = OpenProcess(PROCESS_VM_READ, FALSE, scene->victim);
	char		byte;
	SIZE_T		n;
	int			rc;

	if (h == NULL)
		return outcome(h);
	rc = outcome_bool(ReadProcessMemory(h, (void *) (uintptr_t)
										scene->victim_address, &byte, 1, &n));
	CloseHandle(h);
	return rc;
}

static int
take_handles_of_another(const ActScene *scene)
{
	return outcome(OpenProcess(PROCESS_DUP_HANDLE, FALSE, scene->victim));
}

static int
end_another(const ActScene *scene)
{
	return outcome(OpenProcess(PROCESS_TERMINATE, FALSE, scene->victim));
}

/* Another object may have the number here: it is not marked as inherited. */
static int
use_an_inherited_handle(const ActScene *scene)
{
	HANDLE		h = (HANDLE) (uintptr_t) scene->secret_handle;
	DWORD		flags = 0;

	if (!GetHandleInformation(h, &flags) || (flags & HANDLE_FLAG_INHERIT) == 0)
		return ERROR_INVALID_HANDLE;
	return outcome_bool(SetEvent(h));
}

static int
read_the_environment(const ActScene *scene)
{
	wchar_t		value[8];

	(void) scene;
	return GetEnvironmentVariableW(L"SANDBOX_PROBE_SECRET", value, 8) > 0 ? 0 :
		ERROR_ENVVAR_NOT_FOUND;
}

static int
open_shared_memory(const ActScene *scene)
{
	return outcome(OpenFileMappingW(FILE_MAP_READ, FALSE, scene->section));
}

/* ---- resources, and the kernel's surface ---- */

static int
start_a_process(const ActScene *scene)
{
	STARTUPINFOW start = {.cb = sizeof(start)};
	PROCESS_INFORMATION info;
	wchar_t		command[] = L"sandbox_host --version";

	if (!CreateProcessW(scene->program, command, NULL, NULL, FALSE,
						CREATE_SUSPENDED | DETACHED_PROCESS, NULL, NULL, &start,
						&info))
		return outcome_bool(FALSE);
	(void) TerminateProcess(info.hProcess, 0);
	CloseHandle(info.hProcess);
	CloseHandle(info.hThread);
	return 0;
}

static int
allocate(size_t size, DWORD protection)
{
	void	   *at = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT,
								  protection);
	int			rc = outcome_bool(at != NULL);

	if (at != NULL)
		(void) VirtualFree(at, 0, MEM_RELEASE);
	return rc;
}

static int
allocate_over_the_limit(const ActScene *scene)
{
	return allocate(scene->memory_limit * 2, PAGE_READWRITE);
}

static int
map_executable_memory(const ActScene *scene)
{
	(void) scene;
	return allocate(4096, PAGE_EXECUTE_READWRITE);
}

static int
make_memory_executable(const ActScene *scene)
{
	void	   *at = VirtualAlloc(NULL, 4096, MEM_RESERVE | MEM_COMMIT,
								  PAGE_READWRITE);
	DWORD		old;
	int			rc;

	(void) scene;
	if (at == NULL)
		return outcome_bool(FALSE);
	rc = outcome_bool(VirtualProtect(at, 4096, PAGE_EXECUTE_READ, &old));
	(void) VirtualFree(at, 0, MEM_RELEASE);
	return rc;
}

#define K WALL_KERNEL

const ActRow act_rows[PLAT_MAX_ACTS] = {
	{{"read a file", WALL_FILES, 0}, read_a_file, false},
	{{"create a file", WALL_FILES, 0}, create_a_file, false},
	{{"delete a file", WALL_FILES, 0}, delete_a_file, false},
	{{"list a directory", WALL_FILES, 0}, list_a_directory, false},
	{{"write the registry", WALL_FILES, 0}, write_the_registry, false},

	{{"connect over TCP", WALL_NETWORK, 0}, connect_tcp, false},
	{{"listen on TCP", 0, WALL_NETWORK}, listen_tcp, false},
	{{"send over UDP", WALL_NETWORK, 0}, send_udp, true},
	{{"connect to a pipe", WALL_NETWORK, 0}, connect_to_a_pipe, false},

	{{"read another process's memory", WALL_PROCESS, 0},
	read_memory_of_another, false},
	{{"take handles of another process", WALL_PROCESS, 0},
	take_handles_of_another, false},
	{{"end another process", WALL_PROCESS, 0}, end_another, false},
	{{"use an inherited handle", WALL_PROCESS, 0}, use_an_inherited_handle,
	true},
	{{"read the environment", WALL_PROCESS, 0}, read_the_environment, false},
	{{"open another's shared memory", WALL_PROCESS, 0}, open_shared_memory,
	false},

	{{"start a process", WALL_RESOURCES | K, 0}, start_a_process, false},
	{{"allocate over the limit", WALL_RESOURCES, 0}, allocate_over_the_limit,
	false},

	{{"map executable memory", K, 0}, map_executable_memory, false},
	{{"make memory executable", K, 0}, make_memory_executable, false},
};
