/*
 * wire.h
 *		The wire between the extension and sandbox_host, and its decoder.
 *
 * Compiled into both programs (with each program's own flags); includes
 * neither PostgreSQL nor Python nor an operating system header.
 *
 * A runner (or a backend that validates or previews) holds two connections:
 *
 *	control		runner <-> broker.  Both ends are trusted.  What the broker
 *				says here (usage, how the worker ended) is believed.
 *	data		runner <-> worker.  The broker hands the connection to the
 *				worker right after the hello and never reads from it again.
 *				Every byte that comes from the worker is hostile.
 *
 * Both are opened on the broker's one listening address; the first frame on
 * each is WIRE_HELLO with the same random token, which pairs them.  End of
 * file on the data connection means the worker is gone; the reason is in
 * WIRE_EXIT on the control connection.
 *
 * A frame is a header of 8 bytes (u32 payload length, u8 type, u8 zero x 3),
 * then the payload.  All numbers are little-endian.  All offsets inside a
 * payload are from its first byte, and buffers start at multiples of 8.
 *
 * Columns travel in Arrow columnar layout; their types are Arrow C Data
 * Interface format strings (https://arrow.apache.org/docs/format/
 * CDataInterface.html).
 *
 * Nothing here allocates: encoders write through a WireSink, decoders return
 * views into the caller's buffer.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_VERSION			1
#define WIRE_MAGIC				0x31575254	/* "TRW1", little-endian */
#define WIRE_HEADER_SIZE		8
#define WIRE_TOKEN_SIZE			16

/* Largest payload of any frame: also the largest single value (64 MB). */
#define WIRE_MAX_PAYLOAD		(64u * 1024 * 1024)
#define WIRE_MAX_COLUMNS		1600	/* MaxHeapAttributeNumber */
#define WIRE_MAX_FIELDS			3200	/* columns, and the items of lists */
#define WIRE_MAX_DEPTH			6		/* lists in lists */
#define WIRE_MAX_NAME			1024	/* bytes of a column name on the wire;
										 * the extension refuses over 63 */
#define WIRE_MAX_FORMAT			64		/* bytes of a format string */
#define WIRE_MAX_TEXT			65536	/* bytes of a message or traceback */
#define WIRE_TARGET_PAYLOAD		(8u * 1024 * 1024)	/* a sender starts a new
													 * chunk frame here */

/*
 * Frame types.  The first letter says who sends it:
 * C client (runner), B broker, W worker.
 */
typedef enum WireType
{
	WIRE_NONE = 0,
	/* first frame of either connection */
	WIRE_HELLO = 1,				/* C: WireHello */

	/* control connection */
	WIRE_JOB = 16,				/* C: WireJob: give me a worker */
	WIRE_STARTED = 17,			/* B: WireStarted: worker has the data
								 * connection */
	WIRE_REFUSED = 18,			/* B: u32 WireRefusal, text */
	WIRE_USAGE = 19,			/* B: WireUsage, about ten times a second */
	WIRE_EXIT = 20,				/* B: WireExit: the worker is gone, last frame */
	WIRE_KILL = 21,				/* C: no payload: kill the worker now; answered
								 * by USAGE (if it runs), then EXIT */
	WIRE_STATUS = 22,			/* C: no payload: what is enforced? */
	WIRE_STATUS_ROW = 23,		/* B: WireStatusRow, one per wall or fact */
	WIRE_STATUS_END = 24,		/* B: no payload */

	/* data connection, runner to worker */
	WIRE_TASK = 32,				/* C: UTF-8 JSON object, see below */
	WIRE_SCHEMA = 33,			/* C, W: columns */
	WIRE_CHUNK = 34,			/* C, W: rows */
	WIRE_END = 35,				/* C: no more rows */

	/* data connection, worker to runner */
	WIRE_LOG = 48,				/* W: u8 WireStream, UTF-8 text */
	WIRE_FINDING = 49,			/* W: WireFinding */
	WIRE_ERROR = 50,			/* W: WireError; last frame */
	WIRE_DONE = 51,				/* W: no payload; last frame */

	WIRE_TYPE_LIMIT = 64
} WireType;

/*
 * WIRE_TASK is JSON because its sender is trusted and its reader is Python:
 *	{"action": "run" | "validate" | "check",
 *	 "name": "script name", "code": "...",
 *	 "shape": "table" | "chunk" | "group", "group_by": ["column", ...],
 *	 "sources": {"name": ..., ...},		-- several inputs, in this order
 *	 "params": {...} | null,
 *	 "numeric": "float64" | "decimal",
 *	 "backend": "numpy" | "numpy_nullable" | "pyarrow",
 *	 "log_bytes": n, "output_rows": n, "output_bytes": n}
 * "validate": findings, then DONE.  "run": as many SCHEMA/CHUNK as it takes.
 * Several inputs come one after the other, each with a SCHEMA of its own.  In
 * shape group the last column, without a name, is true where a group begins;
 * all rows are of one call to the wire (LAST_OF_CALL).
 */

typedef enum WireRole
{
	WIRE_ROLE_CONTROL = 1,
	WIRE_ROLE_DATA = 2
} WireRole;

typedef enum WireStream
{
	WIRE_STDOUT = 1,
	WIRE_STDERR = 2,
	WIRE_WARNING = 3
} WireStream;

/* The walls of DESIGN.md section 6; bit n-1 of a mask is wall n. */
typedef enum WireWall
{
	WALL_LANGUAGE = 1 << 0,
	WALL_PROCESS = 1 << 1,
	WALL_IMPORTS = 1 << 2,
	WALL_RESOURCES = 1 << 3,
	WALL_FILES = 1 << 4,
	WALL_KERNEL = 1 << 5,
	WALL_NETWORK = 1 << 6,
	WALL_DATABASE = 1 << 7
} WireWall;

#define WALL_COUNT		8
#define WALL_ALL		0xffu

/* A piece of a payload; not terminated. */
typedef struct WireText
{
	const char *data;
	uint32_t	len;
} WireText;

typedef struct WireHello
{
	uint32_t	magic;
	uint32_t	version;
	uint32_t	role;			/* WireRole */
	uint8_t		token[WIRE_TOKEN_SIZE];
} WireHello;

typedef struct WireJob
{
	uint64_t	job_id;			/* 0: validation or preview */
	uint64_t	wall_ms;		/* limits; 0 is not allowed */
	uint64_t	cpu_ms;
	uint64_t	memory_bytes;
	uint32_t	required_walls; /* refuse when one of these is not enforced */
} WireJob;

typedef struct WireStarted
{
	uint32_t	enforced_walls;
	uint32_t	worker_pid;
	WireText	versions;		/* of what it runs: "pandas 3.1.1\n" and so on */
} WireStarted;

typedef enum WireRefusal
{
	WIRE_REFUSED_WALLS = 1,		/* a required wall is missing; text names it */
	WIRE_REFUSED_NOT_READY = 2, /* still starting, or the zygote cannot start */
	WIRE_REFUSED_BUSY = 3,		/* too many workers */
	WIRE_REFUSED_FAILED = 4		/* a worker could not be started */
} WireRefusal;

typedef struct WireUsage
{
	uint64_t	memory_bytes;	/* resident, above the idle worker */
	uint64_t	cpu_us;
	uint64_t	wall_us;
} WireUsage;

typedef enum WireExitReason
{
	WIRE_EXIT_NORMAL = 1,		/* exit status in detail */
	WIRE_EXIT_SIGNAL = 2,		/* crashed by itself; signal in detail */
	WIRE_EXIT_KILLED = 3,		/* SIGKILL that the broker did not send: an
								 * infrastructure fault */
	WIRE_EXIT_FORBIDDEN = 4,	/* the kernel wall killed it */
	WIRE_EXIT_WALL_TIME = 5,	/* the broker killed it: limit and used */
	WIRE_EXIT_CPU_TIME = 6,
	WIRE_EXIT_MEMORY = 7,
	WIRE_EXIT_CANCELLED = 8		/* WIRE_KILL or the control connection closed */
} WireExitReason;

typedef struct WireExit
{
	uint32_t	reason;			/* WireExitReason */
	int32_t		detail;
	uint64_t	limit;			/* ms or bytes */
	uint64_t	used;			/* ms or bytes */
	uint64_t	cpu_us;
	uint64_t	peak_memory_bytes;
	uint64_t	wall_us;
} WireExit;

typedef enum WireErrorKind
{
	WIRE_ERROR_SYNTAX = 1,		/* the code does not compile */
	WIRE_ERROR_POLICY = 2,		/* refused by the language policy (validate) */
	WIRE_ERROR_NO_TRANSFORM = 3,	/* no usable def transform */
	WIRE_ERROR_SCRIPT = 4,		/* the script raised */
	WIRE_ERROR_GUARD = 5,		/* a guard refused an act at run time */
	WIRE_ERROR_MEMORY = 6,		/* MemoryError */
	WIRE_ERROR_RESULT = 7,		/* not a DataFrame, bad columns, bad types */
	WIRE_ERROR_OUTPUT_ROWS = 8, /* output limits, seen by the driver */
	WIRE_ERROR_OUTPUT_BYTES = 9,
	WIRE_ERROR_INPUT = 10,		/* input cannot be given to pandas */
	WIRE_ERROR_INTERNAL = 11,	/* a fault of the driver */
	WIRE_ERROR_LIMIT			/* one past the last */
} WireErrorKind;

typedef struct WireError
{
	uint32_t	kind;			/* WireErrorKind */
	uint32_t	call;			/* which call of transform(), from 1; 0: none */
	uint64_t	first_row;		/* input rows of that call, from 1; 0: none */
	uint64_t	last_row;
	WireText	message;		/* one line */
	WireText	detail;			/* may be empty */
	WireText	hint;			/* may be empty */
	WireText	traceback;		/* may be empty */
} WireError;

typedef struct WireFinding
{
	uint32_t	line;			/* from 1; 0: the whole script */
	uint32_t	column;			/* from 1; 0: unknown */
	uint32_t	severity;		/* 1 error, 2 warning */
	WireText	what;
	WireText	why;
	WireText	instead;
} WireFinding;

typedef struct WireStatusRow
{
	uint32_t	wall;			/* WireWall, or 0 for a fact (version, pid) */
	uint32_t	state;			/* 0 not enforced, 1 enforced, 2 off by
								 * setting; for a fact 1 good, 0 bad */
	WireText	name;
	WireText	detail;			/* how it was proven, or what is missing */
} WireStatusRow;

/*
 * ---- columns ----
 *
 * A field is a column or, right behind a list, what the list's items are: so a
 * schema and the table of a chunk are trees, written parents first.
 */

#define WIRE_NULLABLE	1		/* WireColumn.flags: declared nullable */

typedef struct WireColumn
{
	WireText	name;
	char		format[WIRE_MAX_FORMAT + 1];	/* terminated copy */
	uint32_t	flags;
} WireColumn;

/* How a column's values are laid out, from its format string. */
typedef enum WireLayout
{
	WIRE_LAYOUT_NULL,			/* "n": no buffer at all */
	WIRE_LAYOUT_BITS,			/* "b": validity, bits */
	WIRE_LAYOUT_FIXED,			/* validity, width bytes a row */
	WIRE_LAYOUT_VAR32,			/* validity, i32 offsets, bytes */
	WIRE_LAYOUT_VAR64,			/* validity, i64 offsets, bytes */
	WIRE_LAYOUT_LIST			/* validity, i64 offsets into the items, which
								 * are the next field */
} WireLayout;

typedef struct WireFormat
{
	char		code;			/* first letters folded: see format.c */
	WireLayout	layout;
	uint32_t	width;			/* bytes a row when fixed */
	bool		text;			/* must be UTF-8 */
	char		unit;			/* s m u n for times; 0 otherwise */
	bool		utc;			/* a timestamp with a time zone */
	int			precision;		/* decimals */
	int			scale;
	const struct WireFormat *item;	/* of a list; for who reads a schema */
} WireFormat;

#define WIRE_LAST_OF_CALL	1	/* WireChunk.flags: the rows of one call of
								 * transform() end here */

typedef struct WireChunk
{
	uint32_t	rows;
	uint32_t	flags;
	uint32_t	fields;
	const uint8_t *payload;
	uint32_t	payload_len;
} WireChunk;

/* One field of a chunk.  NULL validity means no NULLs. */
typedef struct WireArray
{
	const uint8_t *validity;
	const uint8_t *values;		/* fixed width values, bits, or bytes */
	const uint8_t *offsets;
	uint64_t	values_len;
	uint64_t	nulls;			/* counted by the decoder, not claimed */
	uint32_t	items;			/* of all lists together */
} WireArray;

/* ---- decoding: every function checks lengths and returns false with a
 * reason when the bytes are not what they must be ---- */

typedef struct WireHeader
{
	uint32_t	length;
	uint8_t		type;
} WireHeader;

extern bool wire_header_decode(const uint8_t *buf, WireHeader *h,
							   const char **why);
extern bool wire_hello_decode(const uint8_t *p, uint32_t len, WireHello *out,
							  const char **why);
extern bool wire_job_decode(const uint8_t *p, uint32_t len, WireJob *out,
							const char **why);
extern bool wire_started_decode(const uint8_t *p, uint32_t len,
								WireStarted *out, const char **why);
extern bool wire_refused_decode(const uint8_t *p, uint32_t len,
								uint32_t *refusal, WireText *text,
								const char **why);
extern bool wire_usage_decode(const uint8_t *p, uint32_t len, WireUsage *out,
							  const char **why);
extern bool wire_exit_decode(const uint8_t *p, uint32_t len, WireExit *out,
							 const char **why);
extern bool wire_status_row_decode(const uint8_t *p, uint32_t len,
								   WireStatusRow *out, const char **why);
extern bool wire_log_decode(const uint8_t *p, uint32_t len, uint32_t *stream,
							WireText *text, const char **why);
extern bool wire_finding_decode(const uint8_t *p, uint32_t len,
								WireFinding *out, const char **why);
extern bool wire_error_decode(const uint8_t *p, uint32_t len, WireError *out,
							  const char **why);

/*
 * Number of fields, or -1.  cols holds WIRE_MAX_FIELDS.  Every list is
 * followed by its items, no deeper than WIRE_MAX_DEPTH; items that are NULL
 * by their type, and would cost nothing on the wire, are refused.
 */
extern int	wire_schema_decode(const uint8_t *p, uint32_t len,
							   WireColumn *cols, const char **why);
extern bool wire_format_is_list(const char *format);
extern bool wire_format_parse(const char *format, WireFormat *out);

/*
 * A chunk is decoded in two steps: the table of buffers once, then each
 * field against its format and its number of values: the chunk's rows, or, of
 * the items of a list, WireArray.items of the field before.
 * wire_array_decode checks sizes, that offsets start at 0, never fall and end
 * inside the bytes, and counts NULLs; it does not check UTF-8 (the server's
 * encoding does) nor ranges of values.
 */
extern bool wire_chunk_decode(const uint8_t *p, uint32_t len,
							  WireChunk *out, const char **why);
extern bool wire_array_decode(const WireChunk *chunk, uint32_t field,
							  uint32_t rows, const WireFormat *format,
							  WireArray *out, const char **why);

static inline bool
wire_is_null(const WireArray *a, uint64_t row)
{
	return a->validity != NULL &&
		(a->validity[row >> 3] & (1u << (row & 7))) == 0;
}

/* ---- which frame may come now: the phase table ---- */

typedef enum WirePeer
{
	WIRE_FROM_CLIENT_CONTROL,	/* what a broker accepts */
	WIRE_FROM_BROKER,			/* what a client accepts on control */
	WIRE_FROM_CLIENT_DATA,		/* what a worker accepts */
	WIRE_FROM_WORKER			/* what a client accepts on data */
} WirePeer;

typedef struct WirePhase
{
	WirePeer	peer;
	uint32_t	state;			/* private to phase.c */
} WirePhase;

extern void wire_phase_init(WirePhase *phase, WirePeer peer);

/* May this type come now?  Moves the phase; false ends the connection. */
extern bool wire_phase_accept(WirePhase *phase, uint8_t type,
							  const char **why);
extern const char *wire_type_name(uint8_t type);

/* ---- encoding into a caller's buffer; each returns bytes written,
 * header included, or 0 when it does not fit ---- */

extern size_t wire_header_encode(uint8_t *buf, uint8_t type, uint32_t length);
extern size_t wire_hello_encode(uint8_t *buf, size_t size, const WireHello *v);
extern size_t wire_job_encode(uint8_t *buf, size_t size, const WireJob *v);
extern size_t wire_started_encode(uint8_t *buf, size_t size,
								  const WireStarted *v);
extern size_t wire_refused_encode(uint8_t *buf, size_t size, uint32_t refusal,
								  const char *text);
extern size_t wire_usage_encode(uint8_t *buf, size_t size, const WireUsage *v);
extern size_t wire_exit_encode(uint8_t *buf, size_t size, const WireExit *v);
extern size_t wire_status_row_encode(uint8_t *buf, size_t size,
									 const WireStatusRow *v);
extern size_t wire_log_encode(uint8_t *buf, size_t size, uint32_t stream,
							  WireText text);
extern size_t wire_finding_encode(uint8_t *buf, size_t size,
								  const WireFinding *v);
extern size_t wire_error_encode(uint8_t *buf, size_t size, const WireError *v);
extern size_t wire_schema_encode(uint8_t *buf, size_t size,
								 const WireColumn *cols, uint32_t nfields);

/*
 * Chunk payload:
 *	u32 rows, u32 flags, u32 fields, u32 buffers (3 per field),
 *	buffers x {u32 offset, u32 length},		-- 0,0: absent
 *	the buffers, each at a multiple of 8
 * Per field, in order: validity, offsets, values; those that its layout
 * does not have are absent; an absent validity means no NULLs.
 */
#define WIRE_CHUNK_PREFIX(nfields) (16u + 24u * (uint32_t) (nfields))
#define WIRE_ALIGN(n)	(((n) + 7u) & ~(uint64_t) 7u)

typedef struct WireBuffer
{
	const void *data;
	uint32_t	len;
} WireBuffer;

/*
 * Write the prefix of a chunk (header, counts, table) for 3 * nfields buffers
 * into buf; the caller then sends the buffers one after the other, each
 * padded with zeros to a multiple of 8.  Returns the size of header and
 * prefix together, or 0 when the payload would be too large.
 */
extern size_t wire_chunk_prefix_encode(uint8_t *buf, size_t size,
									   uint32_t rows, uint32_t flags,
									   const WireBuffer *buffers,
									   uint32_t nfields);

#endif							/* WIRE_H */
