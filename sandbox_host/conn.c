/*
 * conn.c
 *		The broker's client connections: bytes in and out, and which two
 *		belong together.
 *
 * On a data connection exactly the hello is read and not one byte more: what
 * follows is for the worker.  The same care is taken on control connections,
 * since before the hello nobody knows which one it is.
 */
#include "broker.h"

#include <stdlib.h>
#include <string.h>

#include "dispatch.h"
#include "log.h"

static int
count_unpaired(const Broker *b)
{
	int			n = 0;

	for (int i = 0; i < MAX_CONNS; i++)
		n += b->conns[i].handle != PLAT_NONE && b->conns[i].job == NULL &&
			!b->conns[i].finishing;
	return n;
}

static Conn *
free_slot(Broker *b)
{
	for (int i = 0; i < MAX_CONNS; i++)
		if (b->conns[i].handle == PLAT_NONE)
			return &b->conns[i];
	return NULL;
}

static void
conn_open(Broker *b, PlatHandle handle)
{
	Conn	   *c = count_unpaired(b) < MAX_UNPAIRED ? free_slot(b) : NULL;

	if (c == NULL)
	{
		log_line(LOG_WARN, "too many connections; a new one was dropped");
		plat_close(handle);
		return;
	}
	memset(c, 0, sizeof(*c));
	c->handle = handle;
	c->data = PLAT_NONE;
	c->deadline_us = plat_now_us() + PAIR_TIMEOUT_US;
	wire_phase_init(&c->phase, WIRE_FROM_CLIENT_CONTROL);
}

void
conn_accept_all(Broker *b)
{
	for (;;)
	{
		ShErr		err;
		PlatHandle	handle = plat_accept(b->listener, &err);

		if (handle == PLAT_AGAIN)
			return;
		if (handle == PLAT_NONE)
		{
			log_line(LOG_WARN, "%s", err.text);
			return;
		}
		conn_open(b, handle);
	}
}

/* Also ends the job that hangs on it. */
void
conn_close(Broker *b, Conn *c)
{
	Job		   *job = c->job;

	if (c->handle == PLAT_NONE)
		return;
	plat_close(c->handle);
	plat_close(c->data);
	free(c->out);
	memset(c, 0, sizeof(*c));
	c->handle = PLAT_NONE;
	c->data = PLAT_NONE;
	if (job != NULL)
	{
		job->control = NULL;
		job_cancel(b, job);
	}
}

void
conn_finish(Broker *b, Conn *c)
{
	if (c->out_len == 0)
	{
		conn_close(b, c);
		return;
	}
	c->finishing = true;
	c->deadline_us = plat_now_us() + PAIR_TIMEOUT_US;
}

static void
drop(Broker *b, Conn *c, const char *why)
{
	log_line(LOG_WARN, "a connection was dropped: %s", why);
	conn_close(b, c);
}

/* ---- out ---- */

void
conn_flush(Broker *b, Conn *c)
{
	while (c->out_len > 0)
	{
		long		n = plat_write(c->handle, c->out, c->out_len);

		if (n == PLAT_AGAIN)
			return;
		if (n <= 0)
		{
			conn_close(b, c);
			return;
		}
		c->out_len -= (uint32_t) n;
		memmove(c->out, c->out + n, c->out_len);
	}
	if (c->finishing)
		conn_close(b, c);
}

/* Queues; the loop writes.  A client that reads nothing is dropped. */
void
conn_send(Broker *b, Conn *c, const uint8_t *frame, size_t len)
{
	if (c == NULL || c->handle == PLAT_NONE || len == 0)
		return;
	if (c->out == NULL && (c->out = malloc(CONN_OUT_SIZE)) == NULL)
	{
		drop(b, c, "out of memory");
		return;
	}
	if (c->out_len + len > CONN_OUT_SIZE)
	{
		drop(b, c, "it does not read what it is sent");
		return;
	}
	memcpy(c->out + c->out_len, frame, len);
	c->out_len += (uint32_t) len;
}

/* ---- in ---- */

/*
 * Bytes that are still missing from the frame in c->in: first its header,
 * then its payload.  0: it is whole.  False: it may not be read at all.
 */
static bool
bytes_missing(const Conn *c, WireHeader *h, uint32_t *missing,
			  const char **why)
{
	if (c->in_len < WIRE_HEADER_SIZE)
	{
		*missing = WIRE_HEADER_SIZE - c->in_len;
		return true;
	}
	if (!wire_header_decode(c->in, h, why))
		return false;
	if (h->length > CONTROL_MAX)
	{
		*why = "a control frame that is too long";
		return false;
	}
	*missing = WIRE_HEADER_SIZE + h->length - c->in_len;
	return true;
}

void
conn_readable(Broker *b, Conn *c)
{
	/* A data connection is read up to its hello only. */
	while (c->handle != PLAT_NONE && c->role != WIRE_ROLE_DATA)
	{
		WireHeader	h = {0};
		uint32_t	missing;
		const char *why = "";
		long		n;

		if (!bytes_missing(c, &h, &missing, &why))
		{
			drop(b, c, why);
			return;
		}
		if (missing == 0)
		{
			c->in_len = 0;
			if (!dispatch_frame(b, c, &h, c->in + WIRE_HEADER_SIZE, &why))
			{
				drop(b, c, why);
				return;
			}
			continue;
		}
		n = plat_read(c->handle, c->in + c->in_len, missing);
		if (n == PLAT_AGAIN)
			return;
		if (n <= 0)
		{
			conn_close(b, c);
			return;
		}
		c->in_len += (uint32_t) n;
	}
}

/* ---- pairing ---- */

static Conn *
find_other(Broker *b, const Conn *c, uint32_t role)
{
	for (int i = 0; i < MAX_CONNS; i++)
	{
		Conn	   *o = &b->conns[i];

		if (o != c && o->handle != PLAT_NONE && o->role == role &&
			memcmp(o->token, c->token, WIRE_TOKEN_SIZE) == 0)
			return o;
	}
	return NULL;
}

/* Take the handle out of a data connection and free the rest of it. */
static PlatHandle
take_handle(Broker *b, Conn *data)
{
	PlatHandle	handle = data->handle;

	(void) b;
	free(data->out);
	memset(data, 0, sizeof(*data));
	data->handle = PLAT_NONE;
	data->data = PLAT_NONE;
	return handle;
}

void
conn_pair(Broker *b, Conn *c)
{
	Conn	   *twin = find_other(b, c, c->role);
	Conn	   *control = c->role == WIRE_ROLE_CONTROL ? c :
		find_other(b, c, WIRE_ROLE_CONTROL);
	Conn	   *data = c->role == WIRE_ROLE_DATA ? c :
		find_other(b, c, WIRE_ROLE_DATA);

	/* Two of a kind: somebody guesses, or is confused. */
	if (twin != NULL || (control != NULL && data != NULL &&
						 control->data != PLAT_NONE))
	{
		drop(b, c, "a second hello with the same token");
		return;
	}
	if (control == NULL || data == NULL)
		return;
	control->data = take_handle(b, data);
	if (control->job != NULL)
	{
		PlatHandle	handle = control->data;

		control->data = PLAT_NONE;
		job_has_data(b, control->job, handle);
	}
}

void
conn_deadlines(Broker *b, int64_t now)
{
	for (int i = 0; i < MAX_CONNS; i++)
	{
		Conn	   *c = &b->conns[i];

		if (c->handle != PLAT_NONE && c->deadline_us != 0 &&
			c->deadline_us <= now)
			drop(b, c, c->finishing ? "it does not read what it is sent" :
				 "it did not say what it wants in time");
	}
}
