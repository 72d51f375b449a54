/*
 * tr_keyfile.c
 *		The file of secrets that tokens are signed with: transform_keys in the
 *		data directory, readable by the server's account alone.
 *
 * Process: any backend.  The secrets of all databases stand in one file, since
 * a file of a database's folder would be copied by CREATE DATABASE, and the
 * copy would accept the original's tokens.  Not in a table: whoever may read
 * a table or a dump must not be able to make tokens.
 *
 * The file is replaced as a whole, by a rename that survives a crash, under a
 * lock; readers need none.  A change counts in shared memory, so that
 * sessions read it again.  It is not part of a transaction.
 *
 * A line per key: database, kid, when it was made, until when it verifies
 * (both in microseconds as PostgreSQL counts them), secret in base64url.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/timestamp.h"

#include "jwt_private.h"
#include "tr_compat.h"
#include "tr_host.h"
#include "tr_keyfile.h"
#include "tr_shared.h"

#define NEW_FILE		TR_KEYFILE ".new"
#define FIRST_LINE		"transform_keys 1"
#define SECRET_TEXT		44		/* 32 bytes in base64url, and NUL */
#define MAX_FILE		(1024 * 1024)
#define KID_BYTES		8

uint64
tr_keyfile_changes(void)
{
	return pg_atomic_read_u64(&tr_shared->keys_changed);
}

/* ---- reading ---- */

pg_noreturn static void
damaged(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("file \"%s\" is damaged", TR_KEYFILE),
			 errhint("Remove it from the data directory: new keys are made, and people have to log in again.")));
}

/* The whole file and a NUL after it; NULL when there is none. */
static char *
read_file(int *len)
{
	int			fd = OpenTransientFile(TR_KEYFILE, O_RDONLY | PG_BINARY);
	char	   *text;

	if (fd < 0 && errno == ENOENT)
		return NULL;
	if (fd < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file \"%s\": %m", TR_KEYFILE)));
	if (!tr_host_file_is_private(fd))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIG_FILE_ERROR),
				 errmsg("file \"%s\" can be read by other accounts", TR_KEYFILE),
				 errhint("Make it readable by the server's account alone (chmod 600), and call transform_key_rotate().")));
	text = palloc(MAX_FILE + 1);
	*len = read(fd, text, MAX_FILE);
	if (*len < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read file \"%s\": %m", TR_KEYFILE)));
	CloseTransientFile(fd);
	text[*len] = '\0';
	return text;
}

static TrFileKey *
parse_line(const char *line)
{
	TrFileKey  *key = palloc0(sizeof(TrFileKey));
	char		secret[SECRET_TEXT];
	size_t		len;

	if (sscanf(line, "%u %23s " INT64_FORMAT " " INT64_FORMAT " %43s",
			   &key->database, key->kid, &key->created, &key->until,
			   secret) != 5 ||
		!tr_jwt_base64_decode(secret, strlen(secret), key->secret,
							  sizeof(key->secret), &len) ||
		len != sizeof(key->secret))
		damaged();
	tr_jwt_wipe(secret, sizeof(secret));
	return key;
}

/* Of all databases. */
static List *
read_all(void)
{
	List	   *keys = NIL;
	int			size;
	char	   *text = read_file(&size);
	char	   *line;
	char	   *end;

	if (text == NULL)
		return NIL;
	for (line = text; (end = strchr(line, '\n')) != NULL; line = end + 1)
	{
		*end = '\0';
		if (line != text)
			keys = lappend(keys, parse_line(line));
		else if (strcmp(line, FIRST_LINE) != 0)
			damaged();
	}
	if (line == text || line - text != size)
		damaged();
	tr_jwt_wipe(text, size);
	pfree(text);
	return keys;
}

List *
tr_keyfile_read(void)
{
	List	   *mine = NIL;
	ListCell   *cell;

	foreach(cell, read_all())
	{
		TrFileKey  *key = lfirst(cell);

		if (key->database == MyDatabaseId)
			mine = lappend(mine, key);
	}
	return mine;
}

/* ---- writing; the lock is held ---- */

static void
append_key(StringInfo out, const TrFileKey *key)
{
	char		secret[SECRET_TEXT];

	if (!tr_jwt_base64_encode(key->secret, sizeof(key->secret), secret,
							  sizeof(secret)))
		elog(ERROR, "could not encode a key");
	appendStringInfo(out, "%u %s " INT64_FORMAT " " INT64_FORMAT " %s\n",
					 key->database, key->kid, key->created, key->until, secret);
	tr_jwt_wipe(secret, sizeof(secret));
}

static void
write_new_file(const char *text, int len)
{
	int			fd;

	/* one that a crash left may be readable by others */
	if (unlink(NEW_FILE) < 0 && errno != ENOENT)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not remove file \"%s\": %m", NEW_FILE)));
	fd = OpenTransientFilePerm(NEW_FILE, O_WRONLY | O_CREAT | O_EXCL | PG_BINARY,
							   S_IRUSR | S_IWUSR);
	if (fd < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not create file \"%s\": %m", NEW_FILE)));
	errno = 0;
	if (write(fd, text, len) != len)
	{
		if (errno == 0)
			errno = ENOSPC;
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not write file \"%s\": %m", NEW_FILE)));
	}
	if (pg_fsync(fd) != 0 || CloseTransientFile(fd) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not fsync file \"%s\": %m", NEW_FILE)));
}

static void
write_all(List *keys)
{
	StringInfoData text;
	ListCell   *cell;

	initStringInfo(&text);
	appendStringInfoString(&text, FIRST_LINE "\n");
	foreach(cell, keys)
		append_key(&text, lfirst(cell));
	if (text.len > MAX_FILE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("there are %d keys, too many for file \"%s\"",
						list_length(keys), TR_KEYFILE),
				 errhint("Keys that were replaced go a day later; transform_key_disable() takes them out at once.")));
	write_new_file(text.data, text.len);
	tr_jwt_wipe(text.data, text.len);
	pfree(text.data);
	(void) durable_rename(NEW_FILE, TR_KEYFILE, ERROR);
	pg_atomic_fetch_add_u64(&tr_shared->keys_changed, 1);
}

/* Those that no token can need any more are left out. */
static List *
lock_and_read(void)
{
	TimestampTz now = GetCurrentTimestamp();
	List	   *live = NIL;
	ListCell   *cell;

	LWLockAcquire(&tr_shared->keys_lock, LW_EXCLUSIVE);
	foreach(cell, read_all())
	{
		TrFileKey  *key = lfirst(cell);

		if (key->until == 0 || key->until > now)
			live = lappend(live, key);
	}
	return live;
}

static TrFileKey *
find_signing(List *keys)
{
	ListCell   *cell;

	foreach(cell, keys)
	{
		TrFileKey  *key = lfirst(cell);

		if (key->database == MyDatabaseId && key->until == 0)
			return key;
	}
	return NULL;
}

static TrFileKey *
new_key(void)
{
	TrFileKey  *key = palloc0(sizeof(TrFileKey));
	uint8		name[KID_BYTES];

	if (!pg_strong_random(name, sizeof(name)) ||
		!pg_strong_random(key->secret, sizeof(key->secret)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	key->database = MyDatabaseId;
	key->created = GetCurrentTimestamp();
	for (int i = 0; i < KID_BYTES; i++)
		snprintf(key->kid + 2 * i, 3, "%02x", name[i]);
	return key;
}

/* ---- interface ---- */

void
tr_keyfile_ensure(void)
{
	List	   *keys = lock_and_read();

	if (find_signing(keys) == NULL)
		write_all(lappend(keys, new_key()));
	LWLockRelease(&tr_shared->keys_lock);
}

char *
tr_keyfile_rotate(int64 overlap_ms)
{
	List	   *keys = lock_and_read();
	TrFileKey  *old = find_signing(keys);
	TrFileKey  *key = new_key();

	if (old != NULL)
		old->until = TimestampTzPlusMilliseconds(key->created, overlap_ms);
	write_all(lappend(keys, key));
	LWLockRelease(&tr_shared->keys_lock);
	return key->kid;
}

bool
tr_keyfile_remove(const char *kid)
{
	List	   *keys = lock_and_read();
	List	   *kept = NIL;
	ListCell   *cell;

	foreach(cell, keys)
	{
		TrFileKey  *key = lfirst(cell);

		if (key->database != MyDatabaseId || strcmp(key->kid, kid) != 0)
			kept = lappend(kept, key);
	}
	if (list_length(kept) < list_length(keys))
		write_all(kept);
	LWLockRelease(&tr_shared->keys_lock);
	return list_length(kept) < list_length(keys);
}
