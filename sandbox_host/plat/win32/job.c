/*
 * job.c
 *		The Job Object round every process that the broker or the prover
 *		starts: kill on close, and limits of memory, CPU time, processes and
 *		user interface.
 *
 * Made and changed from outside; a worker only reads back what it is in.
 */
#include "win32.h"

#define UI_LIMITS (JOB_OBJECT_UILIMIT_DESKTOP | \
				   JOB_OBJECT_UILIMIT_DISPLAYSETTINGS | \
				   JOB_OBJECT_UILIMIT_EXITWINDOWS | \
				   JOB_OBJECT_UILIMIT_GLOBALATOMS | \
				   JOB_OBJECT_UILIMIT_HANDLES | \
				   JOB_OBJECT_UILIMIT_READCLIPBOARD | \
				   JOB_OBJECT_UILIMIT_SYSTEMPARAMETERS | \
				   JOB_OBJECT_UILIMIT_WRITECLIPBOARD)

typedef JOBOBJECT_EXTENDED_LIMIT_INFORMATION Limits;

static bool
get(HANDLE job, Limits *limits)
{
	return QueryInformationJobObject(job, JobObjectExtendedLimitInformation,
									 limits, sizeof(*limits), NULL);
}

static bool
set(HANDLE job, Limits *limits)
{
	return SetInformationJobObject(job, JobObjectExtendedLimitInformation,
								   limits, sizeof(*limits));
}

/* Every job kills on close; the rest only with the resources wall. */
static Limits
base_limits(uint32_t walls)
{
	Limits		limits = {0};

	limits.BasicLimitInformation.LimitFlags =
		JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE |
		JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
	if (walls & WALL_RESOURCES)
	{
		limits.BasicLimitInformation.LimitFlags |=
			JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
		limits.BasicLimitInformation.ActiveProcessLimit = 1;
	}
	return limits;
}

HANDLE
job_create(uint32_t walls, ShErr *err)
{
	HANDLE		job = CreateJobObjectW(NULL, NULL);
	Limits		limits = base_limits(walls);

	if (job == NULL || !set(job, &limits))
	{
		sh_os_error(err, (int) GetLastError(), "could not create a job object");
		if (job != NULL)
			CloseHandle(job);
		return NULL;
	}
	return job;
}

/*
 * After the process is in it: a job with these limits may not be put inside
 * another, which the broker itself may be in.  Whether they took is read back
 * inside.
 */
void
job_limit_ui(HANDLE job)
{
	JOBOBJECT_BASIC_UI_RESTRICTIONS ui = {UI_LIMITS};

	(void) SetInformationJobObject(job, JobObjectBasicUIRestrictions, &ui,
								   sizeof(ui));
}

static int64_t
cpu_limit(const PlatLimits *limits, uint64_t cpu_used_us)
{
	/* in units of 100 nanoseconds, counted from the start of the process */
	return (int64_t) (cpu_used_us * 10 + limits->cpu_ms * 10000);
}

/*
 * The limits of the job it was given; what it used before does not count.
 * They replace the old ones, which not every system can be asked for.
 */
bool
job_limit(HANDLE job, uint32_t walls, const PlatLimits *limits,
		  uint64_t cpu_used_us)
{
	Limits		now = base_limits(walls);

	if ((walls & WALL_RESOURCES) == 0)
		return true;
	now.BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_MEMORY |
		JOB_OBJECT_LIMIT_PROCESS_TIME;
	now.ProcessMemoryLimit = limits->address_space + limits->memory_bytes;
	now.BasicLimitInformation.PerProcessUserTimeLimit.QuadPart =
		cpu_limit(limits, cpu_used_us);
	return set(job, &now);
}

/* Largest commit of a process in it; 0: nobody counted. */
uint64_t
job_peak(HANDLE job)
{
	Limits		limits = {0};

	return get(job, &limits) ? limits.PeakProcessMemoryUsed : 0;
}

/* Inside: what the job that this process is in really holds it to. */
uint32_t
job_read_back(const PlatLimits *limits)
{
	Limits		in = {0};
	JOBOBJECT_BASIC_UI_RESTRICTIONS ui = {0};
	DWORD		flags;
	uint32_t	mechanisms = 0;

	if (!get(NULL, &in))
		return 0;
	flags = in.BasicLimitInformation.LimitFlags;
	if (flags & JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE)
		mechanisms |= MECH_DIES_WITH_BROKER;
	if ((flags & JOB_OBJECT_LIMIT_ACTIVE_PROCESS) &&
		in.BasicLimitInformation.ActiveProcessLimit == 1)
		mechanisms |= MECH_JOB_PROCESSES;
	/* Windows counts whole pages. */
	if ((flags & JOB_OBJECT_LIMIT_PROCESS_MEMORY) && limits != NULL &&
		in.ProcessMemoryLimit >> 12 ==
		(limits->address_space + limits->memory_bytes) >> 12)
		mechanisms |= MECH_JOB_MEMORY;
	if ((flags & JOB_OBJECT_LIMIT_PROCESS_TIME) && limits != NULL &&
		in.BasicLimitInformation.PerProcessUserTimeLimit.QuadPart > 0)
		mechanisms |= MECH_JOB_CPU;
	if (QueryInformationJobObject(NULL, JobObjectBasicUIRestrictions, &ui,
								  sizeof(ui), NULL) &&
		(ui.UIRestrictionsClass & UI_LIMITS) == UI_LIMITS)
		mechanisms |= MECH_JOB_UI;
	return mechanisms;
}
