/*
 * tr_audit_verify.c
 *		transform_audit_verify: is every row of the audit what was written, and
 *		none missing?
 *
 * Process: a backend of a member of transform_admin.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "tr_api.h"
#include "tr_audit_private.h"
#include "tr_compat.h"

PG_FUNCTION_INFO_V1(transform_audit_verify);

typedef struct Verify
{
	TrAuditEnd	anchor;
	TrAuditEnd	head;
	int64		seq;			/* of the last row that was looked at */
	uint8		link[TR_AUDIT_HASH];
	bool		begun;
	int64		rows;
	int64		unchained;
	int64		known_seq;		/* what the caller knows of the chain; or 0 */
	uint8		known_link[TR_AUDIT_HASH];
	int64		broken;			/* id of the first bad row; 0: it is gone */
	int64		broken_seq;
	const char *what;			/* NULL: all is well */
} Verify;

/* ---- a head as text: place, colon, link in hexadecimal ---- */

static char *
head_text(int64 seq, const uint8 *link)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, INT64_FORMAT ":", seq);
	for (int i = 0; i < TR_AUDIT_HASH; i++)
		appendStringInfo(&text, "%02x", link[i]);
	return text.data;
}

static void
parse_head(const char *text, Verify *v)
{
	char	   *colon;
	int			at = 0;

	errno = 0;
	v->known_seq = strtoll(text, &colon, 10);
	if (errno == 0 && *colon == ':' && v->known_seq >= 0 &&
		strlen(colon + 1) == 2 * TR_AUDIT_HASH)
		for (; at < TR_AUDIT_HASH; at++)
		{
			unsigned int byte;

			if (strspn(colon + 1 + 2 * at, "0123456789abcdef") < 2 ||
				sscanf(colon + 1 + 2 * at, "%2x", &byte) != 1)
				break;
			v->known_link[at] = (uint8) byte;
		}
	if (at < TR_AUDIT_HASH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is no head of the audit", text),
				 errhint("Give what transform_audit_verify() returned as head.")));
}

/* ---- a row ---- */

static bool
broken(Verify *v, int64 id, int64 seq, const char *what)
{
	v->broken = id;
	v->broken_seq = seq;
	v->what = what;
	return false;
}

/* By the column's name; false for NULL or another size. */
static bool
row_hash(HeapTuple row, TupleDesc desc, const char *column, uint8 *hash)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, desc, SPI_fnumber(desc, column), &isnull);
	bytea	   *bytes = isnull ? NULL : DatumGetByteaPP(value);

	if (isnull || VARSIZE_ANY_EXHDR(bytes) != TR_AUDIT_HASH)
		return false;
	memcpy(hash, VARDATA_ANY(bytes), TR_AUDIT_HASH);
	return true;
}

static int64
row_int8(HeapTuple row, TupleDesc desc, const char *column, bool *isnull)
{
	Datum		value = SPI_getbinval(row, desc, SPI_fnumber(desc, column), isnull);

	return *isnull ? 0 : DatumGetInt64(value);
}

/* Does the caller know of another row at the last place? */
static bool
contradicts(const Verify *v)
{
	return v->known_seq > 0 && v->seq == v->known_seq &&
		memcmp(v->link, v->known_link, TR_AUDIT_HASH) != 0;
}

static bool
begin(Verify *v)
{
	v->begun = true;
	if (!v->anchor.genuine || !v->head.genuine)
		return broken(v, 0, 0, "the ends of the chain were changed, or the file transform_audit_key was replaced");
	v->seq = v->anchor.seq;
	memcpy(v->link, v->anchor.link, TR_AUDIT_HASH);
	return true;
}

static bool
verify_row(void *arg, HeapTuple row, TupleDesc desc)
{
	Verify	   *v = (Verify *) arg;
	uint8		wanted[TR_AUDIT_HASH];
	uint8		seal[TR_AUDIT_HASH] = {0};
	uint8		link[TR_AUDIT_HASH];
	bool		unchained;
	bool		isnull;
	int64		id = row_int8(row, desc, "id", &isnull);
	int64		seq = row_int8(row, desc, "seq", &unchained);
	bool		seal_fits;
	bool		link_fits;

	if (!v->begun && !begin(v))
		return false;
	tr_audit_seal(row, desc, wanted);
	seal_fits = row_hash(row, desc, "seal", seal) &&
		memcmp(seal, wanted, TR_AUDIT_HASH) == 0;
	if (unchained)
	{
		v->unchained++;
		/* when the end of the chain is missing, that comes first */
		return seal_fits || v->seq < v->head.seq ||
			broken(v, id, 0, "inserted, or changed before it was chained");
	}
	if (seq <= v->anchor.seq)
		return broken(v, id, seq, "inserted");
	if (seq != v->seq + 1)
		return broken(v, 0, v->seq + 1, "removed");
	tr_audit_link(v->link, seq, seal, TR_AUDIT_HASH, wanted);
	link_fits = row_hash(row, desc, "link", link) &&
		memcmp(link, wanted, TR_AUDIT_HASH) == 0;
	if (!seal_fits || !link_fits)
		return broken(v, id, seq, link_fits ? "changed" :
					  seal_fits ? "reordered" : "inserted");
	v->rows++;
	v->seq = seq;
	memcpy(v->link, link, TR_AUDIT_HASH);
	return !contradicts(v) ||
		broken(v, id, seq, "not the row that the given head stands for");
}

/* ---- all of it ---- */

static void
verify_all(Verify *v)
{
	tr_store_audit_read(&v->anchor, &v->head, verify_row, v);
	if (v->what != NULL || (!v->begun && !begin(v)))
		return;
	if (v->known_seq > 0 && v->known_seq < v->anchor.seq)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the row that the given head stands for has been removed after transform.audit_retention"),
				 errhint("Call transform_audit_verify() more often than rows are removed, or without a head.")));
	if (v->seq < v->head.seq || v->seq < v->known_seq)
		(void) broken(v, 0, v->seq + 1, "removed");
	else if (v->seq > v->head.seq)
		(void) broken(v, 0, v->head.seq + 1, "inserted");
	else if (memcmp(v->link, v->head.link, TR_AUDIT_HASH) != 0 || contradicts(v))
		(void) broken(v, 0, v->seq, "not the row that the head stands for");
}

/*
 * The chain is written by transactions that do not wait for the disk: what is
 * told to the outside world must be there after a crash.  Between two records
 * the insert position may lie behind the header of a page that has none yet,
 * which nobody can flush.
 */
static void
flush(void)
{
	XLogRecPtr	end;
	int			header;

	if (RecoveryInProgress())
		return;
	end = GetXLogInsertRecPtr();
	header = XLogSegmentOffset(end, wal_segment_size) < XLOG_BLCKSZ ?
		SizeOfXLogLongPHD : SizeOfXLogShortPHD;
	if (end % XLOG_BLCKSZ == header)
		end -= header;
	XLogFlush(end);
}

Datum
transform_audit_verify(PG_FUNCTION_ARGS)
{
	Verify		v = {0};
	char	   *head = tr_api_optional_text(fcinfo, 0);
	TupleDesc	desc;
	Datum		values[7];
	bool		nulls[7] = {false};

	tr_api_require_preload();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (head != NULL)
		parse_head(head, &v);
	verify_all(&v);
	flush();
	values[0] = BoolGetDatum(v.what == NULL);
	values[1] = Int64GetDatum(v.rows);
	values[2] = Int64GetDatum(v.unchained);
	values[3] = Int64GetDatum(v.broken);
	nulls[3] = v.broken == 0;
	values[4] = Int64GetDatum(v.broken_seq);
	nulls[4] = v.broken_seq == 0;
	nulls[5] = v.what == NULL;
	values[5] = nulls[5] ? (Datum) 0 : CStringGetTextDatum(v.what);
	values[6] = CStringGetTextDatum(head_text(v.seq, v.link));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}
