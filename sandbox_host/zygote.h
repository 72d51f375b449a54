/*
 * zygote.h
 *		The process that has Python loaded before it is needed.
 */
#ifndef ZYGOTE_H
#define ZYGOTE_H

#include "config.h"
#include "walls.h"

/* What it tells the broker when it is ready. */
typedef struct ZygoteReport
{
	WallReport	walls;
	char		facts[3000];	/* "name\tgood or bad\ttext\n" each */
	char		versions[400];	/* "pandas 3.1.1\n" and so on */
} ZygoteReport;

extern int	zygote_main(const Config *config);

#endif							/* ZYGOTE_H */
