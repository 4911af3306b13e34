"""The users and the keys of every account of an organisation, as people write it with boto3.

Assumes a role in each account, 32 at once, lists its users and reads its credential report. Prints how
many accounts, users and keys there are, and ends when its input does, so that whoever measures it can
look.
"""

import csv
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

THREADS = 32
ROLE = "iamkeys-audit"

config = Config(max_pool_connections=THREADS)
sts = boto3.client("sts", config=config)
here = sts.get_caller_identity()["Account"]
# A session is not for several threads, and to make one for each account takes longer than all calls.
own = threading.local()


def accounts():
    for page in boto3.client("organizations").get_paginator("list_accounts").paginate():
        for account in page["Accounts"]:
            yield account["Id"]


def iam_of(account):
    if not hasattr(own, "session"):
        own.session = boto3.Session()
    if account == here:
        return own.session.client("iam")
    arn = f"arn:aws:iam::{account}:role/{ROLE}"
    found = sts.assume_role(RoleArn=arn, RoleSessionName="fetch")["Credentials"]
    return own.session.client(
        "iam",
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
    )


def report_of(iam):
    while iam.generate_credential_report()["State"] != "COMPLETE":
        time.sleep(1)
    text = iam.get_credential_report()["Content"].decode()
    return csv.DictReader(text.splitlines())


def keys_of(account):
    iam = iam_of(account)
    pages = iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 1000})
    users = {user["UserName"] for page in pages for user in page["Users"]}
    keys = []
    for row in report_of(iam):
        if row["user"] not in users:
            continue
        for key in "1", "2":
            # A key that was created has a date, whether it is Active or not.
            if row[f"access_key_{key}_last_rotated"] != "N/A":
                keys.append((row["user"], row[f"access_key_{key}_last_used_date"]))
    return len(users), len(keys)


with ThreadPoolExecutor(THREADS) as pool:
    found = list(pool.map(keys_of, accounts()))

users, keys = (sum(counts) for counts in zip(*found))
print(len(found), users, keys, flush=True)
sys.stdin.read()
