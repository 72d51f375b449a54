# A dump keeps the scripts and the jobs that are over, with their logs; a job
# that still has to run is not run by the copy.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Transform::Test;

my $node = transform_node('main', 'transform.warm_workers' => 1, 'transform.max_concurrent_jobs' => 1);
ask($node, 'CREATE TABLE source AS SELECT 1 AS n; CREATE TABLE old_source AS SELECT 2 AS n');
# as careful administrators do; what stands for a pending job is not dumped all the same
ask($node, 'ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC');
create_script($node, 'same', "def transform(df):\n    print('hello')\n    return df\n");
create_script($node, 'same', "def transform(df):\n    print('hello')\n    return df.copy()\n");
create_script($node, 'forever', "def transform(df):\n    while True:\n        pass\n");
ask($node, $_) for 'CREATE ROLE guest', 'CREATE ROLE gone',
  "SELECT transform_script_create('first', (SELECT code FROM transform.scripts WHERE name = 'same' AND current))",
  "SELECT transform_script_rename('first', 'aside')", "SELECT transform_script_archive('aside')",
  "SELECT transform_script_grant('same', role, 'use') FROM unnest(ARRAY['guest', 'gone']) AS role", 'DROP ROLE gone';
my $done = submit($node, 'same', 'source', 'out');
my $old = submit($node, 'same', 'old_source', 'out_old');
is(wait_for_job($node, $_), 'succeeded', "job $_ is done") for $done, $old;
ask($node, 'DROP TABLE old_source');
my $running = submit($node, 'forever', 'source', 'out_never');
my $pending = submit($node, 'same', 'source', 'out_never2');
ok(wait_until(sub { job_row($node, $running, 'state')->{state} eq 'running' }), 'one job runs, another waits');

my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('postgres') ], 'pg_dump');
unlike(slurp_file($dump), qr/job \d+ of transform/, 'what pending jobs depend on is not part of it');
ask($node, 'CREATE DATABASE copy');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('copy'), '-f', $dump ], 'restore');

is($node->safe_psql('copy', 'SELECT name, version, current FROM transform.scripts ORDER BY 1, 2'),
	"forever|1|t\nsame|1|f\nsame|2|t", 'scripts with all their versions');
is($node->safe_psql('copy', 'SELECT name, version FROM transform.archived_scripts'), 'aside|1', '... also one that is archived');
is($node->safe_psql('copy', 'SELECT script, role, privilege FROM transform.script_grants'), 'same|guest|use',
	'whom they are shared with, as far as those roles exist');
isnt($node->safe_psql('copy', "SELECT transform_script_create('new', 'def transform(df): return df')"), '', 'a new one has a number of its own');
$node->safe_psql('copy', "SELECT transform_script_archive('new')");
is($node->safe_psql('copy', 'SELECT id, state, source FROM transform.jobs ORDER BY id'),
	"$done|succeeded|public.source\n$old|succeeded|public.old_source", 'the jobs that are over');
is($node->safe_psql('copy', "SELECT message FROM transform_logs($done)"), 'hello', 'their logs');
my $next = $node->safe_psql('copy', "SELECT transform_submit('same', 'source', 'out_copy')");
cmp_ok($next, '>', $pending, 'numbers go on where the original was');
ask($node, "SELECT transform_cancel($running)");
is($node->safe_psql('copy', "SELECT transform_wait($next, '1 min')"), 'succeeded', 'the copy works');

# rights that were given by name; and without jobs, who wants that
ask($node, 'CREATE ROLE operator; GRANT EXECUTE ON FUNCTION transform_version() TO operator; CREATE DATABASE scripts');
my @no_jobs = map { "--exclude-table-data=transform.$_" } qw(job job_log);
$node->command_ok([ 'pg_dump', '-f', $dump, @no_jobs, $node->connstr('postgres') ], 'pg_dump without jobs');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('scripts'), '-f', $dump ], 'restore');
is($node->safe_psql('scripts', 'SELECT (SELECT count(*) FROM transform.scripts), (SELECT count(*) FROM transform.jobs)'), '3|0', 'scripts and no job');
is($node->safe_psql('scripts', "SELECT has_function_privilege('operator', 'transform_version()', 'EXECUTE'), has_function_privilege('operator', 'transform_validate(text)', 'EXECUTE')"),
	't|f', 'a right that was given');

# what is dropped is gone, with what pending jobs depend on; roles stay
$node->safe_psql('copy', "BEGIN; SELECT transform_submit('same', 'source', 'out_gone'); DROP EXTENSION transform; COMMIT");
is($node->safe_psql('copy', "SELECT count(*) FROM pg_proc WHERE proname LIKE 'job % of transform'"), '0', 'no pending job is left');
is($node->safe_psql('copy', "SELECT count(*) FROM pg_namespace WHERE nspname = 'transform'"), '0', 'DROP EXTENSION leaves nothing');
is($node->safe_psql('copy', "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'transform%'"), '3', '... but the roles');

finish($node);
