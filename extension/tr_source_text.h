/*
 * tr_source_text.h
 *		SQL that users write as an argument: a query, a condition.
 *
 * Process: as tr_source.h.
 */
#ifndef TR_SOURCE_TEXT_H
#define TR_SOURCE_TEXT_H

#include "postgres.h"

#include "executor/spi.h"
#include "nodes/parsenodes.h"

/* The text of the one SELECT that it is, without a closing semicolon. */
extern char *tr_source_text_query(const char *query);

/* Raises unless it is one condition and nothing else. */
extern void tr_source_text_condition(const char *filter);

/* Raises unless it is what may stand after ORDER BY and nothing else. */
extern void tr_source_text_order(const char *order_by);

/* Prepare a SELECT with parameters.  Raises when it would write or lock. */
extern SPIPlanPtr tr_source_text_prepare(const char *sql, int nargs,
										 Oid *types);

/* As analysed, with views as views: what it depends on. */
extern Query *tr_source_text_analyze(const char *sql, int nargs,
									 const Oid *types);

/* The columns that it gives. */
extern TupleDesc tr_source_text_result(SPIPlanPtr plan);

#endif							/* TR_SOURCE_TEXT_H */
