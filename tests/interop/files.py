"""Reads the files that `iamkeys` writes with those who will.

    files.py PLACE AWS1 AWS2 DIRECTORY

PLACE is the example of that name; AWS1 and AWS2 are the `aws` commands of either
version. Ends with an error at the first thing that is read differently.
"""

import json
import os
import random
import subprocess
import sys

import botocore.configloader
import botocore.session
from botocore.exceptions import ConfigParseError

PLACE, AWS1, AWS2, WORK = sys.argv[1:]
KEY_ID = "AKIANEWKEY0000EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKENS = ("aws_session_token", "aws_security_token")
KEYS = ("aws_access_key_id", "aws_secret_access_key", *TOKENS)

SEVERAL = """\
# Ours, by hand
[default]
aws_access_key_id = AKIADEFAULT00EXAMPLE
aws_secret_access_key = default/secretEXAMPLE

; temporary
[work] # note
AWS_ACCESS_KEY_ID=ASIAOLDKEY0000EXAMPLE
aws_secret_access_key = old/secretEXAMPLE
aws_session_token = old/tokenEXAMPLE
region = eu-north-1
s3 =
  max_concurrent_requests = 20
# last of work

[my team]
aws_access_key_id = AKIAMYTEAM000EXAMPLE
aws_secret_access_key = team/secretEXAMPLE"""
OTHERS = {
    "default": ("AKIADEFAULT00EXAMPLE", "default/secretEXAMPLE"),
    "my team": ("AKIAMYTEAM000EXAMPLE", "team/secretEXAMPLE"),
}


def equal(got, wanted, what):
    if got != wanted:
        raise SystemExit(f"{what}: got {got!r}, wanted {wanted!r}")


def path(name):
    return os.path.join(WORK, name)


def write(name, text):
    with open(path(name), "w", encoding="utf-8", newline="") as file:
        file.write(text)
    return path(name)


def read(name):
    with open(name, encoding="utf-8", newline="") as file:
        return file.read()


def place(*words):
    """Runs the example; gives what it printed, or what it says against it."""
    done = subprocess.run(
        [PLACE, *words], input=SECRET, capture_output=True, text=True, check=False
    )
    return done.returncode == 0, done.stdout if done.returncode == 0 else done.stderr


def placed(*words):
    done, said = place(*words)
    if not done:
        raise SystemExit(f"{words}: {said}")
    return said


def environment(credentials, config=os.devnull):
    kept = {name: os.environ[name] for name in ("PATH", "HOME")}
    return kept | {
        "AWS_SHARED_CREDENTIALS_FILE": credentials,
        "AWS_CONFIG_FILE": config,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


def aws(command, env, *words):
    done = subprocess.run(
        [command, *words], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{command} {words}: {done.stderr.strip()}")
    return done.stdout.strip()


def exported(env, profile):
    key = json.loads(aws(AWS2, env, "configure", "export-credentials", "--profile", profile))
    return key["AccessKeyId"], key["SecretAccessKey"], key.get("SessionToken")


def with_boto(credentials, profile):
    session = botocore.session.Session(profile=profile)
    session.set_config_variable("credentials_file", credentials)
    session.set_config_variable("config_file", os.devnull)
    key = session.get_credentials().get_frozen_credentials()
    return key.access_key, key.secret_key, key.token


def everybody_reads(credentials, profiles, what):
    """Each profile's key, by boto3 and by both commands."""
    env = environment(credentials)
    for profile, (key, secret) in profiles.items():
        equal(with_boto(credentials, profile), (key, secret, None), f"{what}: boto3, {profile}")
        equal(exported(env, profile), (key, secret, None), f"{what}: aws 2, {profile}")
        got = [
            aws(AWS1, env, "configure", "get", name, "--profile", profile) for name in KEYS[:2]
        ]
        equal(got, [key, secret], f"{what}: aws 1, {profile}")


def credentials_files():
    new = {"work": (KEY_ID, SECRET)}
    for name, text in (("lf", SEVERAL), ("crlf", SEVERAL.replace("\n", "\r\n"))):
        file = write(name, text)
        placed("credentials", file, "work", KEY_ID)
        everybody_reads(file, OTHERS | new, name)
        got = botocore.configloader.raw_config_parse(file)["work"]
        rest = {"region": "eu-north-1", "s3": {"max_concurrent_requests": "20"}}
        equal({key: got[key] for key in got if key not in KEYS}, rest, f"{name}: the rest")
        for profile in ("fresh", "my team"):
            placed("credentials", file, profile, KEY_ID)
        changed = {profile: (KEY_ID, SECRET) for profile in ("work", "fresh", "my team")}
        everybody_reads(file, OTHERS | changed, f"{name}: more")

    file = path("new")
    placed("credentials", file, "default", KEY_ID)
    everybody_reads(file, {"default": (KEY_ID, SECRET)}, "new")

    real = write("real", SEVERAL)
    os.symlink("real", path("link"))
    os.symlink(path("link"), path("chain"))
    placed("credentials", path("chain"), "work", KEY_ID)
    for file in (path("chain"), real):
        everybody_reads(file, OTHERS | new, file)
    equal(os.path.islink(path("chain")) and os.path.islink(path("link")), True, "links")
    equal(os.stat(real).st_mode & 0o777, 0o600, "mode")


def csv_files():
    file = path("import.csv")
    user = "ada+=.@-_1"
    placed("csv", "importable", file, user, KEY_ID)
    credentials = write("imported", "[default]\nregion = x\n")
    env = environment(credentials)
    aws(AWS2, env, "configure", "import", "--csv", f"file://{file}")
    everybody_reads(credentials, {user: (KEY_ID, SECRET)}, "imported")
    done, _ = place("csv", "importable", file, user, KEY_ID)
    equal(done, False, "a second time")
    done, _ = place("csv", "importable", path("comma.csv"), "ada,bob", KEY_ID)
    equal(done or os.path.exists(path("comma.csv")), False, "a name with a comma")


def processes():
    answer = write("answer.json", placed("form", "process", "x", KEY_ID))
    config = write("config", f"[profile p]\ncredential_process = cat {answer}\n")
    env = environment(os.devnull, config)
    equal(exported(env, "p"), (KEY_ID, SECRET, None), "credential_process")
    section = write("section", placed("form", "section", "x", KEY_ID))
    everybody_reads(section, {"x": (KEY_ID, SECRET)}, "section")


PIECES = [
    "[a]", "[b]", "[c]", "[default]", "[ d ]", "[a] # note", "[a b]", "[a]]", "[DEFAULT]", "[",
    "aws_access_key_id = AKIAOLDKEY0000EXAMPLE", "AWS_ACCESS_KEY_ID=x", "aws_access_key_id : x",
    "aws_secret_access_key = old/EXAMPLE", "aws_secret_access_key=", "aws_secret_access_key",
    "aws_session_token = t", "aws_security_token=t # c", "region = eu-north-1", "region=",
    "k = v ; c", "x : y = z", "s3 =", "n = 1", "m = 2", "# c", ";", "", "", "", "= v",
    "caf\u00e9 = \u00a0\U0001f511", "\u212a = kelvin",
]


def by_python(file):
    """All of the file, as boto3 has it; none where it cannot read it."""
    try:
        return botocore.configloader.raw_config_parse(file)
    except ConfigParseError:
        return None


def anything(seed, rounds):
    """Files nobody would write: what is changed is read right, and nothing else is changed."""
    generator = random.Random(seed)
    edited = unreadable = 0
    for number in range(rounds):
        lines = [
            generator.choices(["", " ", "\t", "   "], [12, 1, 1, 1])[0]
            + generator.choice(PIECES)
            + generator.choice(["\n", "\n", "\r\n"])
            for _ in range(generator.randrange(10))
        ]
        # Most begin with a section, or nobody could read them.
        text = "".join([*(["[a]\n"] if generator.random() < 0.8 else []), *lines])
        if generator.random() < 0.3:
            text = text.rstrip()
        file = write("anything", text)
        before = by_python(file)
        done, said = place("credentials", file, "a", KEY_ID)
        what = f"seed {seed}, file {number}: {text!r}: {said}"
        if not done:
            equal(read(file), text, f"refused: {what}")
            if before is None:
                unreadable += 1
                equal("the aws command cannot read it" in said, True, what)
            elif "[DEFAULT]" not in text:
                # What is there is not read until there is another section.
                equal("the aws command cannot read it" in said, False, what)
            continue
        edited += 1
        if before is None:
            raise SystemExit(f"edited what boto3 cannot read: {what}")
        after = by_python(file)
        if after is None:
            raise SystemExit(f"boto3 cannot read it any more: {what}")
        got = after.pop("a")
        # A new section has what is in [DEFAULT] too.
        rest = before.pop("a", got)
        wanted = {key: value for key, value in rest.items() if key not in KEYS}
        wanted |= {KEYS[0]: KEY_ID, KEYS[1]: SECRET}
        equal({key: got[key] for key in got if key not in TOKENS}, wanted, what)
        equal(any(token in got for token in TOKENS), False, what)
        equal(after, before, f"the others: {what}")
    equal(edited > rounds / 10 and unreadable > rounds / 10, True, f"{edited}, {unreadable}")
    return edited


def main():
    os.environ.pop("AWS_PROFILE", None)
    credentials_files()
    csv_files()
    processes()
    edited = anything(20, 600)
    print(f"files that others read, {edited} of them random: passed")


main()
