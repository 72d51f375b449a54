/*
 * tr_roles.c
 *		A role's number is not given to another role after it was dropped.
 *
 * Process: any backend that creates or drops a role.
 *
 * Scripts, grants, users, jobs and the audit name roles by OID.  A role that
 * is dropped leaves its number there, in whatever databases, and nobody has
 * its rights.  But the server gives numbers again when its counter, which all
 * kinds of objects share, has come round; then a new role would own what the
 * other has left, down to the tokens of its users.  A role has no mark of its
 * creation that could stand beside the number, and DROP ROLE sees one database.
 *
 * So the numbers of dropped roles stand in transform_dropped_roles in the data
 * directory, and CREATE ROLE fails when it draws one of them.  A number gets
 * there, on disk, before the drop commits; a drop that rolls back leaves it
 * there, where it does nothing as long as the role exists.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/objectaccess.h"
#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "storage/fd.h"

#include "tr_compat.h"
#include "tr_roles.h"
#include "tr_shared.h"

#define ROLES_FILE	"transform_dropped_roles"
#define LINE		11			/* ten digits, and the line's end */
#define LINES		512			/* that are read at a time */

static object_access_hook_type prev_object_access = NULL;

pg_noreturn static void
file_error(const char *what)
{
	ereport(ERROR,
			(errcode_for_file_access(),
			 errmsg("could not %s file \"%s\": %m", what, ROLES_FILE),
			 errhint("It has the numbers that roles of transform must not get again; no role can be created or dropped without it.")));
}

/* Is the number among them?  *end: behind the last whole line. */
static bool
find(int fd, Oid role, off_t *end)
{
	char		wanted[LINE + 1];
	char		lines[LINE * LINES];
	int			len;

	*end = 0;
	snprintf(wanted, sizeof(wanted), "%10u\n", role);
	while ((len = read(fd, lines, sizeof(lines))) > 0)
	{
		for (const char *line = lines; line + LINE <= lines + len; line += LINE)
		{
			if (line[LINE - 1] != '\n')
				ereport(ERROR,
						(errcode(ERRCODE_DATA_CORRUPTED),
						 errmsg("file \"%s\" is damaged", ROLES_FILE),
						 errhint("It has a number of ten characters in each line. Repair it, or put back the file of a backup.")));
			if (memcmp(line, wanted, LINE) == 0)
				return true;
		}
		*end += len - len % LINE;
	}
	if (len < 0)
		file_error("read");
	return false;
}

/* What a crash has left of a line is written over: its drop was not committed. */
static void
append(int fd, off_t end, Oid role)
{
	char		line[LINE + 1];

	snprintf(line, sizeof(line), "%10u\n", role);
	errno = ENOSPC;				/* a short write says nothing */
	if (lseek(fd, end, SEEK_SET) != end || write(fd, line, LINE) != LINE ||
		pg_fsync(fd) != 0)
		file_error("write");
}

static void
remember_dropped(Oid role)
{
	int			fd;
	off_t		end;

	LWLockAcquire(&tr_shared->keys_lock, LW_EXCLUSIVE);
	fd = OpenTransientFilePerm(ROLES_FILE, O_RDWR | O_CREAT | PG_BINARY,
							   S_IRUSR | S_IWUSR);
	if (fd < 0)
		file_error("open");
	if (!find(fd, role, &end))
		append(fd, end, role);
	if (CloseTransientFile(fd) != 0)
		file_error("close");
	if (end == 0)
		fsync_fname(".", true); /* it may be new */
	LWLockRelease(&tr_shared->keys_lock);
}

static void
refuse_number_of_dropped(Oid role)
{
	int			fd = OpenTransientFile(ROLES_FILE, O_RDONLY | PG_BINARY);
	off_t		end;

	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0)
		file_error("open");
	if (find(fd, role, &end))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the new role would get number %u, which belonged to a role that was dropped",
						role),
				 errdetail("What that role has left behind in transform, scripts, jobs, users and grants, would become the new role's."),
				 errhint("Try again: the next try gets another number.")));
	CloseTransientFile(fd);
}

static void
object_access(ObjectAccessType access, Oid class, Oid object, int part,
			  void *arg)
{
	if (prev_object_access)
		prev_object_access(access, class, object, part, arg);
	/* pg_upgrade gives roles the numbers they had */
	if (class != AuthIdRelationId || IsBinaryUpgrade)
		return;
	if (access == OAT_DROP)
		remember_dropped(object);
	else if (access == OAT_POST_CREATE)
		refuse_number_of_dropped(object);
}

void
tr_roles_init(void)
{
	prev_object_access = object_access_hook;
	object_access_hook = object_access;
}
