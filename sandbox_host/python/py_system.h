/*
 * py_system.h
 *		The only include of Python.h, and what the files of python/ share.
 *
 * Include it first: Python.h wants to be before every system header.
 */
#ifndef PY_SYSTEM_H
#define PY_SYSTEM_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "py.h"

/* py_wire.c: the builtin module through which driver.py speaks. */
extern PyObject *PyInit__transform_wire(void);

/* py_arrays.c: the builtin module that keeps addresses out of scripts' hands. */
extern PyObject *PyInit__transform_arrays(void);

/*
 * Point the module at the data connection of this worker and begin its phases
 * anew.  Returns false with a Python exception set.
 */
extern bool py_wire_attach(int data);

#endif							/* PY_SYSTEM_H */
