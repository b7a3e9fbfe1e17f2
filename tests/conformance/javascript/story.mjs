// The first story through the AWS SDK for JavaScript: denied, mended, retried. Prints what it saw as JSON.
import { CloudTrailClient, GetTrailStatusCommand } from "@aws-sdk/client-cloudtrail";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const [bucket, trail, name] = process.argv.slice(2);
const settings = { endpoint: process.env.AWS_ENDPOINT_URL, region: "us-east-1" };

const seen = {};
seen.account = (await new STSClient(settings).send(new GetCallerIdentityCommand({}))).Account;

const s3 = new S3Client({ ...settings, forcePathStyle: true });
await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "from/javascript ü", Body: "hello", Metadata: { a: "b" } }));
const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "from/javascript ü" }));
seen.object = [await object.Body.transformToString(), object.Metadata.a];

const iam = new IAMClient(settings);
await iam.send(new CreateUserCommand({ UserName: name }));
const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
const user = new CloudTrailClient({
  ...settings,
  credentials: { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey },
});
try {
  await user.send(new GetTrailStatusCommand({ Name: trail }));
} catch (error) {
  seen.denied = [error.name, error.message];
}
const statement = { Effect: "Allow", Action: "cloudtrail:GetTrailStatus", Resource: "*" };
await iam.send(
  new PutUserPolicyCommand({
    UserName: name,
    PolicyName: "Status",
    PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
  }),
);
seen.logging = (await user.send(new GetTrailStatusCommand({ Name: trail }))).IsLogging;
console.log(JSON.stringify(seen));
