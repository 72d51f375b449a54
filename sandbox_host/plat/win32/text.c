/*
 * text.c
 *		UTF-8, which the program speaks, to and from UTF-16, which Windows
 *		speaks; command lines; random names.  Every process.
 */
#include "win32.h"

#include <bcrypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

wchar_t *
text_to_wide(const char *utf8)
{
	int			n = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, -1,
										NULL, 0);
	wchar_t    *wide = n > 0 ? malloc((size_t) n * sizeof(wchar_t)) : NULL;

	if (wide != NULL)
		(void) MultiByteToWideChar(CP_UTF8, 0, utf8, -1, wide, n);
	return wide;
}

char *
text_to_utf8(const wchar_t *wide)
{
	int			n = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL,
										NULL);
	char	   *utf8 = n > 0 ? malloc((size_t) n) : NULL;

	if (utf8 != NULL)
		(void) WideCharToMultiByte(CP_UTF8, 0, wide, -1, utf8, n, NULL, NULL);
	return utf8;
}

/*
 * A path as the file calls want it: one of more than 260 characters needs a
 * prefix, which in turn allows neither slashes nor relative parts.
 */
wchar_t *
text_to_path(const char *utf8)
{
	wchar_t    *wide = text_to_wide(utf8);
	DWORD		n;
	wchar_t    *full;

	if (wide == NULL || wcslen(wide) < MAX_PATH - 12 ||
		wcsncmp(wide, L"\\\\", 2) == 0)
		return wide;
	n = GetFullPathNameW(wide, 0, NULL, NULL);
	full = n > 0 ? malloc((n + 4) * sizeof(wchar_t)) : NULL;
	if (full != NULL)
	{
		memcpy(full, L"\\\\?\\", 4 * sizeof(wchar_t));
		(void) GetFullPathNameW(wide, n, full + 4, NULL);
	}
	free(wide);
	return full;
}

/* This program, as CreateProcess takes it however long it is. */
bool
text_own_program(wchar_t out[WIDE_PATH])
{
	DWORD		n = GetModuleFileNameW(NULL, out, WIDE_PATH - 4);

	if (n == 0 || n >= WIDE_PATH - 4)
		return false;
	if (n >= MAX_PATH && wcsncmp(out, L"\\\\", 2) != 0)
	{
		memmove(out + 4, out, (n + 1) * sizeof(wchar_t));
		memcpy(out, L"\\\\?\\", 4 * sizeof(wchar_t));
	}
	return true;
}

/* ---- command lines ---- */

typedef struct Line
{
	wchar_t    *text;			/* WIDE_PATH characters */
	size_t		len;
	bool		full;
} Line;

static void
put(Line *line, wchar_t c, size_t times)
{
	while (times-- > 0)
	{
		if (line->len + 1 >= WIDE_PATH)
		{
			line->full = true;
			return;
		}
		line->text[line->len++] = c;
	}
}

/* Quoted so that CommandLineToArgvW and the C library read it back. */
static void
put_argument(Line *line, const wchar_t *arg)
{
	size_t		slashes = 0;

	if (line->len > 0)
		put(line, L' ', 1);
	put(line, L'"', 1);
	for (; *arg != L'\0'; arg++)
	{
		if (*arg == L'\\')
		{
			slashes++;
			continue;
		}
		/* Before a quote backslashes count double. */
		put(line, L'\\', *arg == L'"' ? 2 * slashes + 1 : slashes);
		slashes = 0;
		put(line, *arg, 1);
	}
	put(line, L'\\', 2 * slashes);
	put(line, L'"', 1);
}

wchar_t *
text_command_line(char *const args[])
{
	Line		line = {malloc(WIDE_PATH * sizeof(wchar_t)), 0, false};

	if (line.text == NULL)
		return NULL;
	for (int i = 0; args[i] != NULL && !line.full; i++)
	{
		wchar_t    *arg = text_to_wide(args[i]);

		line.full = arg == NULL;
		if (arg != NULL)
			put_argument(&line, arg);
		free(arg);
	}
	line.text[line.len] = L'\0';
	if (!line.full)
		return line.text;
	free(line.text);
	return NULL;
}

void
text_random(wchar_t *out, int digits)
{
	static const wchar_t hex[] = L"0123456789abcdef";
	uint8_t		bytes[32] = {0};

	(void) BCryptGenRandom(NULL, bytes, sizeof(bytes),
						   BCRYPT_USE_SYSTEM_PREFERRED_RNG);
	for (int i = 0; i < digits; i++)
		out[i] = hex[(bytes[(i / 2) % 32] >> (i % 2 * 4)) & 15];
	out[digits] = L'\0';
}
