/*
 * tr_expect.h
 *		What a result must be before it is published.
 *
 * tr_expect_spec.c reads the argument, in any backend; tr_expect.c looks at
 * the rows, in the runner.
 */
#ifndef TR_EXPECT_H
#define TR_EXPECT_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "tr_result.h"

/* The smallest and the largest value of a column, as text; NULL: none. */
typedef struct TrRange
{
	char	   *column;
	char	   *low;
	char	   *high;
} TrRange;

typedef struct TrExpectSpec
{
	List	   *unique;			/* of List of char *: columns */
	List	   *not_null;		/* of char * */
	List	   *in_range;		/* of TrRange * */
	int64		min_rows;		/* -1 where not given */
	int64		max_rows;
	int64		max_rejected;
} TrExpectSpec;

/* From a JSON object; raises 22023 naming what is wrong with it. */
extern void tr_expect_parse(const char *json, TrExpectSpec *spec);

typedef struct TrExpect TrExpect;

/* Raises 42703 when a column is not in the result, 42883 when its type has
 * no equality or order. */
extern TrExpect *tr_expect_open(const char *json, TrResult *result);

/* Look at the rows from `from` to before `to` of the chunk at hand, which
 * have been stored. */
extern void tr_expect_add(TrExpect *expect, uint32 from, uint32 to);

/* Raises 23514 with every expectation that was not met. */
extern void tr_expect_finish(TrExpect *expect, uint64 written,
							 uint64 rejected);

#endif							/* TR_EXPECT_H */
