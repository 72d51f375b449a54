/*
 * tr_track.h
 *		One value of a column, kept from row to row and compared as the
 *		server compares: where a group begins, what was the highest.
 *
 * Process: the backend that holds a job.
 */
#ifndef TR_TRACK_H
#define TR_TRACK_H

#include "postgres.h"

#include "fmgr.h"

#include "tr_source.h"

typedef struct TrTrack
{
	FmgrInfo	equal;
	FmgrInfo	compare;
	Oid			type;
	Oid			collation;
	int16		len;
	bool		byval;
	MemoryContext context;		/* of a value by reference */
	bool		any;			/* there is a value */
	bool		isnull;
	Datum		value;
} TrTrack;

/* In the current memory context; the type must have an order. */
extern void tr_track_init(TrTrack *track, const TrSourceColumn *column);

/* Is this value DISTINCT FROM the one before?  Keeps it.  True for the first. */
extern bool tr_track_changed(TrTrack *track, Datum value, bool isnull);

/* Keep the value if it is the highest so far. */
extern void tr_track_highest(TrTrack *track, Datum value, bool isnull);

/*
 * The value kept, as text that every session reads alike, in the current
 * memory context; NULL when there is none.
 */
extern char *tr_track_text(const TrTrack *track);

#endif							/* TR_TRACK_H */
