/*
 * missing_defs.h
 *		Kernel constants that the headers of older distributions lack; the
 *		numbers are the kernel's ABI.  What the running kernel knows is asked
 *		at run time.
 */
#ifndef MISSING_DEFS_H
#define MISSING_DEFS_H

#include <stdint.h>

/* struct landlock_ruleset_attr of ABI 6; older kernels take a shorter one */
typedef struct LandlockRuleset
{
	uint64_t	handled_fs;
	uint64_t	handled_net;	/* ABI 4 */
	uint64_t	scoped;			/* ABI 6 */
} LandlockRuleset;

#define LANDLOCK_FS_ABI1		((UINT64_C(1) << 13) - 1)
#define LANDLOCK_FS_REFER		(UINT64_C(1) << 13)	/* ABI 2 */
#define LANDLOCK_FS_TRUNCATE	(UINT64_C(1) << 14)	/* ABI 3 */
#define LANDLOCK_FS_IOCTL_DEV	(UINT64_C(1) << 15)	/* ABI 5 */
#define LANDLOCK_NET_BIND_TCP	(UINT64_C(1) << 0)
#define LANDLOCK_NET_CONNECT_TCP (UINT64_C(1) << 1)
#define LANDLOCK_SCOPE_ABSTRACT	(UINT64_C(1) << 0)
#define LANDLOCK_SCOPE_SIGNALS	(UINT64_C(1) << 1)

#ifndef LANDLOCK_CREATE_RULESET_VERSION
#define LANDLOCK_CREATE_RULESET_VERSION (1U << 0)
#endif

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1			/* si_code of a SIGSYS sent by a filter */
#endif

#endif							/* MISSING_DEFS_H */
