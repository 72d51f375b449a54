#!/usr/bin/env python3
"""Decide the cases of RFCs and of Wycheproof, and compare with what they say.

    vectors.py DECIDE [FOLDER]

DECIDE is decide.c, built; FOLDER holds Wycheproof's testvectors_v1.  Each case of HS256 and EdDSA must be decided as the
file says.  A case of another algorithm must be refused, valid or not, under keys of ours that bear the same kid.  What is
encrypted is no signature and is skipped.

Where a file contradicts itself or RFC 7515, which no reader can follow, the RFC is; such cases are told from the token
itself, not from a list, printed, and counted apart:
  * a token with characters outside the alphabet is labelled valid (RFC 7515, section 2: none may be there);
  * the same token and key are labelled valid in one case and invalid in another.
"""
import base64
import json
import pathlib
import re
import subprocess
import sys

FILES = ("json_web_signature_test.json", "json_web_crypto_test.json")
STAND_INS = (  # keys of ours, for tokens of other algorithms
    ("HS256", bytes(range(32))),
    ("EdDSA", base64.urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")),
)


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode() or "-"


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def supported(jwk):
    """(algorithm, kid, bytes) of a key that the library has, else None."""
    if jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ["verify"]):
        return None
    if jwk.get("kty") == "oct" and jwk.get("alg") == "HS256":
        return "HS256", jwk["kid"], decode(jwk["k"])
    if jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519" and jwk.get("alg", "EdDSA") == "EdDSA":
        return "EdDSA", jwk["kid"], decode(jwk["x"])
    return None


class Case:
    """One case under one set of keys; a case of another algorithm gives two."""

    def __init__(self, file, group, test, keys, known):
        jws = test["jws"]
        self.name = f'{file} {test["tcId"]} {group["comment"]}: {test["comment"]}'
        self.token = jws if isinstance(jws, str) else json.dumps(jws)
        self.keys = keys
        self.known = known
        self.label = test["result"] == "valid"
        self.expected = self.label and known
        self.disputed = None

    def line(self):
        words = [encode(self.token.encode())]
        for algorithm, kid, data in self.keys:
            words += [algorithm, encode(kid.encode()), encode(data)]
        return " ".join(words)

    def right(self, answer):
        result, _, payload = answer.partition("\t")
        if not self.expected:
            return result != "ok"
        return result == "ok" and payload == self.token.split(".")[1]


def key_sets(group):
    """The sets of keys to try a group's tokens under, and whether they are its own."""
    jwks = group["private"].get("keys", [group["private"]])
    own = [supported(jwk) for jwk in jwks]
    if all(own):
        return [own], True
    # One key that cannot be had makes the whole set one that cannot.
    kids = [jwk.get("kid", "none") for jwk in jwks]
    return [[(algorithm, kid, data) for kid in kids] for algorithm, data in STAND_INS], False


def settle(cases):
    """What the labels cannot mean."""
    labels = {}
    for case in cases:
        labels.setdefault((case.token, str(case.keys)), set()).add(case.label)
    for case in cases:
        if not case.known:
            continue
        if case.label and not re.fullmatch(r"[A-Za-z0-9_.-]*", case.token):
            case.expected = False
            case.disputed = "labelled valid, has a character that base64url has not: refused"
        elif len(labels[case.token, str(case.keys)]) == 2:
            case.expected = True
            if not case.label:
                case.disputed = "labelled invalid, but valid in another case, this very token: accepted"


def load(path):
    """The cases of a file, and how many were skipped."""
    cases, skipped = [], 0
    for group in json.loads(path.read_text())["testGroups"]:
        sets, known = key_sets(group)
        for test in group["tests"]:
            if "jws" not in test:
                skipped += 1
                continue
            cases += [Case(path.name, group, test, keys, known) for keys in sets]
    settle(cases)
    return cases, skipped


def run(path, decide):
    """(passed, failed, skipped) of a file."""
    cases, skipped = load(path)
    lines = "".join(case.line() + "\n" for case in cases)
    answers = subprocess.run([decide], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    if len(answers) != len(cases):
        sys.exit(f"{path.name}: {len(cases)} questions, {len(answers)} answers")
    failed, disputed, seen = set(), {}, {}
    for case, answer in zip(cases, answers):
        seen[case.name] = case
        if not case.right(answer):
            failed.add(case.name)
            print(f"FAILED {case.name}: {'accept' if case.expected else 'refuse'} expected, got {answer.split(chr(9))[0]}")
        elif case.disputed:
            disputed[case.name] = case.disputed
    for name, why in disputed.items():
        print(f"disputed {name}: {why}")
    good = [case for name, case in seen.items() if name not in failed and name not in disputed]
    print(f"{path.name}: {sum(c.known and c.expected for c in good)} accepted and {sum(c.known and not c.expected for c in good)} "
          f"refused as it says (HS256, EdDSA); {sum(not c.known for c in good)} of other algorithms refused; "
          f"{len(disputed)} disputed, decided by RFC 7515; {skipped} skipped: encrypted (JWE), no signature; {len(failed)} failed")
    return len(good) + len(disputed), len(failed), skipped


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    paths = [pathlib.Path(__file__).with_name("rfc_examples.json")]
    if len(sys.argv) == 3:
        paths += [pathlib.Path(sys.argv[2]) / name for name in FILES]
    else:
        print("The examples of the RFCs only: make jwt-vectors VECTORS=FOLDER reads Wycheproof's testvectors_v1 too")
    for path in paths:
        if not path.is_file():
            sys.exit(f"{path} is not there: the folder is testvectors_v1 of Wycheproof")
    total = [sum(column) for column in zip(*(run(path, sys.argv[1]) for path in paths))]
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    sys.exit(1 if total[1] or not total[0] else 0)


main()
