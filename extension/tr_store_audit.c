/*
 * tr_store_audit.c
 *		The statements on the tables of the audit.
 *
 * Process: any, inside a transaction: rows added; the scheduler: the chain,
 * old rows; a backend: read to verify.
 *
 * The chain's two ends stand in transform.audit_end, each with a proof that we
 * wrote it: the last row that was removed (what the first one is linked to),
 * and the last row of all (so that rows cannot vanish from the end).
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "tr_audit_private.h"
#include "tr_statement.h"

#define CHAIN_ROWS		500		/* in one transaction */
#define REMOVE_ROWS		"10000"
#define READ_ROWS		1000

#define ROW_COLUMNS \
	"id, at, event, outcome, role, role_oid, session_role, client," \
	" application, subject, token_id, script, version, script_hash, source," \
	" destination, job, sqlstate, detail, seal"

static const char *const kind_names[] = {
	[TR_AUDIT_LOGIN] = "login",
	[TR_AUDIT_TOKEN] = "token",
	[TR_AUDIT_USER] = "user",
	[TR_AUDIT_KEY] = "key",
	[TR_AUDIT_SCRIPT] = "script",
	[TR_AUDIT_GRANT] = "grant",
	[TR_AUDIT_SUBMIT] = "submit",
	[TR_AUDIT_PREVIEW] = "preview",
	[TR_AUDIT_RUN] = "run",
	[TR_AUDIT_CANCEL] = "cancel",
	[TR_AUDIT_READ] = "read",
	[TR_AUDIT_AUDIT] = "audit",
};

/*
 * Two ways: where all is known, nothing is looked up, since a runner would pay
 * for the planning with every job.
 */
static TrSql audit_add = {
	"INSERT INTO transform.audit_event (at, event, outcome, role, role_oid,"
	" session_role, client, application, subject, token_id, script, version,"
	" script_hash, source, destination, job, sqlstate, detail)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
	" $15, $16, $17, $18)",
	18, {TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, OIDOID, TEXTOID, TEXTOID,
		TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID,
	INT8OID, TEXTOID, TEXTOID}
};

static TrSql audit_look_up = {
	"SELECT r.oid, coalesce($3, js.name), coalesce($4, j.version), v.hash,"
	" coalesce($5, j.source_name, j.source_query, j.sources::text),"
	" coalesce($6, j.destination), j.subject, j.token_id"
	" FROM (SELECT) one"
	" LEFT JOIN transform.job j ON j.id = $1"
	" LEFT JOIN transform.script js ON js.id = j.script"
	" LEFT JOIN transform.script s ON s.name = coalesce($3, js.name)"
	" LEFT JOIN transform.script_version v"
	"  ON v.script = s.id AND v.version = coalesce($4, j.version),"
	" LATERAL (SELECT coalesce($2, j.role::oid, 0::oid) AS oid) r",
	6, {INT8OID, OIDOID, TEXTOID, INT4OID, TEXTOID, TEXTOID}
};

static TrSql audit_end = {
	"SELECT seq, link, proof FROM transform.audit_end WHERE which = $1",
	1, {TEXTOID}
};

static TrSql audit_set_end = {
	"INSERT INTO transform.audit_end (which, seq, link, proof)"
	" VALUES ($1, $2, $3, $4) ON CONFLICT (which) DO UPDATE"
	" SET seq = excluded.seq, link = excluded.link, proof = excluded.proof",
	4, {TEXTOID, INT8OID, BYTEAOID, BYTEAOID}
};

static TrSql audit_unchained = {
	"SELECT " ROW_COLUMNS " FROM transform.audit_event WHERE seq IS NULL"
	" ORDER BY id LIMIT 1000",
	0, {0}
};

static TrSql audit_chain = {
	"UPDATE transform.audit_event e SET seq = c.seq, link = c.link"
	" FROM unnest($1, $2, $3) AS c(id, seq, link) WHERE e.id = c.id",
	3, {INT8ARRAYOID, INT8ARRAYOID, BYTEAARRAYOID}
};

/* The last of the oldest rows that are all from before $1, if there is one. */
static TrSql audit_last_old = {
	"WITH oldest AS (SELECT seq, at FROM transform.audit_event"
	"  WHERE seq IS NOT NULL ORDER BY seq LIMIT " REMOVE_ROWS ")"
	" SELECT seq, link FROM transform.audit_event WHERE seq ="
	" (SELECT coalesce(min(seq) FILTER (WHERE at >= $1) - 1, max(seq))"
	"  FROM oldest)",
	1, {TIMESTAMPTZOID}
};

static TrSql audit_remove = {
	"DELETE FROM transform.audit_event WHERE seq <= $1", 1, {INT8OID}
};

static TrSql audit_read = {
	"SELECT " ROW_COLUMNS ", seq, link FROM transform.audit_event"
	" ORDER BY seq NULLS LAST, id",
	0, {0}
};

/* A statement that changes the tables. */
static void
change(TrSql *sql, Datum *values, const char *nulls)
{
	tr_audit_unlock(true);
	PG_TRY();
	{
		tr_sql(sql, values, nulls, InvalidSnapshot);
	}
	PG_FINALLY();
	{
		tr_audit_unlock(false);
	}
	PG_END_TRY();
}

/* ---- adding ---- */

static void
set_some(Datum *values, char *nulls, int i, const char *text)
{
	tr_set_text(values, nulls, i, text[0] == '\0' ? NULL : text);
}

static void
set_oid(Datum *values, char *nulls, int i, Oid oid)
{
	values[i] = ObjectIdGetDatum(oid);
	nulls[i] = OidIsValid(oid) ? ' ' : 'n';
}

static void
set_int4(Datum *values, char *nulls, int i, int32 value)
{
	values[i] = Int32GetDatum(value);
	nulls[i] = value == 0 ? 'n' : ' ';
}

static void
set_int8(Datum *values, char *nulls, int i, int64 value)
{
	values[i] = Int64GetDatum(value);
	nulls[i] = value == 0 ? 'n' : ' ';
}

static void
copy_text(const TrScope *scope, int column, char *field, size_t size)
{
	char	   *text = tr_text_value(scope, 0, column);

	tr_audit_set_text(field, size, text);
}

/* Fill in what is known of the job and the script. */
static void
look_up(const TrScope *scope, TrAuditRecord *r)
{
	Datum		values[6];
	char		nulls[6];
	Datum		version;
	bool		isnull;

	set_int8(values, nulls, 0, r->job);
	set_oid(values, nulls, 1, r->role);
	set_some(values, nulls, 2, r->script);
	set_int4(values, nulls, 3, r->version);
	set_some(values, nulls, 4, r->source);
	set_some(values, nulls, 5, r->destination);
	tr_sql(&audit_look_up, values, nulls, InvalidSnapshot);
	r->role = DatumGetObjectId(tr_value(0, 1));
	copy_text(scope, 2, r->script, sizeof(r->script));
	version = tr_column(0, 3, &isnull);
	r->version = isnull ? 0 : DatumGetInt32(version);
	copy_text(scope, 4, r->script_hash, sizeof(r->script_hash));
	copy_text(scope, 5, r->source, sizeof(r->source));
	copy_text(scope, 6, r->destination, sizeof(r->destination));
	/* of a run; else who acts may be another than who submitted */
	if (r->kind == TR_AUDIT_RUN)
	{
		copy_text(scope, 7, r->subject, sizeof(r->subject));
		copy_text(scope, 8, r->token_id, sizeof(r->token_id));
	}
}

/* NULL for none. */
static char *
role_name(Oid role)
{
	char	   *name;

	if (!OidIsValid(role))
		return NULL;
	name = GetUserNameFromId(role, true);
	return name != NULL ? name : psprintf("unknown (OID=%u)", role);
}

void
tr_store_audit_add(const TrAuditRecord *record)
{
	TrAuditRecord r = *record;
	Datum		values[18];
	char		nulls[18];
	TrScope		scope;

	memset(nulls, ' ', sizeof(nulls));
	tr_scope_enter(&scope);
	/* who was refused does not learn from the audit what he asked for */
	if (r.script_hash[0] == '\0' && (r.job != 0 || r.script[0] != '\0') &&
		strcmp(r.outcome, "refused") != 0)
		look_up(&scope, &r);
	values[0] = TimestampTzGetDatum(r.at);
	tr_set_text(values, nulls, 1, kind_names[r.kind]);
	tr_set_text(values, nulls, 2, r.outcome);
	tr_set_text(values, nulls, 3, OidIsValid(r.role) ? role_name(r.role) : "");
	values[4] = ObjectIdGetDatum(r.role);
	tr_set_text(values, nulls, 5, role_name(r.session_role));
	set_some(values, nulls, 6, r.client);
	set_some(values, nulls, 7, r.application);
	set_some(values, nulls, 8, r.subject);
	set_some(values, nulls, 9, r.token_id);
	set_some(values, nulls, 10, r.script);
	set_int4(values, nulls, 11, r.version);
	set_some(values, nulls, 12, r.script_hash);
	set_some(values, nulls, 13, r.source);
	set_some(values, nulls, 14, r.destination);
	set_int8(values, nulls, 15, r.job);
	tr_set_text(values, nulls, 16, r.sqlstate == 0 ? NULL :
				unpack_sql_state(r.sqlstate));
	set_some(values, nulls, 17, r.detail);
	change(&audit_add, values, nulls);
	tr_scope_leave(&scope);
}

/* ---- the ends of the chain ---- */

static bytea *
hash_bytea(const uint8 *hash)
{
	bytea	   *result = palloc(VARHDRSZ + TR_AUDIT_HASH);

	SET_VARSIZE(result, VARHDRSZ + TR_AUDIT_HASH);
	memcpy(VARDATA(result), hash, TR_AUDIT_HASH);
	return result;
}

/* False: it is not a hash. */
static bool
get_hash(int row, int col, uint8 *hash)
{
	bool		isnull;
	Datum		value = tr_column(row, col, &isnull);
	bytea	   *bytes = isnull ? NULL : DatumGetByteaPP(value);

	if (isnull || VARSIZE_ANY_EXHDR(bytes) != TR_AUDIT_HASH)
		return false;
	memcpy(hash, VARDATA_ANY(bytes), TR_AUDIT_HASH);
	return true;
}

static void
read_end(const char *which, TrAuditEnd *end, Snapshot snapshot)
{
	Datum		values[1] = {CStringGetTextDatum(which)};
	uint8		proof[TR_AUDIT_HASH];
	uint8		wanted[TR_AUDIT_HASH];

	memset(end, 0, sizeof(*end));
	end->genuine = true;
	tr_sql(&audit_end, values, NULL, snapshot);
	if (SPI_processed == 0)
		return;
	end->seq = DatumGetInt64(tr_value(0, 1));
	end->genuine = get_hash(0, 2, end->link) && get_hash(0, 3, proof);
	tr_audit_link(end->link, end->seq, which, strlen(which), wanted);
	end->genuine = end->genuine && memcmp(proof, wanted, TR_AUDIT_HASH) == 0;
}

static void
write_end(const char *which, const TrAuditEnd *end)
{
	Datum		values[4];
	uint8		proof[TR_AUDIT_HASH];

	tr_audit_link(end->link, end->seq, which, strlen(which), proof);
	values[0] = CStringGetTextDatum(which);
	values[1] = Int64GetDatum(end->seq);
	values[2] = PointerGetDatum(hash_bytea(end->link));
	values[3] = PointerGetDatum(hash_bytea(proof));
	change(&audit_set_end, values, NULL);
}

/* ---- chaining ---- */

typedef struct Links
{
	int			n;
	Datum		ids[CHAIN_ROWS];
	Datum		seqs[CHAIN_ROWS];
	Datum		links[CHAIN_ROWS];
} Links;

/*
 * Put the rows that have our seal behind `head`, which moves.  Others stay
 * where they are, for transform_audit_verify() to name.
 */
static void
link_rows(Links *links, TrAuditEnd *head)
{
	int			seal_column = SPI_fnumber(SPI_tuptable->tupdesc, "seal");

	for (uint64 i = 0; i < SPI_processed && links->n < CHAIN_ROWS; i++)
	{
		uint8		seal[TR_AUDIT_HASH];
		uint8		wanted[TR_AUDIT_HASH];

		tr_audit_seal(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, wanted);
		if (!get_hash(i, seal_column, seal) ||
			memcmp(seal, wanted, TR_AUDIT_HASH) != 0)
			continue;
		head->seq++;
		tr_audit_link(head->link, head->seq, seal, TR_AUDIT_HASH, head->link);
		links->ids[links->n] = tr_value(i, 1);
		links->seqs[links->n] = Int64GetDatum(head->seq);
		links->links[links->n++] = PointerGetDatum(hash_bytea(head->link));
	}
}

static Datum
int8_array(Datum *values, int n)
{
	return PointerGetDatum(construct_array(values, n, INT8OID, 8,
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static void
store_links(Links *links)
{
	Datum		values[3];

	values[0] = int8_array(links->ids, links->n);
	values[1] = int8_array(links->seqs, links->n);
	values[2] = PointerGetDatum(construct_array(links->links, links->n, BYTEAOID,
												-1, false, TYPALIGN_INT));
	change(&audit_chain, values, NULL);
}

bool
tr_store_audit_chain(void)
{
	Links		links = {0};
	TrAuditEnd	head;
	TrScope		scope;
	bool		more;

	tr_scope_enter(&scope);
	read_end(TR_AUDIT_HEAD, &head, InvalidSnapshot);
	tr_sql(&audit_unchained, NULL, NULL, InvalidSnapshot);
	link_rows(&links, &head);
	more = links.n == CHAIN_ROWS;
	/* an end that we did not write stays, for transform_audit_verify() */
	if (links.n > 0 && head.genuine)
	{
		store_links(&links);
		write_end(TR_AUDIT_HEAD, &head);
	}
	tr_scope_leave(&scope);
	return more && head.genuine;
}

/* ---- removing what is old ---- */

bool
tr_store_audit_remove(TimestampTz before)
{
	Datum		values[1] = {TimestampTzGetDatum(before)};
	TrAuditEnd	anchor;
	TrScope		scope;
	bool		found;

	tr_scope_enter(&scope);
	read_end(TR_AUDIT_ANCHOR, &anchor, InvalidSnapshot);
	tr_sql(&audit_last_old, values, NULL, InvalidSnapshot);
	found = anchor.genuine && SPI_processed == 1 && get_hash(0, 2, anchor.link);
	if (found)
	{
		anchor.seq = DatumGetInt64(tr_value(0, 1));
		values[0] = Int64GetDatum(anchor.seq);
		change(&audit_remove, values, NULL);
		write_end(TR_AUDIT_ANCHOR, &anchor);
	}
	tr_scope_leave(&scope);
	return found;
}

/* ---- reading all of it ---- */

void
tr_store_audit_read(TrAuditEnd *anchor, TrAuditEnd *head,
					TrAuditRowCallback callback, void *arg)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TrScope		scope;
	Portal		portal;
	bool		more = true;

	PushActiveSnapshot(snapshot);
	tr_scope_enter(&scope);
	read_end(TR_AUDIT_ANCHOR, anchor, snapshot);
	read_end(TR_AUDIT_HEAD, head, snapshot);
	portal = SPI_cursor_open(NULL, tr_sql_plan(&audit_read), NULL, NULL, true);
	while (more)
	{
		SPI_cursor_fetch(portal, true, READ_ROWS);
		more = SPI_processed > 0;
		for (uint64 i = 0; i < SPI_processed && more; i++)
			more = callback(arg, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
		SPI_freetuptable(SPI_tuptable);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(portal);
	tr_scope_leave(&scope);
	PopActiveSnapshot();
	UnregisterSnapshot(snapshot);
}
