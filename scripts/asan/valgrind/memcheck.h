/*
 * memcheck.h
 *		Stands in for Valgrind's header of this name in the PostgreSQL that
 *		`make asan` builds: tells AddressSanitizer what the server would tell
 *		Valgrind.
 *
 * So a byte past the end of a palloc'd chunk, a chunk that was freed or whose
 * context was reset, and a buffer page that is not pinned are findings, as if
 * each of them had come from malloc.  AddressSanitizer knows no difference
 * between written and merely reserved memory.
 */
#ifndef TRANSFORM_ASAN_MEMCHECK_H
#define TRANSFORM_ASAN_MEMCHECK_H

#include <sanitizer/asan_interface.h>

#define VALGRIND_MAKE_MEM_NOACCESS(addr, size) \
	__asan_poison_memory_region((addr), (size))
#define VALGRIND_MAKE_MEM_DEFINED(addr, size) \
	__asan_unpoison_memory_region((addr), (size))
#define VALGRIND_MAKE_MEM_UNDEFINED(addr, size) \
	__asan_unpoison_memory_region((addr), (size))
#define VALGRIND_MEMPOOL_ALLOC(context, addr, size) \
	__asan_unpoison_memory_region((addr), (size))
#define VALGRIND_MEMPOOL_CHANGE(context, from, to, size) \
	__asan_unpoison_memory_region((to), (size))

/* The allocator itself has made a freed chunk inaccessible (wipe_mem). */
#define VALGRIND_MEMPOOL_FREE(context, addr)	do {} while (0)
#define VALGRIND_CREATE_MEMPOOL(context, redzones, zeroed)	do {} while (0)
#define VALGRIND_DESTROY_MEMPOOL(context)	do {} while (0)
#define VALGRIND_CHECK_MEM_IS_DEFINED(addr, size)	do {} while (0)

#endif
