/*
 * proof.h
 *		The tables every system fills in for the proof of its walls, and what
 *		is computed from them.  For the files of plat/ only.
 *
 * A wall is an effect; a mechanism is one feature of the system that brings
 * part of it about.  A set of mechanisms is a mask of bits, so that "the same
 * mechanisms as when the self-test proved the wall" compares two numbers.
 */
#ifndef PROOF_H
#define PROOF_H

#include "plat.h"
#include "../wire/wire.h"

typedef struct MechanismRow
{
	uint32_t	mechanism;		/* one bit */
	uint32_t	walls;			/* WALL_*, those it is a part of */
	const char *name;			/* what the self-test prints */
} MechanismRow;

typedef struct RemedyRow
{
	uint32_t	walls;
	const char *text;
} RemedyRow;

/* What an act aims at: a type of each system's own. */
typedef struct ActScene ActScene;

/* 0: the act worked; otherwise the error number it was refused with. */
typedef int (*ActFunction) (const ActScene *scene);

typedef struct ActRow
{
	PlatAct		act;
	ActFunction function;
	bool		confirmed;		/* whether it worked shows where it aimed at */
} ActRow;

/* lockdown.c of the system; a row without text ends it */
extern const MechanismRow mechanism_rows[];
extern const RemedyRow remedy_rows[];

/* acts.c of the system; the rest is empty */
extern const ActRow act_rows[PLAT_MAX_ACTS];

/* Every mechanism that brings a wall (or several) about. */
extern uint32_t mechanisms_of_wall(uint32_t walls);

/* The names of those that are part of the wall, separated by ", "; buf. */
extern const char *mechanisms_named(uint32_t mechanisms, uint32_t wall,
									char *buf, size_t size);

/* wall was proven with these; proven has an element for each wall. */
extern void proven_note(uint32_t proven[WALL_COUNT], uint32_t wall,
						uint32_t mechanisms);

/* The walls all of whose proven mechanisms are in force. */
extern uint32_t walls_standing(const uint32_t proven[WALL_COUNT],
							   uint32_t in_force);

#endif							/* PROOF_H */
