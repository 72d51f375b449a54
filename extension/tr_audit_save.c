/*
 * tr_audit_save.c
 *		What waits for the audit over a stop of the server: the queue of
 *		shared memory in the file transform_audit_queue of the data directory.
 *
 * Process: the postmaster (single user: the backend), when all others are gone
 * and when nobody is there yet; so no lock is taken.
 *
 * Only the postmaster sees all of it: a scheduler that drained the queue when
 * it is told to end would not see what comes after it, nor what is of a
 * database that has no scheduler at that moment.  After a crash of one of its
 * processes the postmaster trusts nothing that stands in shared memory, and
 * neither do we.
 *
 * The file is sealed with the key of tr_audit_key.c and goes when it is read.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/fd.h"
#include "storage/ipc.h"
#include "utils/memutils.h"

#include "tr_audit_private.h"
#include "tr_shared.h"

#define QUEUE_FILE		"transform_audit_queue"
#define NEW_FILE		QUEUE_FILE ".new"
#define DAMAGED_FILE	QUEUE_FILE ".damaged"

typedef struct SavedQueue
{
	uint8		seal[TR_AUDIT_HASH];	/* of all that follows */
	int32		record_size;
	int32		n;
	uint64		dropped;
	Oid			dropped_database;
	TrAuditRecord records[TR_AUDIT_RECORDS];
} SavedQueue;

static int
saved_size(int n)
{
	return offsetof(SavedQueue, records) + n * sizeof(TrAuditRecord);
}

static void
seal_queue(const SavedQueue *saved, int size, uint8 *seal)
{
	static const uint8 nothing[TR_AUDIT_HASH];

	tr_audit_link(nothing, 0, saved->seal + TR_AUDIT_HASH, size - TR_AUDIT_HASH,
				  seal);
}

/* ---- at the end ---- */

static bool
write_file(const SavedQueue *saved, int size)
{
	int			fd;
	bool		written;

	(void) unlink(NEW_FILE);
	fd = OpenTransientFilePerm(NEW_FILE,
							   O_WRONLY | O_CREAT | O_EXCL | PG_BINARY,
							   S_IRUSR | S_IWUSR);
	if (fd < 0)
		return false;
	errno = ENOSPC;				/* a short write says nothing */
	written = write(fd, saved, size) == size && pg_fsync(fd) == 0;
	return CloseTransientFile(fd) == 0 && written &&
		durable_rename(NEW_FILE, QUEUE_FILE, LOG) == 0;
}

static void
save_queue(int code, Datum arg)
{
	TrAuditQueue *q = &tr_shared->audit;
	SavedQueue *saved;

	(void) arg;
	if (code != 0)
		return;
	saved = MemoryContextAllocZero(TopMemoryContext, sizeof(SavedQueue));
	saved->record_size = sizeof(TrAuditRecord);
	saved->dropped = q->dropped;
	saved->dropped_database = q->dropped_database;
	for (int i = 0; i < TR_AUDIT_RECORDS; i++)
		if (q->records[i].number != 0)
			saved->records[saved->n++] = q->records[i];
	if (saved->n == 0 && saved->dropped == 0)
		return;
	seal_queue(saved, saved_size(saved->n), saved->seal);
	if (!write_file(saved, saved_size(saved->n)))
		ereport(LOG,
				(errcode_for_file_access(),
				 errmsg("could not write file \"%s\": %m", QUEUE_FILE),
				 errdetail("%d events are missing from the audit of transform.",
						   saved->n)));
}

/* ---- at the start ---- */

/* False: there is no file. */
static bool
read_file(SavedQueue *saved, int *size)
{
	int			fd = OpenTransientFile(QUEUE_FILE, O_RDONLY | PG_BINARY);
	uint8		more;

	if (fd < 0 && errno == ENOENT)
		return false;
	*size = fd < 0 ? -1 : read(fd, saved, sizeof(*saved));
	if (*size < 0)
		ereport(FATAL,
				(errcode_for_file_access(),
				 errmsg("could not read file \"%s\": %m", QUEUE_FILE)));
	if (read(fd, &more, 1) != 0)
		*size = -1;
	CloseTransientFile(fd);
	return true;
}

static bool
is_ours(const SavedQueue *saved, int size)
{
	uint8		seal[TR_AUDIT_HASH];

	if (size < saved_size(0) || saved->record_size != sizeof(TrAuditRecord) ||
		saved->n < 0 || saved->n > TR_AUDIT_RECORDS ||
		size != saved_size(saved->n))
		return false;
	seal_queue(saved, size, seal);
	return memcmp(seal, saved->seal, TR_AUDIT_HASH) == 0;
}

static void
take_over(const SavedQueue *saved)
{
	TrAuditQueue *q = &tr_shared->audit;

	q->dropped = saved->dropped;
	q->dropped_database = saved->dropped_database;
	for (int i = 0; i < saved->n; i++)
	{
		q->records[i] = saved->records[i];
		q->last_number = Max(q->last_number, saved->records[i].number);
		/* also where the database is gone: then the launcher forgets them */
		tr_database_mark(saved->records[i].database);
	}
}

void
tr_audit_queue_load(void)
{
	SavedQueue *saved = MemoryContextAllocZero(TopMemoryContext,
											   sizeof(SavedQueue));
	int			size;

	on_shmem_exit(save_queue, (Datum) 0);
	if (read_file(saved, &size))
	{
		if (is_ours(saved, size))
		{
			take_over(saved);
			(void) durable_unlink(QUEUE_FILE, FATAL);
		}
		else if (durable_rename(QUEUE_FILE, DAMAGED_FILE, FATAL) == 0)
			ereport(WARNING,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("file \"%s\" is damaged or of another version of transform",
							QUEUE_FILE),
					 errdetail("Events that waited for the audit when the server stopped are missing from it."),
					 errhint("The file is kept as \"%s\".", DAMAGED_FILE)));
	}
	pfree(saved);
}
