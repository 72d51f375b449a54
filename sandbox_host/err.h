/*
 * err.h
 *		Errors as values: a function that can fail takes an ShErr, fills it
 *		and returns false or -1.  No global, no exit from a library function.
 */
#ifndef ERR_H
#define ERR_H

#include <stdbool.h>

typedef struct ShErr
{
	int			os_error;		/* errno or GetLastError(), 0 if none */
	char		text[400];		/* a whole sentence fragment for a message */
} ShErr;

/* Both return false, so that a caller can write return sh_error(...). */
extern bool sh_error(ShErr *err, const char *format,...)
			__attribute__((format(printf, 2, 3)));
/* The same with ": " and the operating system's words for `os_error`. */
extern bool sh_os_error(ShErr *err, int os_error, const char *format,...)
			__attribute__((format(printf, 3, 4)));

#endif							/* ERR_H */
