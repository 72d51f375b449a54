/*
 * asan_probe.c
 *		A module with one error of each kind that `make asan` must see: each
 *		function is called in a server of its own (scripts/asan-probe.sh), and must end it.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/memutils.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(after_malloc);
PG_FUNCTION_INFO_V1(after_palloc);
PG_FUNCTION_INFO_V1(after_pfree);
PG_FUNCTION_INFO_V1(after_reset);
PG_FUNCTION_INFO_V1(bad_shift);
PG_FUNCTION_INFO_V1(no_error);

/* A byte at p + n, which the compiler cannot know. */
static pg_noinline Datum
read_at(const volatile char *p, int n)
{
	return Int32GetDatum(p[n]);
}

Datum
after_malloc(PG_FUNCTION_ARGS)
{
	return read_at(calloc(1, 13), PG_GETARG_INT32(0));
}

Datum
after_palloc(PG_FUNCTION_ARGS)
{
	return read_at(palloc0(13), PG_GETARG_INT32(0));
}

Datum
after_pfree(PG_FUNCTION_ARGS)
{
	char	   *p = palloc0(PG_GETARG_INT32(0));

	pfree(p);
	return read_at(p, 0);
}

Datum
after_reset(PG_FUNCTION_ARGS)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "probe",
												  ALLOCSET_SMALL_SIZES);
	char	   *p = MemoryContextAllocZero(context, PG_GETARG_INT32(0));

	MemoryContextReset(context);
	return read_at(p, 0);
}

Datum
bad_shift(PG_FUNCTION_ARGS)
{
	return Int32GetDatum(1 << PG_GETARG_INT32(0));
}

Datum
no_error(PG_FUNCTION_ARGS)
{
	char	   *p = palloc0(14);

	return read_at(p, PG_GETARG_INT32(0));
}
