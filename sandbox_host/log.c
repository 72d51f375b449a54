/*
 * log.c
 *		The logger.  Broker and zygote; a worker has no standard error.
 *
 * What a peer sends may end up in a line: control characters are replaced,
 * so that nobody forges a line of the server log.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

#include "plat/plat.h"

#define LINES_PER_SECOND	50

static const char *const words[] = {"LOG", "WARNING", "ERROR"};

static void
put(LogLevel level, const char *text)
{
	char		line[700];
	int			n = snprintf(line, sizeof(line), "sandbox_host: %s:  %s\n",
							 words[level], text);

	if (n > (int) sizeof(line) - 1)
	{
		n = (int) sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	(void) plat_write(2, line, (size_t) n);
}

void
log_line(LogLevel level, const char *format,...)
{
	/* Per process; the only state of this file. */
	static int64_t second;
	static int	written;
	static int	dropped;
	int64_t		now = plat_now_us() / 1000000;
	char		text[600];
	va_list		args;

	if (now != second)
	{
		if (dropped > 0)
		{
			snprintf(text, sizeof(text), "%d messages were not written",
					 dropped);
			put(LOG_WARN, text);
		}
		second = now;
		written = dropped = 0;
	}
	if (written++ >= LINES_PER_SECOND)
	{
		dropped++;
		return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char) *p < ' ' || *p == 0x7f)
			*p = '?';
	put(level, text);
}
