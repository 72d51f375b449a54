/*
 * dispatch.h
 *		Frames of clients, one handler each; see dispatch.c.
 */
#ifndef DISPATCH_H
#define DISPATCH_H

#include "broker.h"

/* One whole frame is here.  False: the connection must end. */
extern bool dispatch_frame(Broker *b, Conn *c, const WireHeader *h,
						   const uint8_t *payload, const char **why);

#endif							/* DISPATCH_H */
