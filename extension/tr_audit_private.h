/*
 * tr_audit_private.h
 *		What tr_audit*.c and tr_store_audit.c share.
 */
#ifndef TR_AUDIT_PRIVATE_H
#define TR_AUDIT_PRIVATE_H

#include "postgres.h"

#include "access/htup.h"
#include "access/tupdesc.h"

#include "tr_audit.h"

#define TR_AUDIT_HASH		32	/* bytes of seals, links and the key */
#define TR_AUDIT_RECORDS	128 /* that may wait in shared memory */

/* An event with all that is known of its session; plain data.  An empty text
 * is none. */
typedef struct TrAuditRecord
{
	uint64		number;			/* 0: this place of the queue is free */
	Oid			database;
	TrAuditKind kind;
	TimestampTz at;
	Oid			role;			/* InvalidOid: that of the job */
	Oid			session_role;	/* InvalidOid: of a background worker */
	int64		job;
	int			version;
	int			sqlstate;
	char		outcome[32];
	char		client[NAMEDATALEN];
	char		application[NAMEDATALEN];
	char		subject[264];
	char		token_id[NAMEDATALEN];
	char		script[NAMEDATALEN];
	char		script_hash[72];	/* not empty: nothing needs to be looked up */
	char		source[1024];
	char		destination[264];
	char		detail[264];
} TrAuditRecord;

/* In shared memory, under the shared lock. */
typedef struct TrAuditQueue
{
	uint8		key[TR_AUDIT_HASH];
	uint64		last_number;
	uint64		dropped;		/* for want of room, of all databases */
	Oid			dropped_database;	/* of the first of them: it tells so */
	TrAuditRecord records[TR_AUDIT_RECORDS];
} TrAuditQueue;

/* ---- tr_audit.c ---- */

/* As much of the text as fits, in whole characters; NULL: nothing. */
extern void tr_audit_set_text(char *field, size_t size, const char *text);

/* ---- tr_audit_key.c: postmaster ---- */

/* The key, from its file in the data directory; made when there is none. */
extern void tr_audit_key_load(uint8 *key);

/* ---- tr_audit_save.c: postmaster ---- */

/* Put into the queue what waited when the server stopped, and have what waits
 * kept when it stops again.  The key is there. */
extern void tr_audit_queue_load(void);

/* ---- tr_audit_seal.c ---- */

/* What the guard on the tables lets pass, in this process, until it is called
 * with false again, error or not. */
extern void tr_audit_unlock(bool unlocked);

/* Seal of a row: its columns up to the one called "seal". */
extern void tr_audit_seal(HeapTuple row, TupleDesc desc, uint8 *seal);

/* Link of the row at a place of the chain; also, with a word instead of a
 * seal, the proof that an end of it is what we wrote. */
extern void tr_audit_link(const uint8 *before, int64 seq, const void *what,
						  size_t len, uint8 *link);

/* ---- tr_store_audit.c ---- */

typedef struct TrAuditEnd
{
	int64		seq;			/* 0 with zeros: the beginning */
	uint8		link[TR_AUDIT_HASH];
	bool		genuine;		/* its proof holds, or there is none yet */
} TrAuditEnd;

/* The last row that was removed, and the last one of the chain. */
#define TR_AUDIT_ANCHOR	"anchor"
#define TR_AUDIT_HEAD	"head"

extern void tr_store_audit_add(const TrAuditRecord *record);

/* Chain what is committed and not chained yet, some hundreds at a time; true
 * when there is more. */
extern bool tr_store_audit_chain(void);

/* Remove rows from before a time, from the beginning of the chain, some
 * thousands at a time. */
extern bool tr_store_audit_remove(TimestampTz before);

/* Called for each row in the chain's order, then for those not in it yet;
 * false ends it.  Columns after "seal": seq, link. */
typedef bool (*TrAuditRowCallback) (void *arg, HeapTuple row, TupleDesc desc);

/* On one snapshot. */
extern void tr_store_audit_read(TrAuditEnd *anchor, TrAuditEnd *head,
								TrAuditRowCallback callback, void *arg);

#endif							/* TR_AUDIT_PRIVATE_H */
