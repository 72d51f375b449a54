/*
 * tr_redact.h
 *		Statements with passwords or tokens in them are not shown;
 *		tr_redact.c says where.
 *
 * Process: any.
 */
#ifndef TR_REDACT_H
#define TR_REDACT_H

extern void tr_redact_init(void);	/* while preloading */

/* The statement that runs now has a secret in it, whatever it looks like. */
extern void tr_redact_statement(void);

#endif							/* TR_REDACT_H */
