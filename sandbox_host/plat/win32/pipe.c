/*
 * pipe.c
 *		Connections between processes of this program, and the records on
 *		them.
 *
 * A connection is an overlapped pipe that both ends read and write.  Its name
 * is random, its one instance is ours, its rights are the own account's, and
 * its other end is opened by this process itself: nobody can come between.
 */
#include "win32.h"

#include <stdio.h>
#include <string.h>

#define PIPE_BUFFER		(256 * 1024)

bool
pipe_pair(HANDLE ends[2], ShErr *err)
{
	SECURITY_ATTRIBUTES sa;
	wchar_t		name[80] = L"\\\\.\\pipe\\transform-";
	ULONG		client = 0;

	text_random(name + wcslen(name), 32);
	if (!security_attributes(&sa, L"D:P(A;;GA;;;%s)", err))
		return false;
	ends[0] = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX |
							   FILE_FLAG_OVERLAPPED |
							   FILE_FLAG_FIRST_PIPE_INSTANCE,
							   PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, 1,
							   PIPE_BUFFER, PIPE_BUFFER, 0, &sa);
	security_free(&sa);
	if (ends[0] == INVALID_HANDLE_VALUE)
		return sh_os_error(err, (int) GetLastError(),
						   "could not create a connection");
	ends[1] = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL,
						  OPEN_EXISTING, FILE_FLAG_OVERLAPPED |
						  SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS, NULL);
	if (ends[1] == INVALID_HANDLE_VALUE)
	{
		sh_os_error(err, (int) GetLastError(),
					"could not open a connection");
		CloseHandle(ends[0]);
		return false;
	}
	if (GetNamedPipeClientProcessId(ends[0], &client) &&
		client != GetCurrentProcessId())
	{
		CloseHandle(ends[0]);
		CloseHandle(ends[1]);
		return sh_error(err, "process %lu came between a connection", client);
	}
	return true;
}

bool
record_send(PlatHandle to, uint32_t kind, uint64_t number, const void *body,
			size_t len)
{
	static uint8_t record[sizeof(RecordHead) + PLAT_BLOB_MAX];
	RecordHead	head = {kind, (uint32_t) len, number};
	size_t		size = sizeof(head) + len;

	if (len > PLAT_BLOB_MAX)
		return false;
	memcpy(record, &head, sizeof(head));
	if (len > 0)
		memcpy(record + sizeof(head), body, len);
	return plat_write(to, record, size) == (long) size;
}
