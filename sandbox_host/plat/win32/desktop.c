/*
 * desktop.c
 *		A window station and desktop for workers: no window, no clipboard and
 *		no hook of anybody else is on it.  Broker and prover; lives as long
 *		as they do.
 *
 * Not counted as a mechanism: only some libraries of a worker ever ask for a
 * desktop, and what they then have is not read back.
 */
#include "win32.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define NAME_MAX_W	100

/* Own account; AppContainers of both kinds; writable from low integrity. */
#define RIGHTS L"D:(A;;GA;;;%s)(A;;GA;;;S-1-15-2-1)(A;;GA;;;S-1-15-2-2)" \
	L"S:(ML;;NW;;;LW)"

static bool
name_of(HANDLE object, wchar_t *out)
{
	DWORD		used;

	return winapi()->object_name(object, UOI_NAME, out,
								 NAME_MAX_W * sizeof(wchar_t), &used);
}

/* A desktop is made in the station that the process is in: go there once. */
static HDESK
make_desktop(HWINSTA station, const wchar_t *name, SECURITY_ATTRIBUTES *sa)
{
	const WinApi *api = winapi();
	HWINSTA		before = api->get_station();
	HDESK		desktop;

	if (!api->set_station(station))
		return NULL;
	desktop = api->create_desktop(name, NULL, NULL, 0, GENERIC_ALL, sa);
	(void) api->set_station(before);
	return desktop;
}

const wchar_t *
desktop_create(void)
{
	static wchar_t path[2 * NAME_MAX_W + 2];
	static bool tried;
	const WinApi *api = winapi();
	wchar_t		station_name[NAME_MAX_W];
	wchar_t		name[40] = L"transform-";
	SECURITY_ATTRIBUTES sa;
	HWINSTA		station;
	ShErr		err;

	if (tried)
		return path[0] != L'\0' ? path : NULL;
	tried = true;
	if (api->create_station == NULL || api->create_desktop == NULL ||
		api->set_station == NULL || api->get_station == NULL ||
		api->object_name == NULL || !security_attributes(&sa, RIGHTS, &err))
		return NULL;
	text_random(name + wcslen(name), 16);
	station = api->create_station(NULL, 0, GENERIC_ALL, &sa);
	if (station != NULL && name_of(station, station_name) &&
		make_desktop(station, name, &sa) != NULL)
		_snwprintf(path, 2 * NAME_MAX_W + 1, L"%ls\\%ls", station_name, name);
	security_free(&sa);
	return path[0] != L'\0' ? path : NULL;
}
