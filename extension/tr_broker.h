/*
 * tr_broker.h
 *		The launcher's side of sandbox_host: started, watched, restarted.
 */
#ifndef TR_BROKER_H
#define TR_BROKER_H

#include "postgres.h"

/* All in the launcher only. */

/* Do what is to be done now; returns ms until the next look, -1: none. */
extern long tr_broker_tick(void);

/* The settings may have changed. */
extern void tr_broker_reload(void);

/* Wait for the latch, word from the host, or `timeout` ms (-1: for ever). */
extern void tr_broker_wait(long timeout, uint32 wait_event);

extern void tr_broker_stop(void);

#endif							/* TR_BROKER_H */
