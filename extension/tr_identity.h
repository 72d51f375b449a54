/*
 * tr_identity.h
 *		Do the names in a job still mean what they meant when it was submitted?
 *
 * Process: the backend that submits, the runner; as the job's role.
 */
#ifndef TR_IDENTITY_H
#define TR_IDENTITY_H

#include "postgres.h"

#include "catalog/objectaddress.h"
#include "nodes/pg_list.h"

/* A table to be written, by its qualified name; its schema when there is no
 * such table. */
extern ObjectAddress *tr_identity_of_table(const char *name);

/* Raises 42P01 when a name in these sources (List of TrSource, prepared) means
 * another relation than at the submit of the job. */
extern void tr_identity_check_sources(int64 job, const List *sources);

/* Raises 42P01 when the name means another table, or one in another schema. */
extern void tr_identity_check_table(int64 job, const char *name,
									const char *what);

#endif							/* TR_IDENTITY_H */
