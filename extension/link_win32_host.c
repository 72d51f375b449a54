/*
 * link_win32_host.c
 *		Starting sandbox_host on Windows; the other half of link_win32.c.
 *
 * Process: the launcher.
 *
 * The lifeline is a pipe of a random name that only our account may open, its
 * other end the host's standard input.  The host is in a job that ends all
 * that is in it when its last handle, ours, is closed: so nothing of it
 * outlives the launcher, however that ends.
 */
#include "postgres.h"

#include <sddl.h>
#include <wchar.h>

#include "miscadmin.h"
#include "port.h"
#include "utils/memutils.h"

#include "link_win32.h"
#include "tr_compat.h"
#include "tr_host.h"

#define LIFELINE_BUFFER		4096
#define STOP_TIMEOUT_MS		10000
#define STOP_SLEEP_MS		5

/* What programs cannot start without, and no more; taken from our own. */
static const wchar_t *const environment_names[] = {
	L"SystemDrive", L"SystemRoot", L"TEMP", L"TMP", L"windir"
};

struct TrHost
{
	DWORD		pid;
	HANDLE		process;
	HANDLE		job;
	TrPipe		lifeline;
};

/* What a start needs; each is closed when it is over, however it ends. */
typedef struct Start
{
	HANDLE		lifeline;		/* our end */
	HANDLE		input;			/* the host's */
	HANDLE		output;
	HANDLE		job;
	PROCESS_INFORMATION process;
} Start;

char *
tr_host_default_program(void)
{
	return psprintf("%s/transform/venv/sandbox_host.exe", pkglib_path);
}

/* ---- strings ---- */

/* One argument as CommandLineToArgvW takes it apart again. */
static wchar_t *
append_argument(wchar_t *at, const wchar_t *arg)
{
	*at++ = L'"';
	for (;;)
	{
		int			backslashes = 0;

		while (arg[backslashes] == L'\\')
			backslashes++;
		arg += backslashes;
		/* before a quote each backslash counts double */
		if (*arg == L'"' || *arg == L'\0')
			backslashes *= 2;
		while (backslashes-- > 0)
			*at++ = L'\\';
		if (*arg == L'\0')
			break;
		if (*arg == L'"')
			*at++ = L'\\';
		*at++ = *arg++;
	}
	*at++ = L'"';
	return at;
}

static wchar_t *
command_line(char **argv)
{
	size_t		size = 1;
	wchar_t    *line;
	wchar_t    *at;

	for (char **arg = argv; *arg != NULL; arg++)
		size += 2 * strlen(*arg) + 3;
	at = line = palloc(sizeof(wchar_t) * size);
	for (char **arg = argv; *arg != NULL; arg++)
	{
		wchar_t    *wide = tr_to_wide(*arg);

		if (at != line)
			*at++ = L' ';
		at = append_argument(at, wide);
		pfree(wide);
	}
	*at = L'\0';
	return line;
}

/* "NAME=value" after "NAME=value", and an empty one; palloc'd. */
static wchar_t *
environment_block(void)
{
	size_t		size = 2;
	wchar_t    *block;
	wchar_t    *at;

	for (int i = 0; i < lengthof(environment_names); i++)
		size += wcslen(environment_names[i]) + 1 +
			GetEnvironmentVariableW(environment_names[i], NULL, 0);
	at = block = palloc0(sizeof(wchar_t) * size);
	for (int i = 0; i < lengthof(environment_names); i++)
	{
		const wchar_t *name = environment_names[i];
		size_t		name_size = wcslen(name);
		DWORD		room = (DWORD) (size - (at - block));
		DWORD		n = GetEnvironmentVariableW(name, at + name_size + 1,
												room - (DWORD) name_size - 2);

		if (n == 0 || n >= room)
		{
			at[name_size + 1] = L'\0';
			continue;
		}
		wmemcpy(at, name, name_size);
		at[name_size] = L'=';
		at += name_size + 1 + n + 1;
	}
	*at = L'\0';
	return block;
}

/* ---- the handles of a start ---- */

pg_noreturn static void
start_error(Start *start, const char *what, DWORD error)
{
	HANDLE		handles[] = {
		start->lifeline, start->input, start->output, start->job,
		start->process.hThread, start->process.hProcess
	};

	if (start->process.hProcess != NULL)
		(void) TerminateProcess(start->process.hProcess, 1);
	for (int i = 0; i < lengthof(handles); i++)
		if (handles[i] != NULL && handles[i] != INVALID_HANDLE_VALUE)
			(void) CloseHandle(handles[i]);
	_dosmaperr(error);
	ereport(ERROR,
			(errcode(ERRCODE_SYSTEM_ERROR),
			 errmsg("could not %s for the sandbox host: %m", what),
			 errdetail("The system's error code is %lu.", error)));
}

/* Only our own account; palloc'd, but for the descriptor (LocalFree). */
static SECURITY_ATTRIBUTES
own_account_only(void)
{
	SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};
	PSID		sid = tr_own_sid();
	wchar_t    *text;
	wchar_t		sddl[256];

	if (ConvertSidToStringSidW(sid, &text))
	{
		_snwprintf(sddl, lengthof(sddl), L"D:P(A;;GA;;;%ls)", text);
		sddl[lengthof(sddl) - 1] = L'\0';
		(void) LocalFree(text);
		if (ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1,
																 &attributes.lpSecurityDescriptor, NULL))
			return attributes;
	}
	elog(ERROR, "could not make a security descriptor: error code %lu",
		 GetLastError());
}

static void
make_lifeline(Start *start)
{
	SECURITY_ATTRIBUTES own = own_account_only();
	SECURITY_ATTRIBUTES inherited = {sizeof(inherited), NULL, TRUE};
	uint64		random[2];
	wchar_t		name[128];
	DWORD		error;

	if (!pg_strong_random(random, sizeof(random)))
		elog(ERROR, "could not generate a random name");
	_snwprintf(name, lengthof(name),
			   L"\\\\.\\pipe\\transform-lifeline-%016llx%016llx",
			   (unsigned long long) random[0], (unsigned long long) random[1]);
	start->lifeline = CreateNamedPipeW(name,
									   PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED |
									   FILE_FLAG_FIRST_PIPE_INSTANCE,
									   PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS,
									   1, LIFELINE_BUFFER, LIFELINE_BUFFER, 0,
									   &own);
	error = GetLastError();
	(void) LocalFree(own.lpSecurityDescriptor);
	if (start->lifeline == INVALID_HANDLE_VALUE)
		start_error(start, "create a pipe", error);
	start->input = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0,
							   &inherited, OPEN_EXISTING,
							   FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT |
							   SECURITY_IDENTIFICATION, NULL);
	if (start->input == INVALID_HANDLE_VALUE)
		start_error(start, "open a pipe", GetLastError());
}

/* The server log; a service without a log collector has none. */
static void
make_output(Start *start)
{
	SECURITY_ATTRIBUTES inherited = {sizeof(inherited), NULL, TRUE};
	HANDLE		log = GetStdHandle(STD_ERROR_HANDLE);

	if (log != NULL && log != INVALID_HANDLE_VALUE &&
		DuplicateHandle(GetCurrentProcess(), log, GetCurrentProcess(),
						&start->output, 0, TRUE, DUPLICATE_SAME_ACCESS))
		return;
	start->output = CreateFileW(L"NUL", GENERIC_WRITE,
								FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited,
								OPEN_EXISTING, 0, NULL);
	if (start->output == INVALID_HANDLE_VALUE)
		start_error(start, "open a null device", GetLastError());
}

static void
make_job(Start *start)
{
	JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;

	memset(&limits, 0, sizeof(limits));
	limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
	start->job = CreateJobObjectW(NULL, NULL);
	if (start->job == NULL ||
		!SetInformationJobObject(start->job, JobObjectExtendedLimitInformation,
								 &limits, sizeof(limits)))
		start_error(start, "create a job object", GetLastError());
}

/* Suspended, so that it is in the job before it does anything. */
static void
create_process(Start *start, char **argv)
{
	STARTUPINFOEXW info;
	HANDLE		inherited[] = {start->input, start->output};
	wchar_t    *program = tr_to_wide(argv[0]);
	wchar_t    *line = command_line(argv);
	wchar_t    *environment = environment_block();
	SIZE_T		size = 0;
	BOOL		ok;
	DWORD		error;

	memset(&info, 0, sizeof(info));
	info.StartupInfo.cb = sizeof(info);
	info.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
	info.StartupInfo.hStdInput = start->input;
	info.StartupInfo.hStdOutput = start->output;
	info.StartupInfo.hStdError = start->output;
	(void) InitializeProcThreadAttributeList(NULL, 1, 0, &size);
	info.lpAttributeList = palloc(size);
	ok = InitializeProcThreadAttributeList(info.lpAttributeList, 1, 0, &size) &&
		UpdateProcThreadAttribute(info.lpAttributeList, 0,
								  PROC_THREAD_ATTRIBUTE_HANDLE_LIST, inherited,
								  sizeof(inherited), NULL, NULL) &&
		CreateProcessW(program, line, NULL, NULL, TRUE,
					   CREATE_SUSPENDED | CREATE_NO_WINDOW |
					   CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT,
					   environment, NULL, &info.StartupInfo, &start->process);
	error = GetLastError();
	if (!ok)
		start_error(start, psprintf("start the program \"%s\"", argv[0]), error);
	DeleteProcThreadAttributeList(info.lpAttributeList);
	pfree(info.lpAttributeList);
	pfree(environment);
	pfree(line);
	pfree(program);
}

/* ---- the host and its lifeline ---- */

TrHost *
tr_host_start(char **argv)
{
	Start		start;
	TrHost	   *host;

	memset(&start, 0, sizeof(start));
	make_lifeline(&start);
	make_output(&start);
	make_job(&start);
	create_process(&start, argv);
	if (!AssignProcessToJobObject(start.job, start.process.hProcess))
		start_error(&start, "use a job object", GetLastError());
	host = MemoryContextAllocExtended(TopMemoryContext, sizeof(TrHost),
									  MCXT_ALLOC_NO_OOM);
	if (host == NULL)
		start_error(&start, "find memory", ERROR_NOT_ENOUGH_MEMORY);
	if (!tr_pipe_init(&host->lifeline, start.lifeline))
	{
		start.lifeline = NULL;	/* has been closed */
		pfree(host);
		start_error(&start, "find memory", ERROR_NOT_ENOUGH_MEMORY);
	}
	(void) ResumeThread(start.process.hThread);
	(void) CloseHandle(start.process.hThread);
	(void) CloseHandle(start.input);
	(void) CloseHandle(start.output);
	host->pid = start.process.dwProcessId;
	host->process = start.process.hProcess;
	host->job = start.job;
	return host;
}

int
tr_host_pid(const TrHost *host)
{
	return (int) host->pid;
}

int
tr_host_read(TrHost *host, char *buf, int size)
{
	ssize_t		n = tr_pipe_recv(&host->lifeline, buf, (size_t) size);

	if (n > 0)
		return (int) n;
	if (n < 0 && (errno == EAGAIN || errno == EINTR) &&
		WaitForSingleObject(host->process, 0) == WAIT_TIMEOUT)
		return 0;
	return -1;
}

static bool
job_is_empty(HANDLE job)
{
	JOBOBJECT_BASIC_ACCOUNTING_INFORMATION info;

	return !QueryInformationJobObject(job, JobObjectBasicAccountingInformation,
									  &info, sizeof(info), NULL) ||
		info.ActiveProcesses == 0;
}

/*
 * Workers are in the job too, and hold instances of the broker's pipe: the
 * next broker could not make its own while one is alive.
 */
void
tr_host_stop(TrHost *host)
{
	tr_pipe_close(&host->lifeline);
	(void) TerminateJobObject(host->job, 1);
	(void) WaitForSingleObject(host->process, STOP_TIMEOUT_MS);
	for (int ms = 0; ms < STOP_TIMEOUT_MS && !job_is_empty(host->job);
		 ms += STOP_SLEEP_MS)
		Sleep(STOP_SLEEP_MS);
	(void) CloseHandle(host->process);
	(void) CloseHandle(host->job);
	pfree(host);
}

void
tr_host_wait(TrHost *host, long timeout, uint32 wait_event)
{
	TrHandles	handles;

	tr_handles_init(&handles);
	if (host != NULL)
	{
		tr_handles_add_pipe(&handles, &host->lifeline, false);
		handles.handle[handles.count++] = host->process;
	}
	(void) tr_handles_wait(&handles, timeout, wait_event);
}
