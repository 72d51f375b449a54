/*
 * tr_destination.c
 *		Checks of destinations, and of reject tables.
 *
 * Process: the backend that submits; the runner for keys.
 *
 * These are the early checks, for clear words; the database makes its own
 * when the job runs.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "tr_compat.h"
#include "tr_destination.h"
#include "tr_relation.h"

#define MAX_RIGHTS	3

/* What a mode needs of a table that is there. */
static const struct
{
	const char *kinds;
	const char *kinds_hint;
	AclMode		rights[MAX_RIGHTS];
	const char *rights_hint;
}			needs[] = {
	[TR_MODE_APPEND] = {"rpvf",
		"Rows can be added to a table, partitioned table, foreign table or updatable view.",
	{ACL_INSERT}, "INSERT"},
	[TR_MODE_REPLACE] = {"rp",
		"Rows can be replaced in a table or partitioned table.",
	{ACL_INSERT, ACL_DELETE}, "INSERT and DELETE"},
	[TR_MODE_UPSERT] = {"rp",
		"Rows can be inserted or updated in a table or partitioned table.",
	{ACL_INSERT, ACL_UPDATE, ACL_SELECT}, "INSERT, UPDATE and SELECT"},
};

static void
refuse_reserved(Oid namespace)
{
	char	   *name = get_namespace_name(namespace);

	if (IsCatalogNamespace(namespace) || IsToastNamespace(namespace) ||
		strcmp(name, "information_schema") == 0 ||
		strcmp(name, "transform") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_RESERVED_NAME),
				 errmsg("a job cannot write into schema \"%s\"", name),
				 errhint("Choose a schema of your own.")));
}

/* ---- a table that is to be created ---- */

static Oid
creation_namespace(char *schema, char *name)
{
	if (schema != NULL)
		return get_namespace_oid(schema, false);
	return RangeVarGetCreationNamespace(makeRangeVar(schema, name, -1));
}

static char *
check_create(char *schema, char *name, const char *what)
{
	Oid			namespace = creation_namespace(schema, name);
	char	   *qualified = tr_relation_qualified(get_namespace_name(namespace),
												  name);
	AclResult	acl;

	tr_relation_refuse_temporary(what, namespace, qualified);
	refuse_reserved(namespace);
	tr_relation_check_usage(namespace);
	if (OidIsValid(get_relname_relid(name, namespace)))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("the %s \"%s\" already exists", what, qualified),
				 errhint("Choose another name, drop it first, or add rows to it with mode => 'append'.")));
	if (OidIsValid(GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
								   CStringGetDatum(name),
								   ObjectIdGetDatum(namespace))))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("a type named \"%s\" already exists", qualified),
				 errhint("A table has a type of its own name; choose another name.")));
	acl = object_aclcheck(NamespaceRelationId, namespace, GetUserId(), ACL_CREATE);
	if (acl != ACLCHECK_OK)
		aclcheck_error(acl, OBJECT_SCHEMA, get_namespace_name(namespace));
	return qualified;
}

/* ---- a table that is there ---- */

static Oid
find(char *schema, char *name)
{
	return RangeVarGetRelid(makeRangeVar(schema, name, -1), NoLock, true);
}

static void
refuse_missing(char *schema, char *name, TrMode mode)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("the destination \"%s\" does not exist",
					schema == NULL ? quote_identifier(name) :
					quote_qualified_identifier(schema, name)),
			 errhint("mode => '%s' adds rows to an existing table; mode => 'create' makes a new one.",
					 tr_mode_name(mode))));
}

/* For the table or some of its columns; DELETE knows no columns. */
static bool
has_right(Oid relation, AclMode right)
{
	return pg_class_aclcheck(relation, GetUserId(), right) == ACLCHECK_OK ||
		(right != ACL_DELETE &&
		 pg_attribute_aclcheck_all(relation, GetUserId(), right,
								   ACLMASK_ANY) == ACLCHECK_OK);
}

static void
check_rights(Oid relation, const char *what, const char *qualified, TrMode mode)
{
	for (int i = 0; i < MAX_RIGHTS; i++)
	{
		AclMode		right = needs[mode].rights[i];

		if (right != 0 && !has_right(relation, right))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied for the %s \"%s\"", what,
							qualified),
					 errhint("The role %s needs %s on it.",
							 quote_identifier(GetUserNameFromId(GetUserId(), false)),
							 needs[mode].rights_hint)));
	}
}

static char *
check_existing(Oid relation, const char *what, TrMode mode)
{
	char	   *qualified = tr_relation_name(relation);
	Oid			namespace = get_rel_namespace(relation);

	tr_relation_refuse_temporary(what, namespace, qualified);
	refuse_reserved(namespace);
	if (strchr(needs[mode].kinds, get_rel_relkind(relation)) == NULL)
		tr_relation_wrong_kind(what, qualified, needs[mode].kinds_hint);
	tr_relation_check_usage(namespace);
	check_rights(relation, what, qualified, mode);
	return qualified;
}

char *
tr_destination_check(const char *destination, TrMode mode, List *key)
{
	char	   *schema;
	char	   *name;
	Oid			relation = InvalidOid;

	tr_relation_parse(destination, &schema, &name);
	if (mode != TR_MODE_CREATE)
		relation = find(schema, name);
	if (!OidIsValid(relation))
	{
		if (mode == TR_MODE_APPEND || mode == TR_MODE_UPSERT)
			refuse_missing(schema, name, mode);
		return check_create(schema, name, "destination");
	}
	if (mode == TR_MODE_UPSERT)
		tr_destination_check_key(relation, key);
	return check_existing(relation, "destination", mode);
}

char *
tr_destination_check_reject(const char *reject_table, const char *destination)
{
	char	   *schema;
	char	   *name;
	char	   *qualified;
	Oid			relation;

	tr_relation_parse(reject_table, &schema, &name);
	relation = find(schema, name);
	qualified = OidIsValid(relation) ?
		check_existing(relation, "reject table", TR_MODE_APPEND) :
		check_create(schema, name, "reject table");
	if (strcmp(qualified, destination) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("reject_table is the destination"),
				 errhint("Rejected rows need a table of their own.")));
	return qualified;
}

/* ---- keys ---- */

/* Is this a unique index on the columns and nothing else, valid now? */
static bool
is_index_on(Oid index, const List *attnums)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form;
	bool		fits;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_index) GETSTRUCT(tuple);
	fits = form->indisunique && form->indimmediate && form->indisvalid &&
		!form->indisexclusion &&
		form->indnkeyatts == list_length(attnums) &&
		heap_attisnull(tuple, Anum_pg_index_indpred, NULL) &&
		heap_attisnull(tuple, Anum_pg_index_indexprs, NULL);
	for (int i = 0; fits && i < form->indnkeyatts; i++)
		fits = list_member_int(attnums, form->indkey.values[i]);
	ReleaseSysCache(tuple);
	return fits;
}

static List *
key_attnums(Relation rel, List *key)
{
	List	   *attnums = NIL;
	ListCell   *cell;

	foreach(cell, key)
	{
		AttrNumber	attnum = get_attnum(RelationGetRelid(rel), lfirst(cell));

		if (attnum <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("the destination \"%s\" has no column \"%s\"",
							RelationGetRelationName(rel),
							(char *) lfirst(cell)),
					 errhint("key names columns of the destination, as they are written there.")));
		if (list_member_int(attnums, attnum))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("key names column \"%s\" twice",
							(char *) lfirst(cell))));
		attnums = lappend_int(attnums, attnum);
	}
	return attnums;
}

void
tr_destination_check_key(Oid relation, List *key)
{
	Relation	rel = relation_open(relation, AccessShareLock);
	List	   *attnums = key_attnums(rel, key);
	bool		found = false;
	StringInfoData names;
	ListCell   *cell;

	foreach(cell, RelationGetIndexList(rel))
		found = found || is_index_on(lfirst_oid(cell), attnums);
	initStringInfo(&names);
	foreach(cell, key)
		appendStringInfo(&names, "%s%s", cell == list_head(key) ? "" : ", ",
						 quote_identifier(lfirst(cell)));
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
				 errmsg("the destination \"%s\" has no unique index on exactly (%s)",
						RelationGetRelationName(rel), names.data),
				 errdetail("A partial or deferrable one, and one on expressions, cannot tell which row is meant."),
				 errhint("CREATE UNIQUE INDEX ON %s (%s)", tr_relation_name(relation),
						 names.data)));
	relation_close(rel, AccessShareLock);
}
