# The audit across what processes do: killed at any moment, stopped, a key that
# is gone, more events than there is room for, rows that are old enough to go.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Transform::Test;

my $node = transform_node('main', 'transform.warm_workers' => 1, restart_after_crash => 'on');
ask($node, 'CREATE TABLE source AS SELECT generate_series(1, 3) AS n');
create_script($node, 'slow', "def transform(df):\n    for i in range(10**7 * 3):\n        pass\n    return df\n");
my $key = $node->data_dir . '/transform_audit_key';

sub verify
{
	my ($head) = @_;
	my $argument = defined $head ? "'$head'" : '';
	my %answer;
	@answer{qw(ok rows unchained what head)} = split /\|/,
		ask($node, "SELECT ok, rows, unchained, what, new_head FROM transform_audit_verify($argument)"), -1;
	return \%answer;
}

# What only somebody can do who takes the guard away.
sub tamper
{
	my ($statement) = @_;
	ask($node, "BEGIN; ALTER TABLE transform.audit_event DISABLE TRIGGER ALL; $statement; "
		. 'ALTER TABLE transform.audit_event ENABLE ALWAYS TRIGGER guard, ENABLE ALWAYS TRIGGER guard_all; COMMIT');
	return;
}

sub all_chained
{
	return wait_until(sub { verify()->{unchained} eq '0' });
}

# ---- the key
is(-s $key, 32, 'the server has made a key');
is((stat $key)[2] & oct(777), oct(600), '... for its own account alone') unless $windows;

# ---- killed: what was committed is there, what is told of it fits
my %jobs;
for my $role (qw(scheduler runner), $windows ? () : 'scheduler')
{
	my $job = submit($node, 'slow', 'source', "out_$role" . scalar keys %jobs);
	my $known = verify()->{head};
	kill_process($node, $role);
	wait_until(sub { eval { $node->psql('postgres', 'SELECT true') == 0 } });
	is(wait_for_job($node, $job), 'succeeded', "a job over the death of a $role");
	$jobs{$job} = 1;
	my $after = verify($known);
	is($after->{ok}, 't', '... the chain holds, with the head from before') or diag($after->{what});
}
ok(all_chained(), 'all rows are chained');
for my $job (sort keys %jobs)
{
	is(ask($node, "SELECT string_agg(event || ' ' || outcome, ', ' ORDER BY id) FROM transform.audit WHERE job = $job AND (event, outcome) <> ('run', 'started')"),
		'submit submitted, run succeeded', "job $job: submitted once, succeeded once");
	cmp_ok(ask($node, "SELECT count(*) FROM transform.audit WHERE job = $job AND outcome = 'started'"), '>=', 1, '... and started');
}

# ---- stopped with rows that are not chained yet, and with another key
create_script($node, 'last', "def transform(df):\n    return df\n");
my $head = verify()->{head};
$node->stop('fast');
rename $key, "$key.kept" or die $!;
$node->start;
my $answer = verify();
is($answer->{ok}, 'f', 'without its key the audit cannot be verified');
like($answer->{what}, qr/transform_audit_key/, '... and the file is named');
create_script($node, 'other_key', "def transform(df):\n    return df\n");
$node->stop('fast');
unlink $key;
rename "$key.kept", $key or die $!;
$node->start;
$answer = verify($head);
like($answer->{what}, qr/^inserted/, 'rows of another key are not ours');
tamper("DELETE FROM transform.audit_event WHERE script = 'other_key'");
is(verify($head)->{ok}, 't', 'without them all holds again');
ok(all_chained(), 'rows from before the stop are chained');

# a damaged file: the server says so instead of making another one
$node->stop('fast');
append_to_file($key, 'x');
ok(!$node->start(fail_ok => 1), 'a server with a damaged key does not start');
like(slurp_file($node->logfile), qr/FATAL:  file "transform_audit_key" does not have 32 bytes/, '... and says why');
truncate $key, 32;
$node->start;
is(verify($head)->{ok}, 't', 'the key is the old one');

# ---- refusals while nobody takes them: counted, and nobody waits
SKIP:
{
	skip 'processes cannot be stopped here', 2 if $windows;
	ask($node, "SELECT transform_validate('x')");
	my ($scheduler) = grep { $_->{role} eq 'scheduler' } processes($node);
	end_process($node, 'STOP', $scheduler->{pid});
	ask($node, q{DO $$BEGIN FOR i IN 1..200 LOOP
		BEGIN PERFORM transform_submit('no such script', 'source', 'out'); EXCEPTION WHEN undefined_object THEN END;
		END LOOP; END$$});
	end_process($node, 'CONT', $scheduler->{pid});
	ok(wait_until(sub { ask($node, "SELECT count(*) FROM transform.audit WHERE outcome = 'dropped'") }), 'there was not room for all');
	my $told = "SELECT (SELECT count(*) FROM transform.audit WHERE outcome = 'refused')"
		. " + (SELECT sum(split_part(detail, ' ', 1)::int) FROM transform.audit WHERE outcome = 'dropped')";
	ok(wait_until(sub { ask($node, $told) == 200 }), '... those that are missing are counted');
}

# ---- old rows go, the rest is still proven
ok(all_chained(), 'all rows are chained');
my $mark = ask($node, 'SELECT clock_timestamp()');
$head = verify()->{head};
ask($node, "ALTER SYSTEM SET transform.audit_retention = '1s'");
$node->reload;
ok(wait_until(sub { ask($node, "SELECT count(*) FROM transform.audit WHERE at < '$mark'") == 0 }), 'old rows are removed');
ask($node, 'ALTER SYSTEM RESET transform.audit_retention');
$node->reload;
create_script($node, 'young', "def transform(df):\n    return df\n");
ok(all_chained(), 'young rows are chained');
$answer = verify($head);
is($answer->{ok}, 't', '... to the last one that was removed') or diag($answer->{what});
cmp_ok(ask($node, 'SELECT seq FROM transform.audit ORDER BY seq LIMIT 1'), '>', $head =~ s/:.*//r, '... at the next place');
tamper('DELETE FROM transform.audit_event WHERE seq = (SELECT min(seq) FROM transform.audit_event)');
is(verify()->{what}, 'removed', 'a row that is gone before its time is missed');

finish($node);
