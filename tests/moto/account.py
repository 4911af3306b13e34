"""Looks at the account and changes it behind the program's back, with boto3.

    account.py COMMAND ARGUMENTS...

One line out for each thing asked for.
"""

import os
import sys

import boto3


def client(service, key="AKIAIOSFODNN7EXAMPLE", secret="wJalrXUtnFEMI/EXAMPLEKEY"):
    return boto3.client(
        service,
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
    )
}
commands[sys.argv[1]](*sys.argv[2:])
