/*
 * link_win32_names.c
 *		Names on Windows: strings in the system's encodings, accounts.
 *
 * Process: any.
 */
#include "postgres.h"

#include "link_win32.h"
#include "tr_host.h"
#include "tr_types.h"

wchar_t *
tr_to_wide(const char *text)
{
	int			size = MultiByteToWideChar(CP_ACP, 0, text, -1, NULL, 0);
	wchar_t    *wide = palloc(sizeof(wchar_t) * Max(size, 1));

	wide[0] = L'\0';
	(void) MultiByteToWideChar(CP_ACP, 0, text, -1, wide, size);
	return wide;
}

char *
tr_host_to_text(const char *message)
{
	wchar_t    *wide = tr_to_wide(message);
	int			size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0,
										   NULL, NULL);
	char	   *utf8 = palloc0(Max(size, 1));
	WireText	text;

	(void) WideCharToMultiByte(CP_UTF8, 0, wide, -1, utf8, size, NULL, NULL);
	text.data = utf8;
	text.len = (uint32) strlen(utf8);
	return tr_text_from_worker(text, false);
}

PSID
tr_own_sid(void)
{
	HANDLE		token;
	union
	{
		TOKEN_USER	user;
		char		bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
	}			info;
	DWORD		size;
	PSID		sid;
	bool		ok;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		elog(ERROR, "could not open the process token: error code %lu",
			 GetLastError());
	ok = GetTokenInformation(token, TokenUser, &info, sizeof(info), &size);
	(void) CloseHandle(token);
	if (!ok)
		elog(ERROR, "could not look up the server's account: error code %lu",
			 GetLastError());
	size = GetLengthSid(info.user.User.Sid);
	sid = palloc(size);
	(void) CopySid(size, sid, info.user.User.Sid);
	return sid;
}

PSID
tr_named_sid(const char *account)
{
	DWORD		size = SECURITY_MAX_SID_SIZE;
	PSID		sid = palloc(size);
	wchar_t		domain[256];
	DWORD		domain_size = lengthof(domain);
	SID_NAME_USE use;

	return LookupAccountNameW(NULL, tr_to_wide(account), sid, &size, domain,
							  &domain_size, &use) ? sid : NULL;
}

bool
tr_host_file_is_private(int fd)
{
	(void) fd;
	return true;
}
