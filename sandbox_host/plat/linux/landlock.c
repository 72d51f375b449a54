/*
 * landlock.c
 *		Landlock with no rule at all: everything it can handle is refused.
 *
 * Runs in workers and probe children.  Which rights exist depends on the
 * kernel's ABI number; each wall asks for its own part, so that one wall can
 * be tested with the others off.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux.h"
#include "missing_defs.h"

/* The kernel's Landlock ABI, 0 when it has none or it is switched off. */
int
landlock_abi(void)
{
	long		abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
							  LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int) abi : 0;
}

static uint64_t
file_rights(int abi)
{
	uint64_t	rights = LANDLOCK_FS_ABI1;

	if (abi >= 2)
		rights |= LANDLOCK_FS_REFER;
	if (abi >= 3)
		rights |= LANDLOCK_FS_TRUNCATE;
	if (abi >= 5)
		rights |= LANDLOCK_FS_IOCTL_DEV;
	return rights;
}

/* The kernel refuses attributes it does not know: pass what its ABI has. */
static size_t
attribute_size(int abi)
{
	return abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
}

/* Can the root directory still be opened? */
static bool
root_opens(void)
{
	int			fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != EACCES;
}

/*
 * Apply what the walls need; returns the mechanisms that are in force.
 * Needs no_new_privs.
 */
uint32_t
landlock_apply(int abi, uint32_t walls)
{
	LandlockRuleset rules = {0};
	uint32_t	mechanisms = 0;
	int			fd;
	bool		done;

	if (abi >= 1 && (walls & WALL_FILES))
	{
		rules.handled_fs = file_rights(abi);
		mechanisms |= MECH_LANDLOCK_FILES;
	}
	if (abi >= 4 && (walls & WALL_NETWORK))
	{
		rules.handled_net = LANDLOCK_NET_BIND_TCP | LANDLOCK_NET_CONNECT_TCP;
		mechanisms |= MECH_LANDLOCK_TCP;
	}
	if (abi >= 6 && (walls & WALL_NETWORK))
	{
		rules.scoped |= LANDLOCK_SCOPE_ABSTRACT;
		mechanisms |= MECH_LANDLOCK_ABSTRACT;
	}
	if (abi >= 6 && (walls & WALL_PROCESS))
	{
		rules.scoped |= LANDLOCK_SCOPE_SIGNALS;
		mechanisms |= MECH_LANDLOCK_SIGNALS;
	}
	if (mechanisms == 0)
		return 0;
	fd = (int) syscall(SYS_landlock_create_ruleset, &rules,
					   attribute_size(abi), 0);
	if (fd < 0)
		return 0;
	done = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	close(fd);
	if (!done || ((walls & WALL_FILES) && root_opens()))
		return 0;
	return mechanisms;
}
