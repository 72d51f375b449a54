/*
 * seccomp.c
 *		The kernel wall: which system calls a locked-down worker may make.
 *
 * The policy is the table below; everything that is not in it, any other
 * argument, any other architecture (int 0x80) and the x32 calls kill the
 * whole process.  It was measured with 128 ordinary scripts, on 40 and on
 * 200,000 rows, after warm-up; see ../../README.md.
 *
 * The zygote has libseccomp turn the table into a program once; a worker
 * only installs it.
 */
#include <errno.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux.h"

/* The argument, masked, must equal the value. */
typedef struct ArgCheck
{
	uint8_t		arg;			/* from 0 */
	uint64_t	mask;
	uint64_t	value;
} ArgCheck;

typedef struct CallRule
{
	int			call;
	uint8_t		checks;
	ArgCheck	check[3];
} CallRule;

#define ALL			UINT64_MAX
/* glibc passes int arguments sign- or zero-extended: compare 32 bits */
#define INT			UINT64_C(0xffffffff)
#define NO_EXEC		(INT & ~(uint64_t) (PROT_READ | PROT_WRITE))
#define MMAP_FLAGS	(INT & ~(uint64_t) MAP_NORESERVE)

static const CallRule allowed[] = {
	/* the data connection, and nothing else */
	{SCMP_SYS(read), 1, {{0, INT, WORKER_DATA_FD}}},
	{SCMP_SYS(write), 1, {{0, INT, WORKER_DATA_FD}}},

	/* memory: private, anonymous, never executable */
	{SCMP_SYS(mmap), 2, {{2, NO_EXEC, 0},
		{3, MMAP_FLAGS, MAP_PRIVATE | MAP_ANONYMOUS}}},
	{SCMP_SYS(munmap), 0, {{0}}},
	{SCMP_SYS(mremap), 1, {{3, INT, MREMAP_MAYMOVE}}},
	{SCMP_SYS(mprotect), 1, {{2, NO_EXEC, 0}}},
	{SCMP_SYS(madvise), 1, {{2, INT, MADV_HUGEPAGE}}},
	{SCMP_SYS(madvise), 1, {{2, INT, MADV_DONTNEED}}},
	{SCMP_SYS(brk), 0, {{0}}},

	/* itself */
	{SCMP_SYS(futex), 1, {{1, INT, FUTEX_WAKE | FUTEX_PRIVATE_FLAG}}},
	{SCMP_SYS(futex), 1, {{1, INT & ~(uint64_t) FUTEX_CLOCK_REALTIME,
		FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG}}},
	{SCMP_SYS(getrandom), 0, {{0}}},
	/* real and monotonic time; a system call only where the clock source
	 * cannot be read from user space */
	{SCMP_SYS(clock_gettime), 1, {{0, INT & ~UINT64_C(1), 0}}},
	{SCMP_SYS(rt_sigreturn), 0, {{0}}},
	{SCMP_SYS(exit_group), 0, {{0}}},
};

static int
add_rule(scmp_filter_ctx ctx, const CallRule *rule)
{
	struct scmp_arg_cmp cmp[3];

	for (int i = 0; i < rule->checks; i++)
	{
		const ArgCheck *check = &rule->check[i];

		cmp[i] = (struct scmp_arg_cmp) {
			.arg = check->arg,
			.op = SCMP_CMP_MASKED_EQ,
			.datum_a = check->mask,
			.datum_b = check->value,
		};
	}
	return seccomp_rule_add_exact_array(ctx, SCMP_ACT_ALLOW, rule->call,
										rule->checks, cmp);
}

/* The compiled program, through a memory file: libseccomp 2.5 has no other
 * way out. */
static bool
export_filter(scmp_filter_ctx ctx, SeccompFilter *filter, ShErr *err)
{
	int			fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t		n = -1;

	if (fd < 0)
		return sh_os_error(err, errno, "could not create a memory file");
	if (seccomp_export_bpf(ctx, fd) == 0 && lseek(fd, 0, SEEK_SET) == 0)
		n = read(fd, filter->code, sizeof(filter->code));
	close(fd);
	if (n <= 0 || (size_t) n >= sizeof(filter->code) ||
		(size_t) n % sizeof(filter->code[0]) != 0)
		return sh_error(err, "could not compile the system call filter");
	filter->len = (unsigned short) ((size_t) n / sizeof(filter->code[0]));
	return true;
}

bool
seccomp_build(SeccompFilter *filter, ShErr *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	bool		ok = ctx != NULL;
	int			rc = 0;

	filter->len = 0;
	if (!ok)
		return sh_error(err, "could not begin the system call filter");
	rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	for (size_t i = 0; rc == 0 && i < sizeof(allowed) / sizeof(allowed[0]); i++)
		rc = add_rule(ctx, &allowed[i]);
	if (rc != 0)
		ok = sh_os_error(err, -rc, "could not build the system call filter");
	else
		ok = export_filter(ctx, filter, err);
	seccomp_release(ctx);
	return ok;
}

/* Needs no_new_privs.  After it, only the table is left. */
bool
seccomp_install(const SeccompFilter *filter)
{
	struct sock_fprog program = {
		.len = filter->len,
		.filter = (struct sock_filter *) filter->code,
	};

	return filter->len > 0 &&
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}
