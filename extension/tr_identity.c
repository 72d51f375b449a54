/*
 * tr_identity.c
 *		Do the names in a job still mean what they meant when it was submitted?
 *
 * Process: the backend that submits, the runner; as the job's role.
 *
 * Between submit and run a table may be renamed, or dropped, and another one
 * have got its name: who submitted the job did not mean that one.  What was
 * meant stands in pg_depend (tr_depend.c).  Looking into views is not needed:
 * a view is what was named, and means what its definition says by then.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"

#include "tr_depend.h"
#include "tr_identity.h"
#include "tr_relation.h"
#include "tr_source.h"

/* ---- what is read ---- */

static bool
collect_relations(Node *node, void *arg)
{
	List	  **relations = (List **) arg;

	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		if (((RangeTblEntry *) node)->rtekind == RTE_RELATION)
			*relations = list_append_unique_oid(*relations,
												((RangeTblEntry *) node)->relid);
		return false;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, collect_relations, arg,
								 QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, collect_relations, arg);
}

void
tr_identity_check_sources(int64 job, const List *sources)
{
	List	   *relations = NIL;
	ListCell   *cell;

	foreach(cell, sources)
		collect_relations((Node *) tr_source_analyze(lfirst(cell)), &relations);
	foreach(cell, relations)
		if (!tr_depend_on(job, RelationRelationId, lfirst_oid(cell)))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("\"%s\" is not the relation it was when the job was submitted",
							tr_relation_name(lfirst_oid(cell))),
					 errdetail("That one was dropped or renamed, and another one has its name."),
					 errhint("Submit the job again.")));
}

/* ---- what is written ---- */

/* InvalidOid: it is not there. */
static void
look_up(const char *name, Oid *schema, Oid *table)
{
	char	   *schema_name;
	char	   *table_name;

	*table = InvalidOid;
	tr_relation_parse(name, &schema_name, &table_name);
	*schema = get_namespace_oid(schema_name, true);
	if (OidIsValid(*schema))
		*table = get_relname_relid(table_name, *schema);
}

ObjectAddress *
tr_identity_of_table(const char *name)
{
	ObjectAddress *address = palloc(sizeof(ObjectAddress));
	Oid			schema;
	Oid			table;

	look_up(name, &schema, &table);
	if (OidIsValid(table))
		ObjectAddressSet(*address, RelationRelationId, table);
	else
		ObjectAddressSet(*address, NamespaceRelationId, schema);
	return address;
}

/*
 * A table that was not there at the submit may have come since, as for two
 * jobs of mode replace: whether that is good, the mode says.
 */
void
tr_identity_check_table(int64 job, const char *name, const char *what)
{
	Oid			schema;
	Oid			table;

	look_up(name, &schema, &table);
	if (OidIsValid(table) && tr_depend_on(job, RelationRelationId, table))
		return;
	if (OidIsValid(schema) && tr_depend_on(job, NamespaceRelationId, schema))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("the %s \"%s\" is not what it was when the job was submitted",
					what, name),
			 errdetail("It, or its schema, was dropped or renamed since."),
			 errhint("Submit the job again.")));
}
