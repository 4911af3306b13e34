"""Looks at the account and changes it behind the program's back, with boto3.

    account.py COMMAND ARGUMENTS...

One line out for each thing asked for.
"""

import json
import os
import sys
from datetime import timezone

import boto3
from botocore.exceptions import ClientError


ROLE = "OrganizationAccountAccessRole"

# In public already: what is needed of it is that it is one.
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIICAjCCAWugAwIBAgIUNl7oolr7X1s3acaSXF7obdORJNMwDQYJKoZIhvcNAQEL
BQAwEjEQMA4GA1UEAwwHZXhhbXBsZTAgFw0yNjExMzAxNDI2NDBaGA8yMTI2MTEw
NjE0MjY0MFowEjEQMA4GA1UEAwwHZXhhbXBsZTCBnzANBgkqhkiG9w0BAQEFAAOB
jQAwgYkCgYEAtRo4bhIt+rLRUOMIyXng6/BaNuph2O5x1xcuqhL++wLfJKg0fwK3
JxuK9yRE5/o7DIBi/1uLpGi8gPYGQczxy8qImNKyMpex81QGhfmovhZXLRuTvI+D
0axViid4Bye7cLauk9PbiFvhWTxHgNrGJMgpGeHcVr4eMZ5MSuMdCc8CAwEAAaNT
MFEwHQYDVR0OBBYEFGrmOjL+A7PegpWw5DKErbuMmYo1MB8GA1UdIwQYMBaAFGrm
OjL+A7PegpWw5DKErbuMmYo1MA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQEL
BQADgYEAFE/vtjuNy8iJm/eUi/sSr2pqjN2v5rTtCN7oV9jpfGwDCX9eOVrlXY7z
13DyLWe8ER0XwF82sYFHjmd6YUXtkW7yUpoPQQ959YeZ7gnjqUAGhvk8d8tms0cM
koX/tQCXLqP0UOE+Inz8XrxVfPJ9zgCO2Aw7TqWKUOB0sw1qEQg=
-----END CERTIFICATE-----
"""

QUARANTINE = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantine"


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


def dated_keys(prefix):
    """Each key of the users whose names begin so: user, ID, status, and the second of its creation."""
    for page in iam.get_paginator("list_users").paginate():
        for user in page["Users"]:
            user = user["UserName"]
            if user.startswith(prefix):
                for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
                    created = key["CreateDate"].astimezone(timezone.utc)
                    created = created.strftime("%Y-%m-%dT%H:%M:%SZ")
                    print(user, key["AccessKeyId"], key["Status"], created)


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


def account_of_key(key):
    """Which account the server derives from the ID, if any."""
    try:
        print(client("sts").get_access_key_info(AccessKeyId=key)["Account"])
    except ClientError:
        pass


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


def allow(action, **more):
    return {"Effect": "Allow", "Action": action, "Resource": "*", **more}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def plain(policy):
    return json.dumps(policy, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def make_policy(name, *versions):
    """A managed policy whose last version is in force."""
    made = iam.create_policy(PolicyName=name, Path="/unit/", PolicyDocument=versions[0])
    arn = made["Policy"]["Arn"]
    for version in versions[1:]:
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=version, SetAsDefault=True)
    return arn


def give_policies(user, percent):
    """Policies of all kinds, but for a boundary."""
    iam.tag_user(UserName=user, Tags=[{"Key": "owner", "Value": "team-unit"}])
    objects = allow("s3:GetObject")
    objects["Resource"] = [f"arn:aws:s3:::{user}/a+b/{percent}/\u00e9/*", "arn:aws:s3:::logs/??/*"]
    old, new = document(allow("*")), document(objects)
    arn = make_policy(f"{user}-objects", old, new)
    iam.attach_user_policy(UserName=user, PolicyArn=arn)
    here = {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}}
    rule = document(allow(["iam:AttachUserPolicy", "iam:List*"], Condition=here))
    iam.put_user_policy(UserName=user, PolicyName="own-rule", PolicyDocument=rule)
    shared = make_policy(f"{user}-shared", document(allow("ec2:Describe*")))
    rest = {"Effect": "Deny", "NotAction": ["iam:*", "s3:*", "ec2:*"], "Resource": "*"}
    for group in f"{user}-one", f"{user}-two":
        iam.create_group(GroupName=group)
        iam.add_user_to_group(GroupName=group, UserName=user)
        iam.attach_group_policy(GroupName=group, PolicyArn=shared)
        iam.put_group_policy(
            GroupName=group, PolicyName="the-rest", PolicyDocument=document(rest)
        )


def tag(user, key, value):
    iam.tag_user(UserName=user, Tags=[{"Key": key, "Value": value}])


def attach(user, arn):
    iam.attach_user_policy(UserName=user, PolicyArn=arn)


def bound(user):
    arn = make_policy(f"{user}-limit", document(allow(["s3:*", "ec2:*"])))
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=arn)


def put_policy(user, name, text):
    iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=text)


def own_policies(user):
    for name in iam.list_user_policies(UserName=user)["PolicyNames"]:
        policy = iam.get_user_policy(UserName=user, PolicyName=name)
        print(name, plain(policy["PolicyDocument"]))


def managed(arn):
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    answer = iam.get_policy_version(PolicyArn=arn, VersionId=version)
    return plain(answer["PolicyVersion"]["Document"])


def permissions(user):
    """Each policy: its name, its ARN, the group it comes through, and what it says."""
    for policy in iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]:
        arn = policy["PolicyArn"]
        print(policy["PolicyName"], arn, "-", managed(arn))
    for name in iam.list_user_policies(UserName=user)["PolicyNames"]:
        policy = iam.get_user_policy(UserName=user, PolicyName=name)
        print(name, "-", "-", plain(policy["PolicyDocument"]))
    for group in iam.list_groups_for_user(UserName=user)["Groups"]:
        group = group["GroupName"]
        for policy in iam.list_attached_group_policies(GroupName=group)["AttachedPolicies"]:
            arn = policy["PolicyArn"]
            print(policy["PolicyName"], arn, group, managed(arn))
        for name in iam.list_group_policies(GroupName=group)["PolicyNames"]:
            policy = iam.get_group_policy(GroupName=group, PolicyName=name)
            print(name, "-", group, plain(policy["PolicyDocument"]))
    boundary = iam.get_user(UserName=user)["User"].get("PermissionsBoundary")
    if boundary:
        arn = boundary["PermissionsBoundaryArn"]
        print("boundary", arn, "-", managed(arn))


def details(user):
    """What the details of the whole account have of a user: a word for each thing."""
    pages = iam.get_paginator("get_account_authorization_details")
    pages = pages.paginate(Filter=["User", "Group", "LocalManagedPolicy", "AWSManagedPolicy"])
    for page in pages:
        for found in page["UserDetailList"]:
            if found["UserName"] != user:
                continue
            for tag in found.get("Tags", []):
                print("tag", tag["Key"], tag["Value"])
            for group in found["GroupList"]:
                print("group", group)
            for policy in found["AttachedManagedPolicies"]:
                print("managed", policy["PolicyArn"])
            print("inline", len(found["UserPolicyList"]))


def quarantine(user):
    iam.attach_user_policy(UserName=user, PolicyArn=f"{QUARANTINE}V2")


def quarantined():
    for version in "", "V2", "V3":
        arn = QUARANTINE + version
        for user in iam.list_entities_for_policy(PolicyArn=arn)["PolicyUsers"]:
            print(user["UserName"])


def give_credentials(user, *kinds):
    if "password" in kinds:
        iam.create_login_profile(UserName=user, Password="Example-passw0rd!")
    if "mfa" in kinds:
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"{user}-phone")
        iam.enable_mfa_device(
            UserName=user,
            SerialNumber=made["VirtualMFADevice"]["SerialNumber"],
            AuthenticationCode1="123456",
            AuthenticationCode2="234567",
        )
    if "ssh" in kinds:
        for number in range(2):
            body = f"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB{number} {user}"
            key = iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=body)
        off = key["SSHPublicKey"]["SSHPublicKeyId"]
        iam.update_ssh_public_key(UserName=user, SSHPublicKeyId=off, Status="Inactive")
    if "certificate" in kinds:
        iam.upload_signing_certificate(UserName=user, CertificateBody=CERTIFICATE)


def credentials(user, *kinds):
    """Each credential: what it is, its ID, its status, and since when it is there."""

    def say(kind, id, status, since):
        print(kind, id, status, int(since.timestamp()))

    if "password" in kinds:
        try:
            profile = iam.get_login_profile(UserName=user)["LoginProfile"]
            say("password", "-", "-", profile["CreateDate"])
        except iam.exceptions.NoSuchEntityException:
            pass
    if "mfa" in kinds:
        for it in iam.list_mfa_devices(UserName=user)["MFADevices"]:
            say("mfa", it["SerialNumber"], "-", it["EnableDate"])
    if "ssh" in kinds:
        for it in iam.list_ssh_public_keys(UserName=user)["SSHPublicKeys"]:
            say("ssh", it["SSHPublicKeyId"], it["Status"], it["UploadDate"])
    if "certificate" in kinds:
        for it in iam.list_signing_certificates(UserName=user)["Certificates"]:
            say("certificate", it["CertificateId"], it["Status"], it["UploadDate"])


iam = client("iam")
commands = {
    f.__name__: f
    for f in (
        keys,
        dated_keys,
        create_users,
        create_many,
        create_key,
        delete_key,
        deactivate_key,
        delete_user,
        who_am_i,
        account_of_key,
        use_key,
        create_accounts,
        accounts,
        create_user_in,
        keys_in,
        give_policies,
        tag,
        attach,
        bound,
        put_policy,
        own_policies,
        permissions,
        details,
        quarantine,
        quarantined,
        give_credentials,
        credentials,
    )
}
commands[sys.argv[1]](*sys.argv[2:])
