/*
 * io.c
 *		Bytes, waiting, the clock, and the broker's own process.
 *
 * plat_read and plat_write also run inside a locked-down worker, where
 * read(2) and write(2) on descriptor 3 are the only input and output there
 * is: keep them free of anything else (send(2) would be killed).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "linux.h"
#include "missing_defs.h"

long
plat_read(int handle, void *buf, size_t len)
{
	ssize_t		n;

	do
		n = read(handle, buf, len);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return PLAT_AGAIN;
	return n;
}

long
plat_write(int handle, const void *buf, size_t len)
{
	ssize_t		n;

	do
		n = write(handle, buf, len);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return PLAT_AGAIN;
	return n;
}

void
plat_close(PlatHandle handle)
{
	if (handle >= 0)
		(void) close(handle);
}

/* The events of poll(2) that an item asks for. */
static short
poll_events(const PlatWait *item)
{
	short		events = 0;

	if (item->want & PLAT_READ)
		events |= POLLIN;
	if (item->want & PLAT_WRITE)
		events |= POLLOUT;
	return events;
}

static unsigned
poll_results(short revents)
{
	unsigned	got = 0;

	if (revents & POLLIN)
		got |= PLAT_READ;
	if (revents & POLLOUT)
		got |= PLAT_WRITE;
	if (revents & (POLLERR | POLLHUP | POLLNVAL))
		got |= PLAT_GONE;
	return got;
}

bool
plat_wait(PlatWait *items, int n, int64_t timeout_us, ShErr *err)
{
	struct pollfd fds[PLAT_WAIT_MAX];
	struct timespec ts;
	int			rc;

	if (n > PLAT_WAIT_MAX)
		return sh_error(err, "too many events to wait for");
	for (int i = 0; i < n; i++)
	{
		fds[i].fd = items[i].handle;	/* negative: skipped by poll */
		fds[i].events = poll_events(&items[i]);
		fds[i].revents = 0;
	}
	if (timeout_us >= 0)
	{
		ts.tv_sec = timeout_us / 1000000;
		ts.tv_nsec = (timeout_us % 1000000) * 1000;
	}
	rc = ppoll(fds, (nfds_t) n, timeout_us >= 0 ? &ts : NULL, NULL);
	if (rc < 0 && errno != EINTR)
		return sh_os_error(err, errno, "could not wait for events");
	for (int i = 0; i < n; i++)
		items[i].got = rc > 0 ? poll_results(fds[i].revents) : 0;
	return true;
}

int64_t
plat_now_us(void)
{
	struct timespec ts;

	(void) clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void
plat_error_text(int os_error, char *buf, size_t size)
{
	const char *text = strerrordesc_np(os_error);

	if (text != NULL)
		snprintf(buf, size, "%s", text);
	else
		snprintf(buf, size, "error %d", os_error);
}

bool
set_nonblocking(int fd, bool on)
{
	int			flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return false;
	flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags) == 0;
}

bool
plat_pair(PlatHandle ends[2], ShErr *err)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
				   ends) < 0)
		return sh_os_error(err, errno, "could not create a connection");
	return true;
}

/*
 * The broker holds up to four descriptors a worker and two a job; whoever
 * started it may have been given room for few.
 */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= 4096)
		return;
	limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
	(void) setrlimit(RLIMIT_NOFILE, &limit);
}

/*
 * Root is refused because process limits do not hold for it and because a
 * namespace of root's is worth less.  SIGPIPE is ignored here and, since the
 * disposition survives fork and exec, in every process of the program.
 */
bool
plat_init(bool is_template, ShErr *err)
{
	int			first = is_template ? TEMPLATE_CONTROL_FD + 1 : 3;

	if (geteuid() == 0 || getuid() != geteuid())
		return sh_error(err, "sandbox_host must not run as root or with "
						"changed privileges; use the database server's "
						"account or one of its own");
	/* Whatever is opened later must not land on 0, 1 or 2. */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return sh_error(err, "could not open /dev/null");
	if (syscall(SYS_close_range, first, ~0U, 0) < 0)
		return sh_os_error(err, errno, "could not close what was inherited");
	raise_descriptor_limit();
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return sh_os_error(err, errno, "could not ignore SIGPIPE");
	return true;
}

PlatHandle
plat_stop_handle(ShErr *err)
{
	sigset_t	stop;
	int			fd;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &stop, NULL) < 0 ||
		(fd = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
	{
		sh_os_error(err, errno, "could not take over termination signals");
		return PLAT_NONE;
	}
	return fd;
}

PlatHandle
plat_lifeline(void)
{
	(void) set_nonblocking(STDIN_FILENO, true);
	return STDIN_FILENO;
}

bool
plat_can_read(const char *path)
{
	int			fd = open(path, O_RDONLY | O_CLOEXEC);

	plat_close(fd);
	return fd >= 0;
}

/* They live where the broker does. */
const char *
plat_path_for_workers(const char *path)
{
	return path;
}

const char *
plat_system(void)
{
	static char text[256];
	struct utsname name;

	if (text[0] == '\0')
	{
		if (uname(&name) < 0)
			return "Linux";
		snprintf(text, sizeof(text), "%s %s %s", name.sysname, name.release,
				 name.machine);
	}
	return text;
}
