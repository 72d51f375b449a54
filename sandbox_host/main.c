/*
 * main.c
 *		Entry of sandbox_host: reads the command line and becomes what it asks
 *		for.
 */
#include <stdio.h>

#include "broker.h"
#include "config.h"
#include "log.h"
#include "plat/plat.h"
#include "zygote.h"

int
main(int argc, char **argv)
{
	Config		config;
	ShErr		err;

	if (!config_parse(&config, argc, argv, &err))
	{
		log_line(LOG_FAIL, "%s", err.text);
		return 2;
	}
	if (config.help)
	{
		config_print_help();
		return 0;
	}
	if (config.version)
	{
		printf("sandbox_host %s\n", SANDBOX_HOST_VERSION);
		return 0;
	}
	if (!plat_init(config.template, &err))
	{
		log_line(LOG_FAIL, "%s", err.text);
		return 1;
	}
	config.venv = plat_path_for_workers(config.venv);
	config.driver = plat_path_for_workers(config.driver);
	if (config.template)
		return zygote_main(&config);
	return broker_main(&config);
}
