/*
 * err.c
 *		Errors as values: fills an ShErr.  Every process of sandbox_host.
 */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plat/plat.h"

bool
sh_error(ShErr *err, const char *format,...)
{
	va_list		args;

	err->os_error = 0;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return false;
}

bool
sh_os_error(ShErr *err, int os_error, const char *format,...)
{
	va_list		args;
	char		words[120];
	size_t		used;

	err->os_error = os_error;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	plat_error_text(os_error, words, sizeof(words));
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", words);
	return false;
}
