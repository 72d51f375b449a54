/*
 * environment.c
 *		The whole environment of a worker: constants, and where Windows is,
 *		without which some of its own libraries do not start.
 *
 * The thread counts and the allocator's setting keep numpy and pyarrow at one
 * thread; COLUMNS and LINES spare pandas a question; TZ makes local time the
 * same as everywhere.
 */
#include "win32.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* In the order of their names, as Windows wants them. */
static const wchar_t *const constants_before[] = {
	L"COLUMNS=80",
	L"JE_ARROW_MALLOC_CONF=background_thread:false",
	L"LINES=24",
	L"OMP_NUM_THREADS=1",
	L"OPENBLAS_NUM_THREADS=1",
};
static const wchar_t *const own_names[] = {
	L"COLUMNS=", L"JE_ARROW_MALLOC_CONF=", L"LINES=", L"OMP_NUM_THREADS=",
	L"OPENBLAS_NUM_THREADS=", L"SystemRoot=", L"TZ=", L"SANDBOX_PROCESS="
};

#define BEFORE	(sizeof(constants_before) / sizeof(constants_before[0]))
#define NAMES	(sizeof(own_names) / sizeof(own_names[0]))

static wchar_t *
put(wchar_t *at, const wchar_t *text)
{
	size_t		n = wcslen(text) + 1;

	memcpy(at, text, n * sizeof(wchar_t));
	return at + n;
}

static wchar_t *
constant_block(const wchar_t *role)
{
	wchar_t    *block = malloc(4096 * sizeof(wchar_t));
	wchar_t		windows[MAX_PATH + 12] = L"SystemRoot=";
	wchar_t    *at = block;

	if (block == NULL)
		return NULL;
	for (size_t i = 0; i < BEFORE; i++)
		at = put(at, constants_before[i]);
	at = put(at, role);
	(void) GetSystemWindowsDirectoryW(windows + 11, MAX_PATH);
	at = put(at, windows);
	at = put(at, L"TZ=UTC0");
	*at = L'\0';
	return block;
}

wchar_t *
environment_block(bool constants, const wchar_t *role)
{
	wchar_t    *own;
	wchar_t    *end;
	wchar_t    *block;
	size_t		n;

	if (constants)
		return constant_block(role);
	own = GetEnvironmentStringsW();
	if (own == NULL)
		return NULL;
	for (end = own; *end != L'\0'; end += wcslen(end) + 1)
		;
	n = (size_t) (end - own);
	block = malloc((n + wcslen(role) + 2) * sizeof(wchar_t));
	if (block != NULL)
	{
		memcpy(block, own, n * sizeof(wchar_t));
		*put(block + n, role) = L'\0';
	}
	FreeEnvironmentStringsW(own);
	return block;
}

static bool
is_ours(const wchar_t *variable)
{
	for (size_t i = 0; i < NAMES; i++)
		if (_wcsnicmp(variable, own_names[i], wcslen(own_names[i])) == 0)
			return true;
	return false;
}

uint32_t
environment_read_back(void)
{
	wchar_t    *own = GetEnvironmentStringsW();
	uint32_t	mechanism = MECH_ENVIRONMENT;

	if (own == NULL)
		return 0;
	for (wchar_t *at = own; *at != L'\0'; at += wcslen(at) + 1)
		if (!is_ours(at))
			mechanism = 0;
	FreeEnvironmentStringsW(own);
	return mechanism;
}
