/*
 * worker.c
 *		A worker as the broker holds it: its process, Job Object, channel and
 *		working directory.
 */
#include "worker.h"

#include <psapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX		1024
#define KILLED_STATUS	0x7e000001
#define QUOTA_EXCEEDED	0xC0000044	/* STATUS_QUOTA_EXCEEDED */

struct PlatWorker
{
	uint32_t	id;
	bool		announced;
	bool		was_idle;		/* it has said something */
	bool		killed;			/* by us */
	Child		child;
	PlatHandle	channel;
	HANDLE		wait;			/* for the end of the process */
	uint32_t	walls;
	uint64_t	peak;			/* of what it has committed, as last seen */
	wchar_t    *directory;
	PlatWorker **place;
	char		why[400];		/* its last words */
	uint8_t		in[sizeof(RecordHead) + MESSAGE_MAX];
	size_t		in_len;
};

static void CALLBACK
process_ended(void *event, BOOLEAN timed_out)
{
	(void) timed_out;
	(void) SetEvent(event);
}

static bool
start_process(PlatWorker *w, const Role *role, const wchar_t *command,
			  ShErr *err)
{
	HANDLE		ends[2];
	Launch		launch = {.role = *role,.command = command};
	bool		ok;

	w->directory = workdir_create(err);
	if (w->directory == NULL || !pipe_pair(ends, err))
		return false;
	launch.role.channel = ends[1];
	launch.directory = w->directory;
	ok = launch_start(&launch, &w->child, err);
	CloseHandle(ends[1]);
	w->channel = port_new(ends[0], false);
	if (w->channel == PLAT_NONE)
	{
		CloseHandle(ends[0]);
		return ok ? sh_error(err, "out of memory") : false;
	}
	return ok;
}

PlatWorker *
worker_start(const Role *role, const wchar_t *command, HANDLE event,
			 ShErr *err)
{
	PlatWorker *w = calloc(1, sizeof(*w));

	if (w == NULL)
	{
		sh_error(err, "out of memory");
		return NULL;
	}
	w->channel = PLAT_NONE;
	w->walls = role->walls;
	if (start_process(w, role, command, err))
	{
		port_notify(w->channel, event);
		if (RegisterWaitForSingleObject(&w->wait, w->child.process,
										process_ended, event, INFINITE,
										WT_EXECUTEONLYONCE |
										WT_EXECUTEINWAITTHREAD))
			return w;
		sh_os_error(err, (int) GetLastError(), "could not watch a worker");
	}
	plat_worker_release(w);
	return NULL;
}

void
worker_set_id(PlatWorker *w, uint32_t id)
{
	w->id = id;
}

uint32_t
worker_id(const PlatWorker *w)
{
	return w->id;
}

void
worker_set_place(PlatWorker *w, PlatWorker **place)
{
	w->place = place;
}

/* The pool's event goes: nothing may set it any more. */
void
worker_forget_pool(PlatWorker *w)
{
	w->place = NULL;
	if (w->wait != NULL)
		(void) UnregisterWaitEx(w->wait, INVALID_HANDLE_VALUE);
	w->wait = NULL;
	if (w->channel != PLAT_NONE)
		port_notify(w->channel, NULL);
	/* Never announced: nobody else will release it. */
	if (!w->announced)
		plat_worker_release(w);
}

bool
worker_announce(PlatWorker *w)
{
	bool		first = !w->announced;

	w->announced = true;
	return first;
}

void
plat_worker_release(PlatWorker *w)
{
	if (w == NULL)
		return;
	if (w->place != NULL)
		*w->place = NULL;
	if (w->wait != NULL)
		(void) UnregisterWaitEx(w->wait, INVALID_HANDLE_VALUE);
	plat_close(w->channel);
	launch_kill(&w->child);
	workdir_remove(w->directory);
	free(w);
}

void
plat_worker_kill(PlatWorker *w)
{
	w->killed = true;
	if (w->child.job != NULL)
		(void) TerminateJobObject(w->child.job, KILLED_STATUS);
}

PlatHandle
plat_worker_handle(const PlatWorker *w)
{
	return w->channel;
}

uint32_t
plat_worker_pid(const PlatWorker *w)
{
	return w->child.pid;
}

/* ---- what it says ---- */

/* 1: a whole record is in w->in; 0: not yet; -1: nothing more will come. */
static int
fill(PlatWorker *w, RecordHead *head)
{
	for (;;)
	{
		size_t		wanted = sizeof(*head);
		long		n;

		if (w->in_len >= sizeof(*head))
		{
			memcpy(head, w->in, sizeof(*head));
			if (head->len > MESSAGE_MAX)
				return -1;
			wanted += head->len;
			if (w->in_len == wanted)
				return 1;
		}
		n = plat_read(w->channel, w->in + w->in_len, wanted - w->in_len);
		if (n == PLAT_AGAIN)
			return 0;
		if (n <= 0)
			return -1;
		w->in_len += (size_t) n;
	}
}

bool
worker_has_spoken(PlatWorker *w)
{
	RecordHead	head;

	return fill(w, &head) == 1 && head.kind == RECORD_SAYS;
}

long
plat_worker_hear(PlatWorker *w, void *buf, size_t size)
{
	RecordHead	head;
	int			whole = fill(w, &head);

	if (whole <= 0)
		return whole == 0 ? PLAT_AGAIN : 0;
	w->in_len = 0;
	if (head.kind == RECORD_FAILED && !w->was_idle)
		snprintf(w->why, sizeof(w->why), "%.*s", (int) head.len,
				 (const char *) w->in + sizeof(head));
	if (head.kind != RECORD_SAYS || head.len > size)
		return 0;
	w->was_idle = true;
	memcpy(buf, w->in + sizeof(head), head.len);
	return (long) head.len;
}

bool
plat_worker_give(PlatWorker *w, const void *msg, size_t len,
				 PlatHandle connection, const PlatLimits *limits, ShErr *err)
{
	HANDLE		theirs = NULL;
	PlatUsage	now = {0};
	bool		ok = true;

	/* Whether the limits took, the worker reads back. */
	if (plat_worker_usage(w, &now))
		(void) job_limit(w->child.job, w->walls, limits, now.cpu_us);
	if (!DuplicateHandle(GetCurrentProcess(), port_raw(connection),
						 w->child.process, &theirs,
						 FILE_GENERIC_READ | FILE_GENERIC_WRITE, FALSE, 0))
		ok = sh_os_error(err, (int) GetLastError(),
						 "could not hand a connection to a worker");
	else if (!record_send(w->channel, RECORD_JOB,
						  (uint64_t) (uintptr_t) theirs, msg, len))
		ok = sh_error(err, "could not send a worker its job");
	plat_close(connection);
	return ok;
}

/* ---- what it uses, and its end ---- */

/*
 * Wine gives its own times for another process, but the right ones for a
 * thread, and there is only one.
 */
static uint64_t
cpu_us(const Child *child)
{
	FILETIME	unused[2];
	FILETIME	kernel = {0, 0};
	FILETIME	user = {0, 0};
	BOOL		known = winapi()->wine_version != NULL ?
		GetThreadTimes(child->thread, &unused[0], &unused[1], &kernel, &user) :
		GetProcessTimes(child->process, &unused[0], &unused[1], &kernel, &user);

	if (!known)
		return 0;
	return (((uint64_t) kernel.dwHighDateTime << 32 | kernel.dwLowDateTime) +
			((uint64_t) user.dwHighDateTime << 32 | user.dwLowDateTime)) / 10;
}

/* What it has committed is what it alone has caused. */
bool
plat_worker_usage(PlatWorker *w, PlatUsage *usage)
{
	PROCESS_MEMORY_COUNTERS m = {.cb = sizeof(m)};

	if (!GetProcessMemoryInfo(w->child.process, &m, sizeof(m)))
		return false;
	usage->resident = usage->resident_all = m.PagefileUsage;
	usage->address_space = m.PagefileUsage;
	usage->cpu_us = cpu_us(&w->child);
	if (m.PeakPagefileUsage > w->peak)
		w->peak = m.PeakPagefileUsage;
	return true;
}

static PlatEndKind
kind_of_end(DWORD status)
{
	if ((status & ~(DWORD) WORKER_STATUS_MASK) == WORKER_STATUS)
		return PLAT_END_EXITED;
	/* Job Objects end a process with either. */
	if (status == QUOTA_EXCEEDED ||
		status == ERROR_NOT_ENOUGH_QUOTA)
		return PLAT_END_CPU;
	if (status >= 0xC0000000)
		return PLAT_END_CRASHED;
	return PLAT_END_KILLED;
}

bool
worker_is_over(PlatWorker *w, PlatEnd *end, char *why, size_t size)
{
	DWORD		status = 0;
	RecordHead	head;
	char		unused[MESSAGE_MAX];

	why[0] = '\0';
	if (WaitForSingleObject(w->child.process, 0) != WAIT_OBJECT_0)
		return false;
	(void) GetExitCodeProcess(w->child.process, &status);
	/* What it wrote before its end is still to be heard. */
	if (!w->was_idle && fill(w, &head) == 1)
	{
		if (head.kind == RECORD_FAILED)
			(void) plat_worker_hear(w, unused, sizeof(unused));
		else
			w->was_idle = true;
	}
	if (!w->was_idle && !w->killed)
		snprintf(why, size, "a confined worker could not start: %s (exit "
				 "status 0x%lx)", w->why[0] != '\0' ? w->why :
				 "it ended before it could say why", status);
	if (end == NULL)
		return true;
	end->kind = kind_of_end(status);
	end->detail = (int) status;
	if (end->kind == PLAT_END_EXITED)
		end->detail &= WORKER_STATUS_MASK;
	end->cpu_us = cpu_us(&w->child);
	end->peak_bytes = job_peak(w->child.job);
	if (end->peak_bytes < w->peak)
		end->peak_bytes = w->peak;
	return true;
}
