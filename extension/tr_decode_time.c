/*
 * tr_decode_time.c
 *		Arrow dates, timestamps and durations into PostgreSQL's.
 *
 * Process: the backend that holds a job.  Nanoseconds, times of day in a
 * date and values out of range are refused, never cut.
 */
#include "postgres.h"

#include "common/int.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "tr_decode.h"

#define EPOCH_DAYS		(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)
#define EPOCH_USECS		((int64) EPOCH_DAYS * USECS_PER_DAY)

static inline int64
read_int64(const TrDecoder *col, uint32 row)
{
	int64		v;

	memcpy(&v, col->array.values + (size_t) row * 8, 8);
	return v;
}

/* Days since 1970, of date32, date64 or a timestamp at midnight. */
static int64
read_days(TrDecoder *col, uint32 row)
{
	int64		day = INT64CONST(1000) * SECS_PER_DAY;	/* also date64 */
	int64		v;
	int64		days;

	if (col->format.code == 'D')
		return tr_read_int(col, row);
	v = read_int64(col, row);
	if (col->format.unit == 's')
	{
		day = SECS_PER_DAY;
		days = v / SECS_PER_DAY;	/* the usual one: no division by a variable */
	}
	else
	{
		if (col->format.unit == 'u')
			day *= 1000;
		else if (col->format.unit == 'n')
			day *= 1000000;
		days = v / day;
	}
	if (days * day != v)
		tr_refuse(col, row, "a date has a time of day",
				  "Use dt.normalize() in the script, or give the result another name: then it becomes a timestamp.");
	return days;
}

/* Microseconds of a time or duration in its own unit. */
static int64
read_usecs(TrDecoder *col, uint32 row)
{
	int64		v = read_int64(col, row);
	int64		usecs;

	switch (col->format.unit)
	{
		case 'n':
			if (v % 1000 != 0)
				tr_refuse(col, row, "the value has nanoseconds, PostgreSQL keeps microseconds",
					   "Use dt.floor(\"us\") in the script to cut them on purpose.");
			return v / 1000;
		case 'u':
			return v;
		default:
			if (pg_mul_s64_overflow(v, col->format.unit == 's' ? 1000000 : 1000,
									&usecs))
				tr_refuse(col, row, "the value is out of range",
					   "Keep timestamps within the years 4713 BC to 294276 AD.");
			return usecs;
	}
}

/* Dates of either width count as one kind. */
static int32
code_of(const TrDecoder *col)
{
	return col->format.code == 'M' ? 'D' : col->format.code;
}

/* Microseconds since 2000 of a timestamp, or of a date at midnight. */
static Timestamp
read_timestamp(TrDecoder *col, uint32 row)
{
	int64		usecs;
	bool		bad = false;

	if (code_of(col) == 'D')
		bad = pg_mul_s64_overflow(read_days(col, row), USECS_PER_DAY, &usecs);
	else
		usecs = read_usecs(col, row);
	bad = bad || pg_sub_s64_overflow(usecs, EPOCH_USECS, &usecs);
	if (bad || !IS_VALID_TIMESTAMP(usecs))
		tr_refuse(col, row, "the timestamp is out of range",
			   "Keep timestamps within the years 4713 BC to 294276 AD.");
	return usecs;
}

/* Refuse more fraction digits than the column's precision keeps. */
static void
check_precision(TrDecoder *col, uint32 row, int64 usecs)
{
	int64		step = 1;

	if (col->typmod < 0 || col->typmod >= MAX_TIMESTAMP_PRECISION)
		return;
	for (int i = col->typmod; i < MAX_TIMESTAMP_PRECISION; i++)
		step *= 10;
	if (usecs % step != 0)
		tr_refuse(col, row, psprintf("the value has more fraction digits than %s keeps",
									 format_type_with_typemod(col->type,
															  col->typmod)),
				  "Use dt.floor() in the script to cut them on purpose.");
}

Datum
tr_time_to_timestamp(TrDecoder *col, uint32 row)
{
	Timestamp	ts = read_timestamp(col, row);

	check_precision(col, row, ts);
	return TimestampGetDatum(ts);
}

Datum
tr_time_to_time(TrDecoder *col, uint32 row)
{
	int64		usecs = read_int64(col, row);

	if (usecs < 0 || usecs > USECS_PER_DAY)
		tr_refuse(col, row, "the time of day is out of range",
				  "Keep it between 00:00:00 and 24:00:00.");
	check_precision(col, row, usecs);
	return TimeADTGetDatum(usecs);
}

Datum
tr_time_to_date(TrDecoder *col, uint32 row)
{
	int64		days = read_days(col, row) - EPOCH_DAYS;

	if (days < PG_INT32_MIN || days > PG_INT32_MAX ||
		!IS_VALID_DATE((DateADT) days))
		tr_refuse(col, row, "the date is out of range",
			   "Keep dates within the years 4713 BC to 5874897 AD.");
	return DateADTGetDatum((DateADT) days);
}

Datum
tr_duration_to_interval(TrDecoder *col, uint32 row)
{
	Interval   *interval = palloc0(sizeof(Interval));
	Interval   *fitted;

	interval->time = read_usecs(col, row);

	/* the text of the smallest one cannot be read back, by no restore */
	if (interval->time == PG_INT64_MIN)
		tr_refuse(col, row, "the duration is out of range",
				  "Replace it in the script; it may stand for a missing value.");
	if (col->typmod < 0)
		return IntervalPGetDatum(interval);
	fitted = DatumGetIntervalP(DirectFunctionCall2(interval_scale,
												   IntervalPGetDatum(interval),
												   Int32GetDatum(col->typmod)));
	if (memcmp(interval, fitted, sizeof(Interval)) != 0)
		tr_refuse(col, row, psprintf("the duration has more than %s keeps",
									 format_type_with_typemod(col->type,
															  col->typmod)),
				  "Use dt.floor() in the script to cut it on purpose.");
	return IntervalPGetDatum(fitted);
}
