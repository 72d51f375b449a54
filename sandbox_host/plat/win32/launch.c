/*
 * launch.c
 *		Starting a process of this program behind walls: every list of the
 *		creation call in one place.  Broker and prover.
 *
 * The process is made suspended and inside its Job Object (or put there, where
 * the system cannot make it so), and only then runs its first instruction.  An attribute that this system does not know is left
 * out: what is missing then shows in the read-back of the process itself.
 */
#include "win32.h"

#include <stdlib.h>
#include <string.h>

#define WALLS_OF_APPCONTAINER	(WALL_PROCESS | WALL_FILES | WALL_NETWORK)

/* winbase.h has them for newer targets only. */
#define ATTRIBUTE_HANDLES		0x00020002
#define ATTRIBUTE_MITIGATION	0x00020007
#define ATTRIBUTE_CAPABILITIES	0x00020009
#define ATTRIBUTE_JOBS			0x0002000D
#define ATTRIBUTE_CHILDREN		0x0002000E
#define ATTRIBUTE_ALL_PACKAGES	0x0002000F
#define ATTRIBUTES				6

#define FLAGS (CREATE_SUSPENDED | EXTENDED_STARTUPINFO_PRESENT | \
			   CREATE_UNICODE_ENVIRONMENT | DETACHED_PROCESS)

/* SECURITY_CAPABILITIES */
typedef struct Capabilities
{
	PSID		container;
	SID_AND_ATTRIBUTES *list;
	DWORD		count;
	DWORD		reserved;
} Capabilities;

/* What the attribute list points to has to live until the call. */
typedef struct Attributes
{
	LPPROC_THREAD_ATTRIBUTE_LIST list;
	HANDLE		job;
	HANDLE		handles[3];
	DWORD		handle_count;
	uint64_t	mitigation;
	Capabilities capabilities;
	DWORD		no_children;
	DWORD		not_all_packages;
} Attributes;

static void
add(Attributes *a, DWORD_PTR which, void *value, size_t size)
{
	(void) UpdateProcThreadAttribute(a->list, 0, which, value, size, NULL,
									 NULL);
}

static void
add_walls(Attributes *a, const Launch *launch)
{
	uint32_t	walls = launch->role.walls;

	if (walls & WALL_KERNEL)
	{
		a->mitigation = mitigations_at_creation();
		a->no_children = 1;
		add(a, ATTRIBUTE_MITIGATION, &a->mitigation, sizeof(a->mitigation));
		add(a, ATTRIBUTE_CHILDREN, &a->no_children, sizeof(a->no_children));
	}
	if ((walls & WALLS_OF_APPCONTAINER) && appcontainer_sid() != NULL)
	{
		a->capabilities.container = appcontainer_sid();
		add(a, ATTRIBUTE_CAPABILITIES, &a->capabilities,
			sizeof(a->capabilities));
		a->not_all_packages = 1;
		if (launch->role.variant & VARIANT_LPAC)
			add(a, ATTRIBUTE_ALL_PACKAGES, &a->not_all_packages,
				sizeof(a->not_all_packages));
	}
}

/* Without the process wall a probe inherits whatever can be inherited. */
static bool
inherits_all(const Launch *launch)
{
	return launch->role.role == ROLE_PROBE &&
		(launch->role.walls & WALL_PROCESS) == 0;
}

static bool
attributes_fill(Attributes *a, const Launch *launch)
{
	SIZE_T		size = 0;

	(void) InitializeProcThreadAttributeList(NULL, ATTRIBUTES, 0, &size);
	a->list = malloc(size);
	if (a->list == NULL ||
		!InitializeProcThreadAttributeList(a->list, ATTRIBUTES, 0, &size))
		return false;
	if (launch->role.channel != NULL)
		a->handles[a->handle_count++] = launch->role.channel;
	if (launch->role.shared != NULL)
		a->handles[a->handle_count++] = launch->role.shared;
	if (launch->log != NULL)
		a->handles[a->handle_count++] = launch->log;
	for (DWORD i = 0; i < a->handle_count; i++)
		if (!SetHandleInformation(a->handles[i], HANDLE_FLAG_INHERIT,
								  HANDLE_FLAG_INHERIT))
			return false;
	if (a->handle_count > 0 && !inherits_all(launch) &&
		!UpdateProcThreadAttribute(a->list, 0, ATTRIBUTE_HANDLES, a->handles,
								   a->handle_count * sizeof(HANDLE), NULL,
								   NULL))
		return false;
	/* From birth: a process outside would outlive us if we died here. */
	add(a, ATTRIBUTE_JOBS, &a->job, sizeof(a->job));
	add_walls(a, launch);
	return true;
}

static void
attributes_free(Attributes *a)
{
	for (DWORD i = 0; i < a->handle_count; i++)
		(void) SetHandleInformation(a->handles[i], HANDLE_FLAG_INHERIT, 0);
	if (a->list != NULL)
		DeleteProcThreadAttributeList(a->list);
	free(a->list);
}

/* The process, suspended. */
static bool
create(const Launch *launch, Attributes *a, HANDLE token,
	   PROCESS_INFORMATION *info, ShErr *err)
{
	STARTUPINFOEXW start = {.StartupInfo.cb = sizeof(start)};
	SECURITY_ATTRIBUTES sa = {0};
	const Role *role = &launch->role;
	wchar_t		role_text[ROLE_TEXT_MAX];
	wchar_t    *command = _wcsdup(launch->command);
	wchar_t    *program = malloc(WIDE_PATH * sizeof(wchar_t));
	wchar_t    *environment;
	BOOL		ok = FALSE;

	role_write(role, role_text);
	environment = environment_block((role->walls & WALL_PROCESS) != 0,
									role_text);
	start.lpAttributeList = a->list;
	start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
	start.StartupInfo.hStdError = launch->log;
	if ((role->walls & WALL_PROCESS) && (role->variant & VARIANT_DESKTOP))
		start.StartupInfo.lpDesktop = (wchar_t *) desktop_create();
	if (command != NULL && program != NULL && environment != NULL &&
		text_own_program(program) &&
		security_attributes(&sa, L"D:P(A;;GA;;;%s)", err))
		ok = token != NULL ?
			CreateProcessAsUserW(token, program, command, &sa, &sa,
								 a->handle_count > 0, FLAGS, environment,
								 launch->directory, &start.StartupInfo, info) :
			CreateProcessW(program, command, &sa, &sa, a->handle_count > 0,
						   FLAGS, environment, launch->directory,
						   &start.StartupInfo, info);
	if (!ok)
		sh_os_error(err, (int) GetLastError(), "could not start a process");
	security_free(&sa);
	free(environment);
	free(program);
	free(command);
	return ok;
}

static bool
enter_job(const Launch *launch, Child *child, const PROCESS_INFORMATION *info,
		  ShErr *err)
{
	BOOL		inside = FALSE;

	if ((!IsProcessInJob(info->hProcess, child->job, &inside) || !inside) &&
		!AssignProcessToJobObject(child->job, info->hProcess))
		return sh_os_error(err, (int) GetLastError(),
						   "could not put a process into its job object");
	if (launch->role.walls & WALL_RESOURCES)
		job_limit_ui(child->job);
	if (!launch->suspended && ResumeThread(info->hThread) == (DWORD) -1)
		return sh_os_error(err, (int) GetLastError(),
						   "could not resume a process");
	return true;
}

bool
launch_start(const Launch *launch, Child *child, ShErr *err)
{
	Attributes	a = {0};
	PROCESS_INFORMATION info = {0};
	HANDLE		token = NULL;	/* our own */
	bool		ok = true;

	memset(child, 0, sizeof(*child));
	if (launch->role.walls & (WALL_PROCESS | WALL_FILES))
		ok = (token = token_create(err)) != NULL;
	if (ok)
		child->job = a.job = job_create(launch->role.walls, err);
	ok = child->job != NULL;
	if (ok && !attributes_fill(&a, launch))
		ok = sh_os_error(err, (int) GetLastError(),
						 "could not prepare a process");
	ok = ok && create(launch, &a, token, &info, err);
	attributes_free(&a);
	if (token != NULL)
		CloseHandle(token);
	if (!ok)
	{
		launch_kill(child);
		return false;
	}
	child->process = info.hProcess;
	child->thread = info.hThread;
	child->pid = info.dwProcessId;
	ok = enter_job(launch, child, &info, err);
	if (!ok)
	{
		(void) TerminateProcess(child->process, 1);
		launch_kill(child);
	}
	return ok;
}

void
launch_kill(Child *child)
{
	if (child->job != NULL)
	{
		(void) TerminateJobObject(child->job, 1);
		CloseHandle(child->job);
	}
	if (child->process != NULL)
		CloseHandle(child->process);
	if (child->thread != NULL)
		CloseHandle(child->thread);
	memset(child, 0, sizeof(*child));
}
