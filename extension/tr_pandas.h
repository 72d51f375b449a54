/*
 * tr_pandas.h
 *		How a column arrives in pandas.
 */
#ifndef TR_PANDAS_H
#define TR_PANDAS_H

#include "postgres.h"

#include "tr_job.h"

/*
 * The dtype that a column of this declaration has in a script's data frame,
 * with what its objects are in parentheses; NULL when the type cannot travel.
 */
extern char *tr_pandas_dtype(Oid type, int32 typmod, bool nullable,
							 TrNumeric numeric, TrBackend backend);

#endif							/* TR_PANDAS_H */
