"""Reads what `iamkeys` prints with those who will, and holds it against what others have published.

    printed.py IAMKEYS SARIF_SCHEMA ENDPOINT

IAMKEYS is the program; SARIF_SCHEMA the schema of SARIF 2.1.0 (OASIS); ENDPOINT the example of that
name, run here with users whose names are formulas. Needs jq. Ends with an error at the first thing
that is read differently.
"""

import contextlib
import csv
import hashlib
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
# What a spreadsheet would take for the beginning of one.
FORMULAS = tuple("=+-@\t\r")
FORMS = ("json", "jsonl", "csv")
# Users with a key of 200 days that was never used, as many as there are forms: they get another one,
# which replaces it, or are in a plan.
CREATED = ("=new", "@new", "comma,new")
ROTATED = ("=old", "@old", "comma,old")
PLANNED = ("=plan", "+plan", "comma,plan")

JQ = shutil.which("jq")
if not JQ:
    raise SystemExit("there is no jq: install it")


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


def jq(what, text, *options):
    """What jq prints."""
    ended = subprocess.run(
        [JQ, *options, what], input=text.encode(), capture_output=True, check=True
    )
    return ended.stdout.decode("utf-8")


def schema_of(name):
    with open(os.path.join(ROOT, "assets", "schema", f"{name}.json"), encoding="utf-8") as file:
        return json.load(file)


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
                if text.startswith(FORMULAS):
                    raise SystemExit(f"{command}: {field} is a formula: {text!r}")
        if command == "list":
            unused = sum(it["never_used"] is True for it in lines)
            equal(sum(it["never_used"] == "true" for it in table), unused, "never_used")
        printed = run(command, "--format", "jsonl", env=env)
        counted = jq(f'map(select(.user == "{FORMULA}")) | length', printed, "-s")
        equal(int(counted), sum(it["user"] == FORMULA for it in lines), "jq")


def in_csv(value):
    """A value as CSV has it; OWASP: an apostrophe before what would be a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return f"'{text}" if text.startswith(FORMULAS) else text


def read(kind, form, text):
    """The records that a command has printed, read by Python and by jq, and held against our schema."""
    name, together, one = kind
    schema = schema_of(name)
    columns = schema["$defs"][one]["required"]
    if form == "csv":
        table = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        for row in table:
            equal(sorted(row), sorted(columns), f"{together}: columns")
            for field, cell in row.items():
                if cell.startswith(FORMULAS):
                    raise SystemExit(f"{together}: {field} is a formula: {cell!r}")
        return table
    if form == "json":
        document = json.loads(text)
        hold(Draft202012Validator(schema), document, together)
        records, each = document[together], f".{together}[]"
    else:
        records, each = [json.loads(line) for line in text.splitlines()], "."
        of_line = Draft202012Validator({"$ref": f"#/$defs/{one}", "$defs": schema["$defs"]})
        for record in records:
            hold(of_line, record, f"a line of {together}")
    by_jq = [json.loads(line) for line in jq(each, text, "-c").splitlines()]
    equal(by_jq, records, f"{together}, by jq")
    rows = jq(f"{each} | [.user, .outcome // .step] | @csv", text, "-r")
    rows = list(csv.reader(io.StringIO(rows, newline=""), strict=True))
    wanted = [[it["user"], it.get("outcome", it.get("step"))] for it in records]
    equal(rows, wanted, f"{together}, by jq as CSV")
    return records


NEW_KEYS = ("new_keys", "new_keys", "new_key")
ROTATIONS = ("rotations", "rotations", "rotation")
CHANGES = ("changes", "changes", "change")
PLAN_KEYS = ("plan-keys", "keys", "key")


def says(form, record, **wanted):
    """A record has these values, in whichever form."""
    for field, value in wanted.items():
        value = in_csv(value) if form == "csv" else value
        equal(record[field], value, f"{form}: {field}")


def stored(path):
    """The key and the secret of a file in the form of the console."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    return row["Access key ID"], row["Secret access key"]


def changes(env, home):
    """What becomes of keys that are created, rotated and deactivated, each in each form."""
    one = lambda records: records[0] if len(records) == 1 else equal(records, "one", "records")
    before = {}
    for line in run("list", "--format", "jsonl", env=env).splitlines():
        record = json.loads(line)
        before[record["user"]] = record["key_id"]
    for form, user in zip(FORMS, CREATED):
        path = os.path.join(home, f"new-{form}.csv")
        printed = run("create", user, "--to", f"csv:{path}", "--yes", "--format", form, env=env)
        key, secret = stored(path)
        record = one(read(NEW_KEYS, form, printed))
        says(form, record, user=user, key_id=key, outcome="done", stored_in=f"file {path}", reason=None)
        if secret in printed:
            raise SystemExit(f"create: a record has the secret, as {form}")
    for form, user in zip(FORMS, ROTATED):
        path = os.path.join(home, f"rotated-{form}.csv")
        printed = run("rotate", user, "--to", f"csv:{path}", "--yes", "--format", form, env=env)
        key, secret = stored(path)
        record = one(read(ROTATIONS, form, printed))
        says(form, record, user=user, old_key_id=before[user], new_key_id=key, step="check", outcome="done")
        if secret in printed:
            raise SystemExit(f"rotate: a record has the secret, as {form}")
    # The secret itself, for a program.
    printed = run("create", FORMULA, "--to", "json", "--yes", env=env)
    made = json.loads(printed)
    hold(Draft202012Validator(schema_of("new_key")), made, "--to json")
    equal(made["user"], FORMULA, "--to json: user")
    cells = jq("[.access_key_id, .secret_access_key] | @tsv", printed, "-r")
    equal(cells, f"{made['access_key_id']}\t{made['secret_access_key']}\n", "--to json, by jq")
    for form, user in zip(FORMS, CREATED):
        for outcome in ("done", "already"):
            printed = run("deactivate", before[user], "--yes", "--format", form, env=env)
            record = one(read(CHANGES, form, printed))
            says(form, record, user=user, key_id=before[user], action="deactivate", status="Inactive")
            says(form, record, outcome=outcome)


def plans(env, home):
    """A plan as it is saved, shown in each form, carried out and taken back."""
    chosen = " | ".join(f"user:{user}" for user in PLANNED)
    printed = run("plan", "deactivate", chosen, env=env)
    plan = json.loads(printed)
    hold(Draft202012Validator(schema_of("plan-1")), plan, "a plan")
    users = sorted(it["user"] for it in plan["keys"])
    equal(users, sorted(PLANNED), "the users of a plan")
    # As the README has it.
    hashed = jq("del(.hash)", printed, "-cjS").encode()
    equal("sha256:" + hashlib.sha256(hashed).hexdigest(), plan["hash"], "the hash of a plan, by jq")
    equal(jq('.keys[] | select(.included) | .user', printed, "-r").splitlines(),
          [it["user"] for it in plan["keys"]], "the keys of a plan, by jq")
    path = os.path.join(home, "plan.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(printed)
    for more in ([], ["--compare"]):
        shown = {
            form: read(PLAN_KEYS, form, run("plan", "show", path, "--format", form, *more, env=env))
            for form in FORMS
        }
        equal(shown["jsonl"], shown["json"], "plan show: lines")
        rows = [{field: in_csv(value) for field, value in it.items()} for it in shown["json"]]
        equal(shown["csv"], rows, "plan show: rows")
        equal([list(it) for it in shown["csv"]], [list(it) for it in rows], "plan show: columns")
        equal(sorted(it["user"] for it in shown["json"]), users, "plan show: users")
    states = {"apply": ("deactivate", "Inactive"), "undo": ("activate", "Active")}
    for form, command, outcome in (
        ("json", "apply", "done"),
        ("jsonl", "undo", "done"),
        ("csv", "apply", "done"),
        ("jsonl", "apply", "already"),
        ("csv", "undo", "done"),
    ):
        action, status = states[command]
        printed = run("plan", command, path, "--yes", "--format", form, env=env)
        records = read(CHANGES, form, printed)
        names = sorted(in_csv(user) if form == "csv" else user for user in PLANNED)
        equal(sorted(it["user"] for it in records), names, f"plan {command}: users")
        for record in records:
            says(form, record, action=action, outcome=outcome, status=status)


def examples():
    """The lines of the README that end in jq, with the demo in the place of AWS."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        blocks = file.read().split("```console\n")[1:]
    tried = 0
    with tempfile.TemporaryDirectory() as folder:
        env = {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": folder}
        with_demo(folder)
        for block in blocks:
            block = block.split("```", 1)[0]
            if "jq " not in block:
                continue
            for step in ("\n" + block).split("\n$ ")[1:]:
                command, _, wanted = step.partition("\n")
                if not ("jq " in command or " > " in command):
                    continue
                ended = subprocess.run(
                    ["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True
                )
                equal(ended.stdout.strip(), wanted.strip(), command)
                tried += "jq " in command
    if tried < 4:
        raise SystemExit(f"the README has {tried} lines with jq")


def with_demo(folder):
    """Puts a program there that is told of the demo."""
    os.symlink(IAMKEYS, os.path.join(folder, "real"))
    wrapper = os.path.join(folder, "iamkeys")
    with open(wrapper, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nexec "{folder}/real" "$@" --demo\n')
    os.chmod(wrapper, 0o755)


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
        with_demo(folder)
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


@contextlib.contextmanager
def endpoint(*users):
    """Our endpoint with these users, and what signs the program in to it."""
    also = [arg for user in users for arg in ("--also", user)]
    with subprocess.Popen(
        [ENDPOINT, "--port", "0", "--report-ms", "0", "--settling-ms", "0", *also],
        stdout=subprocess.PIPE,
        text=True,
    ) as served:
        try:
            url, key, secret = served.stdout.readline().split()
            yield {
                "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_ENDPOINT_URL": url,
                "AWS_REGION": "us-east-1", "NO_PROXY": "127.0.0.1",
            }
        finally:
            served.terminate()


def main():
    with endpoint(FORMULA) as env:
        records(env)
        sarif(env)
        ocsf(env)
    # Another one: these change it.
    users = (FORMULA, *CREATED, *ROTATED, *PLANNED)
    with endpoint(*users) as env, tempfile.TemporaryDirectory() as home:
        env["HOME"] = home
        changes(env, home)
        plans(env, home)
    print("what changes keys, and jq: passed")
    examples()
    workflow()


main()
