/*
 * tr_track.c
 *		One value of a column, kept from row to row and compared as the
 *		server compares: where a group begins, what was the highest.
 *
 * Process: the backend that holds a job.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "tr_inout.h"
#include "tr_track.h"

void
tr_track_init(TrTrack *track, const TrSourceColumn *column)
{
	TypeCacheEntry *type = lookup_type_cache(column->type,
											 TYPECACHE_EQ_OPR_FINFO |
											 TYPECACHE_CMP_PROC_FINFO);

	if (!OidIsValid(type->eq_opr) || !OidIsValid(type->cmp_proc))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("values of column \"%s\", of type %s, have no order",
						column->name, format_type_be(column->type)),
				 errhint("Group by a column that can be sorted.")));
	memset(track, 0, sizeof(*track));
	fmgr_info_copy(&track->equal, &type->eq_opr_finfo, CurrentMemoryContext);
	fmgr_info_copy(&track->compare, &type->cmp_proc_finfo,
				   CurrentMemoryContext);
	track->type = column->type;
	track->collation = column->collation;
	get_typlenbyval(column->type, &track->len, &track->byval);
	track->context = AllocSetContextCreate(CurrentMemoryContext,
										   "transform tracked value",
										   ALLOCSET_SMALL_SIZES);
}

static void
keep(TrTrack *track, Datum value, bool isnull)
{
	MemoryContext old;

	track->any = true;
	track->isnull = isnull;
	if (isnull || track->byval)
	{
		track->value = value;
		return;
	}
	MemoryContextReset(track->context);
	old = MemoryContextSwitchTo(track->context);
	track->value = datumCopy(value, track->byval, track->len);
	MemoryContextSwitchTo(old);
}

bool
tr_track_changed(TrTrack *track, Datum value, bool isnull)
{
	if (track->any && isnull == track->isnull &&
		(isnull || DatumGetBool(FunctionCall2Coll(&track->equal,
												  track->collation,
												  track->value, value))))
		return false;
	keep(track, value, isnull);
	return true;
}

void
tr_track_highest(TrTrack *track, Datum value, bool isnull)
{
	if (isnull ||
		(track->any && DatumGetInt32(FunctionCall2Coll(&track->compare,
													   track->collation,
													   value,
													   track->value)) <= 0))
		return;
	keep(track, value, isnull);
}

char *
tr_track_text(const TrTrack *track)
{
	FmgrInfo	output;
	Oid			function;
	bool		is_varlena;

	if (!track->any)
		return NULL;
	getTypeOutputInfo(track->type, &function, &is_varlena);
	fmgr_info(function, &output);
	return tr_output(&output, track->value);
}
