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
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tr_host.h"

/* Where there is no close_range(): more than a server process ever opens. */
#define LAST_DESCRIPTOR		4096

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

void
tr_host_start(TrHost *host, char **argv)
{
	int			pair[2];
	pid_t		pid;

	host->pid = 0;
	host->lifeline = PGINVALID_SOCKET;
	if (access(argv[0], X_OK) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not execute sandbox host \"%s\": %m", argv[0]),
				 errhint("Install sandbox_host with \"make install\", or set transform.sandbox_host to its path.")));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		ereport(ERROR,
				(errcode_for_socket_access(),
				 errmsg("could not create a socket pair for the sandbox host: %m")));

	pid = fork();
	if (pid == 0)
		become_host(pair[1], argv);
	close(pair[1]);
	if (pid < 0)
	{
		int			save_errno = errno;

		close(pair[0]);
		errno = save_errno;
		ereport(ERROR,
				(errcode(ERRCODE_SYSTEM_ERROR),
				 errmsg("could not start the sandbox host: %m")));
	}
	(void) fcntl(pair[0], F_SETFD, FD_CLOEXEC);
	(void) make_nonblocking(pair[0]);
	host->pid = (int) pid;
	host->lifeline = pair[0];
}

int
tr_host_read(TrHost *host, char *buf, int size)
{
	ssize_t		n = recv(host->lifeline, buf, (size_t) size, 0);

	if (n > 0)
		return (int) n;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	tr_host_stop(host);
	return -1;
}

void
tr_host_stop(TrHost *host)
{
	if (host->lifeline != PGINVALID_SOCKET)
		close(host->lifeline);
	host->lifeline = PGINVALID_SOCKET;
	if (host->pid > 0)
	{
		/*
		 * End of file on its lifeline ends the host; the signal is for one
		 * that hangs.  Nothing of it outlives this call.
		 */
		(void) kill(host->pid, SIGKILL);
		while (waitpid(host->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	host->pid = 0;
}

pgsocket
tr_host_connect(const char *address)
{
	struct sockaddr_un name;
	int			fd;

	memset(&name, 0, sizeof(name));
	name.sun_family = AF_UNIX;
	if (strlen(address) >= sizeof(name.sun_path))
	{
		errno = ENAMETOOLONG;
		return PGINVALID_SOCKET;
	}
	strlcpy(name.sun_path, address, sizeof(name.sun_path));

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0)
		return PGINVALID_SOCKET;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || !make_nonblocking(fd) ||
		connect(fd, (struct sockaddr *) &name, sizeof(name)) != 0)
	{
		int			save_errno = errno;

		close(fd);
		errno = save_errno;
		return PGINVALID_SOCKET;
	}
	return fd;
}

ssize_t
tr_host_recv(pgsocket sock, void *buf, size_t len)
{
	return recv(sock, buf, len, 0);
}

ssize_t
tr_host_send(pgsocket sock, const void *buf, size_t len)
{
#ifdef MSG_NOSIGNAL
	return send(sock, buf, len, MSG_NOSIGNAL);
#else
	return send(sock, buf, len, 0);
#endif
}

void
tr_host_close(pgsocket sock)
{
	if (sock != PGINVALID_SOCKET)
		close(sock);
}
