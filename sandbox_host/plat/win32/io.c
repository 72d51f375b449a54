/*
 * io.c
 *		Bytes, waiting and the clock.
 *
 * Windows tells when a transfer is done, not when one is possible; plat.h is
 * the other way round.  So a read that finds nothing starts an overlapped one
 * of exactly the length asked for (a connection is never read beyond what its
 * reader wanted) and says PLAT_AGAIN until that is done; a write is reported
 * as bytes moved only once they are, and has to be repeated with the same
 * bytes until then, as every caller does that keeps what it could not send.
 *
 * Transfers end in completion routines (ReadFileEx), which run when the one
 * thread of the broker waits alertably: no limit on how many connections are
 * waited for, and no completion port, into which a worker that was given a
 * connection could post forged completions.
 *
 * In a worker everything blocks.
 */
#include "win32.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_HANDLE	16		/* 0 to 2 are the standard streams */
#define MAX_PORTS		2048
#define MAX_TRANSFER	(1 << 20)	/* of one call, in a worker */

typedef struct Transfer
{
	OVERLAPPED	ov;				/* first: the completion routine finds us */
	Port	   *port;
	bool		running;
	bool		done;			/* and its result not taken yet */
	DWORD		error;			/* stays */
	DWORD		moved;
	DWORD		taken;			/* of a read */
	uint8_t    *buf;
	size_t		size;
} Transfer;

struct Port
{
	HANDLE		h;
	bool		blocking;
	bool		is_event;
	HANDLE		notify;
	PortCheck	check;
	const void *check_arg;
	Transfer	in;
	Transfer	out;
};

/* The handles of this process; one thread uses them. */
static Port *ports[MAX_PORTS];

static Port *
port_of(PlatHandle handle)
{
	int			at = handle - FIRST_HANDLE;

	return at >= 0 && at < MAX_PORTS ? ports[at] : NULL;
}

PlatHandle
port_new(HANDLE h, bool blocking)
{
	for (int i = 0; i < MAX_PORTS; i++)
	{
		Port	   *port;

		if (ports[i] != NULL)
			continue;
		port = calloc(1, sizeof(*port));
		if (port == NULL)
			return PLAT_NONE;
		port->h = h;
		port->blocking = blocking;
		port->in.port = port->out.port = port;
		ports[i] = port;
		return FIRST_HANDLE + i;
	}
	return PLAT_NONE;
}

PlatHandle
port_event(HANDLE event)
{
	PlatHandle	handle = port_new(event, false);

	if (handle != PLAT_NONE)
		port_of(handle)->is_event = true;
	return handle;
}

HANDLE
port_raw(PlatHandle handle)
{
	Port	   *port = port_of(handle);

	return port != NULL ? port->h : NULL;
}

void
port_notify(PlatHandle handle, HANDLE event)
{
	port_of(handle)->notify = event;
}

void
port_check(PlatHandle handle, PortCheck check, const void *arg)
{
	port_of(handle)->check = check;
	port_of(handle)->check_arg = arg;
}

/* Nothing of the port may be under way when its memory goes. */
static void
drain(Port *port)
{
	if (port->in.running || port->out.running)
		(void) CancelIoEx(port->h, NULL);
	while (port->in.running || port->out.running)
		(void) SleepEx(INFINITE, TRUE);
}

HANDLE
port_release(PlatHandle handle)
{
	Port	   *port = port_of(handle);
	HANDLE		h;

	if (port == NULL)
		return NULL;
	drain(port);
	h = port->h;
	ports[handle - FIRST_HANDLE] = NULL;
	free(port->in.buf);
	free(port->out.buf);
	free(port);
	return h;
}

void
plat_close(PlatHandle handle)
{
	HANDLE		h = port_release(handle);

	if (h != NULL)
		(void) CloseHandle(h);
}

/* ---- transfers of the broker ---- */

static void CALLBACK
transfer_done(DWORD error, DWORD moved, OVERLAPPED *ov)
{
	Transfer   *t = (Transfer *) ov;

	t->running = false;
	t->done = true;
	t->error = error;
	t->moved = moved;
	t->taken = 0;
	if (t->port->notify != NULL)
		(void) SetEvent(t->port->notify);
}

static bool
reserve(Transfer *t, size_t len)
{
	uint8_t    *buf;

	if (t->size >= len)
		return true;
	buf = realloc(t->buf, len);
	if (buf == NULL)
		return false;
	t->buf = buf;
	t->size = len;
	return true;
}

/* Start one; if it is done at once, the caller learns so at once. */
static void
transfer_start(Transfer *t, bool is_read, const void *bytes, size_t len)
{
	BOOL		ok;

	if (len > MAX_TRANSFER)
		len = MAX_TRANSFER;
	if (!reserve(t, len))
	{
		transfer_done(ERROR_OUTOFMEMORY, 0, &t->ov);
		return;
	}
	memset(&t->ov, 0, sizeof(t->ov));
	t->running = true;
	t->done = false;
	if (is_read)
		ok = ReadFileEx(t->port->h, t->buf, (DWORD) len, &t->ov,
						transfer_done);
	else
	{
		memcpy(t->buf, bytes, len);
		ok = WriteFileEx(t->port->h, t->buf, (DWORD) len, &t->ov,
						 transfer_done);
	}
	if (!ok)
		transfer_done(GetLastError(), 0, &t->ov);
	else
		(void) SleepEx(0, TRUE);
}

static bool
is_end(DWORD error)
{
	return error == ERROR_BROKEN_PIPE || error == ERROR_PIPE_NOT_CONNECTED ||
		error == ERROR_HANDLE_EOF || error == ERROR_NO_DATA;
}

static long
read_some(Port *port, void *buf, size_t len)
{
	Transfer   *t = &port->in;
	size_t		n;

	if (len == 0)
		return 0;
	if (!t->running && !t->done)
		transfer_start(t, true, NULL, len);
	else if (t->running)
		(void) SleepEx(0, TRUE);	/* it may be done without our knowing */
	if (t->running)
		return PLAT_AGAIN;
	if (t->error != 0)
		return is_end(t->error) ? 0 : -1;
	if (port->check != NULL)
	{
		if (!port->check(port->h, port->check_arg))
			t->error = ERROR_ACCESS_DENIED;
		port->check = NULL;
		if (t->error != 0)
			return -1;
	}
	n = t->moved - t->taken < len ? t->moved - t->taken : len;
	memcpy(buf, t->buf + t->taken, n);
	t->taken += (DWORD) n;
	if (t->taken == t->moved)
		t->done = false;
	/* An empty message is not the end. */
	return n > 0 ? (long) n : PLAT_AGAIN;
}

static long
write_some(Port *port, const void *buf, size_t len)
{
	Transfer   *t = &port->out;

	if (len == 0)
		return 0;
	if (!t->running && !t->done)
		transfer_start(t, false, buf, len);
	else if (t->running)
		(void) SleepEx(0, TRUE);
	if (t->running)
		return PLAT_AGAIN;
	if (t->error != 0)
		return -1;
	t->done = false;
	return (long) t->moved;
}

/* ---- transfers of a worker, and of a prover with its probes ---- */

static long
move_blocking(Port *port, bool is_read, void *buf, size_t len)
{
	static HANDLE event;		/* one thread, one transfer */
	OVERLAPPED	ov = {0};
	DWORD		n = 0;
	DWORD		size = len < MAX_TRANSFER ? (DWORD) len : MAX_TRANSFER;
	BOOL		ok;

	if (event == NULL && (event = CreateEventW(NULL, TRUE, FALSE, NULL)) == NULL)
		return -1;
	ov.hEvent = event;
	ok = is_read ? ReadFile(port->h, buf, size, NULL, &ov) :
		WriteFile(port->h, buf, size, NULL, &ov);
	if (!ok && GetLastError() != ERROR_IO_PENDING)
		return is_read && is_end(GetLastError()) ? 0 : -1;
	if (!GetOverlappedResult(port->h, &ov, &n, TRUE))
		return is_read && is_end(GetLastError()) ? 0 : -1;
	return (long) n;
}

/* ---- the seam ---- */

/* A service has nobody to read its standard error. */
static long
write_event_log(const char *line, size_t len)
{
	static HANDLE log;
	char		text[800];
	wchar_t    *wide;
	const wchar_t *strings[1];

	snprintf(text, sizeof(text), "%.*s", (int) len, line);
	wide = text_to_wide(text);
	if (log == NULL)
		log = RegisterEventSourceW(NULL, L"transform_sandbox_host");
	strings[0] = wide;
	if (log != NULL && wide != NULL)
		(void) ReportEventW(log, strstr(text, "LOG:") != NULL ?
							EVENTLOG_INFORMATION_TYPE : EVENTLOG_WARNING_TYPE,
							0, 0, NULL, 1, 0, strings, NULL);
	free(wide);
	return (long) len;
}

/* The log; whoever reads it may be slow, but nobody is without it. */
static long
write_log(const void *buf, size_t len)
{
	HANDLE		h = GetStdHandle(STD_ERROR_HANDLE);
	DWORD		n;

	if (h != NULL && h != INVALID_HANDLE_VALUE)
		return WriteFile(h, buf, (DWORD) len, &n, NULL) ? (long) n : -1;
	return role_own()->role == ROLE_BROKER ? write_event_log(buf, len) : -1;
}

long
plat_read(int handle, void *buf, size_t len)
{
	Port	   *port = port_of(handle);

	if (port == NULL)
		return -1;
	if (port->is_event)
		return WaitForSingleObject(port->h, 0) == WAIT_OBJECT_0 ? 0 :
			PLAT_AGAIN;
	return port->blocking ? move_blocking(port, true, buf, len) :
		read_some(port, buf, len);
}

long
plat_write(int handle, const void *buf, size_t len)
{
	Port	   *port = port_of(handle);

	if (handle == 2)
		return write_log(buf, len);
	if (port == NULL || port->is_event)
		return -1;
	return port->blocking ? move_blocking(port, false, (void *) buf, len) :
		write_some(port, buf, len);
}

/* What an item is ready for without waiting. */
static unsigned
ready_for(const PlatWait *item)
{
	Port	   *port = port_of(item->handle);
	unsigned	got = 0;

	if (port == NULL)
		return 0;
	if (port->is_event)
		return WaitForSingleObject(port->h, 0) == WAIT_OBJECT_0 ? PLAT_READ : 0;
	/* Nothing asked for yet: reading will ask. */
	if ((item->want & PLAT_READ) && !port->in.running)
		got |= PLAT_READ;
	if ((item->want & PLAT_WRITE) && !port->out.running)
		got |= PLAT_WRITE;
	return got;
}

static int
look(PlatWait *items, int n)
{
	int			ready = 0;

	for (int i = 0; i < n; i++)
	{
		items[i].got = ready_for(&items[i]);
		ready += items[i].got != 0;
	}
	return ready;
}

bool
plat_wait(PlatWait *items, int n, int64_t timeout_us, ShErr *err)
{
	HANDLE		events[MAXIMUM_WAIT_OBJECTS];
	DWORD		count = 0;
	DWORD		ms = timeout_us < 0 ? INFINITE :
		(DWORD) ((timeout_us + 999) / 1000 < 3600000 ?
				 (timeout_us + 999) / 1000 : 3600000);

	for (int i = 0; i < n; i++)
	{
		Port	   *port = port_of(items[i].handle);

		if (port == NULL || !port->is_event)
			continue;
		if (count == MAXIMUM_WAIT_OBJECTS)
			return sh_error(err, "too many events to wait for");
		events[count++] = port->h;
	}
	if (look(items, n) > 0)
		return true;
	if (count == 0)
		(void) SleepEx(ms, TRUE);
	else if (WaitForMultipleObjectsEx(count, events, FALSE, ms, TRUE) ==
			 WAIT_FAILED)
		return sh_os_error(err, (int) GetLastError(),
						   "could not wait for events");
	(void) look(items, n);
	return true;
}

int64_t
plat_now_us(void)
{
	static LARGE_INTEGER frequency;
	LARGE_INTEGER now;

	if (frequency.QuadPart == 0)
		(void) QueryPerformanceFrequency(&frequency);
	(void) QueryPerformanceCounter(&now);
	return now.QuadPart / frequency.QuadPart * 1000000 +
		now.QuadPart % frequency.QuadPart * 1000000 / frequency.QuadPart;
}

void
plat_error_text(int os_error, char *buf, size_t size)
{
	wchar_t		wide[200];
	DWORD		n = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM |
								   FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
								   (DWORD) os_error, 0, wide, 200, NULL);
	char	   *text;

	while (n > 0 && (wide[n - 1] <= L' ' || wide[n - 1] == L'.'))
		n--;
	wide[n < 200 ? n : 199] = L'\0';
	text = n > 0 ? text_to_utf8(wide) : NULL;
	snprintf(buf, size, "%s%serror %d", text != NULL ? text : "",
			 text != NULL ? ", " : "", os_error);
	free(text);
}

bool
plat_pair(PlatHandle ends[2], ShErr *err)
{
	HANDLE		h[2];

	if (!pipe_pair(h, err))
		return false;
	ends[0] = port_new(h[0], false);
	ends[1] = port_new(h[1], false);
	return true;
}
