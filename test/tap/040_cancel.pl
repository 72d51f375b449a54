# Cancelling: by function, by signal, by the client's stop button; while a
# script computes, and while it waits.  Logs are readable all the while.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Transform::Test;

my $node = transform_node('main', 'transform.warm_workers' => 2);
ask($node, 'CREATE TABLE source AS SELECT g AS n FROM generate_series(1, 100) g');
create_script($node, 'same', "def transform(df):\n    return df\n");
create_script($node, 'forever', "def transform(df):\n    print('it has begun')\n    while True:\n        pass\n");

sub begun
{
	my ($job) = @_;
	return wait_until(
		sub { ask($node, "SELECT count(*) FROM transform_logs($job) WHERE message = 'it has begun'") });
}

sub gone_after
{
	my ($job, $how) = @_;
	is(wait_for_job($node, $job), 'cancelled', "$how: cancelled");
	is(job_row($node, $job, 'sqlstate')->{sqlstate}, '57014', "$how: SQLSTATE");
	ok(wait_until(sub { !grep { $_->{role} eq 'runner' } processes($node) }), "$how: no runner is left");
	is(ask($node, "SELECT to_regclass('out') IS NULL"), 't', "$how: no table is left");
	is(ask($node, "SELECT count(*) FROM transform_logs($job)"), '1', "$how: the log is kept");
}

my $job = submit($node, 'forever', 'source', 'out');
ok(begun($job), 'the log can be read while the script runs');
my $progress = ask($node, "SELECT phase, rows_read, elapsed > '0' FROM transform.progress WHERE job = $job");
is($progress, 'working|100|t', 'so can the progress');
is(ask($node, "SELECT transform_cancel($job)"), 't', 'transform_cancel finds it');
gone_after($job, 'transform_cancel');
is(ask($node, "SELECT transform_cancel($job)"), 'f', 'a second one does not');

$job = submit($node, 'forever', 'source', 'out');
ok(begun($job), 'another one');
ask($node, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE backend_type = 'transform runner'");
gone_after($job, 'pg_cancel_backend');

# the stop button of whoever runs transform_run: statement_timeout is one
ask($node, "CREATE TABLE anchor AS SELECT coalesce(max(id), 0) AS id FROM transform.jobs");
my ($code, $out, $err) = $node->psql('postgres',
	"SET statement_timeout = '2s'; \n\\set AUTOCOMMIT on\nCALL transform_run('forever', 'source', 'out');");
isnt($code, 0, 'transform_run is interrupted');
like($err, qr/canceling statement due to statement timeout/, '... with the reason');
like($err, qr/has been asked to stop/, '... and what becomes of the job');
$job = ask($node, 'SELECT max(id) FROM transform.jobs');
gone_after($job, 'transform_run');

# a job whose runner is terminated by an administrator is tried again
$job = submit($node, 'forever', 'source', 'out');
ok(begun($job), 'a job is running');
ask($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'transform runner'");
ok(wait_until(sub { job_row($node, $job, 'attempt')->{attempt} == 2 }), 'pg_terminate_backend: a second attempt');
ok(wait_until(sub { ask($node, "SELECT count(*) FROM transform_logs($job) WHERE attempt = 2") }), '... that runs');
is(ask($node, "SELECT transform_cancel($job)"), 't', '... and can be cancelled');
is(wait_for_job($node, $job), 'cancelled', '... for good');

# a client that submitted and went away is no reason to stop
$job = submit($node, 'same', 'source', 'out');
is(wait_for_job($node, $job), 'succeeded', 'a job outlives its client');

# more jobs than may run: the rest waits, and says for what; roles take turns
ask($node, 'ALTER SYSTEM SET transform.max_concurrent_jobs = 1');
$node->restart;
my $blocker = submit($node, 'forever', 'source', 'out_blocker');
ok(begun($blocker), 'one job runs');
my @jobs = map { submit($node, 'same', 'source', "out_$_", priority => $_) } (1, 3, 2);
like(job_row($node, $jobs[0], 'waiting_reason')->{waiting_reason}, qr/transform\.max_concurrent_jobs is 1/, 'the others say what they wait for');

# who waits for it is woken by the end of every other job, and keeps nothing of that
SKIP:
{
	skip 'a thousand jobs take long here', 2 if $windows;
	my $waiter = $node->background_psql('postgres');
	my $pid = $waiter->query('SELECT pg_backend_pid()');
	$waiter->query_until(qr/waiting/, "\\echo waiting\nSELECT transform_wait($blocker);\n");
	ask($node, "DO \$\$ BEGIN FOR i IN 1..1000 LOOP PERFORM transform_cancel(transform_submit('same', 'source', 'none')); COMMIT; END LOOP; END \$\$");
	my $memory = qr/\[$pid\].*ExprContext: (\d+) total/;
	ask($node, "SELECT pg_log_backend_memory_contexts($pid)");
	ok(wait_until(sub { slurp_file($node->logfile) =~ $memory }), 'the memory of who waits is told');
	my ($most) = sort { $b <=> $a } slurp_file($node->logfile) =~ /$memory/g;
	cmp_ok($most, '<=', 8192, '... and has not grown');
	ask($node, "SELECT pg_terminate_backend($pid)");
	eval { $waiter->quit };
}
ask($node, "SELECT transform_cancel($jobs[2]), transform_cancel($blocker)");
is(wait_for_job($node, $jobs[0]), 'succeeded', 'the one of the lowest priority');
is(wait_for_job($node, $jobs[1]), 'succeeded', 'the one of the highest');
is(wait_for_job($node, $jobs[2]), 'cancelled', 'the one that was cancelled meanwhile');
is(ask($node, "SELECT string_agg(priority::text, ' ' ORDER BY started_at) FROM transform.jobs WHERE id IN ($jobs[0], $jobs[1])"),
	'3 1', 'they ran by priority');

finish($node);
