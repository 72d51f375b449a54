/*
 * msvc_compat.h
 *		Included before everything else, by the compiler's option -include and
 *		with -U__MINGW64__, when the GNU compiler makes the module for a server
 *		that Microsoft's compiler made.
 *
 * Both follow one calling convention and lay out structs alike, with two
 * exceptions that matter to a module: the server's pid_t is an int (in
 * PostmasterPid, BackgroundWorker, GetBackgroundWorkerPid), and errors are
 * raised by longjmp() to a real jmp_buf, not to the five words of
 * __builtin_setjmp() that c.h takes where __MINGW64__ is defined.
 *
 * What stays different, and must not be used in the extension: SpinLock*
 * (slock_t has one byte here, four there; structs that hold one are alike,
 * thanks to padding) and ReadDir() (struct dirent).
 */
#ifndef MSVC_COMPAT_H
#define MSVC_COMPAT_H

#define _PID_T_					/* says that pid_t has been defined */
typedef int _pid_t;
typedef int pid_t;

/*
 * With 0 for the frame, longjmp() restores the registers and does not try to
 * unwind frames that were made by another compiler.
 */
#include <setjmp.h>
#undef setjmp
#define setjmp(buf) __intrinsic_setjmpex((buf), NULL)

#endif							/* MSVC_COMPAT_H */
