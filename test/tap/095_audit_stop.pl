# What waits for the audit when the server stops: there after the next start,
# with every kind of stop, from every database; and a file of it that is damaged.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Transform::Test;

my $node = transform_node('main', 'transform.warm_workers' => 1, log_min_messages => 'warning');
my $file = $node->data_dir . '/transform_audit_queue';
my $many = 'DO $$BEGIN FOR i IN 1..%d LOOP BEGIN PERFORM transform_submit(%s || i, NULL, NULL);'
  . ' EXCEPTION WHEN OTHERS THEN END; END LOOP; END$$';

sub refused
{
	my ($database, $n, $what) = @_;
	$node->safe_psql($database, sprintf $many, $n, "'$what'");
	return;
}

sub recorded
{
	my ($database, $what) = @_;
	return $node->safe_psql($database, "SELECT count(*) || ' ' || count(DISTINCT script) FROM transform.audit WHERE outcome = 'refused' AND script ~ '^$what\[0-9]+\$'");
}

sub complete
{
	my ($database, $what, $n, $name) = @_;
	ok(wait_until(sub { recorded($database, $what) eq "$n $n" }), $name) or diag(recorded($database, $what));
	return;
}

ask($node, 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION transform');

# ---- stopped at once: whether the scheduler has come to them or not
for my $mode ($windows ? 'fast' : qw(fast smart immediate))		# a start is dear under Wine
{
	refused('postgres', 60, "$mode-here-");
	refused('other', 60, "$mode-there-");
	$node->stop($mode);
	$node->start;
	complete('postgres', "$mode-here-", 60, "stop $mode: all are in the audit, each once");
	complete('other', "$mode-there-", 60, '... and in that of another database');
	ok(!-e $file, '... and the file is gone');
}

# ---- nobody takes them: kept in a file
my @locks;

sub hold
{
	for my $database (@_)
	{
		my $lock = $node->background_psql($database);
		$lock->query('BEGIN; LOCK TABLE transform.audit_event IN SHARE MODE');
		push @locks, $lock;
	}
	return;
}

sub stop_held
{
	$node->stop('immediate');
	eval { $_->quit } for splice @locks;
	return;
}

hold('postgres');
refused('postgres', 100, 'still-');
is(recorded('postgres', 'still-'), '0 0', 'nothing of them is written');
stop_held();
ok(-s $file, 'they are in a file');
is((stat $file)[2] & oct(777), oct(600), '... for the server alone') unless $windows;
$node->start;
complete('postgres', 'still-', 100, '... and after the start in the audit');

# ---- more than there is room for, of two databases: one of them tells how many
hold('postgres', 'other');
refused('postgres', 300, 'more-');
refused('other', 50, 'more-');
stop_held();
$node->start;
my $counts = "SELECT coalesce((SELECT sum(split_part(detail, ' ', 1)::numeric) FROM transform.audit WHERE outcome = 'dropped'), 0),"
  . " (SELECT count(*) FROM transform.audit WHERE script ~ '^more-')";

sub counts
{
	my ($dropped, $here) = split /\|/, $node->safe_psql('postgres', $counts);
	my ($more, $there) = split /\|/, $node->safe_psql('other', $counts);
	return ($dropped + $more, $here + $there);
}
ok(wait_until(sub { my ($dropped, $written) = counts(); $dropped > 0 && $dropped + $written == 350 }),
	'how many are missing is kept as well, and told once') or diag(join ' ', counts());

# ---- a file that is not what was written
hold('postgres');
refused('postgres', 3, 'forged-');
stop_held();
my $bytes = slurp_file($file);
$bytes =~ s/forged-1/forged-7/ or die;
open my $out, '>', $file or die $!;
binmode $out;
print $out $bytes;
close $out;
$node->start;
ok(-e "$file.damaged" && !-e $file, 'a file that was changed is not used');
like(slurp_file($node->logfile), qr/WARNING: .*"transform_audit_queue" is damaged/, '... and the log says so');
refused('postgres', 1, 'after-');
complete('postgres', 'after-', 1, 'the audit goes on');
is(recorded('postgres', 'forged-'), '0 0', '... without what was in the file');
ok(wait_until(sub { ask($node, 'SELECT unchained FROM transform_audit_verify()') eq '0' }), 'all rows are chained');
is(ask($node, 'SELECT ok FROM transform_audit_verify()'), 't', '... and are what was written');

finish($node);
