"""Every user, every access key and when it was last used, as people write it with boto3.

    fetch.py threads | one-at-a-time | inventory

`threads` asks for 32 users at once; `one-at-a-time` asks for one thing after the other. `inventory` is
`threads`, and writes each key as a line of JSON, too, for nobody to read. Prints how many users and keys
there are, and ends when its input does, so that whoever measures it can look.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

THREADS = 32

iam = boto3.client("iam", config=Config(max_pool_connections=THREADS))


def user_names():
    for page in iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 1000}):
        for user in page["Users"]:
            yield user["UserName"]


def keys_of(user):
    keys = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    for key in keys:
        used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
        key["LastUsed"] = used["AccessKeyLastUsed"].get("LastUsedDate")
        key["Service"] = used["AccessKeyLastUsed"]["ServiceName"]
        key["Region"] = used["AccessKeyLastUsed"]["Region"]
    return keys


if sys.argv[1] != "one-at-a-time":
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(keys_of, user_names()))
else:
    found = [keys_of(user) for user in user_names()]

if sys.argv[1] == "inventory":
    with open(os.devnull, "w") as out:
        for key in (key for keys in found for key in keys):
            print(json.dumps(key, default=str), file=out)

print(len(found), sum(map(len, found)), flush=True)
sys.stdin.read()
