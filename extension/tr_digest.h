/*
 * tr_digest.h
 *		A digest of the rows of a result, whatever their order.
 *
 * Process: the backend that holds a job.
 *
 * Two 64-bit sums over all rows of a hash of the row: its values as they came
 * over the wire, with name and format of their columns.  It tells honest runs
 * apart, no more: it is not a cryptographic digest.
 */
#ifndef TR_DIGEST_H
#define TR_DIGEST_H

#include "postgres.h"

struct TrResult;

typedef struct TrDigest
{
	uint64	   *seeds;			/* of each column: its name and format */
	uint64		sums[2];
} TrDigest;

/* After the names and formats of the result are known. */
extern void tr_digest_begin(TrDigest *digest, const struct TrResult *result);

/* Add the chunk that was just decoded; memory of the current context. */
extern void tr_digest_chunk(TrDigest *digest, struct TrResult *result);

/* 32 hexadecimal digits, palloc'd. */
extern char *tr_digest_text(const TrDigest *digest);

#endif							/* TR_DIGEST_H */
