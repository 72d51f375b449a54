/*
 * text.c
 *		Payloads that carry text: refusals, status rows, log lines, findings,
 *		errors and schemas.
 *
 * A text is a u32 length and its bytes.  Texts are bounded, and a payload
 * must be used up exactly: bytes left over are a fault.
 */
#include "wire.h"

#include <string.h>

#include "wire_bytes.h"

/* A cursor over a payload; `ok` falls once and stays down. */
typedef struct Reader
{
	const uint8_t *p;
	uint32_t	left;
	bool		ok;
} Reader;

typedef struct Writer
{
	uint8_t    *start;
	size_t		size;
	size_t		used;
	bool		ok;
} Writer;

static uint32_t
read32(Reader *r)
{
	uint32_t	v;

	if (!r->ok || r->left < 4)
	{
		r->ok = false;
		return 0;
	}
	v = wire_get32(r->p);
	r->p += 4;
	r->left -= 4;
	return v;
}

static uint64_t
read64(Reader *r)
{
	uint64_t	low = read32(r);

	return low | (uint64_t) read32(r) << 32;
}

static WireText
read_text(Reader *r, uint32_t most)
{
	WireText	t = {"", 0};
	uint32_t	len = read32(r);

	if (!r->ok || len > most || len > r->left)
	{
		r->ok = false;
		return t;
	}
	t.data = (const char *) r->p;
	t.len = len;
	r->p += len;
	r->left -= len;
	return t;
}

static bool
read_end(Reader *r, const char **why)
{
	if (!r->ok)
		return wire_fail(why, "a text that is too long or cut short");
	if (r->left != 0)
		return wire_fail(why, "bytes left over at the end of a payload");
	return true;
}

static void
write32(Writer *w, uint32_t v)
{
	if (!w->ok || w->size - w->used < 4)
	{
		w->ok = false;
		return;
	}
	wire_put32(w->start + w->used, v);
	w->used += 4;
}

static void
write64(Writer *w, uint64_t v)
{
	write32(w, (uint32_t) v);
	write32(w, (uint32_t) (v >> 32));
}

static void
write_text(Writer *w, WireText t)
{
	write32(w, t.len);
	if (!w->ok || w->size - w->used < t.len)
	{
		w->ok = false;
		return;
	}
	if (t.len > 0)
		memcpy(w->start + w->used, t.data, t.len);
	w->used += t.len;
}

static Writer
write_begin(uint8_t *buf, size_t size)
{
	Writer		w = {buf, size, WIRE_HEADER_SIZE, size >= WIRE_HEADER_SIZE};

	return w;
}

static size_t
write_end(Writer *w, uint8_t type)
{
	if (!w->ok || w->used - WIRE_HEADER_SIZE > WIRE_MAX_PAYLOAD)
		return 0;
	wire_header_encode(w->start, type,
					   (uint32_t) (w->used - WIRE_HEADER_SIZE));
	return w->used;
}

bool
wire_started_decode(const uint8_t *p, uint32_t len, WireStarted *out,
					const char **why)
{
	Reader		r = {p, len, true};

	out->enforced_walls = read32(&r);
	out->worker_pid = read32(&r);
	out->versions = read_text(&r, WIRE_MAX_TEXT);
	if ((out->enforced_walls & ~WALL_ALL) != 0)
		return wire_fail(why, "an unknown wall");
	return read_end(&r, why);
}

size_t
wire_started_encode(uint8_t *buf, size_t size, const WireStarted *v)
{
	Writer		w = write_begin(buf, size);

	write32(&w, v->enforced_walls);
	write32(&w, v->worker_pid);
	write_text(&w, v->versions);
	return write_end(&w, WIRE_STARTED);
}

bool
wire_refused_decode(const uint8_t *p, uint32_t len, uint32_t *refusal,
					WireText *text, const char **why)
{
	Reader		r = {p, len, true};

	*refusal = read32(&r);
	*text = read_text(&r, WIRE_MAX_TEXT);
	if (*refusal < WIRE_REFUSED_WALLS || *refusal > WIRE_REFUSED_FAILED)
		return wire_fail(why, "an unknown refusal");
	return read_end(&r, why);
}

size_t
wire_refused_encode(uint8_t *buf, size_t size, uint32_t refusal,
					const char *text)
{
	Writer		w = write_begin(buf, size);
	WireText	t = {text, (uint32_t) strlen(text)};

	write32(&w, refusal);
	write_text(&w, t);
	return write_end(&w, WIRE_REFUSED);
}

bool
wire_status_row_decode(const uint8_t *p, uint32_t len, WireStatusRow *out,
					   const char **why)
{
	Reader		r = {p, len, true};

	out->wall = read32(&r);
	out->state = read32(&r);
	out->name = read_text(&r, WIRE_MAX_TEXT);
	out->detail = read_text(&r, WIRE_MAX_TEXT);
	if (out->state > 2 || (out->wall & ~WALL_ALL) != 0)
		return wire_fail(why, "an unknown state of a wall");
	return read_end(&r, why);
}

size_t
wire_status_row_encode(uint8_t *buf, size_t size, const WireStatusRow *v)
{
	Writer		w = write_begin(buf, size);

	write32(&w, v->wall);
	write32(&w, v->state);
	write_text(&w, v->name);
	write_text(&w, v->detail);
	return write_end(&w, WIRE_STATUS_ROW);
}

bool
wire_log_decode(const uint8_t *p, uint32_t len, uint32_t *stream,
				WireText *text, const char **why)
{
	Reader		r = {p, len, true};

	*stream = read32(&r);
	*text = read_text(&r, WIRE_MAX_TEXT);
	if (*stream < WIRE_STDOUT || *stream > WIRE_WARNING)
		return wire_fail(why, "a log frame of an unknown stream");
	return read_end(&r, why);
}

size_t
wire_log_encode(uint8_t *buf, size_t size, uint32_t stream, WireText text)
{
	Writer		w = write_begin(buf, size);

	write32(&w, stream);
	write_text(&w, text);
	return write_end(&w, WIRE_LOG);
}

bool
wire_finding_decode(const uint8_t *p, uint32_t len, WireFinding *out,
					const char **why)
{
	Reader		r = {p, len, true};

	out->line = read32(&r);
	out->column = read32(&r);
	out->severity = read32(&r);
	out->what = read_text(&r, WIRE_MAX_TEXT);
	out->why = read_text(&r, WIRE_MAX_TEXT);
	out->instead = read_text(&r, WIRE_MAX_TEXT);
	if (out->severity < 1 || out->severity > 2)
		return wire_fail(why, "a finding of an unknown severity");
	if (out->line > INT32_MAX || out->column > INT32_MAX)
		return wire_fail(why, "a finding beyond any line");
	return read_end(&r, why);
}

size_t
wire_finding_encode(uint8_t *buf, size_t size, const WireFinding *v)
{
	Writer		w = write_begin(buf, size);

	write32(&w, v->line);
	write32(&w, v->column);
	write32(&w, v->severity);
	write_text(&w, v->what);
	write_text(&w, v->why);
	write_text(&w, v->instead);
	return write_end(&w, WIRE_FINDING);
}

bool
wire_error_decode(const uint8_t *p, uint32_t len, WireError *out,
				  const char **why)
{
	Reader		r = {p, len, true};

	out->kind = read32(&r);
	out->call = read32(&r);
	out->first_row = read64(&r);
	out->last_row = read64(&r);
	out->message = read_text(&r, WIRE_MAX_TEXT);
	out->detail = read_text(&r, WIRE_MAX_TEXT);
	out->hint = read_text(&r, WIRE_MAX_TEXT);
	out->traceback = read_text(&r, WIRE_MAX_TEXT);
	if (out->kind < WIRE_ERROR_SYNTAX || out->kind >= WIRE_ERROR_LIMIT)
		return wire_fail(why, "an error of an unknown kind");
	return read_end(&r, why);
}

size_t
wire_error_encode(uint8_t *buf, size_t size, const WireError *v)
{
	Writer		w = write_begin(buf, size);

	write32(&w, v->kind);
	write32(&w, v->call);
	write64(&w, v->first_row);
	write64(&w, v->last_row);
	write_text(&w, v->message);
	write_text(&w, v->detail);
	write_text(&w, v->hint);
	write_text(&w, v->traceback);
	return write_end(&w, WIRE_ERROR);
}

/* Lists are followed by their items; see wire.h. */
static bool
check_tree(const WireColumn *cols, uint32_t n, const char **why)
{
	uint32_t	columns = 0;
	uint32_t	depth = 0;

	for (uint32_t i = 0; i < n; i++)
	{
		columns += depth == 0;
		if (depth > 0 && strcmp(cols[i].format, "n") == 0)
			return wire_fail(why, "a list of nothing");
		depth = wire_format_is_list(cols[i].format) ? depth + 1 : 0;
		if (depth > WIRE_MAX_DEPTH)
			return wire_fail(why, "lists that are too deep");
	}
	if (depth > 0)
		return wire_fail(why, "a list without items");
	if (columns > WIRE_MAX_COLUMNS)
		return wire_fail(why, "a schema with too many columns");
	return true;
}

/*
 * Schema: u32 fields, then per field u32 flags, name, format.
 */
int
wire_schema_decode(const uint8_t *p, uint32_t len, WireColumn *cols,
				   const char **why)
{
	Reader		r = {p, len, true};
	uint32_t	n = read32(&r);

	*why = "a schema with too many columns";
	if (!r.ok || n > WIRE_MAX_FIELDS)
		return -1;
	for (uint32_t i = 0; i < n && r.ok; i++)
	{
		WireText	format;

		cols[i].flags = read32(&r);
		cols[i].name = read_text(&r, WIRE_MAX_NAME);
		format = read_text(&r, WIRE_MAX_FORMAT);
		memcpy(cols[i].format, format.data, format.len);
		cols[i].format[format.len] = '\0';
		if (memchr(format.data, 0, format.len) != NULL)
			r.ok = false;
	}
	return read_end(&r, why) && check_tree(cols, n, why) ? (int) n : -1;
}

size_t
wire_schema_encode(uint8_t *buf, size_t size, const WireColumn *cols,
				   uint32_t nfields)
{
	Writer		w = write_begin(buf, size);

	write32(&w, nfields);
	for (uint32_t i = 0; i < nfields; i++)
	{
		WireText	format = {cols[i].format,
		(uint32_t) strlen(cols[i].format)};

		write32(&w, cols[i].flags);
		write_text(&w, cols[i].name);
		write_text(&w, format);
	}
	return write_end(&w, WIRE_SCHEMA);
}
