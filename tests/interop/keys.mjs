// Works the access-key flow with the AWS SDK for JavaScript.
//
// Where to, and as whom, is in AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and
// AWS_SECRET_ACCESS_KEY. Ends with an error at the first thing that differs
// from what IAM does.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

// The packages live wherever this was started, not beside this file.
const require = createRequire(`${process.cwd()}/`);
const {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GenerateCredentialReportCommand,
  GetAccessKeyLastUsedCommand,
  GetCredentialReportCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListUsersCommand,
  ListUserTagsCommand,
  TagUserCommand,
  UntagUserCommand,
  UpdateAccessKeyCommand,
  paginateListUsers,
} = require("@aws-sdk/client-iam");

const client = new IAMClient({ region: "us-east-1", maxAttempts: 1 });
const unknownKey = "AKIAQX7DEMO4NOBODY01";

async function refused(command, status, code, message) {
  await assert.rejects(client.send(command), (error) => {
    assert.equal(error.$metadata.httpStatusCode, status);
    assert.equal(error.Code ?? error.name, code);
    assert.ok(error.message.startsWith(message), error.message);
    assert.ok(error.$metadata.requestId);
    return true;
  });
}

async function keysOf(user) {
  const listed = await client.send(new ListAccessKeysCommand({ UserName: user }));
  return listed.AccessKeyMetadata.map((key) => [key.AccessKeyId, key.Status]);
}

const first = await client.send(new ListUsersCommand({ MaxItems: 7 }));
assert.equal(first.Users.length, 7);
assert.equal(first.IsTruncated, true);
const names = [];
for await (const page of paginateListUsers({ client, pageSize: 100 }, {})) {
  names.push(...page.Users.map((user) => user.UserName));
}
assert.equal(new Set(names).size, 250);

let user;
for (const name of names) {
  if ((await keysOf(name)).length === 0) {
    user = name;
    break;
  }
}

const { AccessKey: created } = await client.send(new CreateAccessKeyCommand({ UserName: user }));
const key = created.AccessKeyId;
assert.equal(created.SecretAccessKey.length, 40);
assert.ok(created.CreateDate instanceof Date);
assert.deepEqual(await keysOf(user.toUpperCase()), [[key, "Active"]]);

const used = await client.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: key }));
assert.equal(used.UserName, user);
assert.deepEqual(used.AccessKeyLastUsed, { ServiceName: "N/A", Region: "N/A" });

for (const status of ["Inactive", "Active"]) {
  const update = { UserName: user, AccessKeyId: key, Status: status };
  await client.send(new UpdateAccessKeyCommand(update));
  assert.deepEqual(await keysOf(user), [[key, status]]);
}

const tag = { Key: key, Value: "nightly backup" };
await client.send(new TagUserCommand({ UserName: user, Tags: [tag] }));
const tags = new ListUserTagsCommand({ UserName: user });
assert.deepEqual((await client.send(tags)).Tags, [tag]);
await client.send(new UntagUserCommand({ UserName: user, TagKeys: [key] }));
assert.deepEqual((await client.send(tags)).Tags, []);

const create = new CreateAccessKeyCommand({ UserName: user });
const second = (await client.send(create)).AccessKey.AccessKeyId;
await refused(create, 409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2");
for (const id of [key, second]) {
  await client.send(new DeleteAccessKeyCommand({ UserName: user, AccessKeyId: id }));
}
assert.deepEqual(await keysOf(user), []);

await refused(
  new DeleteAccessKeyCommand({ UserName: user, AccessKeyId: key }),
  404,
  "NoSuchEntity",
  `The Access Key with id ${key} cannot be found.`,
);
await refused(
  new ListAccessKeysCommand({ UserName: "nobody" }),
  404,
  "NoSuchEntity",
  "The user with name nobody cannot be found.",
);
await refused(
  new GetAccessKeyLastUsedCommand({ AccessKeyId: unknownKey }),
  403,
  "AccessDenied",
  "User: arn:aws:iam::123456789012:user/",
);
await refused(
  new ListAccessKeysCommand({ UserName: "no spaces" }),
  400,
  "ValidationError",
  "1 validation error detected: Value 'no spaces' at 'userName' failed",
);

// Somebody else has had it made: it is that one for four hours.
const state = await client.send(new GenerateCredentialReportCommand({}));
assert.deepEqual([state.State, state.Description], ["COMPLETE", undefined]);
const report = await client.send(new GetCredentialReportCommand({}));
assert.equal(report.ReportFormat, "text/csv");
assert.ok(Date.now() - report.GeneratedTime < 600_000);
const lines = new TextDecoder().decode(report.Content).split("\n");
assert.equal(lines.length, 252);
assert.ok(lines[0].startsWith("user,arn,user_creation_time,"));
assert.ok(lines[1].startsWith("<root_account>,arn:aws:iam::123456789012:root,"));
assert.deepEqual(lines.slice(2).map((line) => line.split(",")[0]), names);
