/*
 * walls.h
 *		The eight walls: their names, and what the self-test found out.
 */
#ifndef WALLS_H
#define WALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "wire/wire.h"

/* Numbers of WireStatusRow.state. */
typedef enum WallState
{
	WALL_NOT_ENFORCED = 0,
	WALL_ENFORCED = 1,
	WALL_OFF = 2				/* by setting */
} WallState;

typedef struct Wall
{
	uint32_t	bit;			/* WireWall */
	const char *name;
	const char *effect;			/* what holds when it stands */
} Wall;

/* Of the self-test; travels from the zygote to the broker as it is. */
typedef struct WallReport
{
	struct
	{
		WallState	state;
		char		means[200]; /* mechanisms read back */
		char		detail[300];	/* how proven, or what is missing */
	}			wall[WALL_COUNT];
} WallReport;

extern const Wall walls[WALL_COUNT];

/* The walls of a comma-separated list of names. */
extern bool walls_parse(const char *names, uint32_t *mask, ShErr *err);

/* Those of the mask by name, into buf. */
extern const char *walls_list(uint32_t mask, char *buf, int size);

/* Before any proof: nothing is enforced but what is proven elsewhere. */
extern void walls_report_init(WallReport *report, uint32_t off);
extern void walls_report_set(WallReport *report, uint32_t bit,
							 WallState state, const char *format,...)
			__attribute__((format(printf, 4, 5)));
extern uint32_t walls_enforced(const WallReport *report);

#endif							/* WALLS_H */
