/*
 * tr_walls.c
 *		Names of the walls, and lists of them.
 *
 * Process: any.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/pg_list.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "tr_walls.h"

/* in the order of WireWall's bits */
static const char *const wall_names[WALL_COUNT] = {
	"language", "process", "imports", "resources",
	"files", "kernel", "network", "database",
};

const char *
tr_wall_name(int number)
{
	Assert(number >= 1 && number <= WALL_COUNT);
	return wall_names[number - 1];
}

static uint32
wall_by_name(const char *name)
{
	if (strcmp(name, "all") == 0)
		return WALL_ALL;
	for (int i = 0; i < WALL_COUNT; i++)
		if (strcmp(name, wall_names[i]) == 0)
			return 1u << i;
	return 0;
}

bool
tr_walls_parse(const char *list, uint32 *mask, char **unknown)
{
	char	   *copy = pstrdup(list == NULL ? "" : list);
	List	   *names;
	ListCell   *cell;

	*mask = 0;
	*unknown = NULL;
	if (!SplitIdentifierString(copy, ',', &names))
	{
		*unknown = pstrdup(list);
		return false;
	}
	foreach(cell, names)
	{
		uint32		bit = wall_by_name(lfirst(cell));

		if (bit == 0)
		{
			*unknown = lfirst(cell);
			return false;
		}
		*mask |= bit;
	}
	list_free(names);
	return true;
}

Datum
tr_walls_array(uint32 mask)
{
	Datum		names[WALL_COUNT];
	int			count = 0;

	for (int i = 0; i < WALL_COUNT; i++)
		if (mask & (1u << i))
			names[count++] = CStringGetTextDatum(wall_names[i]);
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false,
										   TYPALIGN_INT));
}
