# Transform::Windows: what Transform::Test needs of a server under Wine: TCP
# instead of Unix sockets, and the processes, through test/windows/proctool.c
# (WINDOWS_PROCTOOL is the command that runs it).
package Transform::Windows;

use strict;
use warnings;
use IPC::Open2;
use PostgreSQL::Test::Utils;

# PostgreSQL::Test::Cluster looks at this when all files are compiled.
$PostgreSQL::Test::Utils::use_unix_sockets = 0;
$ENV{PGUSER} = 'postgres';

my ($answers, $commands);

# Lines of fields that answer a command.
sub ask
{
	my ($command) = @_;
	if (!$commands)
	{
		local $SIG{CHLD};
		open2($answers, $commands, split ' ', $ENV{WINDOWS_PROCTOOL});
	}
	print $commands "$command\n";
	my @lines;
	while (my $line = <$answers>)
	{
		$line =~ s/\r?\n$//;
		return @lines if $line eq '.';
		push @lines, [ split /\t/, $line ];
	}
	die 'proctool has gone';
}

sub terminate
{
	my @pids = @_;
	my $n = 0;
	for my $pid (@pids)
	{
		my ($error) = ask("kill $pid");
		$n++ if !$error;
	}
	return $n;
}

# pid => [ pid, parent, creation time, program, command line ]
sub table
{
	return map { ($_->[0] => $_) } ask('list');
}

sub all_gone
{
	my @pids = @_;
	my %every = table();
	return !grep { $every{$_} } @pids;
}

# As Transform::Test::processes, of the postmaster $root: the processes of the
# server's programs say nothing of what they are, so the server does (lines of
# "pid|role").
sub processes
{
	my ($root, $server_says) = @_;
	my %every = table();
	my %role = ($root => 'postmaster');
	$role{$1} = $2 while $server_says =~ /^(\d+)\|(\w+)/mg;
	my @found;
	for my $pid (sort { $a <=> $b } keys %every)
	{
		my ($up, $hosts) = ($pid, 0);
		while ($every{$up} && $up != $root)
		{
			$hosts++ if $every{$up}[3] =~ /sandbox_host/;
			my $parent = $every{ $every{$up}[1] };
			# the number of a parent that is gone is given away again
			last if !$parent || $parent->[2] > $every{$up}[2];
			$up = $parent->[0];
		}
		next unless $up == $root && $every{$root};
		$hosts++ if $hosts && $every{$pid}[3] !~ /sandbox_host/;	# so new that it has no name yet
		push @found, {
			pid => $pid, parent => $every{$pid}[1], title => $every{$pid}[4] || $every{$pid}[3],
			role => $role{$pid} // ('other', 'broker', 'worker')[$hosts] // 'worker' };
	}
	return @found;
}

END { close $commands if $commands; }

1;
