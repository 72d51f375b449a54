/*
 * tr_inout.c
 *		Output and input functions of types, whatever the session's settings.
 *
 * Process: the backend that holds a job.
 *
 * The settings are the job's role's own: its views, triggers and defaults see
 * them.  So they change only around the call of a type's function, which
 * is C code that runs nothing of a user's; and by assigning the variables,
 * since a nested level of settings costs microseconds, per value.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/bytea.h"
#include "utils/float.h"
#include "utils/xml.h"

#include "tr_inout.h"

typedef struct Style
{
	int			date_style;
	int			date_order;
	int			interval_style;
	int			float_digits;
	int			bytea;
	int			xml;
} Style;

static const Style exact = {
	USE_ISO_DATES, DATEORDER_MDY, INTSTYLE_ISO_8601, 1, BYTEA_OUTPUT_HEX,
	XMLOPTION_CONTENT
};

static Style
current_style(void)
{
	return (Style) {
		DateStyle, DateOrder, IntervalStyle, extra_float_digits, bytea_output,
			xmloption
	};
}

static void
set_style(const Style *style)
{
	DateStyle = style->date_style;
	DateOrder = style->date_order;
	IntervalStyle = style->interval_style;
	extra_float_digits = style->float_digits;
	bytea_output = style->bytea;
	xmloption = style->xml;
}

char *
tr_output(FmgrInfo *output, Datum value)
{
	Style		before = current_style();
	char	   *text = NULL;

	PG_TRY();
	{
		set_style(&exact);
		text = OutputFunctionCall(output, value);
	}
	PG_FINALLY();
	{
		set_style(&before);
	}
	PG_END_TRY();
	return text;
}

Datum
tr_input(FmgrInfo *input, char *text, Oid param, int32 typmod)
{
	Style		before = current_style();
	Datum		value = (Datum) 0;

	PG_TRY();
	{
		set_style(&exact);
		value = InputFunctionCall(input, text, param, typmod);
	}
	PG_FINALLY();
	{
		set_style(&before);
	}
	PG_END_TRY();
	return value;
}
