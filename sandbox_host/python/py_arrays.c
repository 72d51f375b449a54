/*
 * py_arrays.c
 *		The builtin module _transform_arrays: arrays of objects keep the
 *		pointers they are made of to themselves.
 *
 * Process: the zygote calls hide_objects() once; the rule then holds in every
 * worker.  The memory of a numpy array of objects is addresses.  Who asks for
 * it with the format (numpy's and pandas' own loops) learns that these are
 * objects and treats them so; who asks without one takes them for bytes, as
 * str(a, "latin-1") does.  Two ask with one and forget it: bytes(a), which
 * guards.py looks at, and b"%b" % a, which is an operator.
 */
#include "py_system.h"

static getbufferproc numpy_getbuffer;	/* of ndarray */
static getbufferproc void_getbuffer;	/* of numpy.void, a record */
static binaryfunc bytes_format;	/* bytes % ..., */
static binaryfunc bytearray_format; /* bytearray % ..., */
static int	formatting;			/* so many of which are under way */

/* 1: holds objects, 0: does not, -1: an exception is set. */
static int
holds_objects(PyObject *array)
{
	PyObject   *dtype = PyObject_GetAttrString(array, "dtype");
	PyObject   *has;
	int			result;

	if (dtype == NULL)
		return -1;
	has = PyObject_GetAttrString(dtype, "hasobject");
	Py_DECREF(dtype);
	if (has == NULL)
		return -1;
	result = PyObject_IsTrue(has);
	Py_DECREF(has);
	return result;
}

static int
get_buffer(getbufferproc original, PyObject *array, Py_buffer *view, int flags)
{
	bool		as_objects = (flags & PyBUF_FORMAT) != 0 && formatting == 0;
	int			objects = as_objects ? 0 : holds_objects(array);

	if (objects == 0)
		return original(array, view, flags);
	if (objects > 0)
		/* not BufferError, which Cython's choice of a loop does not expect */
		PyErr_SetString(PyExc_TypeError,
						"an array of objects has no bytes that mean anything");
	view->obj = NULL;
	return -1;
}

static int
array_buffer(PyObject *array, Py_buffer *view, int flags)
{
	return get_buffer(numpy_getbuffer, array, view, flags);
}

static int
record_buffer(PyObject *record, Py_buffer *view, int flags)
{
	return get_buffer(void_getbuffer, record, view, flags);
}

static PyObject *
format_with(binaryfunc original, PyObject *format, PyObject *values)
{
	PyObject   *result;

	formatting++;
	result = original(format, values);
	formatting--;
	return result;
}

static PyObject *
format_bytes(PyObject *format, PyObject *values)
{
	return format_with(bytes_format, format, values);
}

static PyObject *
format_bytearray(PyObject *format, PyObject *values)
{
	return format_with(bytearray_format, format, values);
}

static void
watch_formatting(PyTypeObject *type, binaryfunc *original, binaryfunc ours)
{
	*original = type->tp_as_number->nb_remainder;
	type->tp_as_number->nb_remainder = ours;
}

/*
 * hide_objects(type, is_record): from here on for this very class.  A class
 * made in Python has a copy of its base's slot, so each one is told.
 */
static PyObject *
hide_objects(PyObject *self, PyObject *args)
{
	PyTypeObject *type;
	int			is_record;
	getbufferproc *slot;
	getbufferproc *original;

	(void) self;
	if (!PyArg_ParseTuple(args, "O!p", &PyType_Type, &type, &is_record))
		return NULL;
	if (type->tp_as_buffer == NULL ||
		type->tp_as_buffer->bf_getbuffer == NULL)
	{
		PyErr_Format(PyExc_TypeError, "%s has no buffer", type->tp_name);
		return NULL;
	}
	slot = &type->tp_as_buffer->bf_getbuffer;
	original = is_record ? &void_getbuffer : &numpy_getbuffer;
	if (*original == NULL)
		*original = *slot;
	if (*slot == *original)
		*slot = is_record ? record_buffer : array_buffer;
	return PyBool_FromLong(*slot == (is_record ? record_buffer : array_buffer));
}

static PyMethodDef arrays_methods[] = {
	{"hide_objects", hide_objects, METH_VARARGS, NULL},
	{NULL, NULL, 0, NULL}
};

static struct PyModuleDef arrays_module = {
	PyModuleDef_HEAD_INIT,
	.m_name = "_transform_arrays",
	.m_size = 0,
	.m_methods = arrays_methods,
};

PyMODINIT_FUNC
PyInit__transform_arrays(void)
{
	watch_formatting(&PyBytes_Type, &bytes_format, format_bytes);
	watch_formatting(&PyByteArray_Type, &bytearray_format, format_bytearray);
	return PyModule_Create(&arrays_module);
}
