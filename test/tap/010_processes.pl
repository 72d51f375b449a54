# The processes of transform: who starts whom, and what happens when one of
# them dies.  A job ends exactly once, whatever happens.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Transform::Test;

my $node = transform_node('main', 'transform.warm_workers' => 2, restart_after_crash => 'on');
ask($node, 'CREATE TABLE source AS SELECT g AS n FROM generate_series(1, 1000) g');
create_script($node, 'same', "def transform(df):\n    return df\n");
create_script($node, 'slow', "def transform(df):\n    for i in range(10**7 * 3):\n        pass\n    return df\n");

# Wait until a job is being worked on.
sub working
{
	my ($job) = @_;
	return wait_until(
		sub {
			ask($node, "SELECT count(*) FROM transform.progress WHERE job = $job AND phase = 'working' AND rows_read > 0");
		});
}

# End a process of a role; of the workers all, since which has the job is not
# to be seen from outside.
sub end_role
{
	my ($role, $signal) = @_;
	return kill_process($node, $role, $signal) if $role ne 'worker';
	my @pids = map { $_->{pid} } grep { $_->{role} eq 'worker' } processes($node);
	return ok(end_process($node, $signal, @pids), 'there is a worker to kill');
}

sub rows_of
{
	return ask($node, "SELECT count(*) FROM $_[0]");
}

# one of each
is(wait_for_job($node, submit($node, 'same', 'source', 'out_first')), 'succeeded', 'a job succeeds');
my %count;
$count{ $_->{role} }++ for processes($node);
is($count{launcher}, 1, 'one launcher');
is($count{scheduler}, 1, 'one scheduler');
is($count{broker}, 1, 'one broker');
is(ask($node, "SELECT string_agg(DISTINCT backend_type, ', ' ORDER BY backend_type) FROM pg_stat_activity WHERE backend_type LIKE 'transform%'"),
	'transform launcher, transform scheduler', 'they show in pg_stat_activity');

# infrastructure that dies is tried again; the launcher and the scheduler are
# not even needed by a job that runs
for my $role ('worker', $windows ? () : 'zygote', 'broker', 'runner', 'scheduler', 'launcher')
{
	my $signal = $role =~ /^(worker|zygote|broker)$/ ? 'KILL' : 'TERM';
	my $job = submit($node, 'slow', 'source', "out_$role");
	ok(working($job), "a job is running before the $role is ended");
	end_role($role, $signal);
	is(wait_for_job($node, $job), 'succeeded', "the job succeeds although the $role was ended");
	is(rows_of("out_$role"), 1000, '... with every row once');
	is(job_row($node, $job, 'attempt')->{attempt}, $role =~ /scheduler|launcher/ ? 1 : 2,
		'... at the expected attempt') if $role ne 'launcher';
}

# a runner killed outright makes the server restart; the job is run again
for my $role (qw(runner scheduler launcher))
{
	my $job = submit($node, 'slow', 'source', "out_kill_$role");
	ok(working($job), "a job is running before the $role is killed");
	kill_process($node, $role, 'KILL');
	ok(wait_until(sub { ask($node, "SELECT count(*) FROM transform.jobs WHERE id = $job AND state = 'succeeded'") }),
		"the job succeeds after the server has restarted because of the $role");
	is(rows_of("out_kill_$role"), 1000, '... with every row once');
}

# the postmaster itself: the jobs are still there when it comes back; and a
# database whose DROP was interrupted is left alone by our workers, too
ask($node, 'CREATE DATABASE half_dropped');
ask($node, "UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'half_dropped'");
my $job = submit($node, 'slow', 'source', 'out_postmaster');
ok(working($job), 'a job is running before the server is stopped at once');
$node->stop('immediate');
$node->start;
is(wait_for_job($node, $job), 'succeeded', 'the job succeeds after the server is back');
is(rows_of('out_postmaster'), 1000, '... with every row once');
ok(slurp_file($node->logfile) !~ /invalid database/, 'no worker has tried to connect to an invalid database');
ask($node, 'DROP DATABASE half_dropped');

# tried often enough
$node->append_conf('postgresql.conf', "transform.max_attempts = 1");
reload($node);
ok(wait_until(sub { ask($node, 'SHOW transform.max_attempts') eq '1' }), 'one attempt is allowed');
wait_for_job($node, submit($node, 'same', 'source', 'out_reload'));
$job = submit($node, 'slow', 'source', 'out_never');
ok(working($job), 'a job is running');
end_role('worker', 'KILL');
is(wait_for_job($node, $job), 'failed', 'no second attempt');
my $row = job_row($node, $job, qw(sqlstate error_stage error error_hint));
is($row->{sqlstate}, '58000', 'SQLSTATE of a fault of the infrastructure');
is($row->{error_stage}, 'infrastructure', 'its stage');
ok($row->{error_hint}, 'with a hint');
is(ask($node, "SELECT to_regclass('out_never') IS NULL"), 't', 'nothing is left of it');

finish($node);
