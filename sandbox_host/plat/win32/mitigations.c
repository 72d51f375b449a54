/*
 * mitigations.c
 *		Process mitigation policies: what a process may not do for the rest of
 *		its life, whoever runs in it.
 *
 * Most are set when it is made.  Two only at lock-down, because loading Python
 * needs what they take away: ctypes, which pandas imports, makes code while
 * it is loaded; and libraries that pyarrow links to start user32.
 */
#include "win32.h"

/* Numbers of PROCESS_MITIGATION_POLICY */
#define POLICY_DYNAMIC_CODE		2
#define POLICY_SYSTEM_CALLS		4
#define POLICY_EXTENSION_POINTS	6
#define POLICY_IMAGE_LOAD		10
#define POLICY_CHILD_PROCESS	13

/* Flags of those policies; each is one 32-bit word. */
#define PROHIBIT_DYNAMIC_CODE	1
#define DISALLOW_WIN32K			1
#define DISABLE_EXTENSION_POINTS 1
#define NO_REMOTE_IMAGES		1
#define NO_LOW_LABEL_IMAGES		2
#define NO_CHILD_PROCESS		1

/* Bits of PROC_THREAD_ATTRIBUTE_MITIGATION_POLICY */
uint64_t
mitigations_at_creation(void)
{
	return UINT64_C(1) << 32 |	/* extension points off */
		UINT64_C(1) << 48 |		/* no fonts but the system's */
		UINT64_C(1) << 52 |		/* no images from the network */
		UINT64_C(1) << 56;		/* none that a low process wrote */
}

static void
set(int policy, uint32_t flags)
{
	const WinApi *api = winapi();

	if (api->set_mitigation != NULL)
		(void) api->set_mitigation(policy, &flags, sizeof(flags));
}

void
mitigations_at_lockdown(void)
{
	set(POLICY_DYNAMIC_CODE, PROHIBIT_DYNAMIC_CODE);
	set(POLICY_EXTENSION_POINTS, DISABLE_EXTENSION_POINTS);
	set(POLICY_IMAGE_LOAD, NO_REMOTE_IMAGES | NO_LOW_LABEL_IMAGES);
	/*
	 * A gain where it takes: not counted, because whether it does depends on
	 * what has been loaded.
	 */
	set(POLICY_SYSTEM_CALLS, DISALLOW_WIN32K);
}

static bool
is_set(int policy, uint32_t flags)
{
	const WinApi *api = winapi();
	uint32_t	value = 0;

	return api->get_mitigation != NULL &&
		api->get_mitigation(GetCurrentProcess(), policy, &value,
							sizeof(value)) && (value & flags) == flags;
}

uint32_t
mitigations_read_back(void)
{
	uint32_t	mechanisms = 0;

	if (is_set(POLICY_CHILD_PROCESS, NO_CHILD_PROCESS))
		mechanisms |= MECH_NO_CHILD;
	if (is_set(POLICY_DYNAMIC_CODE, PROHIBIT_DYNAMIC_CODE))
		mechanisms |= MECH_NO_DYNAMIC_CODE;
	if (is_set(POLICY_EXTENSION_POINTS, DISABLE_EXTENSION_POINTS))
		mechanisms |= MECH_NO_EXTENSION_POINTS;
	if (is_set(POLICY_IMAGE_LOAD, NO_REMOTE_IMAGES))
		mechanisms |= MECH_NO_REMOTE_IMAGES;
	return mechanisms;
}
