/*
 * proof.c
 *		What every system computes from its tables of mechanisms, remedies
 *		and acts.
 */
#include "proof.h"

#include <stdio.h>

uint32_t
mechanisms_of_wall(uint32_t walls)
{
	uint32_t	mechanisms = 0;

	for (const MechanismRow *row = mechanism_rows; row->name != NULL; row++)
		if (row->walls & walls)
			mechanisms |= row->mechanism;
	return mechanisms;
}

const char *
mechanisms_named(uint32_t mechanisms, uint32_t wall, char *buf, size_t size)
{
	size_t		used = 0;

	buf[0] = '\0';
	for (const MechanismRow *row = mechanism_rows; row->name != NULL; row++)
		if ((row->walls & wall) && (row->mechanism & mechanisms) && used < size)
			used += (size_t) snprintf(buf + used, size - used, "%s%s",
									  used > 0 ? ", " : "", row->name);
	return buf;
}

void
proven_note(uint32_t proven[WALL_COUNT], uint32_t wall, uint32_t mechanisms)
{
	for (int i = 0; i < WALL_COUNT; i++)
		if (wall == 1u << i)
			proven[i] = mechanisms & mechanisms_of_wall(wall);
}

uint32_t
walls_standing(const uint32_t proven[WALL_COUNT], uint32_t in_force)
{
	uint32_t	standing = 0;

	for (int i = 0; i < WALL_COUNT; i++)
		if (proven[i] != 0 && (in_force & proven[i]) == proven[i])
			standing |= 1u << i;
	return standing;
}

/* ---- the seam ---- */

const char *
plat_wall_remedy(uint32_t wall)
{
	for (const RemedyRow *row = remedy_rows; row->text != NULL; row++)
		if (row->walls & wall)
			return row->text;
	return "";
}

const PlatAct *
plat_acts(int *count)
{
	static PlatAct acts[PLAT_MAX_ACTS];

	for (*count = 0; *count < PLAT_MAX_ACTS; (*count)++)
	{
		if (act_rows[*count].function == NULL)
			break;
		acts[*count] = act_rows[*count].act;
	}
	return acts;
}
