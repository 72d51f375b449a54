/*
 * link_win32.c
 *		Connections to sandbox_host over named pipes, and waiting for them;
 *		with link_win32_host.c the counterpart of link_posix.c.
 *
 * Process: runners and backends connect; the launcher waits for its lifeline
 * here too.
 *
 * A pipe has no readiness, only operations that end.  So each direction has a
 * buffer of its own: what is sent is copied and written from there, what is
 * received is read into it ahead of being asked for.  A wait has a read under
 * way on every pipe.  One operation at a time and direction keeps the order.
 *
 * The wait is PostgreSQL's own for Windows (WaitEventSetWait), which has
 * no place for such handles, written once more: same order of handles, same
 * handshake with SetLatch().
 */
#include "postgres.h"

#include <aclapi.h>
#include <errno.h>

#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "postmaster/postmaster.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/pmsignal.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "link_win32.h"
#include "tr_compat.h"
#include "tr_host.h"

#define PIPE_PREFIX		"\\\\.\\pipe\\"

/* A broker that is alive offers a new instance of its pipe at once. */
#define BUSY_TRIES		500
#define BUSY_SLEEP_US	10000L

struct TrConn
{
	TrPipe		pipe;
};

struct TrWaitSet
{
	int			nconns;
	TrConn	   *conns[TR_WAITSET_CONNS];
};

/* ---- one direction of a pipe ---- */

static bool
transfer_init(TrTransfer *t)
{
	memset(t, 0, sizeof(*t));
	t->buffer = MemoryContextAllocExtended(TopMemoryContext, TR_PIPE_BUFFER,
										   MCXT_ALLOC_NO_OOM);
	t->overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
	return t->buffer != NULL && t->overlapped.hEvent != NULL;
}

/* The operation has been cancelled: wait until the buffer is ours again. */
static void
transfer_free(TrTransfer *t, HANDLE handle)
{
	DWORD		n;

	if (t->pending)
		(void) GetOverlappedResult(handle, &t->overlapped, &n, TRUE);
	if (t->overlapped.hEvent != NULL)
		(void) CloseHandle(t->overlapped.hEvent);
	if (t->buffer != NULL)
		pfree(t->buffer);
	memset(t, 0, sizeof(*t));
}

/* The call that started an operation said `ok`, or left an error behind. */
static void
transfer_started(TrTransfer *t, BOOL ok, DWORD n)
{
	DWORD		error = ok ? 0 : GetLastError();

	t->start = 0;
	t->end = ok ? n : 0;
	t->pending = error == ERROR_IO_PENDING;
	t->error = t->pending ? 0 : error;
}

/* Has it ended?  Does not wait. */
static bool
transfer_ended(TrTransfer *t, HANDLE handle)
{
	DWORD		n = 0;

	if (!t->pending)
		return true;
	if (!HasOverlappedIoCompleted(&t->overlapped))
		return false;
	t->pending = false;
	if (GetOverlappedResult(handle, &t->overlapped, &n, FALSE))
		t->end = n;
	else
		t->error = GetLastError();
	return true;
}

/* Read ahead, if nothing is left of the last read. */
static void
read_ahead(TrPipe *pipe)
{
	TrTransfer *in = &pipe->in;
	DWORD		n = 0;
	BOOL		ok;

	if (!transfer_ended(in, pipe->handle) || in->start < in->end ||
		in->error != 0)
		return;
	ok = ReadFile(pipe->handle, in->buffer, TR_PIPE_BUFFER, &n,
				  &in->overlapped);
	transfer_started(in, ok, n);
}

static int
fail(int code)
{
	errno = code;
	return -1;
}

static ssize_t
fail_with(DWORD error)
{
	_dosmaperr(error);
	return -1;
}

/* ---- pipes ---- */

bool
tr_pipe_init(TrPipe *pipe, HANDLE handle)
{
	bool		in = transfer_init(&pipe->in);
	bool		out = transfer_init(&pipe->out);

	pipe->handle = handle;
	if (!in || !out)
		tr_pipe_close(pipe);
	return in && out;
}

void
tr_pipe_close(TrPipe *pipe)
{
	(void) CancelIoEx(pipe->handle, NULL);
	transfer_free(&pipe->in, pipe->handle);
	transfer_free(&pipe->out, pipe->handle);
	(void) CloseHandle(pipe->handle);
	pipe->handle = INVALID_HANDLE_VALUE;
}

/* An empty message reads as nothing; it is not the end. */
ssize_t
tr_pipe_recv(TrPipe *pipe, void *buf, size_t len)
{
	TrTransfer *in = &pipe->in;
	size_t		n;

	read_ahead(pipe);
	if (in->start == in->end)
	{
		if (in->error == ERROR_BROKEN_PIPE ||
			in->error == ERROR_PIPE_NOT_CONNECTED ||
			in->error == ERROR_HANDLE_EOF)
			return 0;
		return in->error != 0 ? fail_with(in->error) : fail(EAGAIN);
	}
	n = Min(len, (size_t) (in->end - in->start));
	memcpy(buf, in->buffer + in->start, n);
	in->start += (DWORD) n;
	return (ssize_t) n;
}

ssize_t
tr_pipe_send(TrPipe *pipe, const void *buf, size_t len)
{
	TrTransfer *out = &pipe->out;
	DWORD		n = (DWORD) Min(len, (size_t) TR_PIPE_BUFFER);
	DWORD		written = 0;
	BOOL		ok;

	if (!transfer_ended(out, pipe->handle))
		return fail(EAGAIN);
	if (out->error != 0)
		return fail_with(out->error);
	memcpy(out->buffer, buf, n);
	ok = WriteFile(pipe->handle, out->buffer, n, &written, &out->overlapped);
	transfer_started(out, ok, written);
	return out->error != 0 ? fail_with(out->error) : (ssize_t) n;
}

/* ---- waiting ---- */

void
tr_handles_init(TrHandles *handles)
{
	/* the order is that of importance: the first that is set is reported */
	handles->handle[0] = pgwin32_signal_event;
	handles->handle[1] = PostmasterHandle;
	handles->handle[2] = MyLatch->event;
	handles->count = TR_FIXED_HANDLES;
	handles->ready = false;
}

void
tr_handles_add_pipe(TrHandles *handles, TrPipe *pipe, bool sending)
{
	read_ahead(pipe);
	if (pipe->in.pending)
		handles->handle[handles->count++] = pipe->in.overlapped.hEvent;
	else
		handles->ready = true;
	if (!sending)
		return;
	if (transfer_ended(&pipe->out, pipe->handle))
		handles->ready = true;
	else
		handles->handle[handles->count++] = pipe->out.overlapped.hEvent;
}

/* Tell SetLatch() that an event is needed; false when it has been set. */
static bool
latch_sleeps(Latch *latch)
{
	if (!latch->is_set)
	{
		latch->maybe_sleeping = true;
		pg_memory_barrier();
	}
	if (!latch->is_set)
		return true;
	latch->maybe_sleeping = false;
	return false;
}

static DWORD
remaining(ULONGLONG deadline)
{
	ULONGLONG	now = GetTickCount64();

	return now >= deadline ? 0 : (DWORD) Min(deadline - now, (ULONGLONG) INT_MAX);
}

/* One wait; true when the caller is to look what happened. */
static bool
wait_once(const TrHandles *handles, DWORD ms)
{
	DWORD		rc = WaitForMultipleObjects(handles->count, handles->handle,
											FALSE, ms);

	MyLatch->maybe_sleeping = false;
	switch (rc)
	{
		case WAIT_OBJECT_0:
			return false;		/* signals are dispatched by the caller */
		case WAIT_OBJECT_0 + 1:
			if (!PostmasterIsAlive())
				proc_exit(1);
			return false;
		case WAIT_OBJECT_0 + 2:
			(void) ResetEvent(MyLatch->event);
			return MyLatch->is_set;
		case WAIT_FAILED:
			elog(ERROR, "could not wait for the sandbox host: error code %lu",
				 GetLastError());
	}
	return true;
}

bool
tr_handles_wait(TrHandles *handles, long timeout, uint32 wait_event)
{
	ULONGLONG	deadline = GetTickCount64() + Max(timeout, 0);

	if (handles->ready)
		deadline = 0;
	pgstat_report_wait_start(wait_event);
	for (;;)
	{
		DWORD		ms = timeout < 0 && !handles->ready ? INFINITE :
			remaining(deadline);

		pgwin32_dispatch_queued_signals();
		if (!latch_sleeps(MyLatch) || wait_once(handles, ms))
			break;
	}
	pgstat_report_wait_end();
	return MyLatch->is_set;
}

/* ---- connections to the broker ---- */

/*
 * Anybody may have made a pipe of that name; whoever did owns it.  An
 * administrator's is taken, as root's is elsewhere: nothing stops one.
 * Raises nothing.
 */
static bool
is_owner(HANDLE handle, PSID own, PSID other)
{
	PSECURITY_DESCRIPTOR descriptor;
	PSID		owner;
	bool		result;

	if (GetSecurityInfo(handle, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION,
						&owner, NULL, NULL, NULL, &descriptor) != ERROR_SUCCESS)
		return false;
	result = owner != NULL &&
		(EqualSid(owner, own) || (other != NULL && EqualSid(owner, other)) ||
		 IsWellKnownSid(owner, WinLocalSystemSid) ||
		 IsWellKnownSid(owner, WinBuiltinAdministratorsSid));
	(void) LocalFree(descriptor);
	return result;
}

const char *
tr_host_default_address(void)
{
	static char address[64];

	/* A data directory has one server at a time. */
	snprintf(address, sizeof(address), PIPE_PREFIX "transform-%016llx",
			 (unsigned long long) hash_bytes_extended((const unsigned char *) DataDir,
													  (int) strlen(DataDir), 0));
	return address;
}

/*
 * The broker learns who we are, and cannot act as us.  Not GENERIC_WRITE: that
 * has the right to make instances of the pipe, which a client is not given.
 */
static HANDLE
open_pipe(const wchar_t *name)
{
	return CreateFileW(name, GENERIC_READ | FILE_WRITE_DATA, 0, NULL,
					   OPEN_EXISTING,
					   FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT |
					   SECURITY_IDENTIFICATION, NULL);
}

static HANDLE
connect_pipe(const char *address)
{
	wchar_t    *name;
	HANDLE		handle = INVALID_HANDLE_VALUE;

	/* another machine's pipe has the same form but for the dot */
	if (pg_strncasecmp(address, PIPE_PREFIX, strlen(PIPE_PREFIX)) != 0)
	{
		(void) fail(EINVAL);
		return INVALID_HANDLE_VALUE;
	}
	name = tr_to_wide(address);
	for (int i = 0; i < BUSY_TRIES; i++)
	{
		handle = open_pipe(name);
		if (handle != INVALID_HANDLE_VALUE ||
			GetLastError() != ERROR_PIPE_BUSY)
			break;
		pg_usleep(BUSY_SLEEP_US);
		CHECK_FOR_INTERRUPTS();
	}
	if (handle == INVALID_HANDLE_VALUE)
		(void) fail_with(GetLastError());
	pfree(name);
	return handle;
}

TrConn *
tr_conn_open(const char *address, const char *account)
{
	PSID		own = tr_own_sid();
	PSID		other = account[0] != '\0' ? tr_named_sid(account) : NULL;
	HANDLE		handle = connect_pipe(address);
	TrConn	   *conn;

	if (handle == INVALID_HANDLE_VALUE)
		return NULL;
	if (!is_owner(handle, own, other))
	{
		(void) CloseHandle(handle);
		tr_conn_wrong_account(address);
	}
	conn = MemoryContextAllocExtended(TopMemoryContext, sizeof(TrConn),
									  MCXT_ALLOC_NO_OOM);
	if (conn != NULL && tr_pipe_init(&conn->pipe, handle))
		return conn;
	if (conn == NULL)
		(void) CloseHandle(handle);
	else
		pfree(conn);
	(void) fail(ENOMEM);
	return NULL;
}

ssize_t
tr_conn_recv(TrConn *conn, void *buf, size_t len)
{
	return tr_pipe_recv(&conn->pipe, buf, len);
}

ssize_t
tr_conn_send(TrConn *conn, const void *buf, size_t len)
{
	return tr_pipe_send(&conn->pipe, buf, len);
}

void
tr_conn_close(TrConn *conn)
{
	if (conn == NULL)
		return;
	tr_pipe_close(&conn->pipe);
	pfree(conn);
}

TrWaitSet *
tr_waitset_create(TrConn *const *conns, int nconns)
{
	TrWaitSet  *set = MemoryContextAlloc(TopMemoryContext, sizeof(TrWaitSet));

	Assert(nconns <= TR_WAITSET_CONNS);
	set->nconns = nconns;
	memcpy(set->conns, conns, sizeof(TrConn *) * nconns);
	return set;
}

bool
tr_waitset_wait(TrWaitSet *set, const bool *sending, uint32 wait_event)
{
	TrHandles	handles;

	tr_handles_init(&handles);
	for (int i = 0; i < set->nconns; i++)
		if (set->conns[i] != NULL)
			tr_handles_add_pipe(&handles, &set->conns[i]->pipe, sending[i]);
	return tr_handles_wait(&handles, -1, wait_event);
}

void
tr_waitset_free(TrWaitSet *set)
{
	if (set != NULL)
		pfree(set);
}
