/*
 * tr_unique.h
 *		Does a result repeat a value of some of its columns?
 *
 * Process: the runner, connected to SPI.
 */
#ifndef TR_UNIQUE_H
#define TR_UNIQUE_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "tr_result.h"

typedef struct TrUnique TrUnique;

/* Columns of the result by name (char *), which must be there. */
extern TrUnique *tr_unique_open(TrResult *result, List *columns);

/* Take in the rows from `from` to before `to` of the chunk at hand, whose
 * values nobody uses any more; not in a subtransaction. */
extern void tr_unique_add(TrUnique *unique, uint32 from, uint32 to);

/*
 * NULL when no value was repeated, else one that was, as "Key (a, b)=(1, 2)
 * ..."; *values counts them.  A value with a NULL in it repeats nothing.
 */
extern char *tr_unique_find(TrUnique *unique, int64 *values);
extern void tr_unique_close(TrUnique *unique);

#endif							/* TR_UNIQUE_H */
