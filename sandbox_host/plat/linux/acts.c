/*
 * acts.c
 *		The forbidden acts of the self-test, one short function each.
 *
 * They run in throw-away children of the zygote (probe.c), first with no wall
 * and then behind one wall at a time.  An act returns 0 when it worked and
 * the error number otherwise; behind the kernel wall it does not return.
 * None of them harms anybody: the targets belong to the scene.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux.h"
#include "missing_defs.h"

/* 0 or errno, for a call that returns negative on failure; closes an fd. */
static int
outcome(long result)
{
	return result < 0 ? errno : 0;
}

static int
outcome_fd(int fd)
{
	int			rc = outcome(fd);

	if (fd >= 0)
		(void) close(fd);
	return rc;
}

/* ---- files ---- */

static int
read_a_file(const ActScene *scene)
{
	(void) scene;
	return outcome_fd(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int
create_a_file(const ActScene *scene)
{
	int			rc = outcome_fd(open(scene->writable, O_CREAT | O_WRONLY, 0600));

	if (rc == 0)
		(void) unlink(scene->writable);
	return rc;
}

/* An empty directory counts as refused: there is nothing to see. */
static int
list_a_directory(const ActScene *scene)
{
	DIR		   *dir = opendir("/");
	struct dirent *entry;
	int			seen = 0;

	(void) scene;
	if (dir == NULL)
		return errno;
	while ((entry = readdir(dir)) != NULL)
		seen += entry->d_name[0] != '.';
	closedir(dir);
	return seen > 0 ? 0 : ENOENT;
}

static int
see_metadata(const ActScene *scene)
{
	struct stat st;

	(void) scene;
	return outcome(stat("/etc/passwd", &st));
}

static int
run_a_program(const ActScene *scene)
{
	static char *const args[] = {"sandbox_host", "--version", NULL};
	static char *const env[] = {NULL};

	(void) scene;
	return outcome(execve("/proc/self/exe", args, env));
}

/* ---- network ---- */

static int
reach(int type, int family, const void *address, socklen_t len)
{
	int			fd = socket(family, type | SOCK_CLOEXEC, 0);
	int			rc = outcome(fd);

	if (fd < 0)
		return rc;
	if (type == SOCK_DGRAM)
		rc = outcome(sendto(fd, "x", 1, 0, address, len));
	else
		rc = outcome(connect(fd, address, len));
	(void) close(fd);
	return rc;
}

static struct sockaddr_in
loopback(int port)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	in.sin_port = htons((uint16_t) port);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return in;
}

static int
connect_tcp(const ActScene *scene)
{
	struct sockaddr_in in = loopback(scene->tcp_port);

	return reach(SOCK_STREAM, AF_INET, &in, sizeof(in));
}

static int
send_udp(const ActScene *scene)
{
	struct sockaddr_in in = loopback(scene->tcp_port);

	return reach(SOCK_DGRAM, AF_INET, &in, sizeof(in));
}

static int
listen_tcp(const ActScene *scene)
{
	struct sockaddr_in in = loopback(0);
	int			fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int			rc = outcome(fd);

	(void) scene;
	if (fd < 0)
		return rc;
	rc = outcome(bind(fd, (struct sockaddr *) &in, sizeof(in)));
	if (rc == 0)
		rc = outcome(listen(fd, 1));
	(void) close(fd);
	return rc;
}

static int
connect_path(const ActScene *scene)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	memcpy(un.sun_path, scene->path, sizeof(un.sun_path));
	return reach(SOCK_STREAM, AF_UNIX, &un, sizeof(un));
}

static int
connect_abstract(const ActScene *scene)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t		len = strlen(scene->abstract);

	memcpy(un.sun_path + 1, scene->abstract, len);
	return reach(SOCK_STREAM, AF_UNIX, &un,
				 (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 + len));
}

/* ---- other processes ---- */

static int
signal_another(const ActScene *scene)
{
	return outcome(kill(scene->victim, SIGCONT));
}

static int
trace_another(const ActScene *scene)
{
	return outcome(ptrace(PTRACE_SEIZE, scene->victim, NULL, NULL));
}

static int
read_memory_of_another(const ActScene *scene)
{
	char		byte;
	struct iovec here = {&byte, 1};
	struct iovec there = {scene->victim_word, 1};

	return outcome(process_vm_readv(scene->victim, &here, 1, &there, 1, 0));
}

static int
use_inherited_descriptor(const ActScene *scene)
{
	return outcome(fcntl(scene->secret_fd, F_GETFD));
}

static int
write_to_another_descriptor(const ActScene *scene)
{
	return outcome(write(scene->secret_fd, "x", 1));
}

static int
read_the_environment(const ActScene *scene)
{
	(void) scene;
	return getenv("SANDBOX_PROBE_SECRET") != NULL ? 0 : ENOENT;
}

static int
attach_shared_memory(const ActScene *scene)
{
	void	   *at = shmat(scene->segment, NULL, 0);

	if (at == (void *) -1)
		return errno;
	(void) shmdt(at);
	return 0;
}

/* ---- resources ---- */

static int
start_a_process(const ActScene *scene)
{
	pid_t		pid = fork();
	int			rc = outcome(pid);

	(void) scene;
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		(void) waitpid(pid, NULL, 0);
	return rc;
}

static void *
do_nothing(void *arg)
{
	return arg;
}

static int
start_a_thread(const ActScene *scene)
{
	pthread_t	thread;
	int			rc = pthread_create(&thread, NULL, do_nothing, NULL);

	(void) scene;
	if (rc == 0)
		(void) pthread_join(thread, NULL);
	return rc;
}

static int
create_a_memory_file(const ActScene *scene)
{
	(void) scene;
	return outcome_fd(memfd_create("probe", MFD_CLOEXEC));
}

static int
open_a_pipe(const ActScene *scene)
{
	int			ends[2];
	int			rc = outcome(pipe2(ends, O_CLOEXEC));

	(void) scene;
	if (rc == 0)
	{
		(void) close(ends[0]);
		(void) close(ends[1]);
	}
	return rc;
}

static int
raise_a_limit(const ActScene *scene)
{
	struct rlimit some = {64, 64};

	(void) scene;
	return outcome(setrlimit(RLIMIT_NOFILE, &some));
}

static int
map(size_t size, int prot, int flags)
{
	void	   *at = mmap(NULL, size, prot, flags, -1, 0);

	if (at == MAP_FAILED)
		return errno;
	(void) munmap(at, size);
	return 0;
}

static int
allocate_over_the_limit(const ActScene *scene)
{
	return map(scene->memory_limit * 2, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
}

/* ---- the kernel's surface ---- */

static int
map_executable_memory(const ActScene *scene)
{
	(void) scene;
	return map(4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS);
}

static int
map_shared_memory(const ActScene *scene)
{
	(void) scene;
	return map(4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
}

static int
make_memory_executable(const ActScene *scene)
{
	static char page[8192] __attribute__((aligned(4096)));

	(void) scene;
	return outcome(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int
open_a_socket(const ActScene *scene)
{
	(void) scene;
	return outcome_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int
handle_a_signal(const ActScene *scene)
{
	(void) scene;
	return signal(SIGUSR1, SIG_IGN) == SIG_ERR ? errno : 0;
}

static int
set_up_io_uring(const ActScene *scene)
{
	char		params[256] = {0};

	(void) scene;
	return outcome_fd((int) syscall(SYS_io_uring_setup, 1, params));
}

static int
create_shared_segment(const ActScene *scene)
{
	int			id = shmget(IPC_PRIVATE, 4096, 0600);

	(void) scene;
	if (id < 0)
		return errno;
	(void) shmctl(id, IPC_RMID, NULL);
	return 0;
}

static int
ask_for_pid(const ActScene *scene)
{
	(void) scene;
	return outcome(syscall(SYS_getpid));
}

static int
enter_a_namespace(const ActScene *scene)
{
	(void) scene;
	return outcome(unshare(CLONE_NEWUSER));
}

#ifdef __x86_64__
/* getpid by the 32-bit door (number 20), and by the x32 one */
static int
call_32_bit(const ActScene *scene)
{
	long		rc = 20;

	(void) scene;
	__asm__ volatile("int $0x80" : "+a"(rc) : : "memory", "r8", "r9", "r10",
					 "r11");
	return rc < 0 ? (int) -rc : 0;
}

static int
call_x32(const ActScene *scene)
{
	(void) scene;
	return outcome(syscall(0x40000000 | SYS_getpid));
}
#endif

#define K WALL_KERNEL

const ActRow act_rows[PLAT_MAX_ACTS] = {
	{{"read a file", WALL_FILES | K, 0}, read_a_file, false},
	{{"create a file", WALL_FILES | K, 0}, create_a_file, false},
	{{"list a directory", WALL_FILES | K, 0}, list_a_directory, false},
	{{"see a file's size", K, WALL_FILES}, see_metadata, false},
	{{"run a program", WALL_FILES | K, 0}, run_a_program, false},

	{{"connect over TCP", WALL_NETWORK | K, 0}, connect_tcp, false},
	{{"listen on TCP", WALL_NETWORK | K, 0}, listen_tcp, false},
	{{"send over UDP", WALL_NETWORK | K, 0}, send_udp, false},
	{{"connect to a local socket", WALL_NETWORK | K, 0}, connect_path, false},
	{{"connect to an abstract socket", WALL_NETWORK | K, 0}, connect_abstract,
	false},

	{{"signal another process", WALL_PROCESS | K, 0}, signal_another, false},
	{{"trace another process", WALL_PROCESS | K, 0}, trace_another, false},
	{{"read another process's memory", WALL_PROCESS | K, 0},
	read_memory_of_another, false},
	{{"use an inherited descriptor", WALL_PROCESS | K, 0},
	use_inherited_descriptor, false},
	{{"read the environment", WALL_PROCESS, 0}, read_the_environment, false},
	{{"attach another's shared memory", K, WALL_PROCESS},
	attach_shared_memory, false},

	{{"start a process", WALL_RESOURCES | K, 0}, start_a_process, false},
	{{"start a thread", WALL_RESOURCES | K, 0}, start_a_thread, false},
	{{"create a memory file", WALL_RESOURCES | K, 0}, create_a_memory_file,
	false},
	{{"open a pipe", WALL_RESOURCES | K, 0}, open_a_pipe, false},
	{{"raise a limit", WALL_RESOURCES | K, 0}, raise_a_limit, false},
	{{"allocate over the limit", WALL_RESOURCES, 0}, allocate_over_the_limit, false},

	{{"map executable memory", K, 0}, map_executable_memory, false},
	{{"map shared memory", K, 0}, map_shared_memory, false},
	{{"make memory executable", K, 0}, make_memory_executable, false},
	{{"write to another descriptor", K, 0}, write_to_another_descriptor, false},
	{{"open a socket", K, 0}, open_a_socket, false},
	{{"handle a signal", K, 0}, handle_a_signal, false},
	{{"set up an io_uring", K, 0}, set_up_io_uring, false},
	{{"create a shared segment", K, 0}, create_shared_segment, false},
	{{"ask for its process number", K, 0}, ask_for_pid, false},
	{{"enter a user namespace", K, 0}, enter_a_namespace, false},
#ifdef __x86_64__
	{{"make a 32-bit system call", K, 0}, call_32_bit, false},
	{{"make an x32 system call", K, 0}, call_x32, false},
#endif
};
