"""Reads what `iamkeys` prints with those who will, and holds it against what others have published.

    printed.py IAMKEYS SARIF_SCHEMA ENDPOINT

IAMKEYS is the program; SARIF_SCHEMA the schema of SARIF 2.1.0 (OASIS); ENDPOINT the example of that
name, run here with a user whose name is a formula. Ends with an error at the first thing that is
read differently.
"""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile

import yaml
from jsonschema import Draft202012Validator, validators
from ocsf_json_schema import OcsfJsonSchema, OcsfJsonSchemaEmbedded, get_ocsf_schema
from py_ocsf_models.events.findings.detection_finding import DetectionFinding

IAMKEYS, SARIF_SCHEMA, ENDPOINT = sys.argv[1:]
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
FORMULA = "=1+1"


def equal(got, wanted, what):
    if got != wanted:
        raise SystemExit(f"{what}: got {got!r}, wanted {wanted!r}")


def run(*args, codes=(0,), env=None):
    """What the program prints."""
    clean = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"}
    ended = subprocess.run(
        [IAMKEYS, *args], env={**clean, **(env or {})}, stdin=subprocess.DEVNULL, capture_output=True
    )
    if ended.returncode not in codes:
        raise SystemExit(f"{args}: exit code {ended.returncode}: {ended.stderr.decode()}")
    return ended.stdout.decode("utf-8")


def hold(validator, document, what):
    faults = [f"{list(it.path)}: {it.message[:300]}" for it in validator.iter_errors(document)]
    if faults:
        raise SystemExit(f"{what}: " + "\n".join(faults[:5]))


def sarif(env):
    """Against the schema; and each result of a rule that is there."""
    with open(SARIF_SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    validator = validators.validator_for(schema)(schema)
    for args in (["--demo"], ["--demo", "--all-accounts"], ["user:nobody", "--demo"], env):
        args, env = (args, None) if isinstance(args, list) else ([], args)
        document = json.loads(run("check", "--format", "sarif", *args, codes=(0, 4), env=env))
        hold(validator, document, f"SARIF of {args}")
    # A schema that is not asked refuses nothing.
    for spoil in (
        lambda it: it.pop("version"),
        lambda it: it["runs"][0]["tool"].pop("driver"),
        lambda it: it["runs"][0].update(results=[{"ruleId": "old"}]),
    ):
        document = json.loads(run("check", "--format", "sarif", "--demo"))
        spoil(document)
        if validator.is_valid(document):
            raise SystemExit("the schema of SARIF takes anything")


def ocsf(env):
    """Against the schema of OCSF, in which nothing may stand that it does not name, and in the models
    of Prowler."""
    for args in (["--demo"], ["--demo", "--all-accounts"], env):
        args, env = (args, None) if isinstance(args, list) else ([], args)
        events = json.loads(run("check", "--format", "ocsf", *args, codes=(0, 4), env=env))
        if not events:
            raise SystemExit(f"OCSF of {args}: no findings")
        of_version = get_ocsf_schema(events[0]["metadata"]["version"])
        schema = OcsfJsonSchemaEmbedded(OcsfJsonSchema(of_version))
        schema = schema.get_class_schema("detection_finding", events[0]["metadata"]["profiles"])
        validator = Draft202012Validator(schema)
        for event in events:
            hold(validator, event, "OCSF")
            read = DetectionFinding(**event)
            equal(read.finding_info.uid, event["finding_info"]["uid"], "finding_info.uid")
        if validator.is_valid({**events[0], "unheard_of": 1}):
            raise SystemExit("the schema of OCSF takes anything")
    uids = [event["finding_info"]["uid"] for event in events]
    equal(len(set(uids)), len(uids), "each finding has an ID of its own")


def records(env):
    """The same records in each form, and a name that a spreadsheet would take for a formula."""
    for command, name in (("list", "keys"), ("check", "findings")):
        document = json.loads(run(command, "--format", "json", env=env))[name]
        lines = [json.loads(line) for line in run(command, "--format", "jsonl", env=env).splitlines()]
        table = list(csv.DictReader(io.StringIO(run(command, "--format", "csv", env=env), newline="")))
        order = lambda it: json.dumps(it, sort_keys=True)
        equal(sorted(lines, key=order), sorted(document, key=order), f"{command}: lines")
        equal(len(table), len(lines), f"{command}: rows")
        equal(list(table[0]), list(lines[0]), f"{command}: columns")
        equal({it["user"] for it in lines if it["user"].startswith("=")}, {FORMULA}, command)
        # OWASP: an apostrophe before it, and a spreadsheet takes it for a text.
        equal({it["user"] for it in table if FORMULA in it["user"]}, {"'" + FORMULA}, command)
        for row in table:
            for field, text in row.items():
                if text[:1] in tuple("=+-@\t\r"):
                    raise SystemExit(f"{command}: {field} is a formula: {text!r}")
        if command == "list":
            unused = sum(it["never_used"] is True for it in lines)
            equal(sum(it["never_used"] == "true" for it in table), unused, "never_used")
        jq = shutil.which("jq")
        if jq:
            counted = subprocess.run(
                [jq, "-s", "map(select(.user == \"%s\")) | length" % FORMULA],
                input="\n".join(map(json.dumps, lines)), capture_output=True, text=True, check=True,
            )
            equal(int(counted.stdout), sum(it["user"] == FORMULA for it in lines), "jq")
    print("jq:", "passed" if shutil.which("jq") else "not on this machine, not tried")


def workflow():
    """The workflow of the README is one, and its shell lines work, with the demo in the place of AWS."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        text = file.read()
    block = text.split("```yaml\nname: access keys\n", 1)[1].split("```", 1)[0]
    steps = yaml.safe_load("name: access keys\n" + block)["jobs"]["check"]["steps"]
    uses = [step["uses"].split("@")[0] for step in steps if "uses" in step]
    for action in ("aws-actions/configure-aws-credentials", "github/codeql-action/upload-sarif"):
        if action not in uses:
            raise SystemExit(f"the workflow does not use {action}")
    checks = [step["run"] for step in steps if "iamkeys check" in step.get("run", "")]
    equal(len(checks), 1, "steps that check")
    with tempfile.TemporaryDirectory() as folder:
        # As GitHub runs it: the first command that fails ends it. The program is told of the demo.
        os.symlink(IAMKEYS, os.path.join(folder, "real"))
        wrapper = os.path.join(folder, "iamkeys")
        with open(wrapper, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec "{folder}/real" "$@" --demo\n')
        os.chmod(wrapper, 0o755)
        env = {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": folder}
        ended = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", checks[0]], cwd=folder, env=env, capture_output=True
        )
        # Both are so in the demo: findings, and an account that cannot be opened.
        equal(ended.returncode, 3, f"the step: {ended.stderr.decode()}")
        named = next(step for step in steps if "upload-sarif" in step.get("uses", ""))
        if "always()" not in named.get("if", "") and "!cancelled()" not in named.get("if", ""):
            raise SystemExit("what was found has to be uploaded where the check fails")
        with open(os.path.join(folder, named["with"]["sarif_file"]), encoding="utf-8") as file:
            equal(json.load(file)["version"], "2.1.0", "what is uploaded")
        # And the line for cron: mail where there is something to be said.
        cron = next(line for line in text.splitlines() if line.startswith("0 7 * * 1 "))
        command = cron.split(" ", 5)[5]
        with open(os.path.join(folder, "mail"), "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\necho "$@" > "{folder}/mailed"; cat >> "{folder}/mailed"\n')
        os.chmod(os.path.join(folder, "mail"), 0o755)
        script = os.path.join(folder, "weekly-keys")
        body = text.split("```sh\n#!/bin/sh\n# weekly-keys", 1)[1].split("```", 1)[0]
        with open(script, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n# weekly-keys" + body)
        os.chmod(script, 0o755)
        name = os.path.basename(command.split()[0])
        equal(name, "weekly-keys", "what cron runs")
        subprocess.run([script], cwd=folder, env=env, check=True)
        with open(os.path.join(folder, "mailed"), encoding="utf-8") as file:
            mailed = file.read()
        for words in ("exit code 3", "CRITICAL", "acme-legacy"):
            if words not in mailed:
                raise SystemExit(f"the mail does not say {words}: {mailed}")


def main():
    with subprocess.Popen(
        [ENDPOINT, "--port", "0", "--also", FORMULA, "--report-ms", "0"],
        stdout=subprocess.PIPE,
        text=True,
    ) as endpoint:
        try:
            url, key, secret = endpoint.stdout.readline().split()
            env = {
                "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_ENDPOINT_URL": url,
                "AWS_REGION": "us-east-1", "NO_PROXY": "127.0.0.1",
            }
            records(env)
            sarif(env)
            ocsf(env)
        finally:
            endpoint.terminate()
    workflow()


main()
