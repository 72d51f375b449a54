/*
 * tr_delay.h
 *		Logins that fail are slowed; tr_delay.c says how.
 *
 * Process: any backend; the postmaster sets it up.
 */
#ifndef TR_DELAY_H
#define TR_DELAY_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "storage/lwlock.h"
#include "utils/inet.h"

#define TR_DELAY_SETS	1024
#define TR_DELAY_WAYS	8

typedef struct TrDelayEntry
{
	uint64		key;			/* 0: free */
	int			failures;
	TimestampTz last;			/* the last try */
	TimestampTz next;			/* none is looked at before */
} TrDelayEntry;

/* In shared memory; plain data. */
typedef struct TrDelays
{
	LWLock		lock;			/* alone, never with another */
	uint8		secret[16];		/* of the keys, so that nobody aims at a set */
	TrDelayEntry entries[TR_DELAY_SETS][TR_DELAY_WAYS];
} TrDelays;

extern void tr_delay_init(TrDelays *delays, int tranche);

typedef struct TrTry
{
	uint64		pair;			/* account and address */
	uint64		account;
	uint64		address;
	bool		first;			/* of the pair */
} TrTry;

/*
 * Before a password is looked at: error 53400 while a delay lasts; else the
 * try counts as failed until tr_delay_succeeded.  address: NULL for the
 * session's own client.
 */
extern void tr_delay_begin(TrTry *attempt, const char *account, inet *address);
extern void tr_delay_succeeded(const TrTry *attempt);

#endif							/* TR_DELAY_H */
