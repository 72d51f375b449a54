/*
 * tr_task.h
 *		The first frame to a worker: what it is to do, as JSON.
 */
#ifndef TR_TASK_H
#define TR_TASK_H

#include "postgres.h"

#include "tr_link.h"
#include "tr_session.h"

/* action: "run" or "validate".  wire.h says what the frame holds. */
extern void tr_task_queue(const TrTask *task, TrLink *link,
						  const char *action);

#endif							/* TR_TASK_H */
