-- Sample queries: a name, what it is for, the statement. $EDS_ID stands for the id of an event data store.

-- Most active callers
-- Users and roles that made the most calls in the last week.
SELECT userIdentity.arn AS caller, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now())
GROUP BY userIdentity.arn
ORDER BY calls DESC
LIMIT 20

-- Most used services
-- Services that were called most often in the last week.
SELECT eventSource, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now())
GROUP BY eventSource
ORDER BY calls DESC
LIMIT 20

-- Most frequent API calls
-- Events by name and how often each happened in the last week.
SELECT eventName, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now())
GROUP BY eventName
ORDER BY calls DESC
LIMIT 20

-- Busiest Regions
-- Calls by Region in the last week.
SELECT awsRegion, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now())
GROUP BY awsRegion
ORDER BY calls DESC
LIMIT 20

-- Busiest accounts
-- Calls by account of an organization in the last week.
SELECT recipientAccountId, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now())
GROUP BY recipientAccountId
ORDER BY calls DESC
LIMIT 20

-- Most frequent source IP addresses
-- Addresses that calls came from in the last week.
SELECT sourceIPAddress, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now())
GROUP BY sourceIPAddress
ORDER BY calls DESC
LIMIT 20

-- Most frequent user agents
-- Tools and programs that made calls in the last week.
SELECT userAgent, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now())
GROUP BY userAgent
ORDER BY calls DESC
LIMIT 20

-- Most frequent errors
-- Error codes by how often they happened in the last week.
SELECT errorCode, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND errorCode IS NOT NULL
GROUP BY errorCode
ORDER BY calls DESC
LIMIT 20

-- Services with the most errors
-- Failed calls by service in the last week.
SELECT eventSource, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND errorCode IS NOT NULL
GROUP BY eventSource
ORDER BY calls DESC
LIMIT 20

-- Callers with the most denied calls
-- Users and roles whose access was denied most often in the last week.
SELECT userIdentity.arn AS caller, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND (errorCode LIKE '%AccessDenied%' OR errorCode LIKE '%UnauthorizedOperation%')
GROUP BY userIdentity.arn
ORDER BY calls DESC
LIMIT 20

-- Operations that are denied most often
-- Denied API calls by operation in the last week.
SELECT eventName, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND (errorCode LIKE '%AccessDenied%' OR errorCode LIKE '%UnauthorizedOperation%')
GROUP BY eventName
ORDER BY calls DESC
LIMIT 20

-- Access denied messages
-- The latest calls that were refused for missing permissions, with AWS's message.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, errorCode, errorMessage
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND (errorCode LIKE '%AccessDenied%' OR errorCode LIKE '%UnauthorizedOperation%')
ORDER BY eventTime DESC
LIMIT 100

-- Throttled calls
-- Calls that exceeded a request rate in the last week.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND (errorCode LIKE '%Throttling%' OR errorCode IN ('RequestLimitExceeded', 'SlowDown', 'TooManyRequestsException'))
ORDER BY eventTime DESC
LIMIT 100

-- Use of the root user
-- Everything that a root user did in the last month.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -30, now()) AND userIdentity.type = 'Root'
ORDER BY eventTime DESC
LIMIT 100

-- Console sign-ins
-- Who signed in to the console in the last week, from where, and whether it succeeded.
SELECT eventTime, userIdentity.arn AS caller, sourceIPAddress, element_at(responseElements, 'ConsoleLogin') AS outcome, element_at(additionalEventData, 'MFAUsed') AS mfa
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND eventName = 'ConsoleLogin'
ORDER BY eventTime DESC
LIMIT 100

-- Failed console sign-ins
-- Console logins with a wrong password or without the second factor.
SELECT eventTime, userIdentity.userName AS who, sourceIPAddress, errorMessage
FROM $EDS_ID
WHERE eventTime > date_add('day', -30, now()) AND eventName = 'ConsoleLogin' AND element_at(responseElements, 'ConsoleLogin') = 'Failure'
ORDER BY eventTime DESC
LIMIT 100

-- Console sign-ins without MFA
-- Successful console logins that used no second factor (multi-factor authentication).
SELECT eventTime, userIdentity.arn AS caller, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -30, now()) AND eventName = 'ConsoleLogin' AND element_at(additionalEventData, 'MFAUsed') = 'No' AND element_at(responseElements, 'ConsoleLogin') = 'Success'
ORDER BY eventTime DESC
LIMIT 100

-- Calls without MFA
-- Who changes things in sessions that were not authenticated with a second factor.
SELECT userIdentity.arn AS caller, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND readOnly = false AND userIdentity.sessionContext.attributes.mfaAuthenticated = 'false'
GROUP BY userIdentity.arn
ORDER BY calls DESC
LIMIT 20

-- Sign-ins from several addresses
-- Console logins by address, to find users who sign in from more than one place.
SELECT eventTime, userIdentity.arn AS caller, sourceIPAddress, userAgent
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND eventName = 'ConsoleLogin'
ORDER BY eventTime DESC
LIMIT 100

-- Users created and deleted
-- IAM users that were created or deleted in the last month, and by whom.
SELECT eventTime, userIdentity.arn AS caller, eventName, element_at(requestParameters, 'userName') AS user
FROM $EDS_ID
WHERE eventTime > date_add('day', -30, now()) AND eventName IN ('CreateUser', 'DeleteUser')
ORDER BY eventTime DESC
LIMIT 100

-- Access keys created
-- New access keys for IAM users, and who made them.
SELECT eventTime, userIdentity.arn AS caller, element_at(requestParameters, 'userName') AS user
FROM $EDS_ID
WHERE eventTime > date_add('day', -30, now()) AND eventName = 'CreateAccessKey' AND errorCode IS NULL
ORDER BY eventTime DESC
LIMIT 100

-- Access keys deleted or disabled
-- Access keys that were deleted, deactivated or activated.
SELECT eventTime, userIdentity.arn AS caller, eventName, element_at(requestParameters, 'accessKeyId') AS access_key
FROM $EDS_ID
WHERE eventTime > date_add('day', -30, now()) AND eventName IN ('DeleteAccessKey', 'UpdateAccessKey')
ORDER BY eventTime DESC
LIMIT 100

-- Most used access keys
-- Long-term and temporary access keys by the number of calls signed with them.
SELECT userIdentity.accessKeyId AS access_key, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now())
GROUP BY userIdentity.accessKeyId
ORDER BY calls DESC
LIMIT 20

-- Login profiles created or changed
-- Console passwords that were given to users or reset.
SELECT eventTime, userIdentity.arn AS caller, eventName, element_at(requestParameters, 'userName') AS user
FROM $EDS_ID
WHERE eventTime > date_add('day', -30, now()) AND eventName IN ('CreateLoginProfile', 'UpdateLoginProfile')
ORDER BY eventTime DESC
LIMIT 100

-- Changes of IAM policies
-- Permissions that were changed: policies created, attached, detached or put in line.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -30, now()) AND eventSource = 'iam.amazonaws.com' AND eventName LIKE '%Policy%' AND readOnly = false
ORDER BY eventTime DESC
LIMIT 100

-- Administrator access granted
-- The policy AdministratorAccess attached to a user, group or role.
SELECT eventTime, userIdentity.arn AS caller, eventName, coalesce(element_at(requestParameters, 'userName'), element_at(requestParameters, 'groupName'), element_at(requestParameters, 'roleName')) AS granted_to
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now()) AND eventName IN ('AttachUserPolicy', 'AttachGroupPolicy', 'AttachRolePolicy') AND element_at(requestParameters, 'policyArn') LIKE '%/AdministratorAccess'
ORDER BY eventTime DESC
LIMIT 100

-- Role trust policies changed
-- Who changed which role's trust policy, so that others can assume it.
SELECT eventTime, userIdentity.arn AS caller, element_at(requestParameters, 'roleName') AS role
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now()) AND eventName = 'UpdateAssumeRolePolicy'
ORDER BY eventTime DESC
LIMIT 100

-- Roles that are assumed most often
-- AssumeRole calls by role in the last week.
SELECT element_at(requestParameters, 'roleArn') AS role, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND eventName = 'AssumeRole'
GROUP BY element_at(requestParameters, 'roleArn')
ORDER BY calls DESC
LIMIT 20

-- Roles assumed from other accounts
-- AssumeRole by callers of another account in the last week.
SELECT eventTime, userIdentity.accountId AS from_account, userIdentity.arn AS caller, element_at(requestParameters, 'roleArn') AS role
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND eventName = 'AssumeRole' AND userIdentity.accountId <> recipientAccountId
ORDER BY eventTime DESC
LIMIT 100

-- Federated sign-ins
-- Roles assumed with SAML or a web identity.
SELECT eventTime, userIdentity.userName AS who, eventName, element_at(requestParameters, 'roleArn') AS role
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND eventName IN ('AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity')
ORDER BY eventTime DESC
LIMIT 100

-- MFA devices removed
-- Second factors that were deactivated or deleted.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now()) AND eventName IN ('DeactivateMFADevice', 'DeleteVirtualMFADevice')
ORDER BY eventTime DESC
LIMIT 100

-- Permissions boundaries removed
-- Users and roles whose permissions boundary was deleted.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now()) AND eventName IN ('DeleteUserPermissionsBoundary', 'DeleteRolePermissionsBoundary')
ORDER BY eventTime DESC
LIMIT 100

-- CloudTrail turned off or changed
-- Trails that were stopped, deleted or updated, and event data stores too.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now()) AND eventSource = 'cloudtrail.amazonaws.com' AND eventName IN ('StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors', 'DeleteEventDataStore', 'StopEventDataStoreIngestion')
ORDER BY eventTime DESC
LIMIT 100

-- AWS Config turned off
-- Configuration recorders that were stopped or deleted.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now()) AND eventSource = 'config.amazonaws.com' AND eventName IN ('StopConfigurationRecorder', 'DeleteConfigurationRecorder', 'DeleteDeliveryChannel')
ORDER BY eventTime DESC
LIMIT 100

-- KMS keys disabled or scheduled for deletion
-- Encryption keys that soon cannot be used any more, and who did it.
SELECT eventTime, userIdentity.arn AS caller, eventName, element_at(requestParameters, 'keyId') AS key_id
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now()) AND eventSource = 'kms.amazonaws.com' AND eventName IN ('DisableKey', 'ScheduleKeyDeletion')
ORDER BY eventTime DESC
LIMIT 100

-- Most used KMS keys
-- Encryption keys by how often they encrypted or decrypted.
SELECT element_at(requestParameters, 'keyId') AS key_id, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND eventSource = 'kms.amazonaws.com' AND eventName IN ('Decrypt', 'Encrypt', 'GenerateDataKey')
GROUP BY element_at(requestParameters, 'keyId')
ORDER BY calls DESC
LIMIT 20

-- KMS grants created
-- Who lets whom use a key by a grant.
SELECT eventTime, userIdentity.arn AS caller, element_at(requestParameters, 'keyId') AS key_id, element_at(requestParameters, 'granteePrincipal') AS grantee
FROM $EDS_ID
WHERE eventTime > date_add('day', -30, now()) AND eventName = 'CreateGrant'
ORDER BY eventTime DESC
LIMIT 100

-- Key policies changed
-- Policies of encryption keys that were put in place.
SELECT eventTime, userIdentity.arn AS caller, element_at(requestParameters, 'keyId') AS key_id
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now()) AND eventSource = 'kms.amazonaws.com' AND eventName = 'PutKeyPolicy'
ORDER BY eventTime DESC
LIMIT 100

-- Bucket policies changed
-- S3 buckets whose policy was put or deleted.
SELECT eventTime, userIdentity.arn AS caller, eventName, element_at(requestParameters, 'bucketName') AS bucket
FROM $EDS_ID
WHERE eventTime > date_add('day', -30, now()) AND eventName IN ('PutBucketPolicy', 'DeleteBucketPolicy')
ORDER BY eventTime DESC
LIMIT 100

-- Buckets made public
-- Changes of Block Public Access and access control lists of S3 buckets.
SELECT eventTime, userIdentity.arn AS caller, eventName, element_at(requestParameters, 'bucketName') AS bucket
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now()) AND eventName IN ('PutBucketPublicAccessBlock', 'DeleteBucketPublicAccessBlock', 'PutBucketAcl', 'DeleteAccountPublicAccessBlock')
ORDER BY eventTime DESC
LIMIT 100

-- Buckets created and deleted
-- S3 buckets that came and went in the last month.
SELECT eventTime, userIdentity.arn AS caller, eventName, element_at(requestParameters, 'bucketName') AS bucket
FROM $EDS_ID
WHERE eventTime > date_add('day', -30, now()) AND eventName IN ('CreateBucket', 'DeleteBucket')
ORDER BY eventTime DESC
LIMIT 100

-- Most read S3 buckets
-- S3 data events: buckets by the number of objects got from them.
SELECT element_at(requestParameters, 'bucketName') AS bucket, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND eventName = 'GetObject'
GROUP BY element_at(requestParameters, 'bucketName')
ORDER BY calls DESC
LIMIT 20

-- S3 objects deleted
-- S3 data events: who deleted which objects.
SELECT eventTime, userIdentity.arn AS caller, element_at(requestParameters, 'bucketName') AS bucket, element_at(requestParameters, 'key') AS key
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND eventName IN ('DeleteObject', 'DeleteObjects')
ORDER BY eventTime DESC
LIMIT 100

-- Bucket encryption and versioning changed
-- S3 buckets whose default encryption or versioning was changed.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now()) AND eventName IN ('PutBucketEncryption', 'DeleteBucketEncryption', 'PutBucketVersioning')
ORDER BY eventTime DESC
LIMIT 100

-- Security groups changed
-- Firewall rules of EC2 that were opened or closed.
SELECT eventTime, userIdentity.arn AS caller, eventName, element_at(requestParameters, 'groupId') AS security_group
FROM $EDS_ID
WHERE eventTime > date_add('day', -30, now()) AND eventName IN ('AuthorizeSecurityGroupIngress', 'AuthorizeSecurityGroupEgress', 'RevokeSecurityGroupIngress', 'RevokeSecurityGroupEgress')
ORDER BY eventTime DESC
LIMIT 100

-- Security groups opened to the world
-- Ingress rules that let in any address, 0.0.0.0/0.
SELECT eventTime, userIdentity.arn AS caller, element_at(requestParameters, 'groupId') AS security_group
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now()) AND eventName = 'AuthorizeSecurityGroupIngress' AND eventJson LIKE '%0.0.0.0/0%'
ORDER BY eventTime DESC
LIMIT 100

-- Instances started and ended
-- EC2 instances that were run, started, stopped or terminated.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND eventName IN ('RunInstances', 'StartInstances', 'StopInstances', 'TerminateInstances')
ORDER BY eventTime DESC
LIMIT 100

-- Network changes
-- VPCs, subnets, routes and gateways that were created, changed or deleted.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -30, now()) AND eventSource = 'ec2.amazonaws.com' AND readOnly = false AND regexp_like(eventName, 'Vpc|Subnet|Route|Gateway|NetworkAcl')
ORDER BY eventTime DESC
LIMIT 100

-- Snapshots and images shared
-- EBS snapshots and AMIs whose permissions were changed.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now()) AND eventName IN ('ModifySnapshotAttribute', 'ModifyImageAttribute')
ORDER BY eventTime DESC
LIMIT 100

-- Lambda functions changed
-- Functions whose code, settings or permissions were changed.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -30, now()) AND eventSource = 'lambda.amazonaws.com' AND readOnly = false
ORDER BY eventTime DESC
LIMIT 100

-- Secrets read
-- Who got the value of which secret from Secrets Manager.
SELECT eventTime, userIdentity.arn AS caller, element_at(requestParameters, 'secretId') AS secret
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND eventName = 'GetSecretValue'
ORDER BY eventTime DESC
LIMIT 100

-- Parameters read
-- Who read which parameters of Systems Manager.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND eventSource = 'ssm.amazonaws.com' AND eventName IN ('GetParameter', 'GetParameters', 'GetParametersByPath')
ORDER BY eventTime DESC
LIMIT 100

-- Everything that was changed
-- The latest calls that wrote, of all services.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -1, now()) AND readOnly = false
ORDER BY eventTime DESC
LIMIT 100

-- Everything that was deleted
-- The latest calls that deleted something, of all services.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND (eventName LIKE 'Delete%' OR eventName LIKE 'Terminate%' OR eventName LIKE 'Remove%') AND errorCode IS NULL
ORDER BY eventTime DESC
LIMIT 100

-- Calls by hour
-- How many calls there were in each hour of the last day.
SELECT date_trunc('hour', eventTime) AS hour, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -1, now())
GROUP BY 1
ORDER BY 1

-- Calls by day
-- How many calls and errors there were on each day of the last month.
SELECT date(eventTime) AS day, count(*) AS calls, count(errorCode) AS errors
FROM $EDS_ID
WHERE eventTime > date_add('day', -30, now())
GROUP BY 1
ORDER BY 1

-- Share of errors by service
-- Which part of each service's calls failed in the last week.
SELECT eventSource, count(*) AS calls, count(errorCode) AS errors, round(100.0 * count(errorCode) / count(*), 1) AS percent
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now())
GROUP BY eventSource
ORDER BY percent DESC, calls DESC
LIMIT 50

-- Reads and writes by service
-- Read-only and changing calls of each service in the last week.
SELECT eventSource, count_if(readOnly) AS reads, count_if(NOT readOnly) AS writes
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now())
GROUP BY eventSource
ORDER BY writes DESC
LIMIT 50

-- Calls outside of working hours
-- Changes at night or on weekends, in UTC.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND readOnly = false AND (hour(eventTime) NOT BETWEEN 7 AND 19 OR day_of_week(eventTime) > 5)
ORDER BY eventTime DESC
LIMIT 100

-- Callers seen for the first time
-- Users and roles whose first call of the last three months was in the last day.
SELECT userIdentity.arn AS caller, min(eventTime) AS first_seen, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now())
GROUP BY userIdentity.arn
HAVING min(eventTime) > date_add('day', -1, now())
ORDER BY first_seen DESC
LIMIT 100

-- Regions used for the first time
-- Regions whose first call of the last three months was in the last week.
SELECT awsRegion, min(eventTime) AS first_seen, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now())
GROUP BY awsRegion
HAVING min(eventTime) > date_add('day', -7, now())
ORDER BY first_seen

-- Callers with many addresses
-- Users and roles that called from the most different source IP addresses.
SELECT userIdentity.arn AS caller, count(DISTINCT sourceIPAddress) AS addresses, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now())
GROUP BY userIdentity.arn
ORDER BY addresses DESC
LIMIT 20

-- What each caller uses
-- Services and operations of each user and role, for least privilege.
SELECT userIdentity.arn AS caller, eventSource, eventName, count(*) AS calls
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now()) AND errorCode IS NULL
GROUP BY userIdentity.arn, eventSource, eventName
ORDER BY caller, calls DESC
LIMIT 1000

-- Resources that are used most
-- Resources by ARN and the number of events that name them.
SELECT resource.arn, count(*) AS calls
FROM $EDS_ID CROSS JOIN UNNEST(resources) AS named (resource)
WHERE eventTime > date_add('day', -7, now())
GROUP BY resource.arn
ORDER BY calls DESC
LIMIT 50

-- Old TLS versions
-- Calls over TLS 1.0 or 1.1, and who made them.
SELECT eventTime, userIdentity.arn AS caller, eventSource, tlsDetails.tlsVersion AS tls_version, userAgent
FROM $EDS_ID
WHERE eventTime > date_add('day', -30, now()) AND tlsDetails.tlsVersion IN ('TLSv1', 'TLSv1.1')
ORDER BY eventTime DESC
LIMIT 100

-- Calls made by AWS services
-- What services did in somebody's name.
SELECT eventTime, userIdentity.invokedBy AS service, eventSource, eventName, userIdentity.arn AS caller
FROM $EDS_ID
WHERE eventTime > date_add('day', -1, now()) AND userIdentity.invokedBy IS NOT NULL
ORDER BY eventTime DESC
LIMIT 100

-- Organization changes
-- Accounts, policies and organizational units that were created, moved or removed.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now()) AND eventSource = 'organizations.amazonaws.com' AND readOnly = false
ORDER BY eventTime DESC
LIMIT 100

-- Service control policies changed
-- Policies of an organization that were created, updated, attached or detached.
SELECT eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress
FROM $EDS_ID
WHERE eventTime > date_add('day', -90, now()) AND eventSource = 'organizations.amazonaws.com' AND eventName IN ('CreatePolicy', 'UpdatePolicy', 'DeletePolicy', 'AttachPolicy', 'DetachPolicy')
ORDER BY eventTime DESC
LIMIT 100

-- Anonymous calls
-- Calls without credentials.
SELECT eventTime, eventSource, eventName, sourceIPAddress, errorCode
FROM $EDS_ID
WHERE eventTime > date_add('day', -7, now()) AND userIdentity.accountId = 'anonymous'
ORDER BY eventTime DESC
LIMIT 100
