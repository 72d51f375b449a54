/*
 * tr_queue_watermark.c
 *		How far each incremental job has read: one row per role, script,
 *		source and destination.  Its SQL stands in tr_queue.c.
 *
 * Process: the runner (take, move), any backend (reset).
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "tr_queue.h"
#include "tr_statement.h"

static void
set_key(Datum *values, const TrWatermark *w)
{
	values[0] = ObjectIdGetDatum(w->role);
	values[1] = Int64GetDatum(w->script);
	values[2] = CStringGetTextDatum(w->source);
	values[3] = CStringGetTextDatum(w->destination);
}

/*
 * The row is made before it is locked, so that the first two jobs wait for
 * each other, too; each statement sees what has been committed by then.
 */
void
tr_queue_watermark_take(TrWatermark *w, const char *since)
{
	Datum		values[5];
	TrScope		scope;

	tr_scope_enter(&scope);
	set_key(values, w);
	values[4] = CStringGetTextDatum(since);
	tr_statement(Q_WATERMARK_ENSURE, values, NULL, InvalidSnapshot);
	tr_statement(Q_WATERMARK_LOCK, values, NULL, InvalidSnapshot);
	if (SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the watermark of this job was reset at the same moment")));
	w->since = tr_text_value(&scope, 0, 1);
	w->type = tr_text_value(&scope, 0, 2);
	w->value = tr_text_value(&scope, 0, 3);
	tr_scope_leave(&scope);
}

void
tr_queue_watermark_move(const TrWatermark *w, int64 job, const char *value,
						const char *type)
{
	Datum		values[7];
	char		nulls[7] = {' ', ' ', ' ', ' ', ' ', ' ', ' '};
	TrScope		scope;

	tr_scope_enter(&scope);
	set_key(values, w);
	values[4] = Int64GetDatum(job);
	tr_set_text(values, nulls, 5, value);
	tr_set_text(values, nulls, 6, type);
	if (value != NULL)
		tr_statement(Q_WATERMARK_MOVE, values, nulls, InvalidSnapshot);
	values[0] = Int64GetDatum(job);
	tr_set_text(values, nulls, 1, w->value);
	tr_set_text(values, nulls, 2, value != NULL ? value : w->value);
	tr_statement(Q_JOB_SINCE, values, nulls, InvalidSnapshot);
	tr_scope_leave(&scope);
}

int64
tr_queue_watermark_reset(const char *script, const char *source,
						 const char *destination)
{
	Oid			user = GetUserId();
	Oid			admin = get_role_oid("transform_admin", true);
	Datum		values[5];
	char		nulls[5] = {' ', ' ', ' ', ' ', ' '};
	TrScope		scope;
	int64		count;

	values[3] = ObjectIdGetDatum(user);
	values[4] = BoolGetDatum(OidIsValid(admin) &&
							 has_privs_of_role(user, admin));
	tr_scope_enter(&scope);
	tr_set_text(values, nulls, 0, script);
	tr_set_text(values, nulls, 1, source);
	tr_set_text(values, nulls, 2, destination);
	tr_statement(Q_WATERMARK_RESET, values, nulls, InvalidSnapshot);
	count = (int64) SPI_processed;
	tr_scope_leave(&scope);
	return count;
}
