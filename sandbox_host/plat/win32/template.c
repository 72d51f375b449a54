/*
 * template.c
 *		The two kinds of template: the prover, which proves the walls, tells
 *		the pool and ends; and the worker, which is its own template: it loads
 *		Python behind its walls and then serves once.
 */
#include "win32.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlhelp32.h>

PlatTemplate *
plat_template_begin(uint32_t walls, ShErr *err)
{
	PlatTemplate *t = calloc(1, sizeof(*t));

	(void) walls;				/* the role says the same */
	if (t == NULL)
	{
		sh_error(err, "out of memory");
		return NULL;
	}
	t->role = role_own();
	t->channel = port_new(t->role->channel, true);
	/* It must not be inherited once more. */
	if (t->channel == PLAT_NONE)
	{
		free(t);
		sh_error(err, "there is no channel to the broker");
		return NULL;
	}
	if (t->role->role == ROLE_WORKER)
		mechanisms_at_birth(t->role);
	(void) SetHandleInformation(t->role->channel, HANDLE_FLAG_INHERIT, 0);
	if (t->role->shared != NULL)
	{
		t->shared = MapViewOfFile(t->role->shared, FILE_MAP_READ, 0, 0, 0);
		CloseHandle(t->role->shared);
	}
	return t;
}

bool
plat_template_proves(const PlatTemplate *t)
{
	return t->role->role == ROLE_PROVER;
}

/* The runtime's directory is the one that AppContainers may read. */
bool
plat_template_can_read_later(const PlatTemplate *t)
{
	(void) t;
	return true;
}

bool
plat_template_share(PlatTemplate *t, const void *bytes, size_t len,
					ShErr *err)
{
	uint64_t	size = len + sizeof(uint64_t);
	uint64_t   *view = NULL;

	t->section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE,
									(DWORD) (size >> 32), (DWORD) size, NULL);
	if (t->section != NULL)
		view = MapViewOfFile(t->section, FILE_MAP_WRITE, 0, 0, 0);
	if (view == NULL)
		return sh_os_error(err, (int) GetLastError(),
						   "could not share what workers start with");
	view[0] = len;
	memcpy(view + 1, bytes, len);
	(void) UnmapViewOfFile(view);
	return true;
}

const void *
plat_template_shared(const PlatTemplate *t, size_t *len)
{
	if (t->shared == NULL)
		return NULL;
	*len = (size_t) t->shared[0];
	return t->shared + 1;
}

/* Everything was taken away before the first instruction. */
bool
plat_template_seal(PlatTemplate *t, ShErr *err)
{
	(void) t;
	(void) err;
	return true;
}

void
plat_template_facts(const PlatTemplate *t, char *buf, size_t size)
{
	uint32_t	proven = 0;

	for (int i = 0; i < WALL_COUNT; i++)
		proven |= t->proven[i];
	snprintf(buf, size,
			 "AppContainer\t%s\n"
			 "job object\t%s\n"
			 "process mitigations\t%s\n",
			 proven & MECH_LPAC ? "good\tless privileged" :
			 proven & MECH_APPCONTAINER ? "good\tavailable" :
			 "bad\tnot in force",
			 proven & MECH_JOB_MEMORY ? "good\tlimits in force" :
			 "bad\tlimits are not in force",
			 proven & MECH_NO_DYNAMIC_CODE ? "good\tin force" :
			 "bad\tnot in force");
}

/* ---- talking to the broker; a broker that does not listen is dead ---- */

void
plat_template_ready(PlatTemplate *t, const void *blob, size_t len)
{
	uint8_t		body[sizeof(t->proven) + PLAT_BLOB_MAX];
	size_t		room = PLAT_BLOB_MAX - sizeof(t->proven);

	/* A worker has nothing to tell that the prover has not. */
	if (t->role->role != ROLE_PROVER || len > room)
		return;
	memcpy(body, t->proven, sizeof(t->proven));
	memcpy(body + sizeof(t->proven), blob, len);
	if (!record_send(t->channel, RECORD_READY,
					 (uint64_t) (uintptr_t) t->section, body,
					 sizeof(t->proven) + len))
		ExitProcess(1);
}

void
plat_template_failed(PlatTemplate *t, const char *text)
{
	(void) record_send(t->channel, RECORD_FAILED, 0, text, strlen(text));
}

int
plat_template_serve(PlatTemplate *t, PlatWorkerMain main, void *arg)
{
	char		byte;

	/* At once: nothing that a script may have touched runs any more. */
	if (t->role->role == ROLE_WORKER)
		(void) TerminateProcess(GetCurrentProcess(), WORKER_STATUS |
								(DWORD) (main(t, t->channel, arg) &
										 WORKER_STATUS_MASK));
	/* The broker takes what is shared, and then lets go of the prover. */
	(void) plat_read(t->channel, &byte, 1);
	return 0;
}

/* ---- a worker's channel ---- */

bool
plat_channel_say(PlatHandle channel, const void *msg, size_t len)
{
	return record_send(channel, RECORD_SAYS, 0, msg, len);
}

static bool
read_whole(PlatHandle from, void *buf, size_t len)
{
	uint8_t    *at = buf;

	while (len > 0)
	{
		long		n = plat_read(from, at, len);

		if (n <= 0)
			return false;
		at += n;
		len -= (size_t) n;
	}
	return true;
}

long
plat_channel_take(PlatHandle channel, void *msg, size_t size,
				  PlatHandle *connection)
{
	RecordHead	head;

	*connection = PLAT_NONE;
	if (!read_whole(channel, &head, sizeof(head)) ||
		head.kind != RECORD_JOB || head.len > size ||
		!read_whole(channel, msg, head.len))
		return -1;
	*connection = port_new((HANDLE) (uintptr_t) head.number, true);
	return (long) head.len;
}
