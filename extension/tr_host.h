/*
 * tr_host.h
 *		The extension's one operating-system seam: starting sandbox_host,
 *		connecting to it, and waiting for either.  Implemented in whole files:
 *		link_posix.c, link_win32.c.
 *
 * Process: tr_host_*: the launcher.  tr_conn_*, tr_waitset_*: any.  The
 * defaults: any.
 */
#ifndef TR_HOST_H
#define TR_HOST_H

#include "postgres.h"

/* ---- defaults that differ by system; palloc'd where not const ---- */

/* Where "make install" or the package puts sandbox_host. */
extern char *tr_host_default_program(void);

/* Where a host that the launcher starts listens; one per cluster. */
extern const char *tr_host_default_address(void);

/*
 * A file name, or a message that has one in it, as text of the database: the
 * system has them in an encoding of its own.  palloc'd.
 */
extern char *tr_host_to_text(const char *message);

/* ---- the host and its lifeline ---- */

typedef struct TrHost TrHost;

/*
 * Start `argv[0]` with `argv` (NULL-terminated), empty environment, no open
 * descriptor but the server's stderr and the lifeline as standard input.
 * Raises when the program cannot be started.  The host ends when the
 * lifeline's other end closes, that is when the launcher goes, however.
 */
extern TrHost *tr_host_start(char **argv);
extern int	tr_host_pid(const TrHost *host);

/* Bytes read from the lifeline without waiting; 0 nothing now; -1 the host
 * is gone. */
extern int	tr_host_read(TrHost *host, char *buf, int size);

/* Close the lifeline, wait for the end of the host, reap it, free. */
extern void tr_host_stop(TrHost *host);

/*
 * Wait for the latch, `timeout` ms (-1: for ever) or something to read from
 * the host (which may be NULL); leaves with the postmaster.
 */
extern void tr_host_wait(TrHost *host, long timeout, uint32 wait_event);

/* ---- connections to the broker ---- */

typedef struct TrConn TrConn;

/*
 * NULL with errno when nobody answers.  Raises when the other end belongs to
 * another account than the server's own, `account` ("" for none other) or an
 * administrator's.  The connection stays until tr_conn_close().
 */
extern TrConn *tr_conn_open(const char *address, const char *account);

/* tr_link.c: the error for that account, for both halves of the seam. */
extern void tr_conn_wrong_account(const char *address);

/*
 * Bytes moved without waiting; 0 end of file (recv); -1 with errno, EAGAIN
 * when it would block.  What was sent need not stay.
 */
extern ssize_t tr_conn_recv(TrConn *conn, void *buf, size_t len);
extern ssize_t tr_conn_send(TrConn *conn, const void *buf, size_t len);

/* NULL is allowed.  No wait set may have it any more. */
extern void tr_conn_close(TrConn *conn);

/* ---- files ---- */

/* Can no other account read this open file?  (On Windows that is the data
 * directory's access list: always true.) */
extern bool tr_host_file_is_private(int fd);

/* ---- waiting for connections ---- */

#define TR_WAITSET_CONNS	2

typedef struct TrWaitSet TrWaitSet;

/*
 * A set of up to TR_WAITSET_CONNS connections, and always the latch and the
 * postmaster.  NULLs are left out.
 */
extern TrWaitSet *tr_waitset_create(TrConn *const *conns, int nconns);

/*
 * Wait until the latch is set, a connection has something to receive (end of
 * file included) or, where `sending` says so, takes bytes again.  Returns
 * true for the latch.  Leaves with the postmaster.
 */
extern bool tr_waitset_wait(TrWaitSet *set, const bool *sending,
							uint32 wait_event);

/* NULL is allowed. */
extern void tr_waitset_free(TrWaitSet *set);

#endif							/* TR_HOST_H */
