/*
 * link_posix.c
 *		Starting sandbox_host and connecting to it where there is fork() and
 *		Unix sockets; the counterpart is link_win32.c.
 *
 * Process: the launcher starts, reads and stops; runners and backends
 * connect.
 */
#include "postgres.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "miscadmin.h"
#include "port.h"
#include "storage/latch.h"
#include "utils/memutils.h"

#include "tr_compat.h"
#include "tr_host.h"
#include "tr_types.h"

/* Where there is no close_range(): more than a server process ever opens. */
#define LAST_DESCRIPTOR		4096

/* Below the data directory, which is every server process's working
 * directory; relative, since a socket path has 108 bytes at most. */
#define DEFAULT_ADDRESS		"transform_host.sock"

struct TrHost
{
	pid_t		pid;
	int			lifeline;
};

struct TrConn
{
	int			fd;
};

struct TrWaitSet
{
	WaitEventSet *events;
	int			nconns;
	struct
	{
		int			position;	/* -1: no connection */
		uint32		interest;
	}			conns[TR_WAITSET_CONNS];
};

/* ---- defaults ---- */

char *
tr_host_default_program(void)
{
	char		dir[MAXPGPATH];

	strlcpy(dir, my_exec_path, sizeof(dir));
	get_parent_directory(dir);
	return psprintf("%s/sandbox_host", dir);
}

const char *
tr_host_default_address(void)
{
	return DEFAULT_ADDRESS;
}

/* File names have no encoding here; mostly they are UTF-8. */
char *
tr_host_to_text(const char *message)
{
	WireText	text = {message, (uint32) strlen(message)};

	return tr_text_from_worker(text, false);
}

/* ---- the host and its lifeline ---- */

static bool
make_nonblocking(int fd)
{
	int			flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

static void
close_others(void)
{
#ifdef CLOSE_RANGE_UNSHARE
	if (close_range(STDERR_FILENO + 1, ~0U, 0) == 0)
		return;
#endif
	for (int fd = STDERR_FILENO + 1; fd < LAST_DESCRIPTOR; fd++)
		(void) close(fd);
}

/*
 * In the child: only calls that are safe after fork.  Signals are reset to
 * their defaults and unblocked, since bgworkers block and ignore some.
 */
static void
become_host(int lifeline, char **argv)
{
	static char *const environment[] = {NULL};
	sigset_t	none;

	for (int sig = 1; sig < 32; sig++)
		(void) signal(sig, SIG_DFL);
	sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);

	if (dup2(lifeline, STDIN_FILENO) < 0 ||
		dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(126);
	close_others();
	(void) setsid();
	(void) execve(argv[0], argv, environment);
	_exit(127);
}

TrHost *
tr_host_start(char **argv)
{
	TrHost	   *host;
	int			pair[2];
	pid_t		pid;

	if (access(argv[0], X_OK) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not execute sandbox host \"%s\": %m", argv[0]),
				 errhint("Install sandbox_host with \"make install\", or set transform.sandbox_host to its path.")));
	host = MemoryContextAlloc(TopMemoryContext, sizeof(TrHost));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
	{
		pfree(host);
		ereport(ERROR,
				(errcode_for_socket_access(),
				 errmsg("could not create a socket pair for the sandbox host: %m")));
	}

	pid = fork();
	if (pid == 0)
		become_host(pair[1], argv);
	close(pair[1]);
	if (pid < 0)
	{
		int			save_errno = errno;

		close(pair[0]);
		pfree(host);
		errno = save_errno;
		ereport(ERROR,
				(errcode(ERRCODE_SYSTEM_ERROR),
				 errmsg("could not start the sandbox host: %m")));
	}
	(void) fcntl(pair[0], F_SETFD, FD_CLOEXEC);
	(void) make_nonblocking(pair[0]);
	host->pid = pid;
	host->lifeline = pair[0];
	return host;
}

int
tr_host_pid(const TrHost *host)
{
	return (int) host->pid;
}

int
tr_host_read(TrHost *host, char *buf, int size)
{
	ssize_t		n = recv(host->lifeline, buf, (size_t) size, 0);

	if (n > 0)
		return (int) n;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	return -1;
}

void
tr_host_stop(TrHost *host)
{
	close(host->lifeline);

	/*
	 * End of file on its lifeline ends the host; the signal is for one that
	 * hangs.  Nothing of it outlives this call.
	 */
	(void) kill(host->pid, SIGKILL);
	while (waitpid(host->pid, NULL, 0) < 0 && errno == EINTR)
		;
	pfree(host);
}

void
tr_host_wait(TrHost *host, long timeout, uint32 wait_event)
{
	int			flags = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH;

	if (timeout >= 0)
		flags |= WL_TIMEOUT;
	if (host != NULL)
		flags |= WL_SOCKET_READABLE;
	(void) WaitLatchOrSocket(MyLatch, flags,
							 host != NULL ? host->lifeline : PGINVALID_SOCKET,
							 timeout, wait_event);
}

/* ---- connections to the broker ---- */

static int
connect_socket(const char *address)
{
	struct sockaddr_un name;
	int			fd;

	memset(&name, 0, sizeof(name));
	name.sun_family = AF_UNIX;
	if (strlen(address) >= sizeof(name.sun_path))
	{
		errno = ENAMETOOLONG;
		return -1;
	}
	strlcpy(name.sun_path, address, sizeof(name.sun_path));

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0)
		return -1;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || !make_nonblocking(fd) ||
		connect(fd, (struct sockaddr *) &name, sizeof(name)) != 0)
	{
		int			save_errno = errno;

		close(fd);
		errno = save_errno;
		return -1;
	}
	return fd;
}

/* root may do anything anyway */
static bool
is_owner(int fd, const char *account)
{
	uid_t		uid;
	gid_t		gid;
	struct passwd *entry;

	if (getpeereid(fd, &uid, &gid) != 0)
		return false;
	if (uid == geteuid() || uid == 0)
		return true;
	entry = account[0] != '\0' ? getpwnam(account) : NULL;
	return entry != NULL && entry->pw_uid == uid;
}

TrConn *
tr_conn_open(const char *address, const char *account)
{
	int			fd = connect_socket(address);
	TrConn	   *conn;

	if (fd < 0)
		return NULL;
	if (!is_owner(fd, account))
	{
		close(fd);
		tr_conn_wrong_account(address);
	}
	conn = MemoryContextAllocExtended(TopMemoryContext, sizeof(TrConn),
									  MCXT_ALLOC_NO_OOM);
	if (conn == NULL)
	{
		close(fd);
		errno = ENOMEM;
		return NULL;
	}
	conn->fd = fd;
	return conn;
}

ssize_t
tr_conn_recv(TrConn *conn, void *buf, size_t len)
{
	return recv(conn->fd, buf, len, 0);
}

ssize_t
tr_conn_send(TrConn *conn, const void *buf, size_t len)
{
#ifdef MSG_NOSIGNAL
	return send(conn->fd, buf, len, MSG_NOSIGNAL);
#else
	return send(conn->fd, buf, len, 0);
#endif
}

void
tr_conn_close(TrConn *conn)
{
	if (conn == NULL)
		return;
	close(conn->fd);
	pfree(conn);
}

/* ---- waiting for connections ---- */

TrWaitSet *
tr_waitset_create(TrConn *const *conns, int nconns)
{
	TrWaitSet  *set = MemoryContextAlloc(TopMemoryContext, sizeof(TrWaitSet));

	Assert(nconns <= TR_WAITSET_CONNS);
	set->events = tr_create_wait_event_set(2 + TR_WAITSET_CONNS);
	set->nconns = nconns;
	AddWaitEventToSet(set->events, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch,
					  NULL);
	AddWaitEventToSet(set->events, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET,
					  NULL, NULL);
	for (int i = 0; i < nconns; i++)
	{
		set->conns[i].interest = WL_SOCKET_READABLE;
		set->conns[i].position = conns[i] == NULL ? -1 :
			AddWaitEventToSet(set->events, WL_SOCKET_READABLE, conns[i]->fd,
							  NULL, NULL);
	}
	return set;
}

bool
tr_waitset_wait(TrWaitSet *set, const bool *sending, uint32 wait_event)
{
	WaitEvent	event;

	for (int i = 0; i < set->nconns; i++)
	{
		uint32		want = WL_SOCKET_READABLE;

		if (sending[i])
			want |= WL_SOCKET_WRITEABLE;
		if (set->conns[i].position >= 0 && want != set->conns[i].interest)
		{
			ModifyWaitEvent(set->events, set->conns[i].position, want, NULL);
			set->conns[i].interest = want;
		}
	}
	return WaitEventSetWait(set->events, -1, &event, 1, wait_event) > 0 &&
		(event.events & WL_LATCH_SET) != 0;
}

void
tr_waitset_free(TrWaitSet *set)
{
	if (set == NULL)
		return;
	FreeWaitEventSet(set->events);
	pfree(set);
}

bool
tr_host_file_is_private(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}
