/*
 * frame.c
 *		Frame headers and the payloads of fixed shape, both ways.
 *
 * Runs in the backend that holds a job, in the broker and in the worker.
 * Decoders treat every byte as hostile: a payload must have exactly the size
 * its type asks for.  Numbers are read and written byte by byte, so neither
 * alignment nor the machine's byte order matters here.
 */
#include "wire.h"

#include <string.h>

#include "wire_bytes.h"

static const char *const WRONG_SIZE = "a payload of the wrong size";

size_t
wire_header_encode(uint8_t *buf, uint8_t type, uint32_t length)
{
	wire_put32(buf, length);
	wire_put32(buf + 4, type);
	return WIRE_HEADER_SIZE;
}

bool
wire_header_decode(const uint8_t *buf, WireHeader *h, const char **why)
{
	uint32_t	type = wire_get32(buf + 4);

	h->length = wire_get32(buf);
	h->type = (uint8_t) type;
	if (type == 0 || type >= WIRE_TYPE_LIMIT)
		return wire_fail(why, "a frame of an unknown type");
	if (h->length > WIRE_MAX_PAYLOAD)
		return wire_fail(why, "a frame longer than the limit");
	return true;
}

bool
wire_hello_decode(const uint8_t *p, uint32_t len, WireHello *out,
				  const char **why)
{
	if (len != 12 + WIRE_TOKEN_SIZE)
		return wire_fail(why, WRONG_SIZE);
	out->magic = wire_get32(p);
	out->version = wire_get32(p + 4);
	out->role = wire_get32(p + 8);
	memcpy(out->token, p + 12, WIRE_TOKEN_SIZE);
	if (out->magic != WIRE_MAGIC)
		return wire_fail(why, "a hello that is not ours");
	if (out->version != WIRE_VERSION)
		return wire_fail(why, "a hello of another protocol version");
	if (out->role != WIRE_ROLE_CONTROL && out->role != WIRE_ROLE_DATA)
		return wire_fail(why, "a hello with an unknown role");
	return true;
}

size_t
wire_hello_encode(uint8_t *buf, size_t size, const WireHello *v)
{
	uint8_t    *p = buf + WIRE_HEADER_SIZE;

	if (size < WIRE_HEADER_SIZE + 12 + WIRE_TOKEN_SIZE)
		return 0;
	wire_header_encode(buf, WIRE_HELLO, 12 + WIRE_TOKEN_SIZE);
	wire_put32(p, v->magic);
	wire_put32(p + 4, v->version);
	wire_put32(p + 8, v->role);
	memcpy(p + 12, v->token, WIRE_TOKEN_SIZE);
	return WIRE_HEADER_SIZE + 12 + WIRE_TOKEN_SIZE;
}

bool
wire_job_decode(const uint8_t *p, uint32_t len, WireJob *out,
				const char **why)
{
	if (len != 36)
		return wire_fail(why, WRONG_SIZE);
	out->job_id = wire_get64(p);
	out->wall_ms = wire_get64(p + 8);
	out->cpu_ms = wire_get64(p + 16);
	out->memory_bytes = wire_get64(p + 24);
	out->required_walls = wire_get32(p + 32);
	if (out->wall_ms == 0 || out->cpu_ms == 0 || out->memory_bytes == 0)
		return wire_fail(why, "a job without limits");
	if (out->wall_ms > INT64_MAX / 1000 || out->cpu_ms > INT64_MAX / 1000 ||
		out->memory_bytes > INT64_MAX)
		return wire_fail(why, "a job with limits out of range");
	if ((out->required_walls & ~WALL_ALL) != 0)
		return wire_fail(why, "a job that requires an unknown wall");
	return true;
}

size_t
wire_job_encode(uint8_t *buf, size_t size, const WireJob *v)
{
	uint8_t    *p = buf + WIRE_HEADER_SIZE;

	if (size < WIRE_HEADER_SIZE + 36)
		return 0;
	wire_header_encode(buf, WIRE_JOB, 36);
	wire_put64(p, v->job_id);
	wire_put64(p + 8, v->wall_ms);
	wire_put64(p + 16, v->cpu_ms);
	wire_put64(p + 24, v->memory_bytes);
	wire_put32(p + 32, v->required_walls);
	return WIRE_HEADER_SIZE + 36;
}

bool
wire_usage_decode(const uint8_t *p, uint32_t len, WireUsage *out,
				  const char **why)
{
	if (len != 24)
		return wire_fail(why, WRONG_SIZE);
	out->memory_bytes = wire_get64(p);
	out->cpu_us = wire_get64(p + 8);
	out->wall_us = wire_get64(p + 16);
	return true;
}

size_t
wire_usage_encode(uint8_t *buf, size_t size, const WireUsage *v)
{
	uint8_t    *p = buf + WIRE_HEADER_SIZE;

	if (size < WIRE_HEADER_SIZE + 24)
		return 0;
	wire_header_encode(buf, WIRE_USAGE, 24);
	wire_put64(p, v->memory_bytes);
	wire_put64(p + 8, v->cpu_us);
	wire_put64(p + 16, v->wall_us);
	return WIRE_HEADER_SIZE + 24;
}

bool
wire_exit_decode(const uint8_t *p, uint32_t len, WireExit *out,
				 const char **why)
{
	if (len != 48)
		return wire_fail(why, WRONG_SIZE);
	out->reason = wire_get32(p);
	out->detail = (int32_t) wire_get32(p + 4);
	out->limit = wire_get64(p + 8);
	out->used = wire_get64(p + 16);
	out->cpu_us = wire_get64(p + 24);
	out->peak_memory_bytes = wire_get64(p + 32);
	out->wall_us = wire_get64(p + 40);
	if (out->reason < WIRE_EXIT_NORMAL || out->reason > WIRE_EXIT_CANCELLED)
		return wire_fail(why, "an unknown reason of exit");
	return true;
}

size_t
wire_exit_encode(uint8_t *buf, size_t size, const WireExit *v)
{
	uint8_t    *p = buf + WIRE_HEADER_SIZE;

	if (size < WIRE_HEADER_SIZE + 48)
		return 0;
	wire_header_encode(buf, WIRE_EXIT, 48);
	wire_put32(p, v->reason);
	wire_put32(p + 4, (uint32_t) v->detail);
	wire_put64(p + 8, v->limit);
	wire_put64(p + 16, v->used);
	wire_put64(p + 24, v->cpu_us);
	wire_put64(p + 32, v->peak_memory_bytes);
	wire_put64(p + 40, v->wall_us);
	return WIRE_HEADER_SIZE + 48;
}
