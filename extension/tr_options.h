/*
 * tr_options.h
 *		The optional arguments of a submit and a preview: read from the call,
 *		and checked against each other.
 *
 * Process: any backend.
 */
#ifndef TR_OPTIONS_H
#define TR_OPTIONS_H

#include "postgres.h"

#include "fmgr.h"

#include "tr_job.h"

/* How many arguments TrOptions has beside the backend, in its order. */
#define TR_OPTIONS	9
#define TR_OPTION_REJECT_TABLE	6	/* which of them it is, from 0 */

/*
 * Arguments n to n + count - 1 of the call, which are the first count fields
 * of TrOptions after the backend; 22004 for a NULL inside an array.
 */
extern void tr_options_read(FunctionCallInfo fcinfo, int n, int count,
							TrOptions *options);

/*
 * Do they fit each other and the rest of the job?  Raises 22023 naming the
 * argument and what to do; InvalidOid: no source was given.
 */
extern void tr_options_check(const TrOptions *options, Oid source,
							 TrShape shape, TrMode mode);

/* What is read, in words for people: the relation, else the query or queries. */
extern const char *tr_options_source(const TrOptions *options,
									 const char *relation);

#endif							/* TR_OPTIONS_H */
