/*
 * tr_explore.h
 *		What the functions of the table explorer share; private to tr_explore*.c.
 */
#ifndef TR_EXPLORE_H
#define TR_EXPLORE_H

#include "postgres.h"

#include "storage/block.h"

typedef struct TrExploreColumn
{
	AttrNumber	attnum;
	char	   *name;
	Oid			type;
	int32		typmod;
	bool		nullable;
} TrExploreColumn;

typedef struct TrExplored
{
	Oid			relation;
	char	   *name;			/* quoted, schema-qualified */
	char		kind;			/* as pg_class.relkind */
	int			ncols;			/* that the current user may read */
	TrExploreColumn *columns;
} TrExplored;

/* Raises when the current user may read no column, or it is no table or view. */
extern void tr_explore_open(Oid relation, TrExplored *table);

/*
 * Run a SELECT of ours that holds names and conditions of the user's, as the
 * current user, in a read-only transaction.  Connected to SPI; SPI_tuptable
 * has the rows.
 */
extern void tr_explore_select(const char *sql);

/*
 * The planner's estimate of rows and pages of a table, with all that inherits
 * from it; false when there is none (views).
 */
extern bool tr_explore_estimate(Oid relation, double *rows, double *pages);

#endif							/* TR_EXPLORE_H */
