/*
 * tr_limits.c
 *		What a job may use: the lower of what is asked for and what the role
 *		that it runs as is given.
 *
 * Process: backends, runner; inside a transaction.
 *
 * A session's ceilings are those of the role that has logged in.  Where the
 * current user is another one, after SET ROLE, what ALTER ROLE ... SET gives
 * that one is looked up; what it is not given, the session's stands for.  The
 * runner is a session of the job's role, and lowers the limits once more.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_db_role_setting.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "tr_compat.h"
#include "tr_errors.h"
#include "tr_guc.h"
#include "tr_limits.h"

static const struct
{
	const char *setting;		/* "transform.max_" before it: the ceiling */
	int			flags;			/* its unit, for parse_int() */
	size_t		field;			/* of TrLimits */
	int			scale;			/* to the unit there */
}			kinds[TR_LIMITS] = {
	[TR_CEILING_CONCURRENT_JOBS] = {"role_concurrent_jobs", 0,
	offsetof(TrLimits, concurrent_jobs), 1},
	[TR_CEILING_CPU] = {"job_cpu_time", GUC_UNIT_MS,
	offsetof(TrLimits, cpu_ms), 1},
	[TR_CEILING_LOG_BYTES] = {"job_log_bytes", GUC_UNIT_BYTE,
	offsetof(TrLimits, log_bytes), 1},
	[TR_CEILING_MEMORY] = {"job_memory", GUC_UNIT_KB,
	offsetof(TrLimits, memory_bytes), 1024},
	[TR_CEILING_OUTPUT_BYTES] = {"job_output_bytes", GUC_UNIT_KB,
	offsetof(TrLimits, output_bytes), 1024},
	[TR_CEILING_OUTPUT_ROWS] = {"job_output_rows", 0,
	offsetof(TrLimits, output_rows), 1},
	[TR_CEILING_QUEUED_JOBS] = {"role_queued_jobs", 0,
	offsetof(TrLimits, queued_jobs), 1},
	[TR_CEILING_WALL] = {"job_wall_time", GUC_UNIT_MS,
	offsetof(TrLimits, wall_ms), 1},
};

/* ---- ceilings of another role ---- */

/* "transform.max_job_memory=1GB", if it is one of ours. */
static void
read_setting(const char *text, int *ceilings)
{
	static const char prefix[] = "transform.max_";

	if (strncmp(text, prefix, strlen(prefix)) != 0)
		return;
	text += strlen(prefix);
	for (int i = 0; i < TR_LIMITS; i++)
	{
		size_t		len = strlen(kinds[i].setting);
		int			value;

		if (strncmp(text, kinds[i].setting, len) == 0 && text[len] == '=' &&
			parse_int(text + len + 1, &value, kinds[i].flags, NULL))
			ceilings[i] = Max(value, 0);
	}
}

/* What ALTER ROLE ... [IN DATABASE ...] SET says. */
static void
read_settings(Oid database, Oid role, int *ceilings)
{
	Relation	rel = table_open(DbRoleSettingRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_db_role_setting_setdatabase,
				BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(database));
	ScanKeyInit(&keys[1], Anum_pg_db_role_setting_setrole,
				BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(role));
	scan = systable_beginscan(rel, DbRoleSettingDatidRolidIndexId, true, NULL,
							  2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		config = SPI_getbinval(tuple, RelationGetDescr(rel),
										   Anum_pg_db_role_setting_setconfig,
										   &isnull);
		Datum	   *texts = NULL;
		int			n = 0;

		if (!isnull)
			deconstruct_array(DatumGetArrayTypeP(config), TEXTOID, -1, false,
							  TYPALIGN_INT, &texts, NULL, &n);
		for (int i = 0; i < n; i++)
			read_setting(TextDatumGetCString(texts[i]), ceilings);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

static void
current_ceilings(int *ceilings)
{
	memcpy(ceilings, tr_max_limit, sizeof(tr_max_limit));
	if (GetUserId() == GetSessionUserId())
		return;
	read_settings(InvalidOid, GetUserId(), ceilings);
	read_settings(MyDatabaseId, GetUserId(), ceilings);
}

/* ---- limits ---- */

static int64 *
field(TrLimits *limits, int kind)
{
	return (int64 *) ((char *) limits + kinds[kind].field);
}

/* 0 of a limit on time or size would refuse everything. */
static int64
own_value(int kind)
{
	int			own = tr_own_limit[kind];

	if (own == 0 && kind != TR_CEILING_LOG_BYTES &&
		kind != TR_CEILING_QUEUED_JOBS)
		return 1;
	return own < 0 ? PG_INT64_MAX : (int64) own * kinds[kind].scale;
}

void
tr_limits_now(TrLimits *limits)
{
	for (int i = 0; i < TR_LIMITS; i++)
		*field(limits, i) = own_value(i);
	tr_limits_lower(limits);
}

void
tr_limits_lower(TrLimits *limits)
{
	int			ceilings[TR_LIMITS];

	current_ceilings(ceilings);
	for (int i = 0; i < TR_LIMITS; i++)
		*field(limits, i) = Min(*field(limits, i),
								(int64) ceilings[i] * kinds[i].scale);
}

void
tr_limits_check_queued(const TrLimits *limits, int64 queued)
{
	int64		own = own_value(TR_CEILING_QUEUED_JOBS);
	char	   *role = GetUserNameFromId(GetUserId(), false);

	if (queued < limits->queued_jobs)
		return;
	if (own == limits->queued_jobs)
		ereport(ERROR,
				(errcode(TR_ERR_LIMIT),
				 errmsg("role \"%s\" has " INT64_FORMAT " jobs in the queue, as many as transform.role_queued_jobs says",
						role, queued),
				 errhint("Wait for them, cancel some with transform_cancel(), or raise the setting up to its ceiling transform.max_role_queued_jobs.")));
	ereport(ERROR,
			(errcode(TR_ERR_LIMIT),
			 errmsg("role \"%s\" has " INT64_FORMAT " jobs in the queue, as many as the ceiling transform.max_role_queued_jobs allows",
					role, queued),
			 errhint("Wait for them, or cancel some with transform_cancel(). An administrator raises the ceiling: ALTER ROLE %s SET transform.max_role_queued_jobs = ...",
					 quote_identifier(role))));
}
