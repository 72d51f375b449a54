/*
 * token.c
 *		The access token of a confined process: no privilege, no group but
 *		those that everybody is in, low integrity.
 *
 * Made from the own token by the broker or the prover.  There is no list of
 * restricting accounts: with it the process could not load the libraries it
 * is made of; the AppContainer does what such a list would.
 */
#include "win32.h"

#include <stdlib.h>

#define MAX_GROUPS	256

static const SID_IDENTIFIER_AUTHORITY nt = {SECURITY_NT_AUTHORITY};
static const SID_IDENTIFIER_AUTHORITY world = {SECURITY_WORLD_SID_AUTHORITY};
static const SID_IDENTIFIER_AUTHORITY label = {SECURITY_MANDATORY_LABEL_AUTHORITY};

static PSID
make_sid(SID_IDENTIFIER_AUTHORITY authority, BYTE count, DWORD first,
		 DWORD second)
{
	PSID		sid = NULL;

	(void) AllocateAndInitializeSid(&authority, count, first, second, 0, 0, 0,
									0, 0, 0, &sid);
	return sid;
}

/* Everybody's groups, which reading Windows' own files needs. */
static bool
is_common(const SID_AND_ATTRIBUTES *group)
{
	static PSID common[3];

	if (group->Attributes & (SE_GROUP_LOGON_ID | SE_GROUP_INTEGRITY))
		return true;
	if (common[0] == NULL)
	{
		common[1] = make_sid(nt, 2, SECURITY_BUILTIN_DOMAIN_RID,
							 DOMAIN_ALIAS_RID_USERS);
		common[2] = make_sid(nt, 1, SECURITY_AUTHENTICATED_USER_RID, 0);
		common[0] = make_sid(world, 1, SECURITY_WORLD_RID, 0);
	}
	for (int i = 0; i < 3; i++)
		if (common[i] != NULL && EqualSid(group->Sid, common[i]))
			return true;
	return false;
}

static void *
token_info(HANDLE token, TOKEN_INFORMATION_CLASS class)
{
	DWORD		size = 0;
	void	   *info;

	(void) GetTokenInformation(token, class, NULL, 0, &size);
	info = malloc(size > 0 ? size : 1);
	if (info != NULL && GetTokenInformation(token, class, info, size, &size))
		return info;
	free(info);
	return NULL;
}

static bool
restrict_token(HANDLE own, HANDLE *out)
{
	TOKEN_GROUPS *groups = token_info(own, TokenGroups);
	SID_AND_ATTRIBUTES disable[MAX_GROUPS];
	DWORD		n = 0;
	bool		ok;

	if (groups == NULL)
		return false;
	for (DWORD i = 0; i < groups->GroupCount && n < MAX_GROUPS; i++)
		if (!is_common(&groups->Groups[i]))
			disable[n++] = (SID_AND_ATTRIBUTES) {groups->Groups[i].Sid, 0};
	ok = CreateRestrictedToken(own, DISABLE_MAX_PRIVILEGE, n, disable, 0, NULL,
							   0, NULL, out);
	free(groups);
	return ok;
}

static bool
lower_integrity(HANDLE token)
{
	TOKEN_MANDATORY_LABEL low = {{NULL, SE_GROUP_INTEGRITY}};
	bool		ok;

	low.Label.Sid = make_sid(label, 1, SECURITY_MANDATORY_LOW_RID, 0);
	if (low.Label.Sid == NULL)
		return false;
	ok = SetTokenInformation(token, TokenIntegrityLevel, &low, sizeof(low) +
							 GetLengthSid(low.Label.Sid));
	FreeSid(low.Label.Sid);
	return ok;
}

/* NULL with err, or the token for a confined process. */
HANDLE
token_create(ShErr *err)
{
	HANDLE		own = NULL;
	HANDLE		token = NULL;
	bool		ok;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE |
						  TOKEN_ASSIGN_PRIMARY | TOKEN_QUERY |
						  TOKEN_ADJUST_DEFAULT, &own))
	{
		sh_os_error(err, (int) GetLastError(), "could not open the own token");
		return NULL;
	}
	ok = restrict_token(own, &token);
	if (!ok)
		sh_os_error(err, (int) GetLastError(), "could not restrict a token");
	CloseHandle(own);
	/* Whether it took is read back inside. */
	if (ok)
		(void) lower_integrity(token);
	return ok ? token : NULL;
}

/* ---- read-back, inside ---- */

static bool
groups_are_common(HANDLE token)
{
	TOKEN_GROUPS *groups = token_info(token, TokenGroups);
	bool		common = groups != NULL;

	for (DWORD i = 0; common && i < groups->GroupCount; i++)
		if ((groups->Groups[i].Attributes & SE_GROUP_ENABLED) &&
			!is_common(&groups->Groups[i]))
			common = false;
	free(groups);
	return common;
}

static bool
has_no_privilege(HANDLE token)
{
	TOKEN_PRIVILEGES *p = token_info(token, TokenPrivileges);
	LUID		notify;
	bool		none = p != NULL &&
		LookupPrivilegeValueW(NULL, SE_CHANGE_NOTIFY_NAME, &notify);

	for (DWORD i = 0; none && i < p->PrivilegeCount; i++)
		if (p->Privileges[i].Luid.LowPart != notify.LowPart ||
			p->Privileges[i].Luid.HighPart != notify.HighPart)
			none = false;
	free(p);
	return none;
}

static bool
has_low_integrity(HANDLE token)
{
	TOKEN_MANDATORY_LABEL *l = token_info(token, TokenIntegrityLevel);
	bool		low = l != NULL &&
		*GetSidSubAuthority(l->Label.Sid, (DWORD) (*GetSidSubAuthorityCount(l->Label.Sid) - 1))
		<= SECURITY_MANDATORY_LOW_RID;

	free(l);
	return low;
}

static bool
says_yes(HANDLE token, int class)
{
	DWORD		value = 0;
	DWORD		size = 0;

	return GetTokenInformation(token, (TOKEN_INFORMATION_CLASS) class, &value,
							   sizeof(value), &size) && value != 0;
}

static bool
has_no_capability(HANDLE token)
{
	TOKEN_GROUPS *c = token_info(token, (TOKEN_INFORMATION_CLASS) 30);
	bool		none = c != NULL && c->GroupCount == 0;

	free(c);
	return none;
}

uint32_t
token_read_back(void)
{
	HANDLE		token;
	uint32_t	mechanisms = 0;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return 0;
	if (has_no_privilege(token) && groups_are_common(token))
		mechanisms |= MECH_TOKEN;
	if (has_low_integrity(token))
		mechanisms |= MECH_LOW_INTEGRITY;
	/* TokenIsAppContainer 29, TokenCapabilities 30 */
	if (says_yes(token, 29) && has_no_capability(token))
		mechanisms |= MECH_APPCONTAINER;
	/* TokenIsLessPrivilegedAppContainer */
	if (says_yes(token, 46))
		mechanisms |= MECH_LPAC;
	CloseHandle(token);
	return mechanisms;
}
