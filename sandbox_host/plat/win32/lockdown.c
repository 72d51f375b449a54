/*
 * lockdown.c
 *		Which mechanisms bring which wall about, and what of them is in force
 *		in this process.
 *
 * Most walls stand before a worker's first instruction (launch.c).  What is
 * left for the worker itself is to give up what only starting needed, and to
 * read back.  Whether what stands is enough is decided by comparing with what
 * the self-test proved, and by the broker.
 */
#include "win32.h"

#include <stdio.h>

const MechanismRow mechanism_rows[] = {
	{MECH_HANDLES, WALL_PROCESS, "no inherited handle but the channel"},
	{MECH_ENVIRONMENT, WALL_PROCESS, "constant environment"},
	{MECH_DIES_WITH_BROKER, WALL_PROCESS, "killed with its job object"},
	{MECH_TOKEN, WALL_PROCESS | WALL_FILES, "restricted token"},
	{MECH_LOW_INTEGRITY, WALL_PROCESS | WALL_FILES, "low integrity"},
	{MECH_APPCONTAINER, WALL_PROCESS | WALL_FILES | WALL_NETWORK,
	"AppContainer without capabilities"},
	{MECH_LPAC, WALL_PROCESS | WALL_FILES | WALL_NETWORK, "less privileged"},
	{MECH_JOB_PROCESSES, WALL_RESOURCES, "job object: one process"},
	{MECH_JOB_MEMORY, WALL_RESOURCES, "job object: memory"},
	{MECH_JOB_CPU, WALL_RESOURCES, "job object: CPU time"},
	{MECH_JOB_UI, WALL_RESOURCES, "job object: user interface"},
	{MECH_NO_CHILD, WALL_KERNEL, "no child process"},
	{MECH_NO_DYNAMIC_CODE, WALL_KERNEL, "no dynamic code"},
	{MECH_NO_EXTENSION_POINTS, WALL_KERNEL, "no extension points"},
	{MECH_NO_REMOTE_IMAGES, WALL_KERNEL, "no remote images"},
	{0, 0, NULL}
};

#define RIGHTS "run the program on Windows 10 or Server 2019 or later, and " \
	"give ALL APPLICATION PACKAGES and ALL RESTRICTED APPLICATION PACKAGES " \
	"the right to read its directory (install.cmd does)"

const RemedyRow remedy_rows[] = {
	{WALL_LANGUAGE | WALL_IMPORTS,
	"check that the driver directory belongs to this version"},
	{WALL_PROCESS | WALL_FILES | WALL_NETWORK, RIGHTS},
	{WALL_RESOURCES, "use Windows 8 or later, where job objects can be nested"},
	{WALL_KERNEL, "use Windows 10 or Server 2019 or later"},
	{0, NULL}
};

/*
 * Inherited handles keep the mark that let them be inherited, and their
 * numbers: small ones.  Where nobody tells how many there are (Wine), nothing
 * is shown: to try all numbers would take half of a worker's start.
 */
uint32_t
handles_read_back(const Role *role)
{
	DWORD		left = 0;
	DWORD		flags;

	if (!GetProcessHandleCount(GetCurrentProcess(), &left) || left == 0)
		return 0;
	for (uintptr_t n = 4; left > 0 && n < 0x10000; n += 4)
	{
		HANDLE		h = (HANDLE) n;

		if (!GetHandleInformation(h, &flags))
			continue;
		left--;
		if (h != role->channel && h != role->shared &&
			(flags & HANDLE_FLAG_INHERIT))
			return 0;
	}
	return MECH_HANDLES;
}

/* What can only be seen before the process has changed it itself. */
static uint32_t at_birth;

void
mechanisms_at_birth(const Role *role)
{
	at_birth = handles_read_back(role) | environment_read_back();
}

uint32_t
mechanisms_in_force(const PlatLimits *limits)
{
	return at_birth | job_read_back(limits) | token_read_back() |
		mitigations_read_back();
}

/* ---- the seam ---- */

uint32_t
plat_lockdown(PlatTemplate *t, const PlatLimits *limits, PlatHandle *channel,
			  PlatHandle *data)
{
	(void) channel;
	(void) data;
	if (t->role->walls & WALL_KERNEL)
		mitigations_at_lockdown();
	t->in_force = mechanisms_in_force(limits);
	return walls_standing(t->role->proven, t->in_force) & t->role->walls;
}

bool
plat_lockdown_finish(PlatTemplate *t, PlatHandle channel)
{
	(void) t;
	plat_close(channel);
	return true;
}

void
plat_wall_proven(PlatTemplate *t, uint32_t wall)
{
	proven_note(t->proven, wall, t->probed);
}

const char *
plat_wall_means(const PlatTemplate *t, uint32_t wall, char *buf, size_t size)
{
	return mechanisms_named(t->probed, wall, buf, size);
}
