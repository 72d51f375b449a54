/*
 * tr_guc.c
 *		The settings, one row each, sorted by name.
 *
 * Process: the postmaster when preloaded (children inherit), else a backend.
 *
 * Limits come in pairs: transform.max_job_X is the ceiling (set by those who
 * may, for the server, a database or a role); transform.job_X is a session's
 * own value, -1 for "the ceiling".  tr_limits.c makes one of the two.
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "tr_compat.h"
#include "tr_guc.h"
#include "tr_host.h"
#include "tr_tokens.h"
#include "tr_walls.h"

int			tr_max_concurrent_jobs = 4;
int			tr_warm_workers = 4;
char	   *tr_sandbox_host;
char	   *tr_sandbox_account;
char	   *tr_sandbox_address;
char	   *tr_sandbox_walls_off;
char	   *tr_venv;
char	   *tr_driver;
char	   *tr_allowed_modules;
char	   *tr_sandbox_require;
int			tr_max_attempts = 3;
int			tr_chunk_rows = 50000;
int			tr_audit_retention = 0;
int			tr_max_profile_rows = 30000;
int			tr_password_memlimit = 64 * 1024;
int			tr_password_opslimit = 3;
int			tr_token_lifetime = 60 * 60;
int			tr_session_lifetime = 7 * 24 * 60 * 60;
int			tr_clock_skew = 30;

int			tr_own_limit[TR_LIMITS];
int			tr_max_limit[TR_LIMITS];

typedef struct IntSetting
{
	const char *name;
	const char *summary;
	const char *detail;
	int		   *variable;
	int			boot;
	int			min;
	int			max;
	GucContext	context;
	int			flags;
} IntSetting;

typedef struct StringSetting
{
	const char *name;
	const char *summary;
	const char *detail;
	char	  **variable;
	const char *boot;
	GucContext	context;
	int			flags;
	GucStringCheckHook check;
} StringSetting;

#define OWN_LIMIT_DETAIL \
	"-1 means the ceiling. The lower of this and the ceiling applies to jobs submitted by this session."
#define MAX_LIMIT_DETAIL \
	"Applied when a job is submitted and again when it runs; can be set for the server, a database or a role."
#define ROLE_LIMIT_DETAIL \
	"Counted in each database for the role that a job runs as; can be set for the server, a database or a role."

static bool check_walls(char **newval, void **extra, GucSource source);

static const IntSetting int_settings[] = {
	{"transform.audit_retention",
		"Sets how long rows of the audit are kept.",
		"0 keeps them for ever. Rows are removed while there is work in their database.",
	&tr_audit_retention, 0, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_S},
	{"transform.chunk_rows",
		"Sets how many source rows are sent to a script's worker at a time.",
		"With shape \"chunk\", the script is called once for each such chunk.",
	&tr_chunk_rows, 50000, 1, 10000000, PGC_USERSET, 0},
	{"transform.clock_skew",
		"Sets how far the clock of an issuer of tokens may differ from ours.",
		NULL,
	&tr_clock_skew, 30, 0, TR_JWT_SKEW_MAX, PGC_SUSET, GUC_UNIT_S},
	{"transform.job_cpu_time",
		"Sets the processor time a job of this session may use.",
		OWN_LIMIT_DETAIL,
	&tr_own_limit[TR_CEILING_CPU], -1, -1, INT_MAX, PGC_USERSET, GUC_UNIT_MS},
	{"transform.job_log_bytes",
		"Sets how much output of its script a job of this session keeps.",
		OWN_LIMIT_DETAIL,
	&tr_own_limit[TR_CEILING_LOG_BYTES], -1, -1, INT_MAX, PGC_USERSET, GUC_UNIT_BYTE},
	{"transform.job_memory",
		"Sets the memory a job of this session may use for its script.",
		OWN_LIMIT_DETAIL,
	&tr_own_limit[TR_CEILING_MEMORY], -1, -1, INT_MAX, PGC_USERSET, GUC_UNIT_KB},
	{"transform.job_output_bytes",
		"Sets how many bytes the result of a job of this session may have.",
		OWN_LIMIT_DETAIL,
	&tr_own_limit[TR_CEILING_OUTPUT_BYTES], -1, -1, INT_MAX, PGC_USERSET, GUC_UNIT_KB},
	{"transform.job_output_rows",
		"Sets how many rows the result of a job of this session may have.",
		OWN_LIMIT_DETAIL,
	&tr_own_limit[TR_CEILING_OUTPUT_ROWS], -1, -1, INT_MAX, PGC_USERSET, 0},
	{"transform.job_wall_time",
		"Sets how long the script of a job of this session may run.",
		OWN_LIMIT_DETAIL,
	&tr_own_limit[TR_CEILING_WALL], -1, -1, INT_MAX, PGC_USERSET, GUC_UNIT_MS},
	{"transform.max_attempts",
		"Sets how often a job is tried when the sandbox or a server process dies.",
		"A script's own error is never tried again.",
	&tr_max_attempts, 3, 1, 100, PGC_SIGHUP, 0},
	{"transform.max_concurrent_jobs",
		"Sets how many jobs run at the same time, in all databases together.",
		"Each needs a background worker, see max_worker_processes.",
	&tr_max_concurrent_jobs, 4, 1, 256, PGC_POSTMASTER, 0},
	{"transform.max_job_cpu_time",
		"Sets the most processor time a job may use.",
		MAX_LIMIT_DETAIL,
	&tr_max_limit[TR_CEILING_CPU], 60 * 1000, 1, INT_MAX, PGC_SUSET, GUC_UNIT_MS},
	{"transform.max_job_log_bytes",
		"Sets how much output of its script a job may keep.",
		MAX_LIMIT_DETAIL,
	&tr_max_limit[TR_CEILING_LOG_BYTES], 1024 * 1024, 0, INT_MAX, PGC_SUSET, GUC_UNIT_BYTE},
	{"transform.max_job_memory",
		"Sets the most memory a job may use for its script.",
		MAX_LIMIT_DETAIL,
	&tr_max_limit[TR_CEILING_MEMORY], 512 * 1024, 1024, INT_MAX, PGC_SUSET, GUC_UNIT_KB},
	{"transform.max_job_output_bytes",
		"Sets how many bytes the result of a job may have.",
		MAX_LIMIT_DETAIL,
	&tr_max_limit[TR_CEILING_OUTPUT_BYTES], 1024 * 1024, 1, INT_MAX, PGC_SUSET, GUC_UNIT_KB},
	{"transform.max_job_output_rows",
		"Sets how many rows the result of a job may have.",
		MAX_LIMIT_DETAIL,
	&tr_max_limit[TR_CEILING_OUTPUT_ROWS], 1000000, 1, INT_MAX, PGC_SUSET, 0},
	{"transform.max_job_wall_time",
		"Sets how long the script of a job may run.",
		MAX_LIMIT_DETAIL,
	&tr_max_limit[TR_CEILING_WALL], 60 * 1000, 1, INT_MAX, PGC_SUSET, GUC_UNIT_MS},
	{"transform.max_profile_rows",
		"Sets how many rows transform_table_profile() reads at most.",
		"It reads that many by default; its argument sample asks for fewer.",
	&tr_max_profile_rows, 30000, 1, 10000000, PGC_SUSET, 0},
	{"transform.max_role_concurrent_jobs",
		"Sets how many jobs of one role run at the same time.",
		ROLE_LIMIT_DETAIL,
	&tr_max_limit[TR_CEILING_CONCURRENT_JOBS], 256, 1, INT_MAX, PGC_SUSET, 0},
	{"transform.max_role_queued_jobs",
		"Sets how many jobs of one role may wait in the queue.",
		ROLE_LIMIT_DETAIL,
	&tr_max_limit[TR_CEILING_QUEUED_JOBS], 10000, 0, INT_MAX, PGC_SUSET, 0},
	{"transform.password_memlimit",
		"Sets the memory that hashing a password takes.",
		"Hashes of passwords are made anew at the next login after a change.",
	&tr_password_memlimit, 64 * 1024, 19 * 1024, 1024 * 1024, PGC_SUSET, GUC_UNIT_KB},
	{"transform.password_opslimit",
		"Sets how many passes over that memory hashing a password takes.",
		"Hashes of passwords are made anew at the next login after a change.",
	&tr_password_opslimit, 3, 2, 100, PGC_SUSET, 0},
	{"transform.role_concurrent_jobs",
		"Sets with how many others of its role a job of this session runs at the same time.",
		OWN_LIMIT_DETAIL,
	&tr_own_limit[TR_CEILING_CONCURRENT_JOBS], -1, -1, INT_MAX, PGC_USERSET, 0},
	{"transform.role_queued_jobs",
		"Sets how many jobs of its role may wait when this session submits one.",
		OWN_LIMIT_DETAIL,
	&tr_own_limit[TR_CEILING_QUEUED_JOBS], -1, -1, INT_MAX, PGC_USERSET, 0},
	{"transform.session_lifetime",
		"Sets how long after a login its tokens can be refreshed.",
		NULL,
	&tr_session_lifetime, 7 * 24 * 60 * 60, 60, 365 * 24 * 60 * 60, PGC_SUSET, GUC_UNIT_S},
	{"transform.token_lifetime",
		"Sets how long a token of transform_login() is good.",
		NULL,
	&tr_token_lifetime, 60 * 60, 60, TR_LIFETIME_MAX, PGC_SUSET, GUC_UNIT_S},
	{"transform.warm_workers",
		"Sets how many idle workers sandbox_host keeps ready.",
		NULL,
	&tr_warm_workers, 4, 0, 256, PGC_SIGHUP, 0},
};

static const StringSetting string_settings[] = {
	{"transform.allowed_modules",
		"Lists further Python modules that scripts may import.",
		"pandas, numpy, datetime and math are always allowed. Name pure, harmless modules only.",
	&tr_allowed_modules, "", PGC_SIGHUP, 0, NULL},
	{"transform.driver",
		"Sets the folder of the Python files that come with transform.",
		"Empty means \"transform/python\" in the server's library folder.",
	&tr_driver, "", PGC_SIGHUP, 0, NULL},
	{"transform.sandbox_account",
		"Sets the account of a sandbox_host that runs as its own service.",
		"A host of any other account is refused, but for the server's own and an administrator's.",
	&tr_sandbox_account, "", PGC_SIGHUP, 0, NULL},
	{"transform.sandbox_address",
		"Sets where a sandbox_host that runs as its own service listens.",
		"Empty means that the launcher starts one.",
	&tr_sandbox_address, "", PGC_SIGHUP, 0, NULL},
	{"transform.sandbox_host",
		"Sets the path of the program sandbox_host.",
		"Empty means beside the server's own program.",
	&tr_sandbox_host, "", PGC_SIGHUP, 0, NULL},
	{"transform.sandbox_require",
		"Lists the walls without which no job runs.",
		"\"all\", or any of language, process, imports, resources, files, kernel, network, database.",
	&tr_sandbox_require, "all", PGC_SUSET, GUC_LIST_INPUT, check_walls},
	{"transform.sandbox_walls_off",
		"Lists walls to switch off, for tests only.",
		"Jobs run only when transform.sandbox_require does not name them.",
	&tr_sandbox_walls_off, "", PGC_SIGHUP, GUC_LIST_INPUT, check_walls},
	{"transform.venv",
		"Sets the folder of the Python virtual environment of scripts.",
		"Empty means \"transform/venv\" in the server's library folder.",
	&tr_venv, "", PGC_SIGHUP, 0, NULL},
};

static bool
check_walls(char **newval, void **extra, GucSource source)
{
	uint32		mask;
	char	   *unknown;

	(void) extra;
	(void) source;
	if (tr_walls_parse(*newval, &mask, &unknown))
		return true;
	GUC_check_errdetail("\"%s\" is not a wall.", unknown);
	GUC_check_errhint("Walls are language, process, imports, resources, files, kernel, network and database; \"all\" stands for all of them.");
	return false;
}

void
tr_guc_init(void)
{
	for (int i = 0; i < lengthof(int_settings); i++)
	{
		const IntSetting *s = &int_settings[i];

		/* can only be defined while the postmaster starts */
		if (s->context == PGC_POSTMASTER &&
			!process_shared_preload_libraries_in_progress)
			continue;
		DefineCustomIntVariable(s->name, s->summary, s->detail, s->variable,
								s->boot, s->min, s->max, s->context, s->flags,
								NULL, NULL, NULL);
	}
	for (int i = 0; i < lengthof(string_settings); i++)
	{
		const StringSetting *s = &string_settings[i];

		DefineCustomStringVariable(s->name, s->summary, s->detail, s->variable,
								   s->boot, s->context, s->flags,
								   s->check, NULL, NULL);
	}
	MarkGUCPrefixReserved("transform");
}

static uint32
walls_of(const char *list)
{
	uint32		mask;
	char	   *unknown;

	return tr_walls_parse(list, &mask, &unknown) ? mask : WALL_ALL;
}

uint32
tr_guc_required_walls(void)
{
	return walls_of(tr_sandbox_require);
}

uint32
tr_guc_walls_off(void)
{
	return walls_of(tr_sandbox_walls_off);
}

const char *
tr_guc_address(void)
{
	return tr_sandbox_address[0] != '\0' ? tr_sandbox_address :
		tr_host_default_address();
}
