/*
 * tr_host.h
 *		The extension's one operating-system seam: starting sandbox_host and
 *		connecting to it.  Implemented in whole files: link_posix.c,
 *		link_win32.c.
 *
 * Process: tr_host_start, _read, _stop: the launcher.  tr_host_connect: any.
 */
#ifndef TR_HOST_H
#define TR_HOST_H

#include "postgres.h"

typedef struct TrHost
{
	int			pid;			/* 0: not running */
	pgsocket	lifeline;		/* readable: status text, or end of file when
								 * the host is gone */
} TrHost;

/*
 * Start `argv[0]` with `argv` (NULL-terminated), empty environment, no open
 * descriptor but the server's stderr and the lifeline as standard input.
 * Raises when the program cannot be started.  The host ends when the
 * lifeline's other end closes, that is when the launcher goes, however.
 */
extern void tr_host_start(TrHost *host, char **argv);

/* Bytes read from the lifeline without waiting; 0 nothing now; -1 the host
 * is gone (it has been reaped). */
extern int	tr_host_read(TrHost *host, char *buf, int size);

/* Close the lifeline, wait for the end of the host, reap it. */
extern void tr_host_stop(TrHost *host);

/*
 * Connect to the broker.  Returns a non-blocking socket, or PGINVALID_SOCKET
 * with errno set.
 */
extern pgsocket tr_host_connect(const char *address);

/* Non-blocking I/O on such a socket: bytes, 0 end of file, -1 with errno
 * (EAGAIN when it would block). */
extern ssize_t tr_host_recv(pgsocket sock, void *buf, size_t len);
extern ssize_t tr_host_send(pgsocket sock, const void *buf, size_t len);
extern void tr_host_close(pgsocket sock);

#endif							/* TR_HOST_H */
