/*
 * tr_relation.c
 *		Names, and checks of sources; tr_destination.c has those of destinations.
 *
 * Process: the backend that submits or previews; the runner for names.
 *
 * These are the early checks, for clear words; the database makes its own
 * when the job runs.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/scansup.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "tr_compat.h"
#include "tr_relation.h"
#include "tr_types.h"

char *
tr_relation_qualified(const char *schema, const char *name)
{
	bool		before = quote_all_identifiers;
	char	   *result;

	quote_all_identifiers = false;
	result = quote_qualified_identifier(schema, name);
	quote_all_identifiers = before;
	return result;
}

char *
tr_relation_name(Oid relation)
{
	char	   *name = get_rel_name(relation);
	char	   *schema;

	if (name == NULL)
		return NULL;
	schema = get_namespace_name(get_rel_namespace(relation));
	return schema == NULL ? NULL : tr_relation_qualified(schema, name);
}

/* ---- names ---- */

static void
bad_name(const char *text, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_NAME),
			 errmsg("destination \"%s\" is not a table name", text),
			 errdetail("%s", detail),
			 errhint("Write it as in SQL: name, schema.name, or \"Any Name\" in double quotes.")));
}

/* A part in double quotes at *p; moves *p behind it. */
static char *
parse_quoted(const char *text, const char **p)
{
	char	   *part = palloc(strlen(*p) + 1);
	int			len = 0;

	for ((*p)++;; (*p)++)
	{
		if (**p == '\0')
			bad_name(text, "A double quote is not closed.");
		if (**p == '"' && *++(*p) != '"')
			break;
		part[len++] = **p;
	}
	part[len] = '\0';
	if (len == 0)
		bad_name(text, "A name between double quotes is empty.");
	return part;
}

static bool
starts_name(char c)
{
	return IS_HIGHBIT_SET(c) || c == '_' || (c >= 'a' && c <= 'z') ||
		(c >= 'A' && c <= 'Z');
}

static char *
parse_plain(const char *text, const char **p)
{
	const char *start = *p;

	if (!starts_name(**p))
		bad_name(text, "A name must start with a letter or an underscore.");
	while (starts_name(**p) || (**p >= '0' && **p <= '9') || **p == '$')
		(*p)++;
	return downcase_identifier(start, *p - start, false, false);
}

static char *
parse_part(const char *text, const char **p)
{
	char	   *part;

	while (scanner_isspace(**p))
		(*p)++;
	part = **p == '"' ? parse_quoted(text, p) : parse_plain(text, p);
	while (scanner_isspace(**p))
		(*p)++;
	if (strlen(part) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_NAME_TOO_LONG),
				 errmsg("name \"%s\" is too long", part),
				 errdetail("It has %d bytes; a name has at most %d.",
						   (int) strlen(part), NAMEDATALEN - 1),
				 errhint("Choose a shorter name.")));
	return part;
}

void
tr_relation_parse(const char *text, char **schema, char **name)
{
	const char *p = text;

	*schema = NULL;
	*name = parse_part(text, &p);
	if (*p == '.')
	{
		p++;
		*schema = *name;
		*name = parse_part(text, &p);
	}
	if (*p == '.')
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("destination \"%s\" has more than two parts", text),
				 errhint("Write name or schema.name; a job stays in its database.")));
	if (*p != '\0')
		bad_name(text, "There is something behind the name.");
}

/* ---- the source ---- */

void
tr_relation_wrong_kind(const char *what, const char *name, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("\"%s\" cannot be the %s of a job", name, what),
			 errhint("%s", hint)));
}

void
tr_relation_refuse_temporary(const char *what, Oid namespace, const char *name)
{
	if (isAnyTempNamespace(namespace))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the temporary table \"%s\" cannot be the %s of a job",
						name, what),
				 errdetail("A temporary table belongs to one session; a job runs in another."),
				 errhint("Use an ordinary or an UNLOGGED table.")));
}

/* SELECT on the relation, or on each of these columns (NIL: on all). */
static bool
can_select(Oid relation, List *columns)
{
	ListCell   *cell;

	if (pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
		return true;
	if (columns == NIL)
		return pg_attribute_aclcheck_all(relation, GetUserId(), ACL_SELECT,
										 ACLMASK_ALL) == ACLCHECK_OK;
	foreach(cell, columns)
	{
		AttrNumber	attnum = get_attnum(relation, lfirst(cell));

		/* that there is none of this name is said elsewhere */
		if (attnum != InvalidAttrNumber &&
			pg_attribute_aclcheck(relation, attnum, GetUserId(),
								  ACL_SELECT) != ACLCHECK_OK)
			return false;
	}
	return true;
}

void
tr_relation_check_usage(Oid namespace)
{
	AclResult	result = object_aclcheck(NamespaceRelationId, namespace,
										 GetUserId(), ACL_USAGE);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_SCHEMA, get_namespace_name(namespace));
}

Oid
tr_relation_resolve(const char *name)
{
	Oid			relation = DatumGetObjectId(DirectFunctionCall1(regclassin,
																CStringGetDatum(name)));

	if (!OidIsValid(relation))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"%s\" does not exist", name),
				 errhint("Give the name of a table or view.")));
	return relation;
}

void
tr_relation_check_source(Oid relation, List *columns)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Form_pg_class form;
	char	   *name;
	Oid			namespace;
	char		kind;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the source with OID %u does not exist", relation),
				 errhint("Give the name of a table or view.")));
	form = (Form_pg_class) GETSTRUCT(tuple);
	namespace = form->relnamespace;
	kind = form->relkind;
	ReleaseSysCache(tuple);

	name = tr_relation_name(relation);
	if (strchr("rpvmf", kind) == NULL)
		tr_relation_wrong_kind("source", name, "A source is a table, partitioned table, view, materialized view or foreign table.");
	tr_relation_refuse_temporary("source", namespace, name);
	tr_relation_check_usage(namespace);
	if (!can_select(relation, columns))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for the source \"%s\"", name),
				 errhint(columns == NIL ?
						 "The role %s needs SELECT on all its columns." :
						 "The role %s needs SELECT on the columns that are read.",
						 quote_identifier(GetUserNameFromId(GetUserId(), false)))));
}
