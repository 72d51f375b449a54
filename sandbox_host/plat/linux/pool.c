/*
 * pool.c
 *		The broker's half of the zygote: starting it, asking it for workers,
 *		holding, measuring and killing them.
 *
 * A worker is held by a pidfd that the zygote made right after the fork, and
 * measured through its /proc files, opened once: none of them can ever mean
 * another process, however often numbers are used again.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux.h"
#include "environment.h"
#include "missing_defs.h"
#include "pool.h"

#define MAX_PENDING		64

/* The zygote's program: this one, unless this one is built with sanitizers. */
#ifndef TEMPLATE_PROGRAM
#define TEMPLATE_PROGRAM	"/proc/self/exe"
#endif

struct PlatWorker
{
	int			channel;
	int			pidfd;
	int			statm;
	int			stat;
	int			schedstat;		/* finer, where the kernel has it */
	pid_t		pid;
};

struct PlatPool
{
	int			control;
	pid_t		pid;			/* 0: reaped */
	char		probe_name[PROBE_NAME_SIZE];
	struct
	{
		uint32_t	id;
		int			channel;	/* our end; -1: free */
	}			pending[MAX_PENDING];
};

/* ---- starting the zygote ---- */

/* In the child: leave nothing open but the log and the channel, and exec. */
static void
become_template(int control, char *const args[], const char *probe_name,
				const char *why)
{
	const char *env[sizeof(worker_environment) / sizeof(char *) + 2];
	char		reason[200];
	char		name[PROBE_NAME_SIZE + sizeof(PROBE_NAME)];
	sigset_t	none;
	int			null = open("/dev/null", O_RDWR);
	int			n = 0;

	while (worker_environment[n] != NULL)
	{
		env[n] = worker_environment[n];
		n++;
	}
	snprintf(name, sizeof(name), "%s=%s", PROBE_NAME, probe_name);
	env[n++] = name;
	if (why[0] != '\0')
	{
		snprintf(reason, sizeof(reason), "%s=%s", WHY_NO_NAMESPACES, why);
		env[n++] = reason;
	}
	env[n] = NULL;
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
		dup2(null, STDOUT_FILENO) < 0 ||
		dup2(control, TEMPLATE_CONTROL_FD) < 0)
		_exit(126);
	/* dup2 onto itself would have kept close-on-exec */
	(void) fcntl(TEMPLATE_CONTROL_FD, F_SETFD, 0);
	(void) syscall(SYS_close_range, TEMPLATE_CONTROL_FD + 1, ~0U, 0);
	(void) setsid();			/* no terminal's signals */
	sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
	(void) execve(TEMPLATE_PROGRAM, args, (char *const *) env);
	_exit(127);
}

PlatPool *
plat_pool_start(char *const template_args[], uint32_t walls, ShErr *err)
{
	PlatPool   *pool = calloc(1, sizeof(*pool));
	char		why[160] = "";
	int			ends[2];

	if (pool == NULL || !message_pair(ends, true, err))
	{
		if (pool == NULL)
			sh_error(err, "out of memory");
		free(pool);
		return NULL;
	}
	for (int i = 0; i < MAX_PENDING; i++)
		pool->pending[i].channel = -1;
	pool->control = ends[0];
	/* The number alone is not enough: it may be 1 in many namespaces. */
	snprintf(pool->probe_name, sizeof(pool->probe_name),
			 "sandbox_probe_%x_%llx", (unsigned) getpid(),
			 (unsigned long long) plat_now_us());
	if (walls & (WALL_PROCESS | WALL_FILES | WALL_NETWORK))
		pool->pid = ns_clone_template(why, sizeof(why));
	else
	{
		pool->pid = -1;
		snprintf(why, sizeof(why), "off by setting");
	}
	if (pool->pid < 0)
		pool->pid = fork();
	if (pool->pid == 0)
		become_template(ends[1], template_args, pool->probe_name, why);
	close(ends[1]);
	if (pool->pid < 0)
	{
		sh_os_error(err, errno, "could not start the zygote");
		close(ends[0]);
		free(pool);
		return NULL;
	}
	return pool;
}

PlatHandle
plat_pool_handle(const PlatPool *pool)
{
	return pool->control;
}

/* Mostly there is nothing: a zygote that lives to end its self-test tidies up. */
static void
remove_probe_files(const PlatPool *pool)
{
	char		path[PROBE_NAME_SIZE + sizeof(PROBE_SOCKET)];

	snprintf(path, sizeof(path), PROBE_SOCKET, pool->probe_name);
	(void) unlink(path);
	snprintf(path, sizeof(path), PROBE_FILE, pool->probe_name);
	(void) unlink(path);
}

void
plat_pool_stop(PlatPool *pool)
{
	if (pool == NULL)
		return;
	if (pool->pid > 0)
	{
		/* Not reaped yet, so the number is still its own. */
		(void) kill(pool->pid, SIGKILL);
		while (waitpid(pool->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	remove_probe_files(pool);
	for (int i = 0; i < MAX_PENDING; i++)
		plat_close(pool->pending[i].channel);
	plat_close(pool->control);
	free(pool);
}

/* ---- workers ---- */

bool
plat_pool_spawn(PlatPool *pool, uint32_t id, ShErr *err)
{
	PoolMessage m = {.kind = POOL_SPAWN,.id = id};
	int			ends[2];
	int			slot = 0;
	bool		ok;

	while (slot < MAX_PENDING && pool->pending[slot].channel >= 0)
		slot++;
	if (slot == MAX_PENDING)
		return sh_error(err, "too many workers are being started");
	if (!message_pair(ends, true, err))
		return false;
	ok = message_send(pool->control, &m, sizeof(m), NULL, 0, ends[1], err);
	close(ends[1]);
	if (!ok)
	{
		close(ends[0]);
		return false;
	}
	pool->pending[slot].id = id;
	pool->pending[slot].channel = ends[0];
	return true;
}

/* Our end of the channel of a worker that was asked for; -1: never was. */
static int
take_pending(PlatPool *pool, uint32_t id)
{
	for (int i = 0; i < MAX_PENDING; i++)
		if (pool->pending[i].channel >= 0 && pool->pending[i].id == id)
		{
			int			channel = pool->pending[i].channel;

			pool->pending[i].channel = -1;
			return channel;
		}
	return -1;
}

/* The process number behind a pidfd, as this process sees it; 0 unknown. */
static pid_t
pid_of(int pidfd)
{
	char		path[64];
	char		text[512];
	char	   *at;
	int			fd;
	ssize_t		n;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	at = strstr(text, "\nPid:");
	return at != NULL ? (pid_t) strtol(at + 5, NULL, 10) : 0;
}

static int
open_proc(pid_t pid, const char *name)
{
	char		path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int) pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Owns channel and pidfd from here on. */
static PlatWorker *
new_worker(int channel, int pidfd)
{
	PlatWorker *w = calloc(1, sizeof(*w));

	if (w == NULL)
	{
		plat_close(channel);
		plat_close(pidfd);
		return NULL;
	}
	w->channel = channel;
	w->pidfd = pidfd;
	w->pid = pid_of(pidfd);
	w->statm = w->pid > 0 ? open_proc(w->pid, "statm") : -1;
	w->stat = w->pid > 0 ? open_proc(w->pid, "stat") : -1;
	w->schedstat = w->pid > 0 ? open_proc(w->pid, "schedstat") : -1;
	return w;
}

PlatHandle
plat_worker_handle(const PlatWorker *w)
{
	return w->channel;
}

uint32_t
plat_worker_pid(const PlatWorker *w)
{
	return (uint32_t) w->pid;
}

long
plat_worker_hear(PlatWorker *w, void *buf, size_t size)
{
	return message_receive(w->channel, NULL, 0, buf, size, NULL);
}

bool
plat_worker_give(PlatWorker *w, const void *msg, size_t len,
				 PlatHandle connection, const PlatLimits *limits, ShErr *err)
{
	/* The worker sets its limits itself. */
	bool		ok = message_send(w->channel, msg, len, NULL, 0, connection,
								  err);

	(void) limits;
	plat_close(connection);
	return ok;
}

void
plat_worker_kill(PlatWorker *w)
{
	(void) syscall(SYS_pidfd_send_signal, w->pidfd, SIGKILL, NULL, 0);
}

void
plat_worker_release(PlatWorker *w)
{
	if (w == NULL)
		return;
	plat_close(w->channel);
	plat_close(w->pidfd);
	plat_close(w->statm);
	plat_close(w->stat);
	plat_close(w->schedstat);
	free(w);
}

static bool
read_proc(int fd, char *buf, size_t size)
{
	ssize_t		n = pread(fd, buf, size - 1, 0);

	if (n <= 0)
		return false;
	buf[n] = '\0';
	return true;
}

/*
 * CPU time: to the nanosecond from schedstat, else in ticks (10 ms) from
 * stat, fields 14 and 15 after the name, which may hold anything.
 */
static bool
read_cpu(PlatWorker *w, uint64_t *cpu_us)
{
	char		text[1024];
	char	   *at;
	unsigned long long user;
	unsigned long long sys;

	if (w->schedstat >= 0 && read_proc(w->schedstat, text, sizeof(text)) &&
		sscanf(text, "%llu", &user) == 1)
	{
		*cpu_us = user / 1000;
		return true;
	}
	if (!read_proc(w->stat, text, sizeof(text)) ||
		(at = strrchr(text, ')')) == NULL ||
		sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
			   &user, &sys) != 2)
		return false;
	*cpu_us = (user + sys) * 1000000 / (uint64_t) sysconf(_SC_CLK_TCK);
	return true;
}

bool
plat_worker_usage(PlatWorker *w, PlatUsage *usage)
{
	char		text[256];
	unsigned long long size;
	unsigned long long resident;
	unsigned long long shared;
	uint64_t	page = (uint64_t) sysconf(_SC_PAGESIZE);

	if (!read_proc(w->statm, text, sizeof(text)) ||
		sscanf(text, "%llu %llu %llu", &size, &resident, &shared) != 3)
		return false;
	usage->address_space = size * page;
	usage->resident_all = resident * page;
	usage->resident = (resident > shared ? resident - shared : 0) * page;
	return read_cpu(w, &usage->cpu_us);
}

/* ---- events ---- */

static PlatEnd
classify(const PoolMessage *m)
{
	PlatEnd		end = {.kind = PLAT_END_EXITED,.detail = m->status,
		.cpu_us = m->cpu_us,.peak_bytes = m->peak_bytes};

	if (m->code != CLD_KILLED)
		return end;
	switch (m->status)
	{
		case SIGSYS:
			end.kind = PLAT_END_FORBIDDEN;
			break;
		case SIGKILL:
			end.kind = PLAT_END_KILLED;
			break;
		case SIGXCPU:
			end.kind = PLAT_END_CPU;
			break;
		default:
			end.kind = PLAT_END_CRASHED;
			break;
	}
	return end;
}

static void
started(PlatPool *pool, PlatEvent *event, int pidfd)
{
	int			channel = take_pending(pool, event->id);

	event->kind = PLAT_EVENT_NOT_STARTED;
	snprintf(event->blob, sizeof(event->blob), "no process descriptor");
	if (channel < 0 || pidfd < 0)
	{
		plat_close(channel);
		plat_close(pidfd);
		return;
	}
	event->worker = new_worker(channel, pidfd);
	if (event->worker != NULL)
		event->kind = PLAT_EVENT_STARTED;
}

void
plat_pool_event(PlatPool *pool, PlatEvent *event)
{
	PoolMessage m;
	int			pidfd;
	long		n = message_receive(pool->control, &m, sizeof(m), event->blob,
									sizeof(event->blob) - 1, &pidfd);

	event->kind = PLAT_EVENT_NONE;
	event->worker = NULL;
	if (n == PLAT_AGAIN)
		return;
	if (n <= 0)
	{
		event->kind = PLAT_EVENT_GONE;
		return;
	}
	event->id = m.id;
	event->len = (size_t) n - sizeof(m);
	event->blob[event->len] = '\0';
	switch (m.kind)
	{
		case POOL_READY:
			event->kind = PLAT_EVENT_READY;
			break;
		case POOL_FAILED:
			event->kind = PLAT_EVENT_FAILED;
			break;
		case POOL_STARTED:
			started(pool, event, pidfd);
			return;
		case POOL_NOT_STARTED:
			plat_close(take_pending(pool, m.id));
			event->kind = PLAT_EVENT_NOT_STARTED;
			break;
		case POOL_ENDED:
			event->kind = PLAT_EVENT_ENDED;
			event->end = classify(&m);
			break;
		default:
			event->kind = PLAT_EVENT_GONE;
			break;
	}
	plat_close(pidfd);
}
