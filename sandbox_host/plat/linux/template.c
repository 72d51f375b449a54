/*
 * template.c
 *		The zygote, as far as it is Linux: its namespaces, the workers it
 *		forks, and what it tells the broker about them.
 *
 * The zygote is process 1 of its pid namespace (where there is one): when it
 * dies, for whatever reason, the kernel kills every worker.  It has one
 * thread, because fork copies only one.  Its descriptors: /dev/null, the log,
 * the channel to the broker, one signalfd and its own pid namespace; a kept
 * descriptor of /proc would open the old root again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux.h"
#include "missing_defs.h"
#include "pool.h"

#define MAX_CHILDREN	512

typedef struct Child
{
	pid_t		pid;			/* 0: free */
	uint32_t	id;
} Child;

static bool
block_child_signals(PlatTemplate *t)
{
	sigset_t	set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return false;
	t->children = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return t->children >= 0;
}

/* A copy, since no worker may see it. */
static void
learn_probe_name(PlatTemplate *t)
{
	const char *name = getenv(PROBE_NAME);

	snprintf(t->probe_name, sizeof(t->probe_name), "%s",
			 name != NULL ? name : "sandbox_probe");
	(void) unsetenv(PROBE_NAME);
}

/* Why there is no user namespace, as pool.c found out; empty when there is. */
static void
learn_namespaces(PlatTemplate *t)
{
	const char *why = getenv(WHY_NO_NAMESPACES);

	if (why != NULL)
	{
		snprintf(t->no_user_ns, sizeof(t->no_user_ns), "%s", why);
		(void) unsetenv(WHY_NO_NAMESPACES);
		return;
	}
	t->staged |= MECH_USER_NS;
	if (getpid() == 1)
	{
		t->staged |= MECH_PID_NS;
		(void) ns_keep_pid_ns(t);
	}
}

PlatTemplate *
plat_template_begin(uint32_t walls, ShErr *err)
{
	PlatTemplate *t = calloc(1, sizeof(*t));
	struct pollfd control = {.fd = TEMPLATE_CONTROL_FD};

	if (t == NULL)
	{
		sh_error(err, "out of memory");
		return NULL;
	}
	t->control = TEMPLATE_CONTROL_FD;
	t->own_pid_ns = -1;
	t->walls = walls;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
		fcntl(t->control, F_SETFD, FD_CLOEXEC) < 0 ||
		!block_child_signals(t))
	{
		sh_os_error(err, errno, "could not set up the zygote");
		free(t);
		return NULL;
	}
	/* The broker may have died before the death signal was asked for. */
	if (poll(&control, 1, 0) > 0 && (control.revents & POLLHUP))
		_exit(1);
	learn_namespaces(t);
	learn_probe_name(t);
	t->landlock_abi = landlock_abi();
	if ((walls & WALL_KERNEL) && !seccomp_build(&t->filter, err))
	{
		free(t);
		return NULL;
	}
	return t;
}

/* The zygote proves, once for all its copies. */
bool
plat_template_proves(const PlatTemplate *t)
{
	(void) t;
	return true;
}

bool
plat_template_can_read_later(const PlatTemplate *t)
{
	(void) t;
	return false;
}

bool
plat_template_share(PlatTemplate *t, const void *bytes, size_t len,
					ShErr *err)
{
	(void) t;
	(void) bytes;
	(void) len;
	(void) err;
	return true;
}

const void *
plat_template_shared(const PlatTemplate *t, size_t *len)
{
	(void) t;
	(void) len;
	return NULL;
}

/* Threads of this process, -1 when nobody can tell. */
static int
count_threads(void)
{
	DIR		   *dir = opendir("/proc/self/task");
	struct dirent *entry;
	int			n = 0;

	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

bool
plat_template_seal(PlatTemplate *t, ShErr *err)
{
	int			threads = count_threads();
	uint32_t	wanted = mechanisms_of_wall(t->walls) &
		(MECH_IPC_NS | MECH_NET_NS | MECH_EMPTY_ROOT);

	if (threads != 1)
		return sh_error(err, "the zygote has %d threads after warm-up instead "
						"of 1", threads);
	if (t->walls & WALL_PROCESS)
		(void) prctl(PR_SET_DUMPABLE, 0);
	if (t->staged & MECH_USER_NS)
		t->staged |= ns_enter(wanted, t->staged);
	return true;
}

void
plat_template_facts(const PlatTemplate *t, char *buf, size_t size)
{
	bool		ns = (t->staged & MECH_USER_NS) != 0;

	snprintf(buf, size,
			 "user namespaces\t%s\t%s%s\n"
			 "Landlock\t%s\tABI %d\n"
			 "system call filter\t%s\t%u instructions\n",
			 ns ? "good" : "bad",
			 ns ? "available" : "not available: ", t->no_user_ns,
			 t->landlock_abi > 0 ? "good" : "bad", t->landlock_abi,
			 t->filter.len > 0 ? "good" : "bad", (unsigned) t->filter.len);
}

/* ---- talking to the broker; a broker that does not listen is dead ---- */

static void
tell(PlatTemplate *t, const PoolMessage *m, const void *body, size_t len,
	 int pass)
{
	ShErr		err;

	if (!message_send(t->control, m, sizeof(*m), body, len, pass, &err))
		_exit(1);
}

void
plat_template_ready(PlatTemplate *t, const void *blob, size_t len)
{
	PoolMessage m = {.kind = POOL_READY};

	tell(t, &m, blob, len, -1);
}

void
plat_template_failed(PlatTemplate *t, const char *text)
{
	PoolMessage m = {.kind = POOL_FAILED};

	tell(t, &m, text, strlen(text), -1);
}

/* ---- making workers ---- */

static void
worker_begins(PlatTemplate *t, pid_t parent, uint32_t own, int channel,
			  PlatWorkerMain main, void *arg)
{
	sigset_t	none;

	t->parent = parent;
	t->in_force = lockdown_at_birth(t, t->walls, t->staged | own, channel);
	if (t->in_force & MECH_ONE_DESCRIPTOR)
		channel = WORKER_CHANNEL_FD;
	sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
	_exit(main(t, channel, arg));
}

static Child *
find_child(Child *children, pid_t pid)
{
	for (int i = 0; i < MAX_CHILDREN; i++)
		if (children[i].pid == pid)
			return &children[i];
	return NULL;
}

static void
not_started(PlatTemplate *t, uint32_t id, int os_error)
{
	PoolMessage m = {.kind = POOL_NOT_STARTED,.id = id};
	const char *text = strerror(os_error);

	tell(t, &m, text, strlen(text), -1);
}

static void
spawn(PlatTemplate *t, Child *children, uint32_t id, int channel,
	  PlatWorkerMain main, void *arg)
{
	PoolMessage m = {.kind = POOL_STARTED,.id = id};
	Child	   *slot = find_child(children, 0);
	pid_t		parent = getpid();
	uint32_t	own;
	pid_t		pid;
	int			pidfd;

	if (slot == NULL)
	{
		not_started(t, id, EAGAIN);
		return;
	}
	pid = ns_fork(t, (t->walls & WALL_PROCESS) != 0, &own);
	if (pid == 0)
		worker_begins(t, parent, own, channel, main, arg);
	if (pid < 0)
	{
		not_started(t, id, errno);
		return;
	}
	slot->pid = pid;
	slot->id = id;
	/* It cannot be reaped before reap() runs, so the number is still its. */
	pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
	tell(t, &m, NULL, 0, pidfd);
	plat_close(pidfd);
}

static void
report_end(PlatTemplate *t, uint32_t id, int status, const struct rusage *use)
{
	PoolMessage m = {.kind = POOL_ENDED,.id = id};

	m.code = WIFSIGNALED(status) ? CLD_KILLED : CLD_EXITED;
	m.status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
	m.cpu_us = (uint64_t) (use->ru_utime.tv_sec + use->ru_stime.tv_sec)
		* 1000000 +
		(uint64_t) (use->ru_utime.tv_usec + use->ru_stime.tv_usec);
	m.peak_bytes = (uint64_t) use->ru_maxrss * 1024;
	tell(t, &m, NULL, 0, -1);
}

static void
reap(PlatTemplate *t, Child *children)
{
	struct signalfd_siginfo info;
	struct rusage use;
	int			status;
	pid_t		pid;

	while (read(t->children, &info, sizeof(info)) > 0)
		;
	while ((pid = wait4(-1, &status, WNOHANG, &use)) > 0)
	{
		Child	   *child = find_child(children, pid);

		if (child == NULL)
			continue;
		report_end(t, child->id, status, &use);
		child->pid = 0;
	}
}

int
plat_template_serve(PlatTemplate *t, PlatWorkerMain main, void *arg)
{
	Child	   *children = calloc(MAX_CHILDREN, sizeof(*children));
	struct pollfd fds[2] = {
		{.fd = t->control,.events = POLLIN},
		{.fd = t->children,.events = POLLIN},
	};

	if (children == NULL)
		return 1;
	for (;;)
	{
		PoolMessage m;
		int			channel;
		long		n;

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return 1;
		if (fds[1].revents)
			reap(t, children);
		if (fds[0].revents == 0)
			continue;
		n = message_receive(t->control, &m, sizeof(m), NULL, 0, &channel);
		if (n <= 0)
			return 0;			/* the broker is gone, and so are we */
		if (m.kind == POOL_SPAWN && channel >= 0)
			spawn(t, children, m.id, channel, main, arg);
		plat_close(channel);
	}
}

/* ---- a worker's channel ---- */

bool
plat_channel_say(PlatHandle channel, const void *msg, size_t len)
{
	ShErr		err;

	return message_send(channel, msg, len, NULL, 0, -1, &err);
}

long
plat_channel_take(PlatHandle channel, void *msg, size_t size,
				  PlatHandle *connection)
{
	long		n = message_receive(channel, NULL, 0, msg, size,
									connection);

	return n > 0 ? n : -1;
}
