/*
 * wire_test.c
 *		Unit tests of the wire: what is encoded decodes the same, and what
 *		must not be accepted is not.  Prints TAP.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

static int	count;
static int	failed;

static void
ok(bool good, const char *what)
{
	count++;
	if (!good)
		failed++;
	printf("%sok %d - %s\n", good ? "" : "not ", count, what);
}

static WireText
text(const char *s)
{
	WireText	t = {s, (uint32_t) strlen(s)};

	return t;
}

/* A decoder of one payload, for the table of truncations below. */
static bool
decodes(uint8_t type, const uint8_t *p, uint32_t len)
{
	const char *why = NULL;
	uint32_t	n;
	WireText	t;
	WireHello	hello;
	WireJob		job;
	WireStarted started;
	WireUsage	usage;
	WireExit	leave;
	WireStatusRow row;
	WireFinding finding;
	WireError	error;
	static WireColumn cols[WIRE_MAX_FIELDS];

	switch (type)
	{
		case WIRE_HELLO:
			return wire_hello_decode(p, len, &hello, &why);
		case WIRE_JOB:
			return wire_job_decode(p, len, &job, &why);
		case WIRE_STARTED:
			return wire_started_decode(p, len, &started, &why);
		case WIRE_REFUSED:
			return wire_refused_decode(p, len, &n, &t, &why);
		case WIRE_USAGE:
			return wire_usage_decode(p, len, &usage, &why);
		case WIRE_EXIT:
			return wire_exit_decode(p, len, &leave, &why);
		case WIRE_STATUS_ROW:
			return wire_status_row_decode(p, len, &row, &why);
		case WIRE_LOG:
			return wire_log_decode(p, len, &n, &t, &why);
		case WIRE_FINDING:
			return wire_finding_decode(p, len, &finding, &why);
		case WIRE_ERROR:
			return wire_error_decode(p, len, &error, &why);
		case WIRE_SCHEMA:
			return wire_schema_decode(p, len, cols, &why) >= 0;
		default:
			return false;
	}
}

/* Encoded frames of every type with a payload of fixed or textual shape. */
static size_t
sample(uint8_t type, uint8_t *buf, size_t size)
{
	WireHello	hello = {WIRE_MAGIC, WIRE_VERSION, WIRE_ROLE_DATA, {1, 2, 3}};
	WireJob		job = {7, 60000, 1000, 1 << 20, WALL_ALL};
	WireStarted started = {WALL_ALL, 4711, {"pandas 3", 8}};
	WireUsage	usage = {1, 2, 3};
	WireExit	leave = {WIRE_EXIT_MEMORY, -9, 1, 2, 3, 4, 5};
	WireStatusRow row = {WALL_FILES, 1, {"files", 5}, {"Landlock", 8}};
	WireFinding finding = {3, 4, 1, {"a", 1}, {"b", 1}, {"", 0}};
	WireError	error = {WIRE_ERROR_SCRIPT, 2, 1, 50000, {"m", 1}, {"", 0},
	{"hint", 4}, {"trace", 5}};
	WireColumn	cols[2];

	memset(cols, 0, sizeof(cols));
	cols[0].name = text("id");
	strcpy(cols[0].format, "l");
	cols[1].name = text("price");
	strcpy(cols[1].format, "d:10,2");
	cols[1].flags = WIRE_NULLABLE;
	switch (type)
	{
		case WIRE_HELLO:
			return wire_hello_encode(buf, size, &hello);
		case WIRE_JOB:
			return wire_job_encode(buf, size, &job);
		case WIRE_STARTED:
			return wire_started_encode(buf, size, &started);
		case WIRE_REFUSED:
			return wire_refused_encode(buf, size, WIRE_REFUSED_WALLS, "files");
		case WIRE_USAGE:
			return wire_usage_encode(buf, size, &usage);
		case WIRE_EXIT:
			return wire_exit_encode(buf, size, &leave);
		case WIRE_STATUS_ROW:
			return wire_status_row_encode(buf, size, &row);
		case WIRE_LOG:
			return wire_log_encode(buf, size, WIRE_STDOUT, text("hello"));
		case WIRE_FINDING:
			return wire_finding_encode(buf, size, &finding);
		case WIRE_ERROR:
			return wire_error_encode(buf, size, &error);
		case WIRE_SCHEMA:
			return wire_schema_encode(buf, size, cols, 2);
		default:
			return 0;
	}
}

/* Every frame decodes whole, and no shorter or longer piece of it does. */
static void
test_sizes(void)
{
	uint8_t		buf[4096];
	char		what[80];

	for (uint8_t type = 1; type < WIRE_TYPE_LIMIT; type++)
	{
		size_t		n = sample(type, buf, sizeof(buf));
		uint32_t	len;
		bool		cut = false;

		if (n == 0)
			continue;
		len = (uint32_t) (n - WIRE_HEADER_SIZE);
		snprintf(what, sizeof(what), "%s decodes", wire_type_name(type));
		ok(decodes(type, buf + WIRE_HEADER_SIZE, len), what);
		for (uint32_t k = 0; k < len; k++)
			cut = cut || decodes(type, buf + WIRE_HEADER_SIZE, k);
		cut = cut || decodes(type, buf + WIRE_HEADER_SIZE, len + 1);
		snprintf(what, sizeof(what), "%s of another size does not",
				 wire_type_name(type));
		ok(!cut, what);
		snprintf(what, sizeof(what), "%s does not fit a short buffer",
				 wire_type_name(type));
		ok(sample(type, buf, n - 1) == 0, what);
	}
}

static void
test_values(void)
{
	uint8_t		buf[4096];
	const char *why;
	WireExit	leave;
	WireError	error;
	WireHeader	h;
	static WireColumn cols[WIRE_MAX_FIELDS];
	size_t		n = sample(WIRE_EXIT, buf, sizeof(buf));

	ok(wire_header_decode(buf, &h, &why) && h.type == WIRE_EXIT &&
	   h.length == n - WIRE_HEADER_SIZE, "header holds type and length");
	ok(wire_exit_decode(buf + WIRE_HEADER_SIZE, h.length, &leave, &why) &&
	   leave.detail == -9 && leave.limit == 1 && leave.wall_us == 5,
	   "exit keeps its numbers");
	n = sample(WIRE_ERROR, buf, sizeof(buf));
	ok(wire_error_decode(buf + WIRE_HEADER_SIZE,
						 (uint32_t) n - WIRE_HEADER_SIZE, &error, &why) &&
	   error.last_row == 50000 && error.traceback.len == 5,
	   "error keeps its rows and texts");
	n = sample(WIRE_SCHEMA, buf, sizeof(buf));
	ok(wire_schema_decode(buf + WIRE_HEADER_SIZE,
						  (uint32_t) n - WIRE_HEADER_SIZE, cols, &why) == 2 &&
	   strcmp(cols[1].format, "d:10,2") == 0 && cols[1].flags == WIRE_NULLABLE,
	   "schema keeps formats and flags");
	wire_header_encode(buf, WIRE_CHUNK, WIRE_MAX_PAYLOAD + 1);
	ok(!wire_header_decode(buf, &h, &why), "a frame over the limit is refused");
	wire_header_encode(buf, WIRE_TYPE_LIMIT, 0);
	ok(!wire_header_decode(buf, &h, &why), "an unknown type is refused");
	wire_header_encode(buf, WIRE_DONE, 0);
	buf[6] = 1;
	ok(!wire_header_decode(buf, &h, &why), "bytes that must be zero are checked");
}

static void
test_formats(void)
{
	static const char *const good[] = {"n", "b", "l", "g", "U", "z", "tdD",
	"tsu:", "ttu", "+L", "tsn:Europe/Berlin", "tDu", "d:38,2", "d:76,38,256"};
	static const char *const bad[] = {"", "x", "+l", "tsx:", "ts", "tsu", "d:",
	"d:39,2", "d:0,0", "d:10", "d:10,2,64", "d:10,2x", "d:99999,1", "ll"};
	WireFormat	f;
	char		what[80];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		snprintf(what, sizeof(what), "format \"%s\" is known", good[i]);
		ok(wire_format_parse(good[i], &f), what);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		snprintf(what, sizeof(what), "format \"%s\" is not", bad[i]);
		ok(!wire_format_parse(bad[i], &f), what);
	}
	ok(wire_format_parse("tsn:UTC", &f) && f.utc && f.unit == 'n',
	   "a zone makes an instant");
}

/* One text column of three values, the middle one NULL. */
static uint32_t
make_chunk(uint8_t *payload, const int64_t *offsets, uint32_t noffsets,
		   const char *bytes)
{
	uint8_t		frame[256];
	uint8_t		validity = 5;
	WireBuffer	buffers[3] = {{&validity, 1}, {offsets, 8 * noffsets},
	{bytes, (uint32_t) strlen(bytes)}};
	size_t		n = wire_chunk_prefix_encode(frame, sizeof(frame), 3,
											 WIRE_LAST_OF_CALL, buffers, 1);
	uint32_t	at = (uint32_t) n - WIRE_HEADER_SIZE;

	memcpy(payload, frame + WIRE_HEADER_SIZE, at);
	for (int i = 0; i < 3; i++)
	{
		memcpy(payload + at, buffers[i].data, buffers[i].len);
		memset(payload + at + buffers[i].len, 0,
			   WIRE_ALIGN(buffers[i].len) - buffers[i].len);
		at += WIRE_ALIGN(buffers[i].len);
	}
	return at;
}

static bool
column_decodes(const uint8_t *payload, uint32_t len, const char *format)
{
	WireChunk	chunk;
	WireArray	array;
	WireFormat	f;
	const char *why;

	return wire_chunk_decode(payload, len, &chunk, &why) &&
		wire_format_parse(format, &f) &&
		wire_array_decode(&chunk, 0, chunk.rows, &f, &array, &why);
}

static void
test_chunks(void)
{
	static const int64_t good[] = {0, 2, 2, 5};
	static const int64_t falling[] = {0, 3, 2, 5};
	static const int64_t negative[] = {0, -1, 2, 5};
	static const int64_t beyond[] = {0, 2, 2, 6};
	static const int64_t late[] = {1, 2, 2, 5};
	static const int64_t early_end[] = {0, 1, 1, 1};
	uint8_t		payload[512];
	uint32_t	len = make_chunk(payload, good, 4, "abcde");
	WireChunk	chunk;
	WireArray	array;
	WireFormat	f;
	const char *why;

	ok(wire_chunk_decode(payload, len, &chunk, &why) && chunk.rows == 3 &&
	   chunk.flags == WIRE_LAST_OF_CALL && chunk.fields == 1,
	   "a chunk decodes");
	ok(wire_format_parse("U", &f) &&
	   wire_array_decode(&chunk, 0, 3, &f, &array, &why) && array.nulls == 1 &&
	   wire_is_null(&array, 1) && !wire_is_null(&array, 2),
	   "its NULLs are counted");
	ok(!wire_array_decode(&chunk, 1, 3, &f, &array, &why),
	   "a column that is not there is refused");
	ok(!column_decodes(payload, len, "u"), "offsets of another width are refused");
	ok(!column_decodes(payload, len, "l"), "another layout is refused");
	ok(!column_decodes(payload, len, "n"), "NULLs with buffers are refused");
	len = make_chunk(payload, falling, 4, "abcde");
	ok(!column_decodes(payload, len, "U"), "falling offsets are refused");
	len = make_chunk(payload, negative, 4, "abcde");
	ok(!column_decodes(payload, len, "U"), "negative offsets are refused");
	len = make_chunk(payload, beyond, 4, "abcde");
	ok(!column_decodes(payload, len, "U"), "offsets beyond the bytes are refused");
	len = make_chunk(payload, late, 4, "abcde");
	ok(!column_decodes(payload, len, "U"), "offsets that start late are refused");
	len = make_chunk(payload, early_end, 4, "abcde");
	ok(!column_decodes(payload, len, "U"), "bytes behind the offsets are refused");
	len = make_chunk(payload, good, 3, "abcde");
	ok(!column_decodes(payload, len, "U"), "too few offsets are refused");

	len = make_chunk(payload, good, 4, "abcde");
	payload[16] ^= 8;
	ok(!wire_chunk_decode(payload, len, &chunk, &why),
	   "a buffer at another place is refused");
	payload[16] ^= 8;
	payload[20] = 0xff;
	ok(!wire_chunk_decode(payload, len, &chunk, &why),
	   "a buffer beyond the payload is refused");
	len = make_chunk(payload, good, 4, "abcde");
	ok(!wire_chunk_decode(payload, len + 8, &chunk, &why),
	   "bytes left over are refused");
	ok(!wire_chunk_decode(payload, 15, &chunk, &why), "a cut table is refused");
	payload[4] = 2;
	ok(!wire_chunk_decode(payload, len, &chunk, &why),
	   "unknown flags are refused");
}

/* Three lists of int16, and the items of all of them. */
static bool
lists_decode(const int64_t *offsets, uint32_t noffsets, uint32_t nitems,
			 bool own_values, WireArray *items)
{
	static const int16_t values[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	WireBuffer	buffers[6] = {{NULL, 0}, {offsets, 8 * noffsets},
	{values, own_values ? 2 : 0}, {NULL, 0}, {NULL, 0}, {values, 2 * nitems}};
	static uint8_t payload[512];
	size_t		n = wire_chunk_prefix_encode(payload, sizeof(payload), 3, 0,
											 buffers, 2);
	WireChunk	chunk;
	WireArray	lists;
	WireFormat	f;
	const char *why;

	for (int i = 0; i < 6; i++)
	{
		if (buffers[i].len > 0)
			memcpy(payload + n, buffers[i].data, buffers[i].len);
		n += WIRE_ALIGN(buffers[i].len);
	}
	return wire_chunk_decode(payload + WIRE_HEADER_SIZE,
							 (uint32_t) n - WIRE_HEADER_SIZE, &chunk, &why) &&
		wire_format_parse("+L", &f) &&
		wire_array_decode(&chunk, 0, 3, &f, &lists, &why) &&
		wire_format_parse("s", &f) &&
		wire_array_decode(&chunk, 1, lists.items, &f, items, &why);
}

static bool
schema_decodes(int n, const char *const *formats)
{
	static uint8_t buf[100000];
	static WireColumn cols[WIRE_MAX_FIELDS];
	size_t		len;
	const char *why;

	memset(cols, 0, sizeof(cols));
	for (int i = 0; i < n; i++)
	{
		cols[i].name = (WireText) {"x", 1};
		strcpy(cols[i].format, formats[i % 8]);
	}
	len = wire_schema_encode(buf, sizeof(buf), cols, (uint32_t) n);
	return wire_schema_decode(buf + WIRE_HEADER_SIZE,
							  (uint32_t) len - WIRE_HEADER_SIZE, cols, &why) == n;
}

static void
test_lists(void)
{
	WireArray	items;

	ok(lists_decode((int64_t[]) {0, 2, 2, 5}, 4, 5, false, &items) &&
	   items.values_len == 10, "lists and their items decode");
	ok(!lists_decode((int64_t[]) {0, 2, 2, 5}, 4, 4, false, &items), "too few items are refused");
	ok(!lists_decode((int64_t[]) {0, 2, 2, 5}, 4, 6, false, &items), "too many items are refused");
	ok(!lists_decode((int64_t[]) {0, 3, 2, 5}, 4, 5, false, &items), "lists that fall are refused");
	ok(!lists_decode((int64_t[]) {0, -1, 2, 5}, 4, 5, false, &items), "negative lists are refused");
	ok(!lists_decode((int64_t[]) {0, 2, 9, 5}, 4, 5, false, &items), "lists beyond the last are refused");
	ok(!lists_decode((int64_t[]) {1, 2, 2, 5}, 4, 5, false, &items), "lists that start late are refused");
	ok(!lists_decode((int64_t[]) {0, 2, 2}, 3, 2, false, &items), "too few lists are refused");
	ok(!lists_decode(NULL, 0, 5, false, &items), "lists without offsets are refused");
	ok(!lists_decode((int64_t[]) {0, 0, 0, INT64_C(1) << 31}, 4, 5, false, &items), "2^31 items are refused");
	ok(!lists_decode((int64_t[]) {0, 0, 0, -5}, 4, 5, false, &items), "fewer than no items are refused");
	ok(!lists_decode((int64_t[]) {0, 2, 2, 5}, 4, 5, true, &items), "a list with values is refused");

	ok(schema_decodes(4, (const char *const[8]) {"i", "+L", "+L", "s"}), "a tree of fields decodes");
	ok(!schema_decodes(2, (const char *const[8]) {"i", "+L"}), "a list without items is refused");
	ok(!schema_decodes(2, (const char *const[8]) {"+L", "n"}), "a list of nothing is refused");
	ok(schema_decodes(7, (const char *const[8]) {"+L", "+L", "+L", "+L", "+L", "+L", "s"}), "six lists deep");
	ok(!schema_decodes(8, (const char *const[8]) {"+L", "+L", "+L", "+L", "+L", "+L", "+L", "s"}), "seven are refused");
	ok(schema_decodes(3200, (const char *const[8]) {"+L", "s", "+L", "s", "+L", "s", "+L", "s"}), "1600 lists");
	ok(!schema_decodes(1602, (const char *const[8]) {"i", "i", "i", "i", "i", "i", "i", "i"}), "1602 columns are refused");
}

static void
test_phases(void)
{
	WirePhase	p;
	const char *why;

	wire_phase_init(&p, WIRE_FROM_WORKER);
	ok(!wire_phase_accept(&p, WIRE_CHUNK, &why), "rows before their schema");
	ok(wire_phase_accept(&p, WIRE_LOG, &why), "a log line at any time");
	ok(wire_phase_accept(&p, WIRE_SCHEMA, &why), "one schema");
	ok(!wire_phase_accept(&p, WIRE_SCHEMA, &why), "no second schema");
	ok(wire_phase_accept(&p, WIRE_CHUNK, &why), "rows after it");
	ok(!wire_phase_accept(&p, WIRE_EXIT, &why), "a worker cannot speak for the broker");
	ok(!wire_phase_accept(&p, WIRE_STARTED, &why), "nor start itself");
	ok(wire_phase_accept(&p, WIRE_DONE, &why), "done");
	ok(!wire_phase_accept(&p, WIRE_LOG, &why), "nothing after done");
	ok(!wire_phase_accept(&p, WIRE_DONE, &why), "done once");

	wire_phase_init(&p, WIRE_FROM_CLIENT_DATA);
	ok(wire_phase_accept(&p, WIRE_TASK, &why), "a task");
	ok(wire_phase_accept(&p, WIRE_SCHEMA, &why), "the first input");
	ok(wire_phase_accept(&p, WIRE_CHUNK, &why), "its rows");
	ok(wire_phase_accept(&p, WIRE_SCHEMA, &why), "the second input");
	ok(!wire_phase_accept(&p, WIRE_TASK, &why), "one task");
	ok(wire_phase_accept(&p, WIRE_END, &why), "the end");
	ok(!wire_phase_accept(&p, WIRE_SCHEMA, &why), "no input after it");

	wire_phase_init(&p, WIRE_FROM_CLIENT_CONTROL);
	ok(!wire_phase_accept(&p, WIRE_JOB, &why), "no job before the hello");
	ok(wire_phase_accept(&p, WIRE_HELLO, &why), "hello");
	ok(!wire_phase_accept(&p, WIRE_HELLO, &why), "hello once");
	ok(wire_phase_accept(&p, WIRE_JOB, &why), "job");
	ok(!wire_phase_accept(&p, WIRE_STATUS, &why), "no status during a job");
	ok(wire_phase_accept(&p, WIRE_KILL, &why), "kill");
	ok(!wire_phase_accept(&p, WIRE_KILL, &why), "kill once");
}

int
main(void)
{
	test_sizes();
	test_values();
	test_formats();
	test_chunks();
	test_lists();
	test_phases();
	printf("1..%d\n", count);
	return failed == 0 ? 0 : 1;
}
