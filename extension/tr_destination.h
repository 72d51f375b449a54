/*
 * tr_destination.h
 *		Checks of destinations, and of reject tables.
 *
 * Process: the backend that submits; the runner for keys.
 */
#ifndef TR_DESTINATION_H
#define TR_DESTINATION_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "tr_job.h"

/*
 * Check the destination as the current user and return its canonical name:
 * quoted and schema-qualified.
 */
extern char *tr_destination_check(const char *destination, TrMode mode,
								  List *key);

/*
 * The same for a table that takes rejected rows: it is there and may be
 * inserted into, or may be created; it is not the destination.
 */
extern char *tr_destination_check_reject(const char *reject_table,
										 const char *destination);

/* Mode upsert: is there a unique index on exactly these columns?  Raises. */
extern void tr_destination_check_key(Oid relation, List *key);

#endif							/* TR_DESTINATION_H */
