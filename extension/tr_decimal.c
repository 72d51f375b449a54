/*
 * tr_decimal.c
 *		Decimal text and Arrow decimals, exactly.
 *
 * PostgreSQL's numeric keeps its digits private, so text is the bridge; the
 * binary side is four 64-bit limbs, least significant first.
 */
#include "postgres.h"

#include "common/shortest_dec.h"
#include "utils/float.h"

#include "tr_decimal.h"

#define LIMBS		4
#define MAX_DIGITS	76

typedef struct Wide
{
	uint64		limb[LIMBS];
} Wide;

/* w = w * 10 + digit; the caller bounds the number of digits. */
static void
wide_push(Wide *w, int digit)
{
	uint128		carry = digit;

	for (int i = 0; i < LIMBS; i++)
	{
		carry += (uint128) w->limb[i] * 10;
		w->limb[i] = (uint64) carry;
		carry >>= 64;
	}
}

/* w = w / 10; returns the remainder. */
static int
wide_pop(Wide *w)
{
	uint128		rest = 0;

	for (int i = LIMBS - 1; i >= 0; i--)
	{
		rest = rest << 64 | w->limb[i];
		w->limb[i] = (uint64) (rest / 10);
		rest %= 10;
	}
	return (int) rest;
}

static bool
wide_is_zero(const Wide *w)
{
	return (w->limb[0] | w->limb[1] | w->limb[2] | w->limb[3]) == 0;
}

static void
wide_negate(Wide *w)
{
	uint128		carry = 1;

	for (int i = 0; i < LIMBS; i++)
	{
		carry += (uint64) ~w->limb[i];
		w->limb[i] = (uint64) carry;
		carry >>= 64;
	}
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
tr_decimal_from_text(const char *text, int precision, int scale,
					 uint8 *bytes, int width)
{
	Wide		w = {{0}};
	bool		negative = *text == '-';
	const char *p = text + (negative ? 1 : 0);
	int			digits = 0;
	int			fraction = 0;
	bool		point = false;

	if (!is_digit(*p))
		return false;
	for (; is_digit(*p) || (*p == '.' && !point); p++)
	{
		if (*p == '.')
		{
			point = true;
			continue;
		}
		if (point && fraction == scale)
		{
			if (*p != '0')
				return false;	/* more fraction than the scale holds */
			continue;
		}
		fraction += point ? 1 : 0;
		if (digits > 0 || *p != '0')
			digits++;
		if (digits > precision || digits > MAX_DIGITS)
			return false;
		wide_push(&w, *p - '0');
	}
	if (*p != '\0')
		return false;
	for (; fraction < scale; fraction++)
	{
		if (digits > 0 && ++digits > Min(precision, MAX_DIGITS))
			return false;
		wide_push(&w, 0);
	}
	if (negative)
		wide_negate(&w);
	for (int i = 0; i < width; i++)
		bytes[i] = (uint8) (w.limb[i / 8] >> (8 * (i % 8)));
	return true;
}

static Wide
wide_load(const uint8 *bytes, int width)
{
	Wide		w;
	bool		negative = (bytes[width - 1] & 0x80) != 0;

	memset(&w, negative ? 0xff : 0, sizeof(w));
	for (int i = 0; i < width; i++)
	{
		int			shift = 8 * (i % 8);

		w.limb[i / 8] &= ~((uint64) 0xff << shift);
		w.limb[i / 8] |= (uint64) bytes[i] << shift;
	}
	return w;
}

bool
tr_decimal_to_text(const uint8 *bytes, int width, int precision, int scale,
				   char *buf)
{
	char		reversed[MAX_DIGITS + 1];
	Wide		w = wide_load(bytes, width);
	bool		negative = (bytes[width - 1] & 0x80) != 0;
	int			digits = 0;
	char	   *out = buf;

	if (negative)
		wide_negate(&w);
	while (!wide_is_zero(&w))
	{
		if (digits == precision || digits == MAX_DIGITS)
			return false;
		reversed[digits++] = '0' + wide_pop(&w);
	}
	if (negative)
		*out++ = '-';
	if (digits <= Max(scale, 0))
		*out++ = '0';
	for (int at = Max(digits, scale) - 1; at >= 0; at--)
	{
		if (at == scale - 1)
			*out++ = '.';
		*out++ = at < digits ? reversed[at] : '0';
	}
	for (int i = scale; i < 0 && digits > 0; i++)
		*out++ = '0';
	*out = '\0';
	return true;
}

/*
 * Significant digits of a number's text and the power of ten of the last,
 * without leading and trailing zeros, so that equal numbers look equal.
 */
typedef struct Digits
{
	char		digit[64];
	int			count;
	int			exponent;
	bool		negative;
	bool		fits;
} Digits;

static Digits
digits_of(const char *text)
{
	Digits		d = {{0}, 0, 0, false, true};
	bool		point = false;
	int			zeros = 0;		/* zeros seen since the last other digit */

	if (*text == '-')
	{
		d.negative = true;
		text++;
	}
	for (; is_digit(*text) || *text == '.'; text++)
	{
		if (*text == '.')
		{
			point = true;
			continue;
		}
		if (point)
			d.exponent--;
		if (*text == '0')
		{
			zeros += d.count > 0 ? 1 : 0;
			continue;
		}
		for (; zeros > 0; zeros--)
		{
			if (d.count == (int) sizeof(d.digit))
				d.fits = false;
			else
				d.digit[d.count++] = '0';
		}
		if (d.count == (int) sizeof(d.digit))
			d.fits = false;
		else
			d.digit[d.count++] = *text;
	}
	d.exponent += zeros;
	if (*text == 'e' || *text == 'E')
		d.exponent += atoi(text + 1);
	if (d.count == 0)
	{
		d.exponent = 0;
		d.negative = false;
	}
	return d;
}

bool
tr_decimal_text_equals_float(const char *text, float8 v)
{
	char		shortest[DOUBLE_SHORTEST_DECIMAL_LEN];
	Digits		a = digits_of(text);
	Digits		b;

	double_to_shortest_decimal_buf(v, shortest);
	b = digits_of(shortest);
	return a.fits && b.fits && a.count == b.count &&
		a.exponent == b.exponent && a.negative == b.negative &&
		memcmp(a.digit, b.digit, a.count) == 0;
}
