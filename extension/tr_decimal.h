/*
 * tr_decimal.h
 *		Decimal text and Arrow decimals (little-endian two's complement of
 *		128 or 256 bits, value times ten to the scale), exactly.
 */
#ifndef TR_DECIMAL_H
#define TR_DECIMAL_H

#include "postgres.h"

/*
 * "-12.340" into `width` bytes at this scale.  False when it is not a plain
 * number, has more fraction digits than the scale (other than zeros) or more
 * digits than the precision.
 */
extern bool tr_decimal_from_text(const char *text, int precision, int scale,
								 uint8 *bytes, int width);

/* The reverse; buf holds at least TR_DECIMAL_TEXT bytes.  False when the
 * value has more digits than the precision, as only a hostile one has. */
#define TR_DECIMAL_TEXT		192
extern bool tr_decimal_to_text(const uint8 *bytes, int width, int precision,
							   int scale, char *buf);

/* Does the shortest text of v denote exactly the number in text? */
extern bool tr_decimal_text_equals_float(const char *text, float8 v);

#endif							/* TR_DECIMAL_H */
