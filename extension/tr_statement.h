/*
 * tr_statement.h
 *		Running statements on the extension's own tables; private to tr_queue*.c
 *		and tr_store_*.c.
 */
#ifndef TR_STATEMENT_H
#define TR_STATEMENT_H

#include "postgres.h"

#include "executor/spi.h"
#include "nodes/pg_list.h"
#include "utils/snapshot.h"

typedef enum TrStatementId
{
	Q_SUBMIT,
	Q_QUEUED,
	Q_NEXT,
	Q_CLAIM,
	Q_LOAD,
	Q_REQUEUE,
	Q_FINISH,
	Q_COMMIT_TIME,
	Q_RUNNING,
	Q_PENDING,
	Q_STATUS,
	Q_LOG_ADD,
	Q_LOG_READ,
	Q_WATERMARK_ENSURE,
	Q_WATERMARK_LOCK,
	Q_WATERMARK_MOVE,
	Q_WATERMARK_RESET,
	Q_JOB_SINCE,
	Q_COUNT
} TrStatementId;

/* Where to return to. */
typedef struct TrScope
{
	Oid			user;
	int			security;
	int			nestlevel;
	MemoryContext caller;
} TrScope;

/* Become the tables' owner, with a safe search_path, connected to SPI. */
extern void tr_scope_enter(TrScope *scope);
extern void tr_scope_leave(TrScope *scope);

/*
 * Run a statement; SPI_processed and SPI_tuptable hold what it gave.  With a
 * snapshot it is read-only and sees exactly that.
 */
extern void tr_statement(TrStatementId q, Datum *values, const char *nulls,
						 Snapshot snapshot);

/* A statement of a tr_store_*.c file, a static variable there; its plan is
 * kept from the first use on. */
#define TR_SQL_ARGS	40

typedef struct TrSql
{
	const char *sql;
	int			nargs;
	Oid			types[TR_SQL_ARGS];
	SPIPlanPtr	plan;
} TrSql;

/* The plan, for a cursor. */
extern SPIPlanPtr tr_sql_plan(TrSql *s);
extern void tr_sql(TrSql *s, Datum *values, const char *nulls,
				   Snapshot snapshot);

/* Results: row from 0, column from 1.  tr_value refuses NULL; text is a C
 * string in the caller's memory or NULL, texts a List of them or NIL. */
extern Datum tr_column(int row, int col, bool *isnull);
extern Datum tr_value(int row, int col);
extern char *tr_text_value(const TrScope *scope, int row, int col);
extern List *tr_texts_value(const TrScope *scope, int row, int col);
extern int64 tr_int8_or_zero(int row, int col);
extern Oid	tr_oid_or_invalid(int row, int col);

/* An argument that may be NULL. */
extern void tr_set_text(Datum *values, char *nulls, int i, const char *text);

#endif							/* TR_STATEMENT_H */
