# Keys are rotated and taken out while sessions verify tokens all the time, and
# the server is killed in the middle of that: no token that should hold is
# refused, none that should not is taken, and the file of keys is never torn.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Transform::Test;

my $rounds = 3;
my $each = $windows ? 5 : 15;
my $node = transform_node('main', 'transform.warm_workers' => 1, restart_after_crash => 'on',
	'transform.password_memlimit' => '19MB', 'transform.password_opslimit' => 2);
my $file = $node->data_dir . '/transform_keys';
ask($node, 'CREATE ROLE analyst');
ask($node, "SELECT transform_user_create('$_\@example.com', 'analyst', 'correct horse')") for qw(ann bob);

# What is known of a token is committed after its key has got there: good
# tokens are of keys that stay, the others of keys that are gone.
ask($node, 'CREATE TABLE token (value text, good boolean)');
ask($node, 'CREATE SEQUENCE rotations; CREATE SEQUENCE checks');
ask($node, q{CREATE FUNCTION kid(token text) RETURNS text LANGUAGE sql AS $$
	SELECT convert_from(decode(translate(h, '-_', '+/') || repeat('=', -length(h) & 3), 'base64'), 'UTF8')::jsonb->>'kid'
	FROM split_part(token, '.', 1) h $$});
ask($node, q{CREATE PROCEDURE rotate(who text) LANGUAGE plpgsql AS $$
DECLARE
	token text;
	stays boolean;
BEGIN
	LOOP
		token := transform_login(who, 'correct horse');
		stays := kid(token) < '8';	-- so that all who hold a token of it agree
		PERFORM transform_key_rotate();
		IF NOT stays THEN
			PERFORM transform_key_disable(kid(token));
		END IF;
		INSERT INTO token VALUES (token, stays);
		COMMIT;
		PERFORM nextval('rotations');
	END LOOP;
END $$});
ask($node, q{CREATE FUNCTION check_tokens(many int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	t record;
	n int := 0;
BEGIN
	FOR t IN SELECT * FROM token ORDER BY random() LIMIT many LOOP
		BEGIN
			PERFORM transform_validate_jwt(t.value);
			IF NOT t.good THEN
				RAISE 'WRONG: a token of key % was taken', kid(t.value);
			END IF;
		EXCEPTION WHEN invalid_authorization_specification THEN
			IF t.good THEN
				RAISE 'WRONG: a token of key % was refused', kid(t.value);
			END IF;
		END;
		PERFORM nextval('checks');
		n := n + 1;
	END LOOP;
	RETURN n;
END $$});
ask($node, q{CREATE PROCEDURE verify() LANGUAGE plpgsql AS
	$$ BEGIN LOOP PERFORM check_tokens(20); COMMIT; END LOOP; END $$});

# A session that does this until the server ends it; its process.
my @sessions;

sub begin_session
{
	my ($statement) = @_;
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query('SELECT pg_backend_pid()');
	$session->query_until(qr/begun/, "\\echo begun\n$statement;\n");
	push @sessions, $session;
	return $pid;
}

for my $round (1 .. $rounds)
{
	my ($rotated, $checked) = split /\|/, ask($node, 'SELECT r.last_value, c.last_value FROM rotations r, checks c');
	my @rotators = map { begin_session("CALL rotate('$_\@example.com')") } qw(ann bob);
	my @verifiers = map { begin_session('CALL verify()') } 1 .. 2;
	my $enough = $rotated + $each + int(rand 5);
	ok(wait_until(sub { ask($node, "SELECT r.last_value >= $enough AND c.last_value > $checked + 100 FROM rotations r, checks c") eq 't' }),
		"round $round: keys are rotated, tokens verified");
	is(ask($node, 'SELECT count(*) FROM pg_stat_activity WHERE pid IN (' . join(',', @rotators, @verifiers) . ')'), 4, '... by all');
	end_process($node, 'KILL', $rotators[ $round % 2 ]);
	my $errors = '';
	for my $session (splice @sessions)
	{
		eval { $session->{run}->finish };
		$errors .= $session->{stderr};
	}
	unlike($errors, qr/WRONG|damaged|could not/, '... none was taken or refused that should not be');
	ok(wait_until(sub { eval { $node->psql('postgres', 'SELECT true') == 0 } }), '... killed, the server comes back');
	like(slurp_file($file), qr/\Atransform_keys 1\n(?:\d+ [0-9a-f]{16} \d+ \d+ [\w-]{43}\n)+\z/, '... the file of keys is whole');
	my $n = ask($node, 'SELECT count(*) FROM token');
	cmp_ok(ask($node, 'SELECT check_tokens(NULL)'), '>=', $n, "... all $n tokens are what they should be");
	is(ask($node, "SELECT count(*) FROM transform_key_list() WHERE state = 'signs'"), 1, '... one key signs');
}
is(ask($node, 'SELECT count(DISTINCT good) FROM token'), 2, 'there were tokens of both kinds');
ask($node, 'SELECT transform_key_rotate()');
is_deeply([ glob "$file*" ], [$file], 'nothing is left over');

finish($node);
