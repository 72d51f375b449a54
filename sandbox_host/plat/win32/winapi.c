/*
 * winapi.c
 *		The table of calls that not every Windows has, looked up by name so
 *		that the program starts everywhere and says what is missing.
 *
 * Every process.  user32 and userenv are loaded only by the broker and the
 * prover, which ask for the calls in them.
 */
#include "win32.h"

typedef struct OptionalCall
{
	size_t		offset;
	const wchar_t *dll;
	const char *name;
} OptionalCall;

#define CALL(field, dll, name) {offsetof(WinApi, field), dll, name}

static const OptionalCall calls[] = {
	CALL(get_mitigation, L"kernel32.dll", "GetProcessMitigationPolicy"),
	CALL(set_mitigation, L"kernel32.dll", "SetProcessMitigationPolicy"),
	CALL(create_profile, L"userenv.dll", "CreateAppContainerProfile"),
	CALL(derive_sid, L"userenv.dll",
		 "DeriveAppContainerSidFromAppContainerName"),
	CALL(profile_directory, L"userenv.dll", "GetUserProfileDirectoryW"),
	CALL(create_station, L"user32.dll", "CreateWindowStationW"),
	CALL(get_station, L"user32.dll", "GetProcessWindowStation"),
	CALL(set_station, L"user32.dll", "SetProcessWindowStation"),
	CALL(close_station, L"user32.dll", "CloseWindowStation"),
	CALL(create_desktop, L"user32.dll", "CreateDesktopW"),
	CALL(close_desktop, L"user32.dll", "CloseDesktop"),
	CALL(object_name, L"user32.dll", "GetUserObjectInformationW"),
	CALL(version, L"ntdll.dll", "RtlGetVersion"),
	CALL(file_mode, L"ntdll.dll", "NtQueryInformationFile"),
	CALL(wine_version, L"ntdll.dll", "wine_get_version"),
};

/* A confined process must not load what it has no need of. */
static HMODULE
find_dll(const wchar_t *name)
{
	HMODULE		dll = GetModuleHandleW(name);
	ProcessRole role = role_own()->role;

	if (dll == NULL && (role == ROLE_BROKER || role == ROLE_PROVER))
		dll = LoadLibraryExW(name, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
	return dll;
}

const WinApi *
winapi(void)
{
	static WinApi api;
	static bool filled;

	for (size_t i = 0; !filled && i < sizeof(calls) / sizeof(calls[0]); i++)
	{
		HMODULE		dll = find_dll(calls[i].dll);
		FARPROC		call = dll != NULL ? GetProcAddress(dll, calls[i].name) :
			NULL;

		memcpy((char *) &api + calls[i].offset, &call, sizeof(call));
	}
	filled = true;
	return &api;
}
