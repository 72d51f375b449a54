/*
 * appcontainer.c
 *		The AppContainer that workers run in: no capability, so no network,
 *		and no file, registry key, pipe or process but those that name it or
 *		all AppContainers.  Broker and prover.
 *
 * One profile for all workers of an account.  They cannot reach each other
 * through it, because each process names only the account in its own access
 * list (launch.c).
 */
#include "win32.h"

#define PROFILE		L"transform.sandbox"

PSID
appcontainer_sid(void)
{
	static PSID sid;
	static bool tried;
	const WinApi *api = winapi();

	if (tried || api->derive_sid == NULL)
		return sid;
	tried = true;
	/* A process can be started without the profile, too, on most systems. */
	if (api->create_profile == NULL ||
		FAILED(api->create_profile(PROFILE, PROFILE, PROFILE, NULL, 0, &sid)))
	{
		sid = NULL;
		if (FAILED(api->derive_sid(PROFILE, &sid)))
			sid = NULL;
	}
	return sid;
}
