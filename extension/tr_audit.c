/*
 * tr_audit.c
 *		The audit: events become rows of transform.audit_event.
 *
 * Process: any; tr_audit_work the scheduler.
 *
 * An event of a transaction is a row of that transaction: it is there if and
 * only if what it tells of is.  What stands although its transaction may roll
 * back (a wrong password, a refused submit, a cancel) is put into a queue in
 * shared memory, and the scheduler of the database writes it; nobody waits for
 * room there, what finds none is counted, and the count becomes a row.  What
 * is left when the server stops is kept in a file (tr_audit_save.c); a crash
 * of the server loses it.
 *
 * A row is sealed when it is inserted (tr_audit_seal.c), and takes its place
 * in the chain after its transaction has committed, by the scheduler: so no
 * transaction waits for another one's place.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/inet.h"
#include "utils/timestamp.h"

#include "tr_api.h"
#include "tr_audit_private.h"
#include "tr_audit_work.h"
#include "tr_authenticate.h"
#include "tr_errors.h"
#include "tr_guc.h"
#include "tr_shared.h"
#include "tr_wake.h"
#include "tr_xact.h"

#define CHAIN_MS	1000		/* from a wake-up to the chaining */
#define TAKE		16			/* records written in one transaction */

/* ---- an event with its session ---- */

void
tr_audit_set_text(char *field, size_t size, const char *text)
{
	int			len = text == NULL ? 0 : strlen(text);

	if (len >= (int) size)
		len = pg_mbcliplen(text, len, size - 1);
	memcpy(field, text == NULL ? "" : text, len);
	field[len] = '\0';
}

#define SET_TEXT(record, field, text) \
	tr_audit_set_text((record)->field, sizeof((record)->field), text)

static char *
client_address(void)
{
	inet	   *address = tr_api_client_address();

	return address == NULL ? NULL :
		TextDatumGetCString(DirectFunctionCall1(network_host, InetPGetDatum(address)));
}

static void
fill_session(TrAuditRecord *record)
{
	Oid			user;
	int			security;

	GetUserIdAndSecContext(&user, &security);
	if (!OidIsValid(record->role) && record->kind != TR_AUDIT_RUN)
		record->role = user;
	if (MyBgworkerEntry != NULL)
		return;
	record->session_role = GetSessionUserId();
	SET_TEXT(record, application, application_name);
	SET_TEXT(record, client, client_address());
}

static void
fill_record(TrAuditRecord *record, const TrAuditEvent *event)
{
	bool		other = event->subject != NULL || event->token_id != NULL;

	memset(record, 0, sizeof(*record));
	record->database = MyDatabaseId;
	record->kind = event->kind;
	record->at = GetCurrentTimestamp();
	record->role = event->role;
	record->job = event->job;
	record->version = event->version;
	record->sqlstate = event->sqlstate;
	SET_TEXT(record, outcome, event->outcome);
	SET_TEXT(record, subject, other ? event->subject : tr_auth_subject());
	SET_TEXT(record, token_id, other ? event->token_id : tr_auth_token_id());
	SET_TEXT(record, script, event->script);
	SET_TEXT(record, script_hash, event->script_hash);
	SET_TEXT(record, source, event->source);
	SET_TEXT(record, destination, event->destination);
	SET_TEXT(record, detail, event->detail);
	fill_session(record);
}

/* ---- the queue ---- */

static void
push(const TrAuditRecord *record)
{
	TrAuditQueue *q = &tr_shared->audit;
	int			i = 0;

	tr_shmem_lock();
	while (i < TR_AUDIT_RECORDS && q->records[i].number != 0)
		i++;
	if (i < TR_AUDIT_RECORDS)
	{
		/* an immediate stop may end us anywhere: half a record is none */
		q->records[i] = *record;
		pg_write_barrier();
		q->records[i].number = ++q->last_number;
	}
	else if (q->dropped++ == 0)
		q->dropped_database = record->database;
	tr_shmem_unlock();
	tr_database_mark(record->database);
}

void
tr_audit(const TrAuditEvent *event)
{
	TrAuditRecord record;

	tr_api_require_preload();
	fill_record(&record, event);
	if (!event->lasting)
	{
		tr_store_audit_add(&record);
		tr_wake_audit_at_commit();
	}
	else if (!RecoveryInProgress())	/* a standby has no scheduler */
		push(&record);
}

const char *
tr_audit_failure(int sqlstate, bool running)
{
	if (sqlstate == ERRCODE_QUERY_CANCELED)
		return "cancelled";
	if (sqlstate == TR_ERR_LIMIT)
		return "limit";
	if (sqlstate == TR_ERR_SANDBOX || sqlstate == TR_ERR_PROTOCOL ||
		(sqlstate == TR_ERR_GUARD && running))
		return "wall";
	return sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE ? "denied" : "failed";
}

static void
record_refusal(TrAuditKind kind, const char *script, int64 job,
			   MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	ErrorData  *edata = CopyErrorData();
	TrAuditEvent event = {
		.kind = kind,
		.outcome = "refused",
		.lasting = true,
		.script = script,
		.job = job,
		.sqlstate = edata->sqlerrcode,
		.detail = edata->message
	};

	/* who interrupts is not refused */
	if (ERRCODE_TO_CATEGORY(edata->sqlerrcode) != ERRCODE_OPERATOR_INTERVENTION &&
		tr_shmem_ready())
		tr_audit(&event);
	FreeErrorData(edata);
	MemoryContextSwitchTo(old);
}

Datum
tr_audit_refusals(PGFunction function, FunctionCallInfo fcinfo,
				  TrAuditKind kind, TrAuditAbout about)
{
	MemoryContext context = CurrentMemoryContext;
	char	   *script = about != TR_ABOUT_SCRIPT ? NULL :
		tr_api_optional_text(fcinfo, 0);
	int64		job = about != TR_ABOUT_JOB || PG_ARGISNULL(0) ? 0 :
		PG_GETARG_INT64(0);
	Datum		result;

	PG_TRY();
	{
		result = function(fcinfo);
	}
	PG_CATCH();
	{
		record_refusal(kind, script, job, context);
		PG_RE_THROW();
	}
	PG_END_TRY();
	return result;
}

/* ---- scheduler ---- */

/* Copies of the oldest records of this database; how many. */
static int
oldest(TrAuditRecord *records, uint64 *dropped)
{
	TrAuditQueue *q = &tr_shared->audit;
	uint64		above = 0;
	int			n;

	tr_shmem_lock();
	*dropped = q->dropped_database == MyDatabaseId ? q->dropped : 0;
	for (n = 0; n < TAKE; n++)
	{
		const TrAuditRecord *next = NULL;

		for (int i = 0; i < TR_AUDIT_RECORDS; i++)
		{
			const TrAuditRecord *r = &q->records[i];

			if (r->number > above && r->database == MyDatabaseId &&
				(next == NULL || r->number < next->number))
				next = r;
		}
		if (next == NULL)
			break;
		records[n] = *next;
		above = next->number;
	}
	tr_shmem_unlock();
	return n;
}

/* They are in the table now. */
static void
forget(uint64 last_number, uint64 dropped)
{
	TrAuditQueue *q = &tr_shared->audit;

	tr_shmem_lock();
	q->dropped -= dropped;
	for (int i = 0; i < TR_AUDIT_RECORDS; i++)
		if (q->records[i].database == MyDatabaseId &&
			q->records[i].number <= last_number)
			q->records[i].number = 0;
	tr_shmem_unlock();
}

static void
add_dropped(uint64 dropped)
{
	TrAuditEvent event = {
		.kind = TR_AUDIT_AUDIT,
		.outcome = "dropped",
		.detail = psprintf(UINT64_FORMAT " events were not recorded: too many at a time",
						   dropped)
	};

	if (dropped > 0)
		tr_audit(&event);
}

/* False when there was nothing to write. */
static bool
write_queue(void)
{
	static TrAuditRecord records[TAKE];
	uint64		dropped;
	int			n = oldest(records, &dropped);

	if (n == 0 && dropped == 0)
		return false;
	tr_xact_begin_own("writing the audit of transform");
	for (int i = 0; i < n; i++)
		tr_store_audit_add(&records[i]);
	add_dropped(dropped);
	ForceSyncCommit();			/* they are nowhere else then */
	tr_xact_commit();
	forget(n == 0 ? 0 : records[n - 1].number, dropped);
	return true;
}

/* True: there is more to chain, or to remove. */
static bool
chain(void)
{
	bool		more;

	tr_xact_begin_own("chaining the audit of transform");
	more = tr_store_audit_chain();
	tr_xact_commit();
	return more;
}

static bool
remove_old(void)
{
	TimestampTz before = GetCurrentTimestamp() -
		tr_audit_retention * USECS_PER_SEC;
	bool		more;

	if (tr_audit_retention == 0)
		return false;
	tr_xact_begin_own("removing old rows of the audit of transform");
	more = tr_store_audit_remove(before);
	tr_xact_commit();
	return more;
}

long
tr_audit_work(bool leaving)
{
	static TimestampTz chain_at = 0;	/* 0: nobody has asked for it */
	TimestampTz now = GetCurrentTimestamp();
	bool		more = true;

	for (int i = 0; i < TR_AUDIT_RECORDS / TAKE && more; i++)
		more = write_queue();
	if (chain_at == 0)
		chain_at = TimestampTzPlusMilliseconds(now, CHAIN_MS);
	if (now < chain_at && !leaving)
		return more ? 0 : TimestampDifferenceMilliseconds(now, chain_at);
	do
	{
		more = chain();
		more = remove_old() || more;
		CHECK_FOR_INTERRUPTS();
	} while (more && leaving);
	if (more)
		return 0;
	chain_at = 0;
	return -1;
}

void
tr_audit_forget_database(Oid database)
{
	TrAuditQueue *q = &tr_shared->audit;

	tr_shmem_lock();
	if (q->dropped_database == database)
		q->dropped = 0;
	for (int i = 0; i < TR_AUDIT_RECORDS; i++)
		if (q->records[i].database == database)
			q->records[i].number = 0;
	tr_shmem_unlock();
}
