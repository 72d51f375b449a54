/*
 * py_wire.c
 *		The builtin module _transform_wire: frames for driver.py.
 *
 * Process: a worker.  It reads and writes the data connection and nothing
 * else, through plat_read and plat_write.  Every frame that comes in goes
 * through the phase table and the decoders of wire/; a frame out of turn or
 * out of shape, or the end of the connection, raises Broken.
 *
 * A received chunk stays in one block of memory of its own, which Python sees
 * as a Frame (a writable buffer): Arrow arrays point into it, and it is freed
 * with the last of them.
 */
#include "py_system.h"

#include <stdlib.h>
#include <string.h>

#include "../plat/plat.h"
#include "../wire/wire.h"

#define STAGE_SIZE	65536		/* small writes are gathered up to here */

typedef struct WireState
{
	int			data;
	WirePhase	phase;
	int			nfields;
	WireFormat	formats[WIRE_MAX_FIELDS];
	PyObject   *broken;			/* exception class */
	PyTypeObject *frame_type;
} WireState;

static struct PyModuleDef wire_module;

static WireState *
state_of(PyObject *module)
{
	return (WireState *) PyModule_GetState(module);
}

/* ---- the block of memory of a received frame ---- */

typedef struct FrameObject
{
	PyObject_HEAD
	uint8_t    *bytes;
	Py_ssize_t	len;
} FrameObject;

static void
frame_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);

	free(((FrameObject *) self)->bytes);
	type->tp_free(self);
	Py_DECREF(type);
}

static int
frame_getbuffer(PyObject *self, Py_buffer *view, int flags)
{
	FrameObject *frame = (FrameObject *) self;

	return PyBuffer_FillInfo(view, self, frame->bytes, frame->len, 0, flags);
}

static PyType_Slot frame_slots[] = {
	{Py_tp_dealloc, frame_dealloc},
	{Py_bf_getbuffer, frame_getbuffer},
	{0, NULL}
};

static PyType_Spec frame_spec = {
	.name = "_transform_wire.Frame",
	.basicsize = sizeof(FrameObject),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = frame_slots,
};

static FrameObject *
frame_new(WireState *st, uint32_t len)
{
	FrameObject *frame = PyObject_New(FrameObject, st->frame_type);

	if (frame == NULL)
		return NULL;
	frame->len = len;
	frame->bytes = malloc(len > 0 ? len : 1);
	if (frame->bytes == NULL)
	{
		Py_DECREF(frame);
		PyErr_NoMemory();
		return NULL;
	}
	return frame;
}

/* ---- bytes in and out ---- */

static bool
broken(WireState *st, const char *why)
{
	PyErr_SetString(st->broken, why);
	return false;
}

static bool
read_all(WireState *st, uint8_t *p, size_t len)
{
	while (len > 0)
	{
		long		n = plat_read(st->data, p, len);

		if (n <= 0)
			return broken(st, n == 0 ? "the connection ended" :
						  "the connection broke");
		p += n;
		len -= (size_t) n;
	}
	return true;
}

static bool
write_all(WireState *st, const uint8_t *p, size_t len)
{
	while (len > 0)
	{
		long		n = plat_write(st->data, p, len);

		if (n <= 0)
			return broken(st, "the connection broke");
		p += n;
		len -= (size_t) n;
	}
	return true;
}

/* Gathers what is small, passes on what is large. */
typedef struct Stage
{
	WireState  *st;
	size_t		used;
	uint8_t		bytes[STAGE_SIZE];
} Stage;

static bool
stage_flush(Stage *s)
{
	size_t		used = s->used;

	s->used = 0;
	return write_all(s->st, s->bytes, used);
}

static bool
stage_put(Stage *s, const void *p, size_t len)
{
	if (len == 0)
		return true;
	if (s->used + len > STAGE_SIZE && !stage_flush(s))
		return false;
	if (len > STAGE_SIZE / 4)
		return stage_flush(s) && write_all(s->st, p, len);
	memcpy(s->bytes + s->used, p, len);
	s->used += len;
	return true;
}

/* ---- receiving ---- */

static PyObject *
text_to_python(WireText text)
{
	return PyUnicode_DecodeUTF8(text.data, text.len, "strict");
}

static PyObject *
schema_to_python(WireState *st, const FrameObject *frame)
{
	WireColumn *cols = malloc(sizeof(WireColumn) * WIRE_MAX_FIELDS);
	const char *why = "";
	PyObject   *list = NULL;

	if (cols == NULL)
		return PyErr_NoMemory();
	st->nfields = wire_schema_decode(frame->bytes, (uint32_t) frame->len, cols,
								   &why);
	if (st->nfields < 0)
		broken(st, why);
	else
		list = PyList_New(st->nfields);
	for (int i = 0; list != NULL && i < st->nfields; i++)
	{
		PyObject   *name = text_to_python(cols[i].name);
		PyObject   *item = NULL;

		if (name != NULL && !wire_format_parse(cols[i].format, &st->formats[i]))
			broken(st, "a column of an unknown format");
		else if (name != NULL)
			item = Py_BuildValue("(OsI)", name, cols[i].format,
								 (unsigned int) cols[i].flags);
		Py_XDECREF(name);
		if (item == NULL)
			Py_CLEAR(list);
		else
			PyList_SET_ITEM(list, i, item);
	}
	free(cols);
	return list;
}

/* (offset, length) of a buffer inside the payload, or None. */
static PyObject *
place(const WireChunk *chunk, const uint8_t *p, uint64_t len)
{
	if (p == NULL || len == 0)
		Py_RETURN_NONE;
	return Py_BuildValue("(nn)", (Py_ssize_t) (p - chunk->payload),
						 (Py_ssize_t) len);
}

static PyObject *
array_to_python(const WireChunk *chunk, uint64_t rows,
				const WireFormat *format, const WireArray *a)
{
	uint64_t	offset_width = format->layout == WIRE_LAYOUT_VAR32 ? 4 : 8;

	return Py_BuildValue("(NNNKK)",
						 place(chunk, a->validity, (rows + 7) / 8),
						 place(chunk, a->offsets, (rows + 1) * offset_width),
						 place(chunk, a->values, a->values_len),
						 (unsigned long long) a->nulls,
						 (unsigned long long) rows);
}

static PyObject *
chunk_to_python(WireState *st, FrameObject *frame)
{
	WireChunk	chunk;
	const char *why = "";
	PyObject   *places;
	uint32_t	rows;

	if (!wire_chunk_decode(frame->bytes, (uint32_t) frame->len, &chunk, &why))
		return broken(st, why), NULL;
	if (chunk.fields != (uint32_t) st->nfields)
		return broken(st, "a chunk with another number of fields"), NULL;
	places = PyList_New(st->nfields);
	rows = chunk.rows;
	for (int i = 0; places != NULL && i < st->nfields; i++)
	{
		WireArray	array;
		PyObject   *item = NULL;

		if (!wire_array_decode(&chunk, (uint32_t) i, rows, &st->formats[i],
							   &array, &why))
			broken(st, why);
		else
			item = array_to_python(&chunk, rows, &st->formats[i], &array);
		if (item == NULL)
			Py_CLEAR(places);
		else
			PyList_SET_ITEM(places, i, item);
		rows = st->formats[i].layout == WIRE_LAYOUT_LIST ? array.items :
			chunk.rows;
	}
	if (places == NULL)
		return NULL;
	return Py_BuildValue("(IION)", (unsigned int) chunk.rows,
						 (unsigned int) chunk.flags, frame, places);
}

static PyObject *
payload_to_python(WireState *st, uint8_t type, FrameObject *frame)
{
	switch (type)
	{
		case WIRE_TASK:
			return PyBytes_FromStringAndSize((const char *) frame->bytes,
											 frame->len);
		case WIRE_SCHEMA:
			return schema_to_python(st, frame);
		case WIRE_CHUNK:
			return chunk_to_python(st, frame);
		default:
			Py_RETURN_NONE;
	}
}

/* recv() -> (type, payload): the next frame, waiting for it. */
static PyObject *
wire_recv(PyObject *module, PyObject *unused)
{
	WireState  *st = state_of(module);
	uint8_t		head[WIRE_HEADER_SIZE];
	WireHeader	h;
	const char *why = "";
	FrameObject *frame;
	PyObject   *payload = NULL;

	(void) unused;
	if (!read_all(st, head, sizeof(head)))
		return NULL;
	if (!wire_header_decode(head, &h, &why) ||
		!wire_phase_accept(&st->phase, h.type, &why))
		return broken(st, why), NULL;
	frame = frame_new(st, h.length);
	if (frame == NULL)
		return NULL;
	if (read_all(st, frame->bytes, h.length))
		payload = payload_to_python(st, h.type, frame);
	Py_DECREF(frame);
	if (payload == NULL)
		return NULL;
	return Py_BuildValue("(iN)", (int) h.type, payload);
}

/* ---- sending ---- */

/* Send what an encoder wrote; len 0 means that it did not fit. */
static PyObject *
send_encoded(WireState *st, uint8_t *buf, size_t len)
{
	bool		sent;

	if (len == 0)
	{
		free(buf);
		PyErr_SetString(PyExc_ValueError, "the frame does not fit");
		return NULL;
	}
	sent = write_all(st, buf, len);
	free(buf);
	if (!sent)
		return NULL;
	Py_RETURN_NONE;
}

static WireText
wire_text(const char *p, Py_ssize_t len)
{
	WireText	t = {p, (uint32_t) len};

	if (len > WIRE_MAX_TEXT)
		t.len = WIRE_MAX_TEXT;
	return t;
}

static uint8_t *
scratch(size_t size)
{
	uint8_t    *buf = malloc(size);

	if (buf == NULL)
		PyErr_NoMemory();
	return buf;
}

/* send_log(stream, bytes) */
static PyObject *
wire_send_log(PyObject *module, PyObject *args)
{
	unsigned int stream;
	const char *text;
	Py_ssize_t	len;
	size_t		size = WIRE_MAX_TEXT + 64;
	uint8_t    *buf;

	if (!PyArg_ParseTuple(args, "Iy#", &stream, &text, &len))
		return NULL;
	buf = scratch(size);
	if (buf == NULL)
		return NULL;
	return send_encoded(state_of(module), buf,
						wire_log_encode(buf, size, stream, wire_text(text, len)));
}

/* send_finding(line, column, severity, what, why, instead) */
static PyObject *
wire_send_finding(PyObject *module, PyObject *args)
{
	unsigned int line,
				column,
				severity;
	const char *text[3];
	Py_ssize_t	len[3];
	size_t		size = 3 * WIRE_MAX_TEXT + 64;
	uint8_t    *buf;
	WireFinding v;

	if (!PyArg_ParseTuple(args, "IIIy#y#y#", &line, &column, &severity,
						  &text[0], &len[0], &text[1], &len[1],
						  &text[2], &len[2]))
		return NULL;
	buf = scratch(size);
	if (buf == NULL)
		return NULL;
	v = (WireFinding) {line, column, severity, wire_text(text[0], len[0]),
		wire_text(text[1], len[1]), wire_text(text[2], len[2])};
	return send_encoded(state_of(module), buf,
						wire_finding_encode(buf, size, &v));
}

/* send_error(kind, call, first_row, last_row, message, detail, hint, trace) */
static PyObject *
wire_send_error(PyObject *module, PyObject *args)
{
	unsigned int kind,
				call;
	unsigned long long first,
				last;
	const char *text[4];
	Py_ssize_t	len[4];
	size_t		size = 4 * WIRE_MAX_TEXT + 128;
	uint8_t    *buf;
	WireError	v;

	if (!PyArg_ParseTuple(args, "IIKKy#y#y#y#", &kind, &call, &first, &last,
						  &text[0], &len[0], &text[1], &len[1],
						  &text[2], &len[2], &text[3], &len[3]))
		return NULL;
	buf = scratch(size);
	if (buf == NULL)
		return NULL;
	v = (WireError) {kind, call, first, last, wire_text(text[0], len[0]),
		wire_text(text[1], len[1]), wire_text(text[2], len[2]),
		wire_text(text[3], len[3])};
	return send_encoded(state_of(module), buf,
						wire_error_encode(buf, size, &v));
}

static bool
column_from_python(PyObject *item, WireColumn *col)
{
	const char *name;
	const char *format;
	Py_ssize_t	len;
	unsigned int flags;

	if (!PyArg_ParseTuple(item, "s#sI", &name, &len, &format, &flags))
		return false;
	if (len > WIRE_MAX_NAME || strlen(format) > WIRE_MAX_FORMAT)
	{
		PyErr_SetString(PyExc_ValueError, "a name or format is too long");
		return false;
	}
	memset(col, 0, sizeof(*col));
	col->name = wire_text(name, len);
	memcpy(col->format, format, strlen(format) + 1);
	col->flags = flags;
	return true;
}

/* send_schema([(name, format, flags), ...]) */
static PyObject *
wire_send_schema(PyObject *module, PyObject *list)
{
	Py_ssize_t	n = PyList_Check(list) ? PyList_GET_SIZE(list) : -1;
	size_t		size;
	WireColumn *cols;
	uint8_t    *buf;
	bool		ok = true;

	if (n < 0 || n > WIRE_MAX_FIELDS)
	{
		PyErr_SetString(PyExc_ValueError, "not a list of columns");
		return NULL;
	}
	size = 64 + (size_t) n * (WIRE_MAX_NAME + WIRE_MAX_FORMAT + 32);
	cols = malloc(sizeof(WireColumn) * (size_t) (n > 0 ? n : 1));
	buf = cols != NULL ? malloc(size) : NULL;
	if (buf == NULL)
	{
		free(cols);
		return PyErr_NoMemory();
	}
	for (Py_ssize_t i = 0; ok && i < n; i++)
		ok = column_from_python(PyList_GET_ITEM(list, i), &cols[i]);
	size = ok ? wire_schema_encode(buf, size, cols, (uint32_t) n) : 0;
	free(cols);
	if (!ok)
	{
		free(buf);
		return NULL;
	}
	return send_encoded(state_of(module), buf, size);
}

/* The buffers of a chunk while it is being sent. */
typedef struct Columns
{
	uint32_t	ncols;
	Py_buffer  *views;			/* 3 per column; obj NULL: absent */
	WireBuffer *buffers;
} Columns;

static void
columns_release(Columns *c)
{
	for (uint32_t i = 0; c->views != NULL && i < 3 * c->ncols; i++)
		if (c->views[i].obj != NULL)
			PyBuffer_Release(&c->views[i]);
	free(c->views);
	free(c->buffers);
}

static bool
columns_take(Columns *c, PyObject *list)
{
	c->views = calloc(3 * (size_t) c->ncols + 1, sizeof(Py_buffer));
	c->buffers = calloc(3 * (size_t) c->ncols + 1, sizeof(WireBuffer));
	if (c->views == NULL || c->buffers == NULL)
		return PyErr_NoMemory(), false;
	for (uint32_t i = 0; i < 3 * c->ncols; i++)
	{
		PyObject   *column = PyList_GET_ITEM(list, i / 3);
		PyObject   *buffer;

		if (!PyTuple_Check(column) || PyTuple_GET_SIZE(column) != 3)
		{
			PyErr_SetString(PyExc_ValueError, "a column has three buffers");
			return false;
		}
		buffer = PyTuple_GET_ITEM(column, i % 3);
		if (buffer == Py_None)
			continue;
		if (PyObject_GetBuffer(buffer, &c->views[i], PyBUF_SIMPLE) != 0)
			return false;
		if (c->views[i].len > WIRE_MAX_PAYLOAD)
		{
			PyErr_SetString(PyExc_ValueError, "the frame does not fit");
			return false;
		}
		c->buffers[i].data = c->views[i].buf;
		c->buffers[i].len = (uint32_t) c->views[i].len;
	}
	return true;
}

static bool
columns_send(WireState *st, const Columns *c, uint32_t rows, uint32_t flags)
{
	static const uint8_t zeros[8] = {0};
	size_t		size = WIRE_HEADER_SIZE + WIRE_CHUNK_PREFIX(c->ncols);
	uint8_t    *prefix = malloc(size);
	Stage	   *stage = malloc(sizeof(Stage));
	bool		ok = prefix != NULL && stage != NULL;

	if (!ok)
		PyErr_NoMemory();
	else if (wire_chunk_prefix_encode(prefix, size, rows, flags, c->buffers,
									  c->ncols) == 0)
	{
		PyErr_SetString(PyExc_ValueError, "the frame does not fit");
		ok = false;
	}
	if (ok)
	{
		stage->st = st;
		stage->used = 0;
		ok = stage_put(stage, prefix, size);
	}
	for (uint32_t i = 0; ok && i < 3 * c->ncols; i++)
	{
		uint32_t	len = c->buffers[i].len;

		ok = stage_put(stage, c->buffers[i].data, len) &&
			stage_put(stage, zeros, (size_t) (WIRE_ALIGN(len) - len));
	}
	ok = ok && stage_flush(stage);
	free(stage);
	free(prefix);
	return ok;
}

/* send_chunk(rows, flags, [(validity, offsets, values), ...]) */
static PyObject *
wire_send_chunk(PyObject *module, PyObject *args)
{
	unsigned int rows,
				flags;
	PyObject   *list;
	Columns		c = {0};
	bool		ok;

	if (!PyArg_ParseTuple(args, "IIO!", &rows, &flags, &PyList_Type, &list))
		return NULL;
	if (PyList_GET_SIZE(list) > WIRE_MAX_FIELDS)
	{
		PyErr_SetString(PyExc_ValueError, "too many columns");
		return NULL;
	}
	c.ncols = (uint32_t) PyList_GET_SIZE(list);
	ok = columns_take(&c, list) &&
		columns_send(state_of(module), &c, rows, flags);
	columns_release(&c);
	if (!ok)
		return NULL;
	Py_RETURN_NONE;
}

/* send_done() */
static PyObject *
wire_send_done(PyObject *module, PyObject *unused)
{
	uint8_t		head[WIRE_HEADER_SIZE];
	size_t		len = wire_header_encode(head, WIRE_DONE, 0);

	(void) unused;
	if (!write_all(state_of(module), head, len))
		return NULL;
	Py_RETURN_NONE;
}

/* ---- the module ---- */

static PyMethodDef wire_methods[] = {
	{"recv", wire_recv, METH_NOARGS, NULL},
	{"send_log", wire_send_log, METH_VARARGS, NULL},
	{"send_finding", wire_send_finding, METH_VARARGS, NULL},
	{"send_error", wire_send_error, METH_VARARGS, NULL},
	{"send_schema", wire_send_schema, METH_O, NULL},
	{"send_chunk", wire_send_chunk, METH_VARARGS, NULL},
	{"send_done", wire_send_done, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL}
};

static struct PyModuleDef wire_module = {
	PyModuleDef_HEAD_INIT,
	.m_name = "_transform_wire",
	.m_size = sizeof(WireState),
	.m_methods = wire_methods,
};

PyMODINIT_FUNC
PyInit__transform_wire(void)
{
	PyObject   *module = PyModule_Create(&wire_module);
	WireState  *st;

	if (module == NULL)
		return NULL;
	st = state_of(module);
	st->data = PLAT_NONE;
	st->broken = PyErr_NewException("_transform_wire.Broken", PyExc_OSError,
									NULL);
	st->frame_type = (PyTypeObject *) PyType_FromSpec(&frame_spec);
	if (st->broken == NULL || st->frame_type == NULL ||
		PyModule_AddObjectRef(module, "Broken", st->broken) != 0)
	{
		Py_DECREF(module);
		return NULL;
	}
	return module;
}

bool
py_wire_attach(int data)
{
	PyObject   *module = PyImport_ImportModule("_transform_wire");
	WireState  *st;

	if (module == NULL)
		return false;
	st = state_of(module);
	st->data = data;
	st->nfields = 0;
	wire_phase_init(&st->phase, WIRE_FROM_CLIENT_DATA);
	Py_DECREF(module);
	return true;
}
