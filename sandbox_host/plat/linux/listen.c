/*
 * listen.c
 *		The broker's listening Unix socket, and who may connect to it.
 *
 * The socket is made with mode 0600, and the peer's account is checked again
 * on every connection (SO_PEERCRED): permissions of the directory may let
 * more people through than anybody meant.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "linux.h"

struct PlatListener
{
	int			fd;
	struct sockaddr_un address;
	dev_t		dev;			/* of the path, so that only ours is removed */
	ino_t		ino;
	uid_t		own;
	uid_t		also;			/* equal to own when nobody else */
};

static bool
parse_account(const char *account, uid_t *uid, ShErr *err)
{
	char	   *end;
	struct passwd *entry;
	unsigned long number = strtoul(account, &end, 10);

	if (end != account && *end == '\0')
	{
		*uid = (uid_t) number;
		return true;
	}
	entry = getpwnam(account);
	if (entry == NULL)
		return sh_error(err, "account \"%s\" does not exist", account);
	*uid = entry->pw_uid;
	return true;
}

/*
 * Make room at the path: remove a socket that nobody listens on any more.
 * Anything else that is there belongs to somebody.
 */
static bool
clear_path(const struct sockaddr_un *address, ShErr *err)
{
	struct stat st;
	int			fd;
	int			rc;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? true :
			sh_os_error(err, errno, "could not look at \"%s\"",
						address->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return sh_error(err, "\"%s\" exists and is not a socket",
						address->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return sh_os_error(err, errno, "could not create a socket");
	rc = connect(fd, (const struct sockaddr *) address, sizeof(*address));
	if (rc == 0 || errno != ECONNREFUSED)
	{
		close(fd);
		return sh_error(err, "another program listens at \"%s\"",
						address->sun_path);
	}
	close(fd);
	if (unlink(address->sun_path) < 0)
		return sh_os_error(err, errno, "could not remove the old socket "
						   "\"%s\"", address->sun_path);
	return true;
}

static bool
bind_and_listen(PlatListener *l, ShErr *err)
{
	mode_t		old = umask(l->also == l->own ? 0177 : 0111);
	struct stat st;
	int			rc;

	rc = bind(l->fd, (struct sockaddr *) &l->address, sizeof(l->address));
	(void) umask(old);
	if (rc < 0)
		return sh_os_error(err, errno, "could not create the socket \"%s\"",
						   l->address.sun_path);
	if (lstat(l->address.sun_path, &st) == 0)
	{
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	if (listen(l->fd, 128) < 0)
		return sh_os_error(err, errno, "could not listen at \"%s\"",
						   l->address.sun_path);
	return true;
}

PlatListener *
plat_listen(const char *address, const char *allow_account, ShErr *err)
{
	PlatListener *l = calloc(1, sizeof(*l));

	if (l == NULL)
	{
		sh_error(err, "out of memory");
		return NULL;
	}
	l->fd = -1;
	l->own = l->also = geteuid();
	l->address.sun_family = AF_UNIX;
	if (strlen(address) >= sizeof(l->address.sun_path))
	{
		sh_error(err, "socket path \"%s\" is longer than %zu bytes", address,
				 sizeof(l->address.sun_path) - 1);
		goto failed;
	}
	memcpy(l->address.sun_path, address, strlen(address) + 1);
	if (allow_account != NULL && allow_account[0] != '\0' &&
		!parse_account(allow_account, &l->also, err))
		goto failed;
	if (!clear_path(&l->address, err))
		goto failed;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
	{
		sh_os_error(err, errno, "could not create a socket");
		goto failed;
	}
	if (!bind_and_listen(l, err))
		goto failed;
	return l;

failed:
	plat_unlisten(l);
	return NULL;
}

PlatHandle
plat_listener_handle(const PlatListener *listener)
{
	return listener->fd;
}

PlatHandle
plat_accept(PlatListener *l, ShErr *err)
{
	struct ucred peer;
	socklen_t	len = sizeof(peer);
	int			fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
	{
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return PLAT_AGAIN;
		sh_os_error(err, errno, "could not accept a connection");
		return PLAT_NONE;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
	{
		sh_os_error(err, errno, "could not learn who connected");
		close(fd);
		return PLAT_NONE;
	}
	if (peer.uid != l->own && peer.uid != l->also)
	{
		sh_error(err, "a connection of user id %u (process %d) was refused",
				 (unsigned) peer.uid, (int) peer.pid);
		close(fd);
		return PLAT_NONE;
	}
	return fd;
}

void
plat_unlisten(PlatListener *l)
{
	struct stat st;

	if (l == NULL)
		return;
	if (l->ino != 0 && lstat(l->address.sun_path, &st) == 0 &&
		st.st_dev == l->dev && st.st_ino == l->ino)
		(void) unlink(l->address.sun_path);
	plat_close(l->fd);
	free(l);
}
