/*
 * link_win32.h
 *		Pipes with overlapped I/O; private to link_win32*.c.
 *
 * Process: the launcher; runners and backends.
 */
#ifndef LINK_WINDOWS_H
#define LINK_WINDOWS_H

#include "postgres.h"

/* Of one direction of a pipe, and of the system's own buffer for it. */
#define TR_PIPE_BUFFER	(256 * 1024)

/* The most handles a wait has of its own, and two directions for each pipe. */
#define TR_FIXED_HANDLES	3
#define TR_MAX_HANDLES		(TR_FIXED_HANDLES + 5)

/* One direction: at most one operation is under way, on our own buffer. */
typedef struct TrTransfer
{
	OVERLAPPED	overlapped;
	bool		pending;		/* the system has the buffer */
	DWORD		error;			/* what ended it, 0: nothing yet */
	DWORD		start;			/* received and not taken: from here ... */
	DWORD		end;			/* ... to here */
	char	   *buffer;
} TrTransfer;

typedef struct TrPipe
{
	HANDLE		handle;
	TrTransfer	in;
	TrTransfer	out;
} TrPipe;

/* What to wait for beside the latch, signals and the postmaster. */
typedef struct TrHandles
{
	HANDLE		handle[TR_MAX_HANDLES];
	DWORD		count;
	bool		ready;			/* something needs no wait */
} TrHandles;

/* Takes over `handle`, a pipe opened for overlapped I/O.  False for lack of
 * memory or handles; then it has been closed. */
extern bool tr_pipe_init(TrPipe *pipe, HANDLE handle);
extern void tr_pipe_close(TrPipe *pipe);
extern ssize_t tr_pipe_recv(TrPipe *pipe, void *buf, size_t len);
extern ssize_t tr_pipe_send(TrPipe *pipe, const void *buf, size_t len);

extern void tr_handles_init(TrHandles *handles);
extern void tr_handles_add_pipe(TrHandles *handles, TrPipe *pipe,
								bool sending);

/* Wait; `timeout` in ms, -1: for ever.  Returns true for the latch. */
extern bool tr_handles_wait(TrHandles *handles, long timeout,
							uint32 wait_event);

/*
 * A file name or another string that the server got from the system or from
 * its configuration, as UTF-16; palloc'd.  The server hands such strings to
 * the system in its ANSI code page, so they are in it.
 */
extern wchar_t *tr_to_wide(const char *text);

/* The SID of this process's account; of the account of that name, NULL when
 * there is none.  palloc'd. */
extern PSID tr_own_sid(void);
extern PSID tr_named_sid(const char *account);

#endif							/* LINK_WINDOWS_H */
