/*
 * tr_walls.h
 *		Names of the walls (DESIGN.md section 6), as settings and job rows
 *		write them.  Pure functions, any process.
 */
#ifndef TR_WALLS_H
#define TR_WALLS_H

#include "postgres.h"

#include "wire.h"

/* Name of wall `number`, 1 to WALL_COUNT. */
extern const char *tr_wall_name(int number);

/*
 * A comma-separated list as a mask; "all" is every wall.  False with the
 * first unknown name (palloc'd) otherwise.
 */
extern bool tr_walls_parse(const char *list, uint32 *mask, char **unknown);

/* The mask as a Datum of type text[]. */
extern Datum tr_walls_array(uint32 mask);

#endif							/* TR_WALLS_H */
