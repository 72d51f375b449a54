/*
 * watch.h
 *		The limits that the broker holds running jobs to; see watch.c.
 */
#ifndef WATCH_H
#define WATCH_H

#include "broker.h"

/* Measure running jobs, kill those over a limit, tell their clients. */
extern void watch_jobs(Broker *b, int64_t now);

/* Measure one running job and tell its client now, before it is killed. */
extern void watch_last(Broker *b, Job *job);

/* When watch_jobs wants to be called next; 0: no job runs. */
extern int64_t watch_due(const Broker *b);

#endif							/* WATCH_H */
