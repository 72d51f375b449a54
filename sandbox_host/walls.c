/*
 * walls.c
 *		The table of walls.  Every process of sandbox_host.
 *
 * Which acts prove walls 2 and 4 to 7 is in the platform's table of acts
 * (plat/), as is what to do when one does not stand; which scripts prove 1 and
 * 3 is in selftest.c; wall 8 is the extension's own and only named here.
 */
#include "walls.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const Wall	walls[WALL_COUNT] = {
	{WALL_LANGUAGE, "language",
		"scripts are refused that reach beyond the language they may use"},
	{WALL_PROCESS, "process",
		"a worker sees and touches no other process and inherits nothing"},
	{WALL_IMPORTS, "imports",
		"scripts import the allowed modules and no other"},
	{WALL_RESOURCES, "resources",
		"memory, CPU time, processes and descriptors are limited"},
	{WALL_FILES, "files",
		"a worker opens no file, and there is none to open"},
	{WALL_KERNEL, "kernel",
		"the kernel does next to nothing for a worker"},
	{WALL_NETWORK, "network",
		"a worker reaches no network and no local socket"},
	{WALL_DATABASE, "database",
		"a worker can only return wrong rows of its own job"},
};

static const Wall *
find_wall(const char *name, size_t len)
{
	for (int i = 0; i < WALL_COUNT; i++)
		if (strlen(walls[i].name) == len &&
			memcmp(walls[i].name, name, len) == 0)
			return &walls[i];
	return NULL;
}

bool
walls_parse(const char *names, uint32_t *mask, ShErr *err)
{
	*mask = 0;
	while (*names != '\0')
	{
		size_t		len = strcspn(names, ", ");
		const Wall *wall = find_wall(names, len);

		if (wall == NULL || wall->bit == WALL_DATABASE)
			return sh_error(err, "\"%.*s\" is not a wall that can be "
							"switched off here", (int) len, names);
		*mask |= wall->bit;
		names += len;
		names += strspn(names, ", ");
	}
	return true;
}

const char *
walls_list(uint32_t mask, char *buf, int size)
{
	int			used = 0;

	buf[0] = '\0';
	for (int i = 0; i < WALL_COUNT; i++)
		if ((mask & walls[i].bit) && used < size)
			used += snprintf(buf + used, (size_t) (size - used), "%s%s",
							 used > 0 ? ", " : "", walls[i].name);
	return buf;
}

void
walls_report_init(WallReport *report, uint32_t off)
{
	memset(report, 0, sizeof(*report));
	for (int i = 0; i < WALL_COUNT; i++)
		if (off & walls[i].bit)
			walls_report_set(report, walls[i].bit, WALL_OFF, "off by setting");
		else
			walls_report_set(report, walls[i].bit, WALL_NOT_ENFORCED,
							 "not proven yet");
	walls_report_set(report, WALL_DATABASE, WALL_ENFORCED,
					 "enforced by the extension");
}

void
walls_report_set(WallReport *report, uint32_t bit, WallState state,
				 const char *format,...)
{
	va_list		args;

	for (int i = 0; i < WALL_COUNT; i++)
	{
		if (walls[i].bit != bit)
			continue;
		report->wall[i].state = state;
		va_start(args, format);
		vsnprintf(report->wall[i].detail, sizeof(report->wall[i].detail),
				  format, args);
		va_end(args);
	}
}

uint32_t
walls_enforced(const WallReport *report)
{
	uint32_t	mask = 0;

	for (int i = 0; i < WALL_COUNT; i++)
		if (report->wall[i].state == WALL_ENFORCED)
			mask |= walls[i].bit;
	return mask;
}
