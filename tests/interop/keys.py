"""Works the access-key flow with boto3 and with the aws command.

Where to, and as whom, is in AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY. Ends with an error at the first thing that differs from
what IAM does.
"""

import base64
import csv
import datetime
import io
import json
import os
import subprocess
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

UNKNOWN_KEY = "AKIAQX7DEMO4NOBODY01"


def equal(got, wanted, what):
    if got != wanted:
        raise SystemExit(f"{what}: got {got!r}, wanted {wanted!r}")


def refused(call, status, code, message, what):
    """The call must be refused just so; `message` may be the start of it."""
    try:
        call()
    except ClientError as error:
        said = error.response["Error"]
        answer = error.response["ResponseMetadata"]
        equal(answer["HTTPStatusCode"], status, f"{what}: status")
        equal(said["Code"], code, f"{what}: code")
        # IAM says nothing more of a report that is not there.
        text = said.get("Message", "Unknown")
        equal(text[: len(message)], message, f"{what}: message")
        if not answer.get("RequestId"):
            raise SystemExit(f"{what}: no request ID")
    else:
        raise SystemExit(f"{what}: not refused")


def keys_of(iam, user):
    listed = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    return {key["AccessKeyId"]: key["Status"] for key in listed}


def user_without_keys(iam, names):
    return next(name for name in names if not keys_of(iam, name))


def with_boto3(iam, sts):
    me = sts.get_caller_identity()
    equal(me["Account"], "123456789012", "account")
    equal(iam.get_user()["User"]["Arn"], me["Arn"], "who one is")

    paginator = iam.get_paginator("list_users")
    pages = [len(page["Users"]) for page in paginator.paginate()]
    equal(pages, [100, 100, 50], "pages as they come")
    paginated = paginator.paginate(PaginationConfig={"PageSize": 40})
    names = [user["UserName"] for page in paginated for user in page["Users"]]
    equal(len(names), 250, "users by forties")
    equal(names, sorted(set(names), key=str.lower), "their order")

    user = user_without_keys(iam, names)
    before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    created = iam.create_access_key(UserName=user.upper())["AccessKey"]
    key = created["AccessKeyId"]
    equal(created["UserName"], user, "the user's true spelling")
    equal(created["Status"], "Active", "a new key's status")
    equal(len(created["SecretAccessKey"]), 40, "length of the secret")
    equal(created["CreateDate"] >= before, True, "creation not in the past")
    equal(keys_of(iam, user), {key: "Active"}, "after the creation")

    used = iam.get_access_key_last_used(AccessKeyId=key)
    equal(used["UserName"], user, "whose key it is")
    never = {"Region": "N/A", "ServiceName": "N/A"}
    equal(used["AccessKeyLastUsed"], never, "a key never used")

    as_new = boto3.client(
        "sts",
        aws_access_key_id=key,
        aws_secret_access_key=created["SecretAccessKey"],
        region_name="us-east-1",
    )
    deadline = time.monotonic() + 30
    while True:
        try:
            arn = as_new.get_caller_identity()["Arn"]
            break
        except ClientError as error:
            code = error.response["Error"]["Code"]
            equal(code, "InvalidClientTokenId", "a key too new")
            if time.monotonic() > deadline:
                raise SystemExit("the new key never worked") from error
            time.sleep(0.1)
    equal(arn.rsplit("/", 1)[1], user, "who the new key is")
    used = iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]
    equal(used["ServiceName"], "sts", "what the new key was used for")
    equal(used["LastUsedDate"] >= before, True, "when the new key was used")

    iam.update_access_key(UserName=user, AccessKeyId=key, Status="Inactive")
    equal(keys_of(iam, user), {key: "Inactive"}, "deactivated")
    refused(
        as_new.get_caller_identity,
        403,
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
        "an inactive key",
    )
    iam.update_access_key(UserName=user, AccessKeyId=key, Status="Active")
    equal(keys_of(iam, user), {key: "Active"}, "activated")

    iam.update_access_key(UserName=user, AccessKeyId=key, Status="Inactive")
    second = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    pages = iam.get_paginator("list_access_keys").paginate(
        UserName=user, PaginationConfig={"PageSize": 1}
    )
    found = [[key["AccessKeyId"] for key in page["AccessKeyMetadata"]] for page in pages]
    equal(found, [[key], [second]], "keys one by one")
    refused(
        lambda: iam.create_access_key(UserName=user),
        409,
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
        "a third key",
    )

    tag = {"Key": key, "Value": "nightly backup"}
    iam.tag_user(UserName=user, Tags=[tag])
    equal(iam.list_user_tags(UserName=user.upper())["Tags"], [tag], "described")
    pages = iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["User"], PaginationConfig={"PageSize": 10}
    )
    details = [detail for page in pages for detail in page["UserDetailList"]]
    tags = [detail["Tags"] for detail in details if detail["UserName"] == user]
    equal(tags, [[tag]], "described in the details of all users")
    iam.untag_user(UserName=user, TagKeys=[key.lower()])
    equal(iam.list_user_tags(UserName=user)["Tags"], [], "the description cleared")

    for each in (key, second):
        iam.delete_access_key(UserName=user, AccessKeyId=each)
    equal(keys_of(iam, user), {}, "deleted")
    refused(
        lambda: iam.delete_access_key(UserName=user, AccessKeyId=key),
        404,
        "NoSuchEntity",
        f"The Access Key with id {key} cannot be found.",
        "a key that is gone",
    )
    refused(
        lambda: iam.list_access_keys(UserName="nobody"),
        404,
        "NoSuchEntity",
        "The user with name nobody cannot be found.",
        "no such user",
    )
    refused(
        lambda: iam.get_access_key_last_used(AccessKeyId=UNKNOWN_KEY),
        403,
        "AccessDenied",
        f"User: {me['Arn']} is not authorized to perform: iam:GetAccessKeyLastUsed on "
        f"resource: access key {UNKNOWN_KEY}",
        "the last use of an unknown key",
    )
    refused(
        lambda: iam.list_access_keys(UserName="no spaces"),
        400,
        "ValidationError",
        "1 validation error detected: Value 'no spaces' at 'userName' failed to satisfy",
        "a name with a space",
    )
    equal(iam.list_account_aliases()["AccountAliases"], ["acme-large"], "alias")
    summary = iam.get_account_summary()["SummaryMap"]
    equal(summary["Users"], 250, "summary")
    equal(summary["AccountAccessKeysPresent"], 0, "root's keys in the summary")
    return names


def report(iam, names):
    """Has the credential report made; gives its text and when it was made."""
    get = iam.get_credential_report
    refused(get, 410, "ReportNotPresent", "Unknown", "no report")
    begun = iam.generate_credential_report()
    equal(begun["State"], "STARTED", "a report is begun")
    sentence = "No report exists. Starting a new report generation task"
    equal(begun["Description"], sentence, "what is said of it")
    refused(get, 404, "ReportInProgress", "Unknown", "a report being made")
    states = []
    deadline = time.monotonic() + 30
    while "COMPLETE" not in states:
        if time.monotonic() > deadline:
            raise SystemExit(f"the report was never made: {states}")
        states.append(iam.generate_credential_report()["State"])
        time.sleep(0.1)
    equal(states[0], "INPROGRESS", "a report under way")
    answer = get()
    equal(answer["ReportFormat"], "text/csv", "the report's format")
    age = datetime.datetime.now(datetime.timezone.utc) - answer["GeneratedTime"]
    equal(0 <= age.total_seconds() < 60, True, "the report's age")

    text = answer["Content"].decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    equal(len(rows[0]), 22, "the report's columns")
    equal(rows[0]["user"], "<root_account>", "the report's first row")
    equal([row["user"] for row in rows[1:]], names, "the report's users")
    for row in rows[1:]:
        user = row["user"]
        listed = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
        listed.sort(key=lambda key: key["AccessKeyId"])
        keys = [("false", "N/A")] * 2
        for place, key in enumerate(listed):
            active = "true" if key["Status"] == "Active" else "false"
            keys[place] = (active, key["CreateDate"].isoformat())
        for place, key in enumerate(keys, 1):
            name = f"access_key_{place}_"
            equal((row[name + "active"], row[name + "last_rotated"]), key, f"keys of {user}")
    user = user_without_keys(iam, names)
    key = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    equal(iam.generate_credential_report()["State"], "COMPLETE", "no report is made anew")
    equal(get()["Content"].decode(), text, "a report after a change")
    iam.delete_access_key(UserName=user, AccessKeyId=key)
    return text, answer["GeneratedTime"]


def aws(*words):
    """Runs the command; gives what it printed, or how it failed."""
    command = os.path.join(os.path.dirname(sys.executable), "aws")
    done = subprocess.run(
        [command, *words, "--output", "json"], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return json.loads(done.stdout) if done.stdout else None
    return f"{done.returncode} {done.stderr.strip()}"


def with_the_command(iam, names):
    listed = aws("iam", "list-users", "--page-size", "100")
    equal([user["UserName"] for user in listed["Users"]], names, "aws: users")
    user = user_without_keys(iam, names)
    of_user = ("--user-name", user)
    key = aws("iam", "create-access-key", *of_user)["AccessKey"]["AccessKeyId"]
    of_key = (*of_user, "--access-key-id", key)

    def status():
        listed = aws("iam", "list-access-keys", *of_user, "--page-size", "1")
        return [(each["AccessKeyId"], each["Status"]) for each in listed["AccessKeyMetadata"]]

    equal(status(), [(key, "Active")], "aws: after the creation")
    used = aws("iam", "get-access-key-last-used", "--access-key-id", key)
    equal(used["AccessKeyLastUsed"]["ServiceName"], "N/A", "aws: never used")
    for wanted in ("Inactive", "Active"):
        equal(aws("iam", "update-access-key", *of_key, "--status", wanted), None, "aws: update")
        equal(status(), [(key, wanted)], f"aws: {wanted}")
    aws("iam", "tag-user", *of_user, "--tags", f"Key={key},Value=nightly backup")
    listed = aws("iam", "list-user-tags", *of_user)["Tags"]
    equal(listed, [{"Key": key, "Value": "nightly backup"}], "aws: described")
    aws("iam", "untag-user", *of_user, "--tag-keys", key)
    equal(aws("iam", "list-user-tags", *of_user)["Tags"], [], "aws: cleared")
    aws("iam", "create-access-key", *of_user)
    for words, wanted in [
        (
            ("create-access-key", *of_user),
            "(LimitExceeded) when calling the CreateAccessKey operation: "
            "Cannot exceed quota for AccessKeysPerUser: 2",
        ),
        (
            ("list-access-keys", "--user-name", "nobody"),
            "(NoSuchEntity) when calling the ListAccessKeys operation: "
            "The user with name nobody cannot be found.",
        ),
        (
            ("get-access-key-last-used", "--access-key-id", UNKNOWN_KEY),
            "(AccessDenied) when calling the GetAccessKeyLastUsed operation: User: ",
        ),
    ]:
        failed = aws("iam", *words)
        if not isinstance(failed, str) or wanted not in failed:
            raise SystemExit(f"aws {words[0]}: got {failed!r}, wanted {wanted!r}")
    for each in keys_of(iam, user):
        aws("iam", "delete-access-key", *of_user, "--access-key-id", each)
    equal(status(), [], "aws: deleted")


def report_with_the_command(text, made):
    equal(aws("iam", "generate-credential-report"), {"State": "COMPLETE"}, "aws: complete")
    answer = aws("iam", "get-credential-report")
    equal(base64.b64decode(answer["Content"]).decode(), text, "aws: the report")
    equal(answer["ReportFormat"], "text/csv", "aws: the report's format")
    when = datetime.datetime.fromisoformat(answer["GeneratedTime"])
    equal(when, made, "aws: when the report was made")


def main():
    config = Config(region_name="us-east-1", retries={"total_max_attempts": 1})
    iam = boto3.client("iam", config=config)
    names = with_boto3(iam, boto3.client("sts", config=config))
    with_the_command(iam, names)
    report_with_the_command(*report(iam, names))


main()
