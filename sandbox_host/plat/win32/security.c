/*
 * security.c
 *		Accounts and security descriptors.  Broker and prover.
 */
#include "win32.h"

#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>

/* The user of a token, malloc. */
static TOKEN_USER *
token_user(HANDLE token)
{
	DWORD		size = 0;
	TOKEN_USER *user;

	(void) GetTokenInformation(token, TokenUser, NULL, 0, &size);
	user = malloc(size > 0 ? size : 1);
	if (user != NULL && GetTokenInformation(token, TokenUser, user, size, &size))
		return user;
	free(user);
	return NULL;
}

PSID
security_own_sid(void)
{
	static TOKEN_USER *user;
	HANDLE		token;

	if (user == NULL && OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY,
										 &token))
	{
		user = token_user(token);
		CloseHandle(token);
	}
	return user != NULL ? user->User.Sid : NULL;
}

bool
security_token_user_is(HANDLE token, PSID sid)
{
	TOKEN_USER *user = token_user(token);
	bool		same = user != NULL && sid != NULL &&
		EqualSid(user->User.Sid, sid);

	free(user);
	return same;
}

wchar_t *
security_sid_text(PSID sid)
{
	wchar_t    *text = NULL;

	if (sid == NULL || !ConvertSidToStringSidW(sid, &text))
		return NULL;
	return text;
}

/* By name ("NT SERVICE\name", "domain\name") or as S-1-...; never freed. */
bool
security_find_account(const char *name, PSID *sid, ShErr *err)
{
	wchar_t    *wide = text_to_wide(name);
	wchar_t		domain[256];
	DWORD		size = SECURITY_MAX_SID_SIZE;
	DWORD		domain_size = 256;
	SID_NAME_USE use;
	bool		found = false;

	*sid = NULL;
	if (wide != NULL && ConvertStringSidToSidW(wide, sid))
		found = true;
	else if (wide != NULL && (*sid = malloc(size)) != NULL)
		found = LookupAccountNameW(NULL, wide, *sid, &size, domain,
								   &domain_size, &use);
	free(wide);
	return found ? true : sh_os_error(err, (int) GetLastError(),
									  "account \"%s\" was not found", name);
}

bool
security_attributes(SECURITY_ATTRIBUTES *sa, const wchar_t *sddl, ShErr *err)
{
	wchar_t		text[600];
	wchar_t    *own = security_sid_text(security_own_sid());
	bool		ok;

	sa->nLength = sizeof(*sa);
	sa->bInheritHandle = FALSE;
	sa->lpSecurityDescriptor = NULL;
	if (own == NULL)
		return sh_os_error(err, (int) GetLastError(),
						   "could not learn the own account");
	_snwprintf(text, 599, sddl, own, own);
	text[599] = L'\0';
	LocalFree(own);
	ok = ConvertStringSecurityDescriptorToSecurityDescriptorW(
			text, SDDL_REVISION_1, &sa->lpSecurityDescriptor, NULL);
	return ok ? true : sh_os_error(err, (int) GetLastError(),
								   "could not describe access rights");
}

void
security_free(SECURITY_ATTRIBUTES *sa)
{
	if (sa->lpSecurityDescriptor != NULL)
		LocalFree(sa->lpSecurityDescriptor);
	sa->lpSecurityDescriptor = NULL;
}
