/*
 * py_main.c
 *		Starts the interpreter in the zygote and serves one task in a worker.
 *
 * The interpreter is isolated: no environment variable, no user site, no site
 * module, no signal handler.  Its packages come from the private virtual
 * environment alone, its own modules from driver_dir.  Everything that is not
 * about the interpreter itself is in start.py.
 */
#include "py_system.h"

#include <stdarg.h>
#include <stdio.h>

#include "plat/plat.h"

#define PATH_SIZE	4096

/* Python's exception as a value; clears it. */
static bool
fail(ShErr *err, const char *doing)
{
	PyObject   *type,
			   *value,
			   *trace,
			   *text = NULL;
	const char *words = NULL;

	PyErr_Fetch(&type, &value, &trace);
	PyErr_NormalizeException(&type, &value, &trace);
	if (value != NULL)
		text = PyUnicode_FromFormat("%s: %S", Py_TYPE(value)->tp_name, value);
	if (text != NULL)
		words = PyUnicode_AsUTF8(text);
	sh_error(err, "%s: %s", doing, words != NULL ? words : "unknown error");
	PyErr_Clear();
	Py_XDECREF(text);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(trace);
	return false;
}

static bool
fail_status(ShErr *err, PyStatus status)
{
	return sh_error(err, "could not start Python: %s%s%s",
					status.func != NULL ? status.func : "",
					status.func != NULL ? ": " : "",
					status.err_msg != NULL ? status.err_msg : "unknown error");
}

/*
 * The virtual environment's interpreter: from its place Python finds its own
 * standard library.  Its path differs between systems, so look.
 */
static bool
find_program(const char *venv, char *out, ShErr *err)
{
	static const char *const places[] = {"bin/python3", "python.exe",
	"Scripts/python.exe"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
	{
		snprintf(out, PATH_SIZE, "%s/%s", venv, places[i]);
		if (plat_can_read(out))
			return true;
	}
	return sh_error(err, "\"%s\" is not a virtual environment that can be read",
					venv);
}

/* The environment's site-packages, which has to be of this Python version. */
static bool
find_packages(const char *venv, char *out, ShErr *err)
{
	char		probe[PATH_SIZE + 64];
	const char *const places[] = {
		"lib/python" Py_STRINGIFY(PY_MAJOR_VERSION) "."
		Py_STRINGIFY(PY_MINOR_VERSION) "/site-packages",
		"Lib/site-packages"
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
	{
		snprintf(out, PATH_SIZE, "%s/%s", venv, places[i]);
		snprintf(probe, sizeof(probe), "%s/pandas/__init__.py", out);
		if (plat_can_read(probe))
			return true;
	}
	return sh_error(err, "there is no pandas for Python %d.%d in \"%s\"",
					PY_MAJOR_VERSION, PY_MINOR_VERSION, venv);
}

/* Add our directories after the standard library, which Python has found. */
static bool
add_paths(const char *packages, const char *driver_dir, ShErr *err)
{
	const char *const dirs[] = {driver_dir, packages};
	PyObject   *list = PySys_GetObject("path"); /* borrowed */

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
	{
		PyObject   *dir = PyUnicode_DecodeFSDefault(dirs[i]);
		int			rc = dir != NULL && list != NULL ?
			PyList_Append(list, dir) : -1;

		Py_XDECREF(dir);
		if (rc != 0)
			return fail(err, "could not set the module path");
	}
	return true;
}

static PyStatus
initialize(PyConfig *config, const char *program)
{
	PyStatus	status;

	config->site_import = 0;
	config->install_signal_handlers = 0;
	config->write_bytecode = 0;
	config->parse_argv = 0;
	config->pathconfig_warnings = 0;
	status = PyConfig_SetBytesString(config, &config->program_name, program);
	if (PyStatus_Exception(status))
		return status;
	return Py_InitializeFromConfig(config);
}

static bool
start_interpreter(const PyConfiguration *c, ShErr *err)
{
	char		program[PATH_SIZE];
	char		packages[PATH_SIZE];
	PyPreConfig pre;
	PyConfig	config;
	PyStatus	status;

	if (!find_program(c->venv, program, err) ||
		!find_packages(c->venv, packages, err))
		return false;
	PyPreConfig_InitIsolatedConfig(&pre);
	pre.utf8_mode = 1;
	status = Py_PreInitialize(&pre);
	if (PyStatus_Exception(status))
		return fail_status(err, status);
	if (PyImport_AppendInittab("_transform_wire", PyInit__transform_wire) != 0 ||
		PyImport_AppendInittab("_transform_arrays",
							   PyInit__transform_arrays) != 0)
		return sh_error(err, "could not start Python: out of memory");
	PyConfig_InitIsolatedConfig(&config);
	status = initialize(&config, program);
	PyConfig_Clear(&config);
	if (PyStatus_Exception(status))
		return fail_status(err, status);
	return add_paths(packages, c->driver_dir, err);
}

/* Call a function of start.py; a new reference, or NULL with an exception. */
static PyObject *
call_start(const char *function, const char *format,...)
{
	PyObject   *module = PyImport_ImportModule("start");
	PyObject   *callable;
	PyObject   *args;
	PyObject   *result = NULL;
	va_list		va;

	if (module == NULL)
		return NULL;
	callable = PyObject_GetAttrString(module, function);
	Py_DECREF(module);
	if (callable == NULL)
		return NULL;
	va_start(va, format);
	args = Py_VaBuildValue(format, va);
	va_end(va);
	if (args != NULL)
		result = PyObject_CallObject(callable, args);
	Py_XDECREF(args);
	Py_DECREF(callable);
	return result;
}

/* What warming up returned: the image, or None.  Once per process. */
static PyObject *collected;

bool
py_start(const PyConfiguration *config, ShErr *err)
{
	PyObject   *image = Py_None;
	PyObject   *result;

	if (!start_interpreter(config, err))
		return false;
	if (config->image != NULL)
		image = PyMemoryView_FromMemory((char *) config->image,
										(Py_ssize_t) config->image_len,
										PyBUF_READ);
	if (image == NULL)
		return fail(err, "could not load the driver");
	result = call_start("start", "(IsOi)", (unsigned int) config->walls_off,
						config->allowed_modules != NULL ?
						config->allowed_modules : "", image,
						(int) config->recording);
	if (result == NULL)
		return fail(err, "could not load the driver");
	Py_DECREF(result);
	return true;
}

bool
py_warm_up(const PyConfiguration *config, ShErr *err)
{
	collected = call_start("warm_up", "(ii)", (int) config->can_read_later,
						   (int) config->recording);
	if (collected == NULL)
		return fail(err, "could not warm up Python");
	return true;
}

const void *
py_image(size_t *len)
{
	if (collected == NULL || !PyBytes_Check(collected))
		return NULL;
	*len = (size_t) PyBytes_GET_SIZE(collected);
	return PyBytes_AS_STRING(collected);
}

void
py_touch(void)
{
	PyObject   *result = call_start("touch", "()");

	if (result == NULL)
		PyErr_Clear();
	Py_XDECREF(result);
}

int
py_serve(int data)
{
	PyObject   *result = NULL;
	int			status = 1;

	if (py_wire_attach(data))
		result = call_start("serve", "()");
	if (result != NULL)
		status = PyLong_AsLong(result) == 0 ? 0 : 1;
	PyErr_Clear();
	Py_XDECREF(result);
	return status;
}

const char *
py_versions(void)
{
	static char text[512];
	PyObject   *result = call_start("versions", "()");
	const char *words = result != NULL ? PyUnicode_AsUTF8(result) : NULL;

	snprintf(text, sizeof(text), "%s", words != NULL ? words : "");
	PyErr_Clear();
	Py_XDECREF(result);
	return text;
}
