/*
 * role.c
 *		What a process of this program is, as told by the one that started it:
 *		one variable of its environment, taken out at the first look.
 */
#include "win32.h"

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define ROLE_VARIABLE	L"SANDBOX_PROCESS"

/* "SANDBOX_PROCESS=role,walls,variant,channel,shared,proven...", hexadecimal */
void
role_write(const Role *role, wchar_t out[ROLE_TEXT_MAX])
{
	int			n = _snwprintf(out, ROLE_TEXT_MAX, ROLE_VARIABLE
							   L"=%x,%x,%x,%llx,%llx", (unsigned) role->role,
							   (unsigned) role->walls, (unsigned) role->variant,
							   (unsigned long long) (uintptr_t) role->channel,
							   (unsigned long long) (uintptr_t) role->shared);

	for (int i = 0; i < WALL_COUNT && n > 0 && n < ROLE_TEXT_MAX; i++)
		n += _snwprintf(out + n, (size_t) (ROLE_TEXT_MAX - n), L",%x",
						(unsigned) role->proven[i]);
	out[ROLE_TEXT_MAX - 1] = L'\0';
}

static uint64_t
next_number(const wchar_t **at)
{
	wchar_t    *end;
	uint64_t	value = wcstoull(*at, &end, 16);

	*at = *end == L',' ? end + 1 : end;
	return value;
}

const Role *
role_own(void)
{
	static Role role;
	static bool known;
	wchar_t		text[ROLE_TEXT_MAX];
	const wchar_t *at = text;
	DWORD		n;

	if (known)
		return &role;
	known = true;
	n = GetEnvironmentVariableW(ROLE_VARIABLE, text, ROLE_TEXT_MAX);
	if (n == 0 || n >= ROLE_TEXT_MAX)
		return &role;
	/* Out of both the process's and the C library's environment. */
	(void) _wputenv_s(ROLE_VARIABLE, L"");
	(void) SetEnvironmentVariableW(ROLE_VARIABLE, NULL);
	role.role = (ProcessRole) next_number(&at);
	role.walls = (uint32_t) next_number(&at);
	role.variant = (uint32_t) next_number(&at);
	role.channel = (HANDLE) (uintptr_t) next_number(&at);
	role.shared = (HANDLE) (uintptr_t) next_number(&at);
	for (int i = 0; i < WALL_COUNT; i++)
		role.proven[i] = (uint32_t) next_number(&at);
	return &role;
}
