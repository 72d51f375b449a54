/*
 * tr_broker.c
 *		Starting sandbox_host and keeping it alive.
 *
 * Process: the launcher.  The host writes lines to its lifeline: "ready" when
 * it takes jobs, "failed: reason" when it cannot.  End of file means that it
 * is gone, and it is started again: at once after a good life, with growing
 * delays when it dies young.  What is known is published in shared memory
 * (tr_shmem_set_host), where transform_sandbox_status() and the schedulers
 * find it.
 */
#include "postgres.h"

#include <sys/stat.h>

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "tr_broker.h"
#include "tr_guc.h"
#include "tr_host.h"
#include "tr_shmem.h"

#define MIN_DELAY_MS	100
#define MAX_DELAY_MS	10000
#define YOUNG_MS		1000	/* a host that dies younger than this ... */
#define YOUNG_DEATHS	3		/* ... so often in a row has failed */
#define RECHECK_MS		2000	/* something is missing: look again */

/* Beside the jobs: previews, validations, workers that are on their way. */
#define EXTRA_WORKERS	8

static TrHost *host = NULL;
static TrHostInfo info;
static char line[TR_REASON_SIZE];
static int	line_len = 0;
static bool said_failed = false;
static int	young_deaths = 0;
static TimestampTz started_at = 0;
static TimestampTz next_start = 0;
static char *running_settings = NULL;	/* the host was started with these */

static int
host_pid(void)
{
	return host != NULL ? tr_host_pid(host) : 0;
}

static void
publish(TrHostState state, const char *reason)
{
	bool		same = info.state == state && info.pid == host_pid() &&
		strcmp(info.reason, reason) == 0;

	info.state = state;
	info.pid = host_pid();
	strlcpy(info.reason, reason, sizeof(info.reason));
	if (same)
		return;
	if (state == TR_HOST_FAILED)
		ereport(LOG, (errmsg("transform: sandbox_host is not available: %s", reason)));
	else if (state == TR_HOST_READY)
		ereport(LOG, (errmsg("transform: sandbox_host is ready (process %d)", host_pid())));
	tr_shmem_set_host(&info);
}

/* ---- what to start ---- */

static char *
host_path(void)
{
	return tr_sandbox_host[0] != '\0' ? pstrdup(tr_sandbox_host) :
		tr_host_default_program();
}

static char *
lib_path(const char *setting, const char *name)
{
	if (setting[0] != '\0')
		return pstrdup(setting);
	return psprintf("%s/transform/%s", pkglib_path, name);
}

/* Everything that shapes the host, as one string. */
static char *
settings(void)
{
	return psprintf("%s\n%s\n%s\n%s\n%s\n%s\n%d",
					tr_sandbox_address, host_path(), lib_path(tr_venv, "venv"),
					lib_path(tr_driver, "python"), tr_sandbox_walls_off,
					tr_allowed_modules, tr_warm_workers);
}

/* NULL when all parts are there, else what is missing and what to do. */
static char *
missing_part(const char *path, const char *venv, const char *driver)
{
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return psprintf("the program \"%s\" does not exist; install it or set transform.sandbox_host",
						path);
	if (stat(venv, &st) != 0 || !S_ISDIR(st.st_mode))
		return psprintf("the Python environment \"%s\" does not exist; install it or set transform.venv",
						venv);
	if (stat(driver, &st) != 0 || !S_ISDIR(st.st_mode))
		return psprintf("the folder \"%s\" of transform's Python files does not exist; install it or set transform.driver",
						driver);
	return NULL;
}

static void
build_argv(char **argv, const char *path, const char *venv, const char *driver)
{
	int			n = 0;

	argv[n++] = pstrdup(path);
	argv[n++] = "--listen";
	argv[n++] = pstrdup(tr_guc_address());
	argv[n++] = "--venv";
	argv[n++] = pstrdup(venv);
	argv[n++] = "--driver";
	argv[n++] = pstrdup(driver);
	argv[n++] = "--workers";
	argv[n++] = psprintf("%d", tr_warm_workers);
	argv[n++] = "--max-workers";
	argv[n++] = psprintf("%d", tr_max_concurrent_jobs + tr_warm_workers +
						 EXTRA_WORKERS);
	if (tr_sandbox_walls_off[0] != '\0')
	{
		argv[n++] = "--walls-off";
		argv[n++] = pstrdup(tr_sandbox_walls_off);
	}
	if (tr_allowed_modules[0] != '\0')
	{
		argv[n++] = "--allowed-modules";
		argv[n++] = pstrdup(tr_allowed_modules);
	}
	argv[n] = NULL;
}

/* ---- starting and stopping ---- */

static long
delay_after(int deaths)
{
	long		delay = MIN_DELAY_MS;

	while (--deaths > 0 && delay < MAX_DELAY_MS)
		delay *= 2;
	return Min(delay, MAX_DELAY_MS);
}

static void
start_later(long ms)
{
	next_start = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ms);
}

static void
remember_settings(void)
{
	if (running_settings != NULL)
		pfree(running_settings);
	running_settings = MemoryContextStrdup(TopMemoryContext, settings());
}

/* Run tr_host_start; its error becomes our reason. */
static void
start_host(char **argv)
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		host = tr_host_start(argv);
		started_at = GetCurrentTimestamp();
		line_len = 0;
		said_failed = false;
		if (young_deaths < YOUNG_DEATHS)
			publish(TR_HOST_STARTING, "sandbox_host is starting");
	}
	PG_CATCH();
	{
		ErrorData  *edata;

		MemoryContextSwitchTo(context);
		edata = CopyErrorData();
		FlushErrorState();
		publish(TR_HOST_FAILED, edata->message);
		young_deaths++;
		start_later(delay_after(young_deaths));
	}
	PG_END_TRY();
}

static void
try_start(void)
{
	char	   *argv[20];
	char	   *path = host_path();
	char	   *venv = lib_path(tr_venv, "venv");
	char	   *driver = lib_path(tr_driver, "python");
	char	   *missing = missing_part(path, venv, driver);

	strlcpy(info.path, path, sizeof(info.path));
	remember_settings();
	if (missing != NULL)
	{
		publish(TR_HOST_FAILED, missing);
		start_later(RECHECK_MS);
		return;
	}
	build_argv(argv, path, venv, driver);
	start_host(argv);
}

static void
host_is_gone(void)
{
	bool		young = info.state != TR_HOST_READY ||
		!TimestampDifferenceExceeds(started_at, GetCurrentTimestamp(), YOUNG_MS);

	tr_broker_stop();
	young_deaths = young ? young_deaths + 1 : 0;
	if (said_failed)
		publish(TR_HOST_FAILED, pstrdup(info.reason));
	else if (young_deaths >= YOUNG_DEATHS)
		publish(TR_HOST_FAILED, "sandbox_host ends as soon as it is started; the server log has its last words");
	else
	{
		ereport(LOG, (errmsg("transform: sandbox_host ended, starting it again")));
		publish(TR_HOST_STARTING, "sandbox_host ended and is starting again");
	}
	start_later(young ? delay_after(young_deaths) : 0);
}

/* ---- the lifeline ---- */

static void
handle_line(void)
{
	line[line_len] = '\0';
	line_len = 0;
	if (strcmp(line, "ready") == 0)
	{
		said_failed = false;
		young_deaths = 0;
		publish(TR_HOST_READY, "");
	}
	else if (strncmp(line, "failed: ", 8) == 0)
	{
		said_failed = true;
		publish(TR_HOST_FAILED, line + 8);
	}
	else
		ereport(LOG, (errmsg("transform: sandbox_host: %s", line)));
}

static void
read_lifeline(void)
{
	char		buf[512];
	int			n;

	while (host != NULL && (n = tr_host_read(host, buf, sizeof(buf))) != 0)
	{
		if (n < 0)
		{
			host_is_gone();
			return;
		}
		for (int i = 0; i < n; i++)
		{
			if (buf[i] == '\n')
				handle_line();
			else if (line_len < (int) sizeof(line) - 1)
				line[line_len++] = buf[i];
		}
	}
}

/* ---- interface ---- */

void
tr_broker_stop(void)
{
	TrHost	   *old = host;

	host = NULL;
	if (old != NULL)
		tr_host_stop(old);
}

/* A change waits until no job runs, then the host is started anew. */
void
tr_broker_reload(void)
{
	char	   *now = settings();

	if (running_settings != NULL && strcmp(now, running_settings) != 0)
	{
		if (host != NULL)
			publish(TR_HOST_DRAINING, "settings of the sandbox have changed; it restarts when the running jobs are over");
		young_deaths = 0;
		next_start = 0;
	}
	pfree(now);
}

static void
finish_draining(void)
{
	if (info.state != TR_HOST_DRAINING || tr_slots_busy() > 0)
		return;
	tr_broker_stop();
	publish(TR_HOST_STARTING, "sandbox_host is starting");
	next_start = 0;
}

long
tr_broker_tick(void)
{
	long		wait;

	read_lifeline();
	finish_draining();
	if (host != NULL)
		return -1;
	if (tr_sandbox_address[0] != '\0')
	{
		info.path[0] = '\0';
		remember_settings();
		publish(TR_HOST_EXTERNAL, "");
		return -1;
	}
	wait = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), next_start);
	if (wait > 0)
		return wait;
	try_start();
	return host != NULL ? -1 :
		Max(1, TimestampDifferenceMilliseconds(GetCurrentTimestamp(), next_start));
}

void
tr_broker_wait(long timeout, uint32 wait_event)
{
	tr_host_wait(host, timeout, wait_event);
}
