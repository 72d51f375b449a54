/*
 * lockdown.c
 *		The ordered list of steps that turn a forked process into a confined
 *		one.
 *
 * Two lists, because an idle worker is confined before it has a job: the
 * steps at birth need no knowledge of the job, those at the job set its
 * limits and leave it with one descriptor.  The order is fixed: namespaces
 * need capabilities; Landlock and seccomp need no_new_privs; Landlock needs
 * to open its read-back before the limit on descriptors is 0; seccomp is last
 * because it forbids all other steps.
 *
 * A step adds the mechanisms that it has read back; it never stops the list.
 * Whether what stands is enough is decided by comparing with what the
 * self-test proved (walls_standing), and by the broker.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux.h"
#include "environment.h"
#include "missing_defs.h"

extern char **environ;

const MechanismRow mechanism_rows[] = {
	{MECH_PID_NS, WALL_PROCESS, "pid namespace"},
	{MECH_OWN_PID_NS, WALL_PROCESS, "pid namespace of its own"},
	{MECH_IPC_NS, WALL_PROCESS, "ipc namespace"},
	{MECH_SESSION, WALL_PROCESS, "session of its own"},
	{MECH_NO_ENVIRONMENT, WALL_PROCESS, "empty environment"},
	{MECH_ONE_DESCRIPTOR, WALL_PROCESS, "one descriptor"},
	{MECH_NO_CAPABILITIES, WALL_PROCESS, "no capabilities"},
	{MECH_NO_NEW_PRIVS, WALL_PROCESS, "no new privileges"},
	{MECH_DIES_WITH_PARENT, WALL_PROCESS, "dies with its parent"},
	{MECH_LANDLOCK_SIGNALS, WALL_PROCESS, "Landlock (signals)"},
	{MECH_RLIMITS, WALL_RESOURCES, "process limits"},
	{MECH_LANDLOCK_FILES, WALL_FILES, "Landlock (files)"},
	{MECH_EMPTY_ROOT, WALL_FILES | WALL_NETWORK, "empty root directory"},
	{MECH_SECCOMP, WALL_KERNEL, "seccomp filter"},
	{MECH_NET_NS, WALL_NETWORK, "network namespace"},
	{MECH_LANDLOCK_TCP, WALL_NETWORK, "Landlock (TCP)"},
	{MECH_LANDLOCK_ABSTRACT, WALL_NETWORK, "Landlock (abstract sockets)"},
	{0, 0, NULL}
};

const RemedyRow remedy_rows[] = {
	{WALL_LANGUAGE | WALL_IMPORTS,
	"check that the driver directory belongs to this version"},
	{WALL_PROCESS | WALL_NETWORK,
	"allow unprivileged user namespaces for this account"},
	{WALL_RESOURCES, "check the limits that this account was given"},
	{WALL_FILES, "enable Landlock in the kernel, or allow user namespaces"},
	{WALL_KERNEL, "use a kernel with seccomp filters"},
	{0, NULL}
};

/* ---- the steps at birth ---- */

static uint32_t
new_session(void)
{
	/* A process that leads a session already cannot begin one. */
	return setsid() >= 0 || getsid(0) == getpid() ? MECH_SESSION : 0;
}

static uint32_t
constant_environment(void)
{
	environ = (char **) worker_environment;
	return MECH_NO_ENVIRONMENT;
}

/* Close all but keep_fd, which becomes WORKER_CHANNEL_FD. */
static uint32_t
one_descriptor(int keep_fd)
{
	if (keep_fd != WORKER_CHANNEL_FD &&
		dup2(keep_fd, WORKER_CHANNEL_FD) < 0)
		return 0;
	if (syscall(SYS_close_range, 0, WORKER_CHANNEL_FD - 1, 0) < 0 ||
		syscall(SYS_close_range, WORKER_CHANNEL_FD + 1, ~0U, 0) < 0)
		return 0;
	for (int fd = 0; fd < 64; fd++)
		if (fd != WORKER_CHANNEL_FD && fcntl(fd, F_GETFD) != -1)
			return 0;
	return MECH_ONE_DESCRIPTOR;
}

static uint32_t
die_with_parent(pid_t parent, bool own_pid_ns)
{
	int			signal_number = 0;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
		prctl(PR_GET_PDEATHSIG, &signal_number) < 0 ||
		signal_number != SIGKILL)
		return 0;
	/* It may have died before; with a namespace, so have we. */
	if (!own_pid_ns && getppid() != parent)
		_exit(1);
	return MECH_DIES_WITH_PARENT;
}

bool
capabilities_drop(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{0}};

	/* Needs CAP_SETPCAP; without it no_new_privs does the same. */
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		(void) prctl(PR_CAPBSET_DROP, cap);
	if (syscall(SYS_capset, &head, data) < 0)
		return false;
	memset(data, 0xff, sizeof(data));
	return syscall(SYS_capget, &head, data) == 0 &&
		(data[0].permitted | data[0].effective | data[0].inheritable |
		 data[1].permitted | data[1].effective | data[1].inheritable) == 0;
}

bool
no_new_privs(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

/* All steps that need no job; returns the mechanisms in force. */
uint32_t
lockdown_at_birth(PlatTemplate *t, uint32_t walls, uint32_t in_force,
				  int keep_fd)
{
	in_force |= ns_enter(mechanisms_of_wall(walls) &
						 (MECH_IPC_NS | MECH_NET_NS | MECH_EMPTY_ROOT),
						 t->staged);
	if (walls & WALL_PROCESS)
	{
		in_force |= new_session();
		in_force |= constant_environment();
		in_force |= one_descriptor(keep_fd);
		in_force |= die_with_parent(t->parent,
									(in_force & MECH_OWN_PID_NS) != 0);
		(void) prctl(PR_SET_DUMPABLE, 0);
		if (capabilities_drop())
			in_force |= MECH_NO_CAPABILITIES;
	}
	/* Landlock and seccomp of the other walls need it too. */
	if ((walls & (WALL_PROCESS | WALL_FILES | WALL_NETWORK | WALL_KERNEL)) &&
		no_new_privs())
		in_force |= MECH_NO_NEW_PRIVS;
	return in_force;
}

/* The steps at the job, all but seccomp. */
uint32_t
lockdown_at_job(PlatTemplate *t, uint32_t walls, uint32_t in_force,
				const PlatLimits *limits)
{
	in_force |= landlock_apply(t->landlock_abi, walls);
	if (walls & WALL_RESOURCES)
		in_force |= limits_apply(limits);
	if ((walls & WALL_KERNEL) && t->filter.len > 0)
		in_force |= MECH_SECCOMP;
	return in_force;
}

/* ---- the seam ---- */

/* Put the connection where the filter expects it. */
static bool
move_data(PlatHandle *data)
{
	if (*data == WORKER_DATA_FD)
		return true;
	if (dup2(*data, WORKER_DATA_FD) < 0)
		return false;
	(void) close(*data);
	*data = WORKER_DATA_FD;
	return true;
}

uint32_t
plat_lockdown(PlatTemplate *t, const PlatLimits *limits,
			  PlatHandle *channel, PlatHandle *data)
{
	if (!move_data(data) || *channel < 0 || !set_nonblocking(*data, false))
		return 0;
	t->in_force = lockdown_at_job(t, t->walls, t->in_force, limits);
	return walls_standing(t->proven, t->in_force) & t->walls;
}

bool
plat_lockdown_finish(PlatTemplate *t, PlatHandle channel)
{
	if (close(channel) < 0)
		return false;
	if ((t->walls & WALL_KERNEL) == 0)
		return true;
	return seccomp_install(&t->filter);
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
