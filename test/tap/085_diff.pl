# transform_script_diff gives what patch takes: random versions of a script, each
# made from the one before by patch, and no line more than diff --minimal needs.
use strict;
use warnings;
use File::Temp qw(tempdir);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Transform::Test;

plan skip_all => 'patch and diff run where the server does' if $windows;
plan skip_all => 'there is no patch' if system('patch --version >/dev/null 2>&1') != 0;

my $versions = 25;
my $seed = $ENV{SEED} // time;
srand($seed);
note("SEED=$seed");

# Comments, so that any order of them is a script; at times without an end of line.
sub random_text
{
	my @lines = map { '# ' . int(rand(12)) } 1 .. int(rand(60));
	splice(@lines, int(rand(@lines + 1)), 0, 'def transform(df):', '    return df');
	return join("\n", @lines) . (rand() < 0.5 ? "\n" : '');
}

sub edited
{
	my @lines = map { rand() < 0.1 ? () : $_ !~ /^#/ || rand() < 0.8 ? $_ : ($_, '# new ' . int(rand(5))) } split /\n/, shift;
	@lines = (grep({ /^#/ } @lines), 'def transform(df):', '    return df') if join("\n", @lines) !~ /^def transform.*\n    return df$/m;
	return join("\n", @lines) . (rand() < 0.5 ? "\n" : '');
}

sub changed_lines { return scalar grep { /^[-+](?!-- |\+\+ )/ } split /\n/, shift }

my $node = transform_node('main', 'transform.warm_workers' => 1);
my @text = (random_text());
push @text, rand() < 0.7 ? edited($text[-1]) : random_text() while @text < $versions;
create_script($node, 'top', $_) for @text;

my $folder = tempdir(CLEANUP => 1);
my ($patched, $minimal) = (0, 0);
for my $n (1 .. $versions - 1)
{
	my ($old, $new, $diff) = map { "$folder/$_" } qw(old new diff);
	append_to_file($_->[0], $_->[1]) for [ $old, $text[ $n - 1 ] ], [ $new, $text[$n] ];
	my $ours = $node->safe_psql('postgres', "SELECT transform_script_diff('top', $n, @{[ $n + 1 ]})") . "\n";
	append_to_file($diff, $ours);
	my $theirs = `diff --unified --minimal $old $new`;
	$minimal++ if changed_lines($ours) == changed_lines($theirs);
	$patched++ if $text[ $n - 1 ] eq $text[$n] || system("patch --silent --fuzz=0 --binary $old $diff && cmp $old $new") == 0;
	unlink $old, $new, $diff;
}
is($patched, $versions - 1, 'patch makes each version from the one before');
is($minimal, $versions - 1, 'with as few lines as diff --minimal');

finish($node);
