/*
 * tr_diff.h
 *		The difference of two texts.
 */
#ifndef TR_DIFF_H
#define TR_DIFF_H

/*
 * A unified diff with three lines of context, as patch takes it; empty when
 * the texts are equal.  The labels are one line each.
 */
extern char *tr_diff_unified(const char *a, const char *b,
							 const char *label_a, const char *label_b);

#endif							/* TR_DIFF_H */
