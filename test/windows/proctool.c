/*
 * proctool.c
 *	  What the tests ask a Windows system about its processes: a program that
 *	  runs as long as a test does and answers commands, one per line, on
 *	  standard input.
 *
 *	list			every process: pid, parent, creation time, program, command line
 *	kill PID		TerminateProcess
 *	handles PID		its handles: type, access, name
 *	facts PID		name and value: threads, how many of them are suspended, private bytes, CPU time, job
 *
 * An answer is lines of tab separated fields; a line "." ends it, and a line
 * "error ..." before it says why it is all there is.  Creation times tell a
 * process from a later one with the same number.
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <psapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlhelp32.h>
#include <winternl.h>

/* what winternl.h leaves out */
#define SYSTEM_EXTENDED_HANDLES 64
#define THREAD_SUSPEND_COUNT 35
#define STATUS_SIZE ((NTSTATUS) 0xC0000004)

typedef struct
{
	PVOID		object;
	ULONG_PTR	pid;
	ULONG_PTR	handle;
	ULONG		access;
	USHORT		trace;
	USHORT		type;
	ULONG		attributes;
	ULONG		reserved;
} HandleEntry;

typedef struct
{
	ULONG_PTR	n;
	ULONG_PTR	reserved;
	HandleEntry entry[1];
} HandleTable;

/* One question about a handle, asked in a thread of its own: the name of a
 * pipe in use may not be had before its reader gets something. */
typedef struct
{
	HANDLE		handle;
	OBJECT_INFORMATION_CLASS what;
	char		answer[1024];
} Question;

static void
fail(const char *what)
{
	printf("error %s: %lu\n", what, GetLastError());
}

/* UTF-16 as UTF-8 without tabs and line ends; "" if it does not fit. */
static void
to_utf8(const WCHAR *from, int length, char *to, int size)
{
	int			n = WideCharToMultiByte(CP_UTF8, 0, from, length, to, size - 1,
										NULL, NULL);

	to[n > 0 ? n : 0] = '\0';
	for (char *p = to; *p; p++)
	{
		if ((unsigned char) *p < ' ')
			*p = ' ';
	}
}

/* The command line out of the process's own memory; "" if it is not to be had. */
static void
command_line(HANDLE process, char *to, int size)
{
	PROCESS_BASIC_INFORMATION basic;
	PEB			peb;
	RTL_USER_PROCESS_PARAMETERS parameters;
	WCHAR		wide[8192];
	SIZE_T		length;

	to[0] = '\0';
	if (NtQueryInformationProcess(process, ProcessBasicInformation, &basic,
								  sizeof(basic), NULL) != 0 ||
		!ReadProcessMemory(process, basic.PebBaseAddress, &peb, sizeof(peb), NULL) ||
		!ReadProcessMemory(process, peb.ProcessParameters, &parameters,
						   sizeof(parameters), NULL))
		return;
	length = parameters.CommandLine.Length;
	if (length > sizeof(wide))
		length = sizeof(wide);
	if (length > 0 &&
		ReadProcessMemory(process, parameters.CommandLine.Buffer, wide, length, NULL))
		to_utf8(wide, (int) (length / sizeof(WCHAR)), to, size);
}

static unsigned long long
as_number(FILETIME t)
{
	return ((unsigned long long) t.dwHighDateTime << 32) | t.dwLowDateTime;
}

static void
list_one(const PROCESSENTRY32W *entry)
{
	FILETIME	created = {0},
				ended,
				kernel,
				user;
	char		program[1024];
	char		command[16384] = "";
	HANDLE		process = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ,
									  FALSE, entry->th32ProcessID);

	if (process != NULL)
	{
		GetProcessTimes(process, &created, &ended, &kernel, &user);
		command_line(process, command, sizeof(command));
		/* it has ended, and somebody still holds a handle of it */
		if (WaitForSingleObject(process, 0) == WAIT_OBJECT_0)
		{
			CloseHandle(process);
			return;
		}
		CloseHandle(process);
	}
	to_utf8(entry->szExeFile, -1, program, sizeof(program));
	printf("%lu\t%lu\t%llu\t%s\t%s\n", entry->th32ProcessID,
		   entry->th32ParentProcessID, as_number(created), program, command);
}

static void
do_list(DWORD unused)
{
	PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
	HANDLE		all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
	BOOL		more;

	(void) unused;
	if (all == INVALID_HANDLE_VALUE)
	{
		fail("CreateToolhelp32Snapshot");
		return;
	}
	for (more = Process32FirstW(all, &entry); more; more = Process32NextW(all, &entry))
		list_one(&entry);
	CloseHandle(all);
}

static void
do_kill(DWORD pid)
{
	HANDLE		process = OpenProcess(PROCESS_TERMINATE, FALSE, pid);

	if (process == NULL)
	{
		fail("OpenProcess");
		return;
	}
	if (!TerminateProcess(process, 1))
		fail("TerminateProcess");
	CloseHandle(process);
}

/* ---- handles ---- */

static DWORD WINAPI
ask(LPVOID argument)
{
	Question   *q = argument;
	union
	{
		UNICODE_STRING text;	/* both answers begin with one */
		char		space[4096];
	}			buffer;

	if (NtQueryObject(q->handle, q->what, &buffer, sizeof(buffer), NULL) == 0 &&
		buffer.text.Buffer != NULL)
		to_utf8(buffer.text.Buffer, buffer.text.Length / (int) sizeof(WCHAR),
				q->answer, sizeof(q->answer));
	return 0;
}

/* The answer, or "?" when it does not come; the caller frees the question. */
static Question *
question(HANDLE handle, OBJECT_INFORMATION_CLASS what)
{
	Question   *q = calloc(1, sizeof(Question));
	HANDLE		thread;

	if (q == NULL)
		abort();
	q->handle = handle;
	q->what = what;
	thread = CreateThread(NULL, 0, ask, q, 0, NULL);
	if (thread == NULL || WaitForSingleObject(thread, 1000) != WAIT_OBJECT_0)
	{
		q = calloc(1, sizeof(Question));	/* the other one is the thread's */
		if (q == NULL)
			abort();
		strcpy(q->answer, "?");
	}
	if (thread != NULL)
		CloseHandle(thread);
	return q;
}

static void
show_handle(HANDLE process, const HandleEntry *entry)
{
	HANDLE		copy;
	Question   *type,
			   *name;

	if (!DuplicateHandle(process, (HANDLE) entry->handle, GetCurrentProcess(),
						 &copy, 0, FALSE, DUPLICATE_SAME_ACCESS))
	{
		printf("?\t%lx\t?\t%llx\n", entry->access, (unsigned long long) entry->handle);
		return;
	}
	type = question(copy, ObjectTypeInformation);
	name = question(copy, (OBJECT_INFORMATION_CLASS) 1);	/* ObjectNameInformation */
	printf("%s\t%lx\t%s\t%llx\n", type->answer, entry->access, name->answer,
		   (unsigned long long) entry->handle);
	free(type);
	free(name);
	CloseHandle(copy);
}

/* All handles of the system; the caller frees it. */
static HandleTable *
handle_table(void)
{
	ULONG		size = 1 << 20;

	for (;;)
	{
		HandleTable *table = malloc(size);
		NTSTATUS	status;

		if (table == NULL)
			return NULL;
		status = NtQuerySystemInformation((SYSTEM_INFORMATION_CLASS) SYSTEM_EXTENDED_HANDLES,
										  table, size, NULL);
		if (status == 0)
			return table;
		free(table);
		if (status != STATUS_SIZE || size > (1 << 28))
			return NULL;
		size *= 2;
	}
}

static void
do_handles(DWORD pid)
{
	HandleTable *table = handle_table();
	HANDLE		process = OpenProcess(PROCESS_DUP_HANDLE, FALSE, pid);

	if (table == NULL || process == NULL)
		fail("its handles are not to be had");
	else
	{
		for (ULONG_PTR n = 0; n < table->n; n++)
		{
			if (table->entry[n].pid == pid)
				show_handle(process, &table->entry[n]);
		}
	}
	if (process != NULL)
		CloseHandle(process);
	free(table);
}

/* ---- facts ---- */

static DWORD
threads_of(DWORD pid)
{
	PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
	HANDLE		all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
	DWORD		n = 0;
	BOOL		more;

	for (more = Process32FirstW(all, &entry); more; more = Process32NextW(all, &entry))
	{
		if (entry.th32ProcessID == pid)
			n = entry.cntThreads;
	}
	CloseHandle(all);
	return n;
}

/* Threads that somebody has suspended: they run when they are resumed. */
static DWORD
suspended_of(DWORD pid)
{
	THREADENTRY32 entry = {.dwSize = sizeof(entry)};
	HANDLE		all = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
	DWORD		n = 0;
	BOOL		more;

	for (more = Thread32First(all, &entry); more; more = Thread32Next(all, &entry))
	{
		ULONG		count = 0;
		HANDLE		thread = entry.th32OwnerProcessID != pid ? NULL :
			OpenThread(THREAD_QUERY_INFORMATION, FALSE, entry.th32ThreadID);

		if (thread == NULL)
			continue;
		if (NtQueryInformationThread(thread, (THREADINFOCLASS) THREAD_SUSPEND_COUNT,
									 &count, sizeof(count), NULL) == 0)
			n += count > 0;
		CloseHandle(thread);
	}
	CloseHandle(all);
	return n;
}

static void
do_facts(DWORD pid)
{
	PROCESS_MEMORY_COUNTERS_EX memory = {.cb = sizeof(memory)};
	FILETIME	created,
				ended,
				kernel,
				user;
	BOOL		in_job = FALSE;
	HANDLE		process = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ,
									  FALSE, pid);

	if (process == NULL)
	{
		fail("OpenProcess");
		return;
	}
	GetProcessMemoryInfo(process, (PROCESS_MEMORY_COUNTERS *) &memory, sizeof(memory));
	GetProcessTimes(process, &created, &ended, &kernel, &user);
	IsProcessInJob(process, NULL, &in_job);
	printf("threads\t%lu\nsuspended\t%lu\nprivate\t%llu\nworking_set\t%llu\ncpu_us\t%llu\nin_job\t%d\n",
		   threads_of(pid), suspended_of(pid), (unsigned long long) memory.PrivateUsage,
		   (unsigned long long) memory.WorkingSetSize,
		   (as_number(kernel) + as_number(user)) / 10, in_job);
	CloseHandle(process);
}

int
main(void)
{
	static const struct
	{
		const char *name;
		void		(*run) (DWORD pid);
	}			commands[] = {
		{"list", do_list}, {"kill", do_kill}, {"handles", do_handles},
		{"facts", do_facts},
	};
	char		line[256];

	while (fgets(line, sizeof(line), stdin) != NULL)
	{
		char		name[32];
		unsigned long pid = 0;
		size_t		n = 0;

		if (sscanf(line, "%31s %lu", name, &pid) < 1)
			continue;
		while (n < sizeof(commands) / sizeof(commands[0]) &&
			   strcmp(commands[n].name, name) != 0)
			n++;
		if (n < sizeof(commands) / sizeof(commands[0]))
			commands[n].run(pid);
		else
			printf("error no command \"%s\"\n", name);
		puts(".");
		fflush(stdout);
	}
	return 0;
}
