/*
 * tr_utility.h
 *		Getting out of the way of DROP DATABASE and its like.
 */
#ifndef TR_UTILITY_H
#define TR_UTILITY_H

extern void tr_utility_init(void);

#endif							/* TR_UTILITY_H */
