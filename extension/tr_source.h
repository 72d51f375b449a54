/*
 * tr_source.h
 *		What a job reads: a relation or a query, with its columns, condition
 *		and order, as one prepared SELECT.
 *
 * Process: the backend that submits or previews (checks), the runner.  As the
 * job's role, connected to SPI.
 */
#ifndef TR_SOURCE_H
#define TR_SOURCE_H

#include "postgres.h"

#include "access/attnum.h"
#include "executor/spi.h"
#include "nodes/parsenodes.h"
#include "utils/portal.h"

#include "tr_job.h"

/* A column of the source, as far as encoders and sink need it. */
typedef struct TrSourceColumn
{
	const char *name;
	Oid			type;			/* as declared */
	int32		typmod;
	Oid			collation;
	bool		nullable;
} TrSourceColumn;

typedef struct TrSource
{
	const char *input;			/* the script's parameter; NULL: the only one */
	Oid			relation;		/* or InvalidOid: a query */
	const char *query;
	List	   *only;			/* columns to read, of char *; NIL: all */
	const char *filter;
	List	   *group_by;		/* of char *; the order of the rows */
	const char *since;			/* column with the watermark */
	const char *after;			/* rows after this; NULL: from the start */
	const char *until;			/* and up to this; NULL: to the end */

	/* set by tr_source_prepare */
	char	   *select;			/* the statement, as text */
	SPIPlanPtr	plan;
	int			ncols;			/* for the script: the first of the result */
	TrSourceColumn *columns;
	int			nkeys;			/* of group_by, places in columns */
	int		   *keys;
	AttrNumber	since_attnum;	/* in the result, from 1; 0: none */
	TrSourceColumn since_column;
} TrSource;

/*
 * The sources of a job, one or several, as TrOptions has them; a List of
 * TrSource, not yet prepared.  Raises 22023 for JSON that names none.
 */
extern List *tr_source_list(Oid relation, const TrOptions *options);

/* Parse and analyse the SELECT; check its columns and their types. */
extern void tr_source_prepare(TrSource *source, TrNumeric numeric);

/* A cursor on it, on the active snapshot; fetch from it while reading only. */
extern Portal tr_source_open(TrSource *source);

/*
 * Around all that runs a query of users: nothing that it calls can write, nor
 * leave behind what would write later (a cursor WITH HOLD runs at the commit).
 */
typedef struct TrReading
{
	bool		read_only;
	int			security;
} TrReading;

extern void tr_source_begin_reading(TrReading *before);
extern void tr_source_end_reading(const TrReading *before);

/*
 * What reading all of it will send at least, when that is certain enough to
 * refuse it beforehand; else 0.
 */
extern uint64 tr_source_least_bytes(const TrSource *source);

/*
 * Can the current user read these sources?  Everything that a job will need,
 * for clear words at submit; the job checks again.  With `queries`: what they
 * are, a List of Query.
 */
extern void tr_source_check(Oid relation, const TrOptions *options,
							TrNumeric numeric, List **queries);

/* The prepared SELECT as analysed, with views as views: what it depends on. */
extern Query *tr_source_analyze(const TrSource *source);

/* May the current user read this one, if it is a relation?  Else 42501 with
 * the right that is missing. */
extern void tr_source_check_rights(const TrSource *source);

/* The search_path in `path` for what comes, until ..._restore of the result. */
extern int	tr_source_search_path(const char *path);
extern void tr_source_restore(int nestlevel);

#endif							/* TR_SOURCE_H */
