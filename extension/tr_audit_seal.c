/*
 * tr_audit_seal.c
 *		Seals and links of the audit's rows, and the trigger that guards its
 *		tables.
 *
 * Process: any; the trigger runs in whoever touches the tables.
 *
 * A seal is BLAKE2b, under the key of tr_audit_key.c, of a row's columns: only
 * this module makes one, when the row is inserted.  A link is the same of the
 * link before, the place and the row's seal.  So a row that was changed does
 * not fit its seal; one that was slipped in has none; one that was moved, or
 * whose neighbour is gone, does not fit its link.
 *
 * The guard refuses every change that does not come from tr_store_audit.c,
 * whoever asks.  A superuser can switch triggers off; the seals are for that.
 * (And can read the key file: against that helps to keep what
 * transform_audit_verify() gave as head elsewhere.)
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include <sodium.h>

#include "tr_audit_private.h"
#include "tr_compat.h"
#include "tr_shared.h"

PG_FUNCTION_INFO_V1(transform_audit_guard);

static bool unlocked = false;

void
tr_audit_unlock(bool value)
{
	unlocked = value;
}

/* ---- hashing ---- */

static void
hash_int8(crypto_generichash_state *hash, int64 value)
{
	uint8		bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8) ((uint64) value >> (56 - 8 * i));
	crypto_generichash_update(hash, bytes, sizeof(bytes));
}

static void
hash_bytes(crypto_generichash_state *hash, const void *bytes, size_t len)
{
	hash_int8(hash, len);
	crypto_generichash_update(hash, bytes, len);
}

static void
hash_value(crypto_generichash_state *hash, Oid type, Datum value)
{
	struct varlena *text;

	switch (type)
	{
		case INT8OID:
		case TIMESTAMPTZOID:
			hash_int8(hash, DatumGetInt64(value));
			break;
		case INT4OID:
			hash_int8(hash, DatumGetInt32(value));
			break;
		case OIDOID:
			hash_int8(hash, DatumGetObjectId(value));
			break;
		case TEXTOID:
			text = PG_DETOAST_DATUM_PACKED(value);
			hash_bytes(hash, VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
			break;
		default:
			elog(ERROR, "unexpected type %u in the audit", type);
	}
}

static void
begin_hash(crypto_generichash_state *hash)
{
	if (sodium_init() < 0)
		elog(ERROR, "could not initialize libsodium");
	crypto_generichash_init(hash, tr_shared->audit.key, TR_AUDIT_HASH,
							TR_AUDIT_HASH);
}

void
tr_audit_seal(HeapTuple row, TupleDesc desc, uint8 *seal)
{
	crypto_generichash_state hash;

	begin_hash(&hash);
	for (int i = 0; i < desc->natts &&
		 strcmp(NameStr(TupleDescAttr(desc, i)->attname), "seal") != 0; i++)
	{
		bool		isnull;
		Datum		value = SPI_getbinval(row, desc, i + 1, &isnull);

		hash_int8(&hash, isnull);
		if (!isnull)
			hash_value(&hash, TupleDescAttr(desc, i)->atttypid, value);
	}
	crypto_generichash_final(&hash, seal, TR_AUDIT_HASH);
}

void
tr_audit_link(const uint8 *before, int64 seq, const void *what, size_t len,
			  uint8 *link)
{
	crypto_generichash_state hash;

	begin_hash(&hash);
	hash_bytes(&hash, before, TR_AUDIT_HASH);
	hash_int8(&hash, seq);
	hash_bytes(&hash, what, len);
	crypto_generichash_final(&hash, link, TR_AUDIT_HASH);
}

/* ---- the guard ---- */

static HeapTuple
sealed(HeapTuple row, TupleDesc desc)
{
	bytea	   *seal = palloc(VARHDRSZ + TR_AUDIT_HASH);
	int			attnum = SPI_fnumber(desc, "seal");
	Datum		value = PointerGetDatum(seal);
	bool		isnull = false;

	if (attnum <= 0)
		return row;				/* of audit_end */
	SET_VARSIZE(seal, VARHDRSZ + TR_AUDIT_HASH);
	tr_audit_seal(row, desc, (uint8 *) VARDATA(seal));
	return heap_modify_tuple_by_cols(row, desc, 1, &attnum, &value, &isnull);
}

Datum
transform_audit_guard(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager",
						"transform.audit_guard")));
	if (!unlocked || !TRIGGER_FIRED_FOR_ROW(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the audit of transform is written by transform alone"),
				 errdetail("Nobody changes or removes rows of it, its owner included."),
				 errhint("The setting transform.audit_retention removes old rows.")));
	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		return PointerGetDatum(data->tg_newtuple);
	if (TRIGGER_FIRED_BY_DELETE(data->tg_event))
		return PointerGetDatum(data->tg_trigtuple);
	return PointerGetDatum(sealed(data->tg_trigtuple,
								  RelationGetDescr(data->tg_relation)));
}
