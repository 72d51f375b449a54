/*
 * selftest.h
 *		Proving the walls: "enforced" means that a forbidden act was tried and
 *		refused.
 */
#ifndef SELFTEST_H
#define SELFTEST_H

#include "broker.h"
#include "plat/plat.h"
#include "walls.h"

/* ---- in the zygote ---- */

/*
 * Try the forbidden acts with no wall, then behind each of the walls that are
 * on, alone.  Before Python is loaded.
 */
extern bool selftest_each_wall(PlatTemplate *template, uint32_t on,
							   WallReport *report, ShErr *err);

/*
 * After sealing: the same process that workers are copied from is behind the
 * walls too.  Takes back what does not hold.
 */
extern bool selftest_sealed(PlatTemplate *template, uint32_t on,
							WallReport *report, ShErr *err);

/* ---- in the broker ---- */

/*
 * Send scripts through real workers: one that must work, and those that the
 * language and imports walls must refuse.  broker_checked() follows.
 */
extern void selftest_scripts_start(Broker *b);

/* Forget scripts that are still running, without an answer. */
extern void selftest_scripts_stop(Broker *b);

/* The table of --selftest; returns the exit status. */
extern int	selftest_print(const WallReport *report, const char *facts,
						   uint32_t required);

#endif							/* SELFTEST_H */
