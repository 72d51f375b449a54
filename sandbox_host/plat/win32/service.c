/*
 * service.c
 *		Where the program begins: the command line becomes UTF-8, and under
 *		the service manager main() becomes a service.
 *
 * Nothing on the command line says which it is: with --service the manager is
 * asked, and when there is none this is a console.
 */
#include "win32.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE_NAME	L"transform_sandbox_host"

extern int	main(int argc, char **argv);

/* The manager's thread knows nothing but these. */
static int	the_argc;
static char **the_argv;
static SERVICE_STATUS_HANDLE manager;

static void
tell_manager(DWORD state, DWORD exit_code)
{
	SERVICE_STATUS status = {
		.dwServiceType = SERVICE_WIN32_OWN_PROCESS,
		.dwCurrentState = state,
		.dwControlsAccepted = state == SERVICE_RUNNING ?
		SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN : 0,
		.dwWin32ExitCode = exit_code == 0 ? NO_ERROR :
		ERROR_SERVICE_SPECIFIC_ERROR,
		.dwServiceSpecificExitCode = exit_code,
		.dwWaitHint = state == SERVICE_STOP_PENDING ? 5000 : 0,
	};

	(void) SetServiceStatus(manager, &status);
}

static DWORD WINAPI
control(DWORD what, DWORD type, void *data, void *context)
{
	(void) type;
	(void) data;
	(void) context;
	switch (what)
	{
		case SERVICE_CONTROL_STOP:
		case SERVICE_CONTROL_SHUTDOWN:
			tell_manager(SERVICE_STOP_PENDING, 0);
			(void) SetEvent(stop_event());
			return NO_ERROR;
		case SERVICE_CONTROL_INTERROGATE:
			return NO_ERROR;
		default:
			return ERROR_CALL_NOT_IMPLEMENTED;
	}
}

static void WINAPI
service_main(DWORD argc, wchar_t **argv)
{
	int			status;

	(void) argc;
	(void) argv;
	manager = RegisterServiceCtrlHandlerExW(SERVICE_NAME, control, NULL);
	tell_manager(SERVICE_RUNNING, 0);
	status = main(the_argc, the_argv);
	tell_manager(SERVICE_STOPPED, (DWORD) status);
}

static bool
wants_service(void)
{
	for (int i = 1; i < the_argc; i++)
		if (strcmp(the_argv[i], "--service") == 0)
			return true;
	return false;
}

int
wmain(int argc, wchar_t **argv)
{
	static const SERVICE_TABLE_ENTRYW table[] = {
		{(wchar_t *) SERVICE_NAME, service_main},
		{NULL, NULL}
	};

	/* Before anything else: the role leaves the environment. */
	(void) role_own();
	the_argc = argc;
	the_argv = calloc((size_t) argc + 1, sizeof(char *));
	for (int i = 0; the_argv != NULL && i < argc; i++)
	{
		the_argv[i] = text_to_utf8(argv[i]);
		if (the_argv[i] == NULL)
			return 1;
	}
	if (the_argv == NULL)
		return 1;
	(void) SetConsoleOutputCP(CP_UTF8);
	if (wants_service() && StartServiceCtrlDispatcherW(table))
		return 0;
	return main(the_argc, the_argv);
}
