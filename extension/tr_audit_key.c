/*
 * tr_audit_key.c
 *		The key of the audit's seals: transform_audit_key in the data directory,
 *		readable by the server's account alone.
 *
 * Process: the postmaster (single user: the backend), when it sets up shared
 * memory, where the key then is; nobody else is there yet.  A server that has
 * a file it cannot trust does not start.
 *
 * Apart from the keys of tokens: those are rotated, and this one must stay, or
 * nobody can tell any more what was written under it.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "miscadmin.h"
#include "port.h"
#include "storage/fd.h"

#include "tr_audit_private.h"

#define KEY_FILE	"transform_audit_key"
#define NEW_FILE	KEY_FILE ".new"

/* False: there is none. */
static bool
read_key(uint8 *key)
{
	int			fd = OpenTransientFile(KEY_FILE, O_RDONLY | PG_BINARY);
	uint8		more;

	if (fd < 0 && errno == ENOENT)
		return false;
	if (fd < 0)
		ereport(FATAL,
				(errcode_for_file_access(),
				 errmsg("could not open file \"%s\": %m", KEY_FILE)));
	if (read(fd, key, TR_AUDIT_HASH) != TR_AUDIT_HASH || read(fd, &more, 1) != 0)
		ereport(FATAL,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("file \"%s\" does not have %d bytes", KEY_FILE,
						TR_AUDIT_HASH),
				 errhint("Put back the file of a backup. Without it the server starts with a new key, under which the rows of transform.audit so far cannot be verified.")));
	CloseTransientFile(fd);
	return true;
}

static void
write_key(const uint8 *key)
{
	int			fd;

	if (unlink(NEW_FILE) < 0 && errno != ENOENT)
		ereport(FATAL,
				(errcode_for_file_access(),
				 errmsg("could not remove file \"%s\": %m", NEW_FILE)));
	fd = OpenTransientFilePerm(NEW_FILE,
							   O_WRONLY | O_CREAT | O_EXCL | PG_BINARY,
							   S_IRUSR | S_IWUSR);
	if (fd < 0)
		ereport(FATAL,
				(errcode_for_file_access(),
				 errmsg("could not create file \"%s\": %m", NEW_FILE)));
	if (write(fd, key, TR_AUDIT_HASH) != TR_AUDIT_HASH || pg_fsync(fd) != 0 ||
		CloseTransientFile(fd) != 0)
		ereport(FATAL,
				(errcode_for_file_access(),
				 errmsg("could not write file \"%s\": %m", NEW_FILE)));
	(void) durable_rename(NEW_FILE, KEY_FILE, FATAL);
}

void
tr_audit_key_load(uint8 *key)
{
	if (read_key(key))
		return;
	if (!pg_strong_random(key, TR_AUDIT_HASH))
		ereport(FATAL,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	write_key(key);
}
