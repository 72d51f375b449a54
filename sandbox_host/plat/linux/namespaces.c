/*
 * namespaces.c
 *		User, pid, ipc, network and mount namespaces: what a worker cannot
 *		even name.
 *
 * Runs in the broker (ns_clone_template, between clone and exec), in the
 * zygote and in probe children.  The order is fixed by the kernel: the maps
 * of a user namespace must be written while /proc is there; namespaces come
 * before capabilities are dropped; mounts are changed before Landlock, which
 * forbids it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux.h"

static bool
write_file(const char *path, const char *text)
{
	int			fd = open(path, O_WRONLY | O_CLOEXEC);
	bool		ok;

	if (fd < 0)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t) strlen(text);
	return close(fd) == 0 && ok;
}

/* The same account inside as outside: nothing is root in there. */
static bool
write_maps(uid_t uid, gid_t gid)
{
	char		map[64];

	if (!write_file("/proc/self/setgroups", "deny") && errno != ENOENT)
		return false;
	snprintf(map, sizeof(map), "%u %u 1", (unsigned) uid, (unsigned) uid);
	if (!write_file("/proc/self/uid_map", map))
		return false;
	snprintf(map, sizeof(map), "%u %u 1", (unsigned) gid, (unsigned) gid);
	return write_file("/proc/self/gid_map", map);
}

/*
 * Keep, across exec, the two capabilities that the zygote needs inside its
 * own user namespace; exec takes the others away.
 */
static bool
keep_capabilities(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{0}};
	uint32_t	keep = (1u << CAP_SYS_ADMIN) | (1u << CAP_SETPCAP);

	data[0].effective = data[0].permitted = data[0].inheritable = keep;
	if (syscall(SYS_capset, &head, data) < 0)
		return false;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0)
		== 0 &&
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETPCAP, 0, 0) == 0;
}

/*
 * fork() into a new user and pid namespace.  Returns as fork does; -1 with
 * the reason in `why` when there can be no such namespaces here.  The child
 * tells over a pipe whether it could set itself up, so that the parent never
 * takes half a namespace for a whole one.
 */
pid_t
ns_clone_template(char *why, size_t size)
{
	uid_t		uid = geteuid();
	gid_t		gid = getegid();
	int			report[2];
	int			failed = EPIPE;
	pid_t		pid;

	if (pipe2(report, O_CLOEXEC) < 0)
	{
		snprintf(why, size, "pipe: %s", strerror(errno));
		return -1;
	}
	pid = (pid_t) syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER | CLONE_NEWPID,
						  0, 0, 0, 0);
	if (pid == 0)
	{
		failed = write_maps(uid, gid) && keep_capabilities() ? 0 : errno;
		if (write(report[1], &failed, sizeof(failed)) < 0 || failed != 0)
			_exit(1);
		close(report[0]);
		close(report[1]);
		return 0;
	}
	close(report[1]);
	if (pid < 0)
		snprintf(why, size, "creating one: %s", strerror(errno));
	else if (read(report[0], &failed, sizeof(failed)) < 0 || failed != 0)
	{
		snprintf(why, size, "setting it up: %s", strerror(failed));
		(void) waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(report[0]);
	return pid;
}

/* Keep a way back into this pid namespace, for ns_fork.  Needs /proc. */
bool
ns_keep_pid_ns(PlatTemplate *t)
{
	t->own_pid_ns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	return t->own_pid_ns >= 0;
}

/*
 * fork(), the child being process 1 of a pid namespace of its own where that
 * can be had; *mechanisms says whether it is.
 */
pid_t
ns_fork(PlatTemplate *t, bool own_pid_ns, uint32_t *mechanisms)
{
	bool		own = own_pid_ns && t->own_pid_ns >= 0 &&
		unshare(CLONE_NEWPID) == 0;
	pid_t		pid = fork();
	int			save = errno;

	*mechanisms = own ? MECH_OWN_PID_NS : 0;
	if (pid != 0 && own && setns(t->own_pid_ns, CLONE_NEWPID) < 0)
	{
		/* The next fork would land in the child's namespace: give up. */
		if (pid > 0)
			(void) kill(pid, SIGKILL);
		_exit(1);
	}
	errno = save;
	return pid;
}

/* Is there no configured network address here? */
static bool
network_is_empty(void)
{
	struct ifconf conf = {0};
	int			fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool		empty;

	if (fd < 0)
		return false;
	empty = ioctl(fd, SIOCGIFCONF, &conf) == 0 && conf.ifc_len == 0;
	close(fd);
	return empty;
}

static bool
root_is_empty(void)
{
	struct statvfs vfs;
	struct dirent *entry;
	DIR		   *dir = opendir("/");
	int			others = 0;

	if (dir == NULL)
		return false;
	while ((entry = readdir(dir)) != NULL)
		others += strcmp(entry->d_name, ".") != 0 &&
			strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return others == 0 && statvfs("/", &vfs) == 0 &&
		(vfs.f_flag & ST_RDONLY) != 0;
}

/*
 * An empty read-only root directory; the old one is out of reach.  It is
 * built on top of /proc because that is the one directory known to exist.
 */
static bool
empty_root(void)
{
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (unshare(CLONE_NEWNS) < 0 ||
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("none", "/proc", "tmpfs", flags,
			  "size=4k,nr_inodes=2,mode=555") < 0 ||
		chdir("/proc") < 0 ||
		syscall(SYS_pivot_root, ".", ".") < 0 ||
		umount2(".", MNT_DETACH) < 0 ||
		chdir("/") < 0 ||
		mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags,
			  NULL) < 0)
		return false;
	return root_is_empty();
}

/*
 * Enter those of the wanted namespaces that are not staged already; returns
 * those that are in force now.
 */
uint32_t
ns_enter(uint32_t wanted, uint32_t staged)
{
	uint32_t	in_force = wanted & staged;
	uint32_t	missing = wanted & ~staged;

	if ((missing & MECH_IPC_NS) && unshare(CLONE_NEWIPC | CLONE_NEWUTS) == 0)
		in_force |= MECH_IPC_NS;
	if ((missing & MECH_NET_NS) && unshare(CLONE_NEWNET) == 0 &&
		network_is_empty())
		in_force |= MECH_NET_NS;
	if ((missing & MECH_EMPTY_ROOT) && empty_root())
		in_force |= MECH_EMPTY_ROOT;
	return in_force;
}
