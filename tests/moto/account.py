"""Looks at the account and changes it behind the program's back, with boto3.

    account.py COMMAND ARGUMENTS...

One line out for each thing asked for.
"""

import os
import sys

import boto3


ROLE = "OrganizationAccountAccessRole"


def client(service, key="AKIAIOSFODNN7EXAMPLE", secret="wJalrXUtnFEMI/EXAMPLEKEY", token=None):
    return boto3.client(
        service,
        aws_session_token=token,
        endpoint_url=os.environ["IAMKEYS_MOTO_URL"],
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


def keys(user):
    for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
        print(key["AccessKeyId"], key["Status"])


def create_users(*names):
    for name in names:
        iam.create_user(UserName=name)


def create_many(prefix, count):
    for number in range(1, int(count) + 1):
        iam.create_user(UserName=f"{prefix}{number:03}")


def create_key(user):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    print(key["AccessKeyId"], key["SecretAccessKey"])


def delete_key(user, key):
    iam.delete_access_key(UserName=user, AccessKeyId=key)


def deactivate_key(user, key):
    iam.update_access_key(UserName=user, AccessKeyId=key, Status="Inactive")


def delete_user(user):
    iam.delete_user(UserName=user)


def who_am_i(key, secret):
    print(client("sts", key, secret).get_caller_identity()["Arn"])


def use_key(key, secret):
    # A use that is not what iamkeys does to try a key.
    client("s3", key, secret).list_buckets()


def create_accounts(*names):
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    for name in names:
        made = organizations.create_account(AccountName=name, Email=f"{name}@acme.example")
        print(made["CreateAccountStatus"]["AccountId"])


def accounts():
    for page in client("organizations").get_paginator("list_accounts").paginate():
        for account in page["Accounts"]:
            print(account["Id"], account["Name"])


def iam_of(account):
    found = client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/{ROLE}", RoleSessionName="test"
    )["Credentials"]
    return client(
        "iam", found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]
    )


def create_user_in(account, user):
    there = iam_of(account)
    there.create_user(UserName=user)
    there.create_access_key(UserName=user)


def keys_in(account):
    there = iam_of(account)
    for user in there.list_users()["Users"]:
        for key in there.list_access_keys(UserName=user["UserName"])["AccessKeyMetadata"]:
            print(user["UserName"], key["AccessKeyId"], key["Status"])


iam = client("iam")
commands = {
    f.__name__: f
    for f in (
        keys,
        create_users,
        create_many,
        create_key,
        delete_key,
        deactivate_key,
        delete_user,
        who_am_i,
        use_key,
        create_accounts,
        accounts,
        create_user_in,
        keys_in,
    )
}
commands[sys.argv[1]](*sys.argv[2:])
