/*
 * tr_relation.h
 *		Names of relations, and checks of sources.
 */
#ifndef TR_RELATION_H
#define TR_RELATION_H

#include "postgres.h"

#include "tr_job.h"

/*
 * A name as it is kept in a job's row and compared there: quoted where it must
 * be, whatever a session's quote_all_identifiers says.
 */
extern char *tr_relation_qualified(const char *schema, const char *name);

/* The same of a relation; NULL when it is gone. */
extern char *tr_relation_name(Oid relation);

/* The relation that a name means, as in a FROM clause; raises when none. */
extern Oid	tr_relation_resolve(const char *name);

/*
 * May the current user read these columns (of char *, NIL for all) of this
 * source, and can it be a source at all?  Raises when not.
 */
extern void tr_relation_check_source(Oid relation, List *columns);

/* Split [schema.]name as SQL would; *schema is NULL when there is none. */
extern void tr_relation_parse(const char *text, char **schema, char **name);

/* Refusals that source and destination share; `what` is which of them. */
extern void tr_relation_wrong_kind(const char *what, const char *name,
								   const char *hint);
extern void tr_relation_refuse_temporary(const char *what, Oid namespace,
										 const char *name);
extern void tr_relation_check_usage(Oid namespace);

#endif							/* TR_RELATION_H */
