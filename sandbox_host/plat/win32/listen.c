/*
 * listen.c
 *		The broker's named pipe, and who may connect to it.
 *
 * Three independent answers to "who": the pipe's access list names the own
 * account (and one more, when the settings do) and nobody else; remote
 * clients are rejected; and the account of each peer is read from its token
 * before a byte of it is believed.
 *
 * A few instances listen at the same time, so that clients that come together
 * do not find the pipe busy.
 */
#include "win32.h"

#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define INSTANCES		8
#define PIPE_BUFFER		(256 * 1024)

/*
 * What a client needs to read and write; without FILE_APPEND_DATA, which for
 * a pipe is the right to make instances of it and so to play the server.
 */
#define CLIENT_RIGHTS	L"0x12019b"

typedef struct Instance
{
	HANDLE		pipe;
	OVERLAPPED	ov;
	bool		pending;
} Instance;

struct PlatListener
{
	wchar_t    *name;
	PSID		also;			/* NULL: nobody else */
	SECURITY_ATTRIBUTES sa;
	HANDLE		event;			/* set when an instance has a client */
	PlatHandle	handle;
	Instance	instances[INSTANCES];
};

/* The owner is our user, whatever new objects of this token have: clients look
 * who made the pipe. */
static bool
describe_rights(PlatListener *l, ShErr *err)
{
	wchar_t		sddl[300] = L"O:%sD:P(A;;GA;;;%s)";
	wchar_t    *also = security_sid_text(l->also);

	if (also != NULL)
		_snwprintf(sddl, 299, L"O:%%sD:P(A;;GA;;;%%s)(A;;" CLIENT_RIGHTS L";;;%ls)",
				   also);
	LocalFree(also);
	return security_attributes(&l->sa, sddl, err);
}

/* A new instance, and start to wait for its client. */
static bool
open_instance(PlatListener *l, Instance *in, bool first, ShErr *err)
{
	DWORD		error;

	memset(&in->ov, 0, sizeof(in->ov));
	in->ov.hEvent = l->event;
	in->pipe = CreateNamedPipeW(l->name, PIPE_ACCESS_DUPLEX |
								FILE_FLAG_OVERLAPPED |
								(first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0),
								PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS,
								PIPE_UNLIMITED_INSTANCES, PIPE_BUFFER,
								PIPE_BUFFER, 0, &l->sa);
	if (in->pipe == INVALID_HANDLE_VALUE)
		return sh_os_error(err, (int) GetLastError(),
						   "could not create the pipe");
	error = ConnectNamedPipe(in->pipe, &in->ov) ? ERROR_PIPE_CONNECTED :
		GetLastError();
	in->pending = error == ERROR_IO_PENDING;
	if (in->pending || error == ERROR_PIPE_CONNECTED)
	{
		/* To wait for one client resets the event, which may have told of
		 * another: have all looked at. */
		(void) SetEvent(l->event);
		return true;
	}
	CloseHandle(in->pipe);
	in->pipe = INVALID_HANDLE_VALUE;
	return sh_os_error(err, (int) error, "could not wait for connections");
}

/* The flag that should say it is not kept everywhere: ask, too. */
static bool
is_taken(const wchar_t *name)
{
	return WaitNamedPipeW(name, 1) || GetLastError() == ERROR_SEM_TIMEOUT ||
		GetLastError() == ERROR_PIPE_BUSY;
}

static bool
prepare(PlatListener *l, const char *address, const char *allow_account,
		ShErr *err)
{
	l->name = text_to_wide(address);
	l->event = CreateEventW(NULL, TRUE, FALSE, NULL);
	if (l->name == NULL || l->event == NULL)
		return sh_error(err, "out of memory");
	if (_wcsnicmp(l->name, L"\\\\.\\pipe\\", 9) != 0 ||
		wcslen(l->name) > 256)
		return sh_error(err, "\"%s\" is not the name of a pipe: give "
						"\\\\.\\pipe\\NAME", address);
	if (allow_account != NULL && allow_account[0] != '\0' &&
		!security_find_account(allow_account, &l->also, err))
		return false;
	if (is_taken(l->name))
		return sh_error(err, "another program listens at \"%s\"", address);
	l->handle = port_event(l->event);
	return describe_rights(l, err);
}

PlatListener *
plat_listen(const char *address, const char *allow_account, ShErr *err)
{
	PlatListener *l = calloc(1, sizeof(*l));
	bool		ok;

	if (l == NULL)
	{
		sh_error(err, "out of memory");
		return NULL;
	}
	for (int i = 0; i < INSTANCES; i++)
		l->instances[i].pipe = INVALID_HANDLE_VALUE;
	l->handle = PLAT_NONE;
	ok = prepare(l, address, allow_account, err);
	for (int i = 0; ok && i < INSTANCES; i++)
		ok = open_instance(l, &l->instances[i], i == 0, err);
	if (ok)
		return l;
	plat_unlisten(l);
	return NULL;
}

PlatHandle
plat_listener_handle(const PlatListener *listener)
{
	return listener->handle;
}

/* ---- peers ---- */

typedef enum Peer
{
	PEER_ALLOWED,
	PEER_REFUSED,
	PEER_UNKNOWN				/* Windows tells only once it has written */
} Peer;

static Peer
who_is(HANDLE pipe, const PlatListener *l)
{
	HANDLE		token;
	Peer		peer = PEER_REFUSED;

	if (!ImpersonateNamedPipeClient(pipe))
		return GetLastError() == ERROR_CANNOT_IMPERSONATE ? PEER_UNKNOWN :
			PEER_REFUSED;
	if (OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token))
	{
		if (security_token_user_is(token, security_own_sid()) ||
			(l->also != NULL && security_token_user_is(token, l->also)))
			peer = PEER_ALLOWED;
		CloseHandle(token);
	}
	/* Going on as somebody else would be worse than ending. */
	if (!RevertToSelf())
		ExitProcess(1);
	return peer;
}

static bool
is_allowed_now(HANDLE pipe, const void *arg)
{
	return who_is(pipe, arg) == PEER_ALLOWED;
}

/* The instance has a client: hand it out and put a new one in its place. */
static PlatHandle
take(PlatListener *l, Instance *in, ShErr *err)
{
	HANDLE		pipe = in->pipe;
	Peer		peer = who_is(pipe, l);
	ULONG		process = 0;
	PlatHandle	handle = PLAT_NONE;
	ShErr		again;

	(void) open_instance(l, in, false, &again);
	if (peer == PEER_REFUSED)
	{
		(void) GetNamedPipeClientProcessId(pipe, &process);
		sh_error(err, "a connection of another account (process %lu) was "
				 "refused", process);
	}
	else if ((handle = port_new(pipe, false)) == PLAT_NONE)
		sh_error(err, "too many connections");
	if (handle == PLAT_NONE)
		CloseHandle(pipe);
	else if (peer == PEER_UNKNOWN)
		port_check(handle, is_allowed_now, l);
	return handle;
}

PlatHandle
plat_accept(PlatListener *l, ShErr *err)
{
	/* First reset, then look: nothing that comes in between is lost. */
	(void) ResetEvent(l->event);
	for (int i = 0; i < INSTANCES; i++)
	{
		Instance   *in = &l->instances[i];
		DWORD		unused;

		if (in->pipe == INVALID_HANDLE_VALUE &&
			!open_instance(l, in, false, err))
			continue;
		if (in->pending && !HasOverlappedIoCompleted(&in->ov))
			continue;
		if (in->pending &&
			!GetOverlappedResult(in->pipe, &in->ov, &unused, FALSE))
		{
			/* It came and went. */
			CloseHandle(in->pipe);
			(void) open_instance(l, in, false, err);
			continue;
		}
		return take(l, in, err);
	}
	return PLAT_AGAIN;
}

void
plat_unlisten(PlatListener *l)
{
	DWORD		unused;

	if (l == NULL)
		return;
	for (int i = 0; i < INSTANCES; i++)
	{
		Instance   *in = &l->instances[i];

		if (in->pipe == INVALID_HANDLE_VALUE)
			continue;
		if (in->pending && CancelIoEx(in->pipe, &in->ov))
			(void) GetOverlappedResult(in->pipe, &in->ov, &unused, TRUE);
		CloseHandle(in->pipe);
	}
	(void) port_release(l->handle);
	if (l->event != NULL)
		CloseHandle(l->event);
	security_free(&l->sa);
	free(l->name);
	free(l);
}
