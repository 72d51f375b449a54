/*
 * tr_keyfile.h
 *		The file of secrets that tokens are signed with; tr_keyfile.c.
 */
#ifndef TR_KEYFILE_H
#define TR_KEYFILE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#define TR_KEYFILE			"transform_keys"	/* in the data directory */
#define TR_FILE_SECRET		32
#define TR_FILE_KID			24	/* with NUL */

typedef struct TrFileKey
{
	Oid			database;
	char		kid[TR_FILE_KID];
	TimestampTz created;
	TimestampTz until;			/* 0: it signs; else verifies until then */
	uint8		secret[TR_FILE_SECRET];
} TrFileKey;

/* How often the file was changed since the server started. */
extern uint64 tr_keyfile_changes(void);

/* A List of TrFileKey of this database, as the file says now. */
extern List *tr_keyfile_read(void);

/* Make a key that signs unless there is one. */
extern void tr_keyfile_ensure(void);

/* Make a new key that signs; the old one verifies for so long.  Its kid. */
extern char *tr_keyfile_rotate(int64 overlap_ms);

/* Take a key out of the file; false: there is none. */
extern bool tr_keyfile_remove(const char *kid);

#endif							/* TR_KEYFILE_H */
