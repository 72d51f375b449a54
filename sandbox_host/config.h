/*
 * config.h
 *		The command line.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

typedef struct Config
{
	const char *program;		/* argv[0] */
	const char *listen;
	const char *venv;
	const char *driver;
	const char *allowed_modules;
	const char *walls_off_names;
	const char *allow_account;
	long		workers;
	long		max_workers;
	uint32_t	walls_off;		/* from walls_off_names */
	bool		service;
	bool		selftest;
	bool		template;
	bool		version;
	bool		help;
} Config;

/* Room for the arguments that config_template_args writes. */
#define CONFIG_TEMPLATE_ARGS	12

extern bool config_parse(Config *config, int argc, char **argv, ShErr *err);
extern void config_print_help(void);

/*
 * The arguments that make this program a template with the same settings;
 * the strings belong to config.
 */
extern void config_template_args(const Config *config,
								 char *args[CONFIG_TEMPLATE_ARGS]);

#endif							/* CONFIG_H */
