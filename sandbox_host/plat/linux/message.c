/*
 * message.c
 *		Records that may carry one descriptor, over SOCK_SEQPACKET pairs: how
 *		broker, zygote and workers talk to each other.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "linux.h"

/*
 * Send head and body as one record, with `pass` attached unless it is
 * negative.  The caller keeps its copy of `pass`.
 */
bool
message_send(int fd, const void *head, size_t head_len, const void *body,
			 size_t body_len, int pass, ShErr *err)
{
	struct iovec parts[2] = {
		{.iov_base = (void *) head, .iov_len = head_len},
		{.iov_base = (void *) body, .iov_len = body_len},
	};
	union
	{
		struct cmsghdr align;
		char		space[CMSG_SPACE(sizeof(int))];
	}			control = {0};
	struct msghdr msg = {.msg_iov = parts,.msg_iovlen = body_len > 0 ? 2 : 1};
	ssize_t		n;

	if (pass >= 0)
	{
		struct cmsghdr *c;

		msg.msg_control = control.space;
		msg.msg_controllen = sizeof(control.space);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &pass, sizeof(int));
	}
	do
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t) (head_len + body_len))
		return sh_os_error(err, n < 0 ? errno : EMSGSIZE,
						   "could not send to a process of the sandbox");
	return true;
}

/* The one descriptor of a message; closes any other, which nobody sends. */
static int
take_descriptor(struct msghdr *msg)
{
	int			found = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
		 c = CMSG_NXTHDR(msg, c))
	{
		size_t		n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++)
		{
			int			fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (found < 0)
				found = fd;
			else
				(void) close(fd);
		}
	}
	return found;
}

/*
 * Bytes of the record, 0 at end of file, -1 on error, PLAT_AGAIN.  *passed
 * is its descriptor or -1 and belongs to the caller; a record that does not
 * fit is an error.
 */
long
message_receive(int fd, void *head, size_t head_len, void *body,
				size_t body_size, int *passed)
{
	struct iovec parts[2] = {
		{.iov_base = head,.iov_len = head_len},
		{.iov_base = body,.iov_len = body_size},
	};
	union
	{
		struct cmsghdr align;
		char		space[CMSG_SPACE(4 * sizeof(int))];
	}			control = {0};
	struct msghdr msg = {.msg_iov = parts,.msg_iovlen = body_size > 0 ? 2 : 1};
	ssize_t		n;
	int			got;

	msg.msg_control = control.space;
	msg.msg_controllen = sizeof(control.space);
	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (passed != NULL)
		*passed = -1;
	if (n < 0)
		return errno == EAGAIN ? PLAT_AGAIN : -1;
	got = take_descriptor(&msg);
	if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
		(n > 0 && (size_t) n < head_len))
	{
		plat_close(got);
		return -1;
	}
	if (passed != NULL)
		*passed = got;
	else
		plat_close(got);
	return n;
}

/* Ends do not survive exec; the first may be the broker's, never blocking. */
bool
message_pair(int ends[2], bool first_nonblocking, ShErr *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return sh_os_error(err, errno, "could not create a channel");
	if (first_nonblocking && !set_nonblocking(ends[0], true))
	{
		sh_os_error(err, errno, "could not set up a channel");
		close(ends[0]);
		close(ends[1]);
		return false;
	}
	return true;
}
