# Transform::Test: what the TAP files share: a cluster with the extension, jobs,
# and the processes below a cluster.  Everything waits for facts, with a limit.
#
#	use Transform::Test;
#	my $node = transform_node('main', 'transform.warm_workers' => 1);
#	my $job = submit($node, 'add_total', 'sales', 'sales_total');
#	is(wait_for_job($node, $job), 'succeeded');
#	kill_process($node, 'broker');
#	finish($node);
#
# With WINDOWS_SERVER in the environment the server is one under Wine: the
# server's programs in PATH are test/windows/server-tool.sh, and processes are
# Windows processes.
package Transform::Test;

use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes ();
use if defined $ENV{WINDOWS_SERVER}, 'Transform::Windows';

our @EXPORT = qw($windows transform_node ask reload create_script submit wait_for_job job_row
  wait_until processes kill_process end_process finish log_since);
our $windows = defined $ENV{WINDOWS_SERVER};

# A started cluster with the extension in database postgres.
sub transform_node
{
	my ($name, %settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', slurp_file($ENV{TRANSFORM_CONF}));
	$node->append_conf('postgresql.conf', "$_ = '$settings{$_}'") for sort keys %settings;
	$node->start;
	ask($node, 'CREATE EXTENSION transform');
	return $node;
}

# The answer of database postgres, by a session that stays: a new one costs a
# third of a second under Wine.  A server that restarts is waited for.
my %session;

sub ask
{
	my ($node, $query) = @_;
	for my $last (0, 1)
	{
		my $session = $session{ $node->name } //= $node->background_psql('postgres');
		$session->set_query_timer_restart;
		my $answer = eval { $session->query($query) };
		return $answer if defined $answer;
		delete $session{ $node->name };
		die "$session->{stderr}\nthe query: $query" if $last || $session->{stderr} =~ /ERROR:/;
		$node->poll_query_until('postgres', 'SELECT true');
	}
}

# Have the configuration read again; the session that stays has done so, too.
sub reload
{
	my ($node) = @_;
	my $before = ask($node, 'SELECT pg_conf_load_time()');
	$node->reload;
	return wait_until(sub { ask($node, 'SELECT pg_conf_load_time()') ne $before });
}

# Register a script, given as Python text.
sub create_script
{
	my ($node, $name, $code, %options) = @_;
	my $more = join '', map { ", $_ => '$options{$_}'" } sort keys %options;
	return ask($node,
		"SELECT transform_script_create('$name', \$script\$$code\$script\$$more)");
}

# Submit a job; its number.  Options: mode, shape, params, ...
sub submit
{
	my ($node, $script, $source, $destination, %options) = @_;
	my $more = join '', map { ", $_ => '$options{$_}'" } sort keys %options;
	return ask($node,
		"SELECT transform_submit('$script', '$source', '$destination'$more)");
}

# The final state, or the state after a minute.
sub wait_for_job
{
	my ($node, $job) = @_;
	return ask($node, "SELECT transform_wait($job, '60 s')");
}

# Columns of the job row: a hash; NULL is undef.
sub job_row
{
	my ($node, $job, @columns) = @_;
	my $list = join ', ', map { "$_\::text" } @columns;
	my %row;
	@row{@columns} = @{ JSON::PP::decode_json(ask($node, "SELECT json_build_array($list) FROM transform.jobs WHERE id = $job")) };
	return \%row;
}

# Poll until the code returns something true; that, or undef after the limit.
sub wait_until
{
	my ($fact, $seconds) = @_;
	my $end = Time::HiRes::time() + ($seconds // $PostgreSQL::Test::Utils::timeout_default);
	my $pause = 0.01;
	while (Time::HiRes::time() < $end)
	{
		my $value = $fact->();
		return $value if $value;
		Time::HiRes::sleep($pause);
		$pause = 0.1 if ($pause *= 1.5) > 0.1;
	}
	return;
}

# The live processes below a node: a list of hashes {pid, parent, role, title}.
# Roles: postmaster, launcher, scheduler, runner, broker, zygote, worker, other.
sub processes
{
	my ($node) = @_;
	my $root = $node->{_pid} or return;
	return Transform::Windows::processes($root, ask($node,
		"SELECT pid, substr(backend_type, 11) FROM pg_stat_activity WHERE backend_type LIKE 'transform %'")) if $windows;
	my (%parent, %title, @found);
	for my $folder (glob '/proc/[0-9]*')
	{
		my ($pid) = $folder =~ /(\d+)$/;
		open my $in, '<', "$folder/stat" or next;
		my $stat = <$in> // next;
		my ($state, $up) = $stat =~ /.*\) (\S) (\d+)/ or next;
		next if $state eq 'Z';
		$parent{$pid} = $up;
		open my $command, '<', "$folder/cmdline" or next;
		($title{$pid} = join '', <$command>) =~ tr/\0/ /;
	}
	for my $pid (sort { $a <=> $b } keys %parent)
	{
		my ($up, $hosts) = ($pid, 0);
		while (defined $up && $up != $root)
		{
			$hosts++ if ($title{$up} // '') =~ /sandbox_host/;
			$up = $parent{$up};
		}
		next unless defined $up;
		push @found, {
			pid => $pid, parent => $parent{$pid}, title => $title{$pid},
			role => role($pid == $root, $title{$pid} // '', $hosts) };
	}
	return @found;
}

sub role
{
	my ($is_root, $title, $hosts) = @_;
	return 'postmaster' if $is_root;
	return $1 if $title =~ /transform (launcher|scheduler|runner)/;
	return 'other' unless $hosts;
	return ('broker', 'zygote')[ $hosts - 1 ] // 'worker';
}

# kill -9 the first process of a role, as soon as there is one; its pid.
sub kill_process
{
	my ($node, $role, $signal) = @_;
	my $pid = wait_until(
		sub {
			my ($one) = grep { $_->{role} eq $role } processes($node);
			return $one && $one->{pid};
		});
	ok($pid, "there is a $role to kill") or return;
	end_process($node, $signal // 'KILL', $pid);
	return $pid;
}

# Signal processes.  Where there are no signals, KILL is TerminateProcess, and
# TERM is for the server to pass on, in its own way.
sub end_process
{
	my ($node, $signal, @pids) = @_;
	return kill $signal, @pids if !$windows;
	return Transform::Windows::terminate(@pids) if $signal eq 'KILL';
	ask($node, "SELECT pg_terminate_backend($_)") for @pids;
	return scalar @pids;
}

# The server log from a position on (see -s $node->logfile).
sub log_since
{
	my ($node, $offset) = @_;
	return slurp_file($node->logfile, $offset // 0);
}

# Stop the node; nothing of it may be left.
sub finish
{
	my ($node) = @_;
	my @pids = map { $_->{pid} } processes($node);
	my $session = delete $session{ $node->name };
	$session->quit if $session;
	$node->stop('fast');
	my $gone = wait_until($windows
		? sub { Transform::Windows::all_gone(@pids) }
		: sub { !grep { -d "/proc/$_" } @pids }, 30);
	ok($gone, 'no process is left after the server has stopped');
	done_testing();
	return;
}

1;
