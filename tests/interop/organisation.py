"""Goes through an organisation with boto3 and with the aws command.

Where to, and as whom, is in AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY. The second argument, if there is one, is an aws command
that logs in to the SSO portal. Ends with an error at the first thing that
differs from what AWS does.
"""

import json
import os
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
START = "https://acme.awsapps.com/start"
AUDIT = "arn:aws:iam::444455556666:role/iamkeys-audit"
NAMES = ["acme-prod", "acme-dev", "acme-data", "acme-legacy", "acme-old", "acme-sandbox"]


def equal(got, wanted, what):
    if got != wanted:
        raise SystemExit(f"{what}: got {got!r}, wanted {wanted!r}")


def refused(call, code, message, what):
    """The call must be refused so; `message` may be a part of it."""
    try:
        call()
    except ClientError as error:
        said = error.response["Error"]
        equal(said["Code"], code, f"{what}: code")
        if message not in said["Message"]:
            raise SystemExit(f"{what}: {said['Message']!r}, wanted {message!r}")
    else:
        raise SystemExit(f"{what}: not refused")


def decide(user_code, decision):
    """What a person does on the page."""
    page = os.environ["AWS_ENDPOINT_URL"] + "/device"
    form = urllib.parse.urlencode({"user_code": user_code, "decision": decision})
    with urllib.request.urlopen(page, form.encode()) as answer:
        equal(answer.status, 200, "the page")


def client(service, credentials=None, **settings):
    session = boto3.Session()
    if credentials:
        session = boto3.Session(
            credentials["AccessKeyId"],
            credentials["SecretAccessKey"],
            credentials["SessionToken"],
        )
    config = Config(retries={"max_attempts": 1}, **settings)
    return session.client(service, config=config)


def accounts():
    pages = client("organizations").get_paginator("list_accounts").paginate()
    listed = [account for page in pages for account in page["Accounts"]]
    equal([account["Name"] for account in listed], NAMES, "accounts")
    states = [account["State"] for account in listed]
    equal(states, ["ACTIVE"] * 4 + ["SUSPENDED", "ACTIVE"], "states")
    equal("Status" in listed[0], False, "the status that was retired")


def roles():
    sts = client("sts")
    assume = lambda **more: sts.assume_role(
        RoleArn=AUDIT, RoleSessionName="interop", **more
    )
    session = assume()["Credentials"]
    iam = client("iam", session)
    equal(len(iam.list_users()["Users"]), 9, "users of another account")
    delete = lambda: iam.delete_access_key(
        UserName="dbt", AccessKeyId="AKIAQX7DEMO4DTDBT001"
    )
    because = "because no identity-based policy allows the iam:DeleteAccessKey action"
    refused(delete, "AccessDenied", because, "a change by a role that looks")
    nothing = json.dumps(
        {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
    )
    narrow = client("iam", assume(Policy=nothing)["Credentials"])
    because = "because no session policy allows the iam:ListUsers action"
    refused(narrow.list_users, "AccessDenied", because, "a narrowed session")
    refused(
        lambda: assume(Policy="{"), "MalformedPolicyDocument", "Syntax", "a malformed policy"
    )
    without = client("iam", sts.get_session_token()["Credentials"])
    refused(without.list_users, "InvalidClientTokenId", "invalid", "a session without MFA")
    serial = client("iam").list_mfa_devices()["MFADevices"][0]["SerialNumber"]
    wrong = lambda: sts.get_session_token(SerialNumber=serial, TokenCode="000000")
    refused(wrong, "AccessDenied", "invalid MFA one time pass code", "a wrong code")
    key = sts.get_access_key_info(AccessKeyId="AKIAQX7DEMO4DTDBT001")
    equal(key["Account"], "444455556666", "the account of a key")


def portal():
    oidc = client("sso-oidc", signature_version=UNSIGNED)
    program = oidc.register_client(
        clientName="interop", clientType="public", scopes=["sso:account:access"]
    )
    program = {name: program[name] for name in ("clientId", "clientSecret")}
    begun = oidc.start_device_authorization(**program, startUrl=START)
    token = lambda: oidc.create_token(
        **program, grantType=DEVICE, deviceCode=begun["deviceCode"]
    )
    refused(token, "AuthorizationPendingException", "", "before a decision")
    refused(token, "SlowDownException", "", "at once again")
    decide(begun["userCode"], "approve")
    access = token()["accessToken"]
    sso = client("sso", signature_version=UNSIGNED)
    listed = sso.list_accounts(accessToken=access)["accountList"]
    equal(len(listed), 4, "accounts of the portal")
    found = sso.get_role_credentials(
        accessToken=access, accountId="444455556666", roleName="ViewOnlyAccess"
    )["roleCredentials"]
    equal(found["expiration"] > time.time() * 1000, True, "expiration")
    iam = client(
        "iam",
        {
            "AccessKeyId": found["accessKeyId"],
            "SecretAccessKey": found["secretAccessKey"],
            "SessionToken": found["sessionToken"],
        },
    )
    equal(len(iam.list_users()["Users"]), 9, "users, through the portal")
    sso.logout(accessToken=access)
    after = lambda: sso.list_accounts(accessToken=access)
    refused(after, "UnauthorizedException", "Session token", "after the logout")


def aws_login(aws, home):
    """Logs in as people do who have no browser where they work."""
    os.makedirs(f"{home}/.aws", exist_ok=True)
    config = f"{home}/.aws/config"
    with open(config, "w") as file:
        file.write(
            f"[sso-session acme]\nsso_start_url = {START}\nsso_region = us-east-1\n"
            "sso_registration_scopes = sso:account:access\n"
            "[profile data]\nsso_session = acme\nsso_account_id = 444455556666\n"
            "sso_role_name = ViewOnlyAccess\nregion = us-east-1\n"
        )
    env = {**os.environ, "HOME": home, "AWS_CONFIG_FILE": config}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del env[name]
    login = subprocess.Popen(
        [*aws, "sso", "login", "--profile", "data", "--use-device-code", "--no-browser"],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in login.stdout:
        if "user_code=" in line:
            decide(line.strip().rsplit("=", 1)[1], "approve")
    equal(login.wait(), 0, "aws sso login")
    listed = subprocess.run(
        [*aws, "iam", "list-users", "--profile", "data", "--output", "json"],
        env=env,
        stdout=subprocess.PIPE,
        check=True,
    )
    equal(len(json.loads(listed.stdout)["Users"]), 9, "users, through aws sso login")


accounts()
roles()
portal()
if len(sys.argv) > 2:
    aws_login(sys.argv[2:], sys.argv[1])
