/*
 * tr_utility.c
 *		DROP, RENAME, SET TABLESPACE of a database and CREATE DATABASE from it
 *		need it without other sessions.  An idle scheduler is no reason to
 *		refuse them: it is asked to leave.  (These commands wait up to five
 *		seconds for others to go.)  A scheduler with jobs stays.
 *
 * Process: any backend.
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"

#include "tr_compat.h"
#include "tr_shmem.h"
#include "tr_utility.h"

static ProcessUtility_hook_type prev_process_utility = NULL;

static const char *
template_of(CreatedbStmt *stmt)
{
	ListCell   *cell;

	foreach(cell, stmt->options)
	{
		DefElem    *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, "template") == 0 && option->arg != NULL)
			return defGetString(option);
	}
	return "template1";
}

/* Name of the database that must be empty of sessions, or NULL. */
static const char *
needed_alone(Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_DropdbStmt:
			return ((DropdbStmt *) stmt)->dbname;
		case T_CreatedbStmt:
			return template_of((CreatedbStmt *) stmt);
		case T_AlterDatabaseStmt:
			return ((AlterDatabaseStmt *) stmt)->dbname;
		case T_RenameStmt:
			if (((RenameStmt *) stmt)->renameType == OBJECT_DATABASE)
				return ((RenameStmt *) stmt)->subname;
			return NULL;
		default:
			return NULL;
	}
}

static void
process_utility(PlannedStmt *pstmt, const char *query, bool read_only_tree,
				ProcessUtilityContext context, ParamListInfo params,
				QueryEnvironment *env, DestReceiver *dest, QueryCompletion *qc)
{
	const char *name = needed_alone(pstmt->utilityStmt);

	if (name != NULL)
	{
		Oid			database = get_database_oid(name, true);

		if (OidIsValid(database))
			tr_database_ask_leave(database);
	}
	if (prev_process_utility)
		prev_process_utility(pstmt, query, read_only_tree, context, params,
							 env, dest, qc);
	else
		standard_ProcessUtility(pstmt, query, read_only_tree, context, params,
								env, dest, qc);
}

void
tr_utility_init(void)
{
	prev_process_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
}
