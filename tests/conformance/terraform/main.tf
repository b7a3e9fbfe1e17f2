terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "team" {
  type    = string
  default = "audit"
}

provider "aws" {}

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  trail   = "arn:aws:cloudtrail:${data.aws_region.current.name}:${local.account}:trail/From-Terraform"
}

resource "aws_s3_bucket" "logs" {
  bucket        = "amzn-s3-demo-terraform"
  force_destroy = true
  tags          = { Team = var.team }
}

resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "logs" {
  bucket                  = aws_s3_bucket.logs.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule {
    object_ownership = "BucketOwnerPreferred"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule {
    id     = "old"
    status = "Enabled"
    filter {
      prefix = "AWSLogs/"
    }
    transition {
      days          = 90
      storage_class = "GLACIER"
    }
    expiration {
      days = 365
    }
    noncurrent_version_expiration {
      noncurrent_days = 30
    }
  }
}

data "aws_iam_policy_document" "logs" {
  statement {
    sid       = "AWSCloudTrailAclCheck"
    actions   = ["s3:GetBucketAcl"]
    resources = [aws_s3_bucket.logs.arn]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail]
    }
  }
  statement {
    sid       = "AWSCloudTrailWrite"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.logs.arn}/AWSLogs/${local.account}/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-acl"
      values   = ["bucket-owner-full-control"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail]
    }
  }
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = data.aws_iam_policy_document.logs.json
}

resource "aws_s3_object" "note" {
  bucket  = aws_s3_bucket.logs.id
  key     = "notes/one.txt"
  content = "one"
  tags    = { Kind = "note" }
}

resource "aws_cloudtrail" "audit" {
  depends_on                    = [aws_s3_bucket_policy.logs]
  name                          = "From-Terraform"
  s3_bucket_name                = aws_s3_bucket.logs.id
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  tags                          = { Team = var.team }
  event_selector {
    read_write_type           = "All"
    include_management_events = true
    data_resource {
      type   = "AWS::S3::Object"
      values = ["${aws_s3_bucket.logs.arn}/notes/"]
    }
  }
}

resource "aws_iam_user" "mateo" {
  name = "mateojackson-terraform"
  path = "/people/"
  tags = { Team = var.team }
}

resource "aws_iam_access_key" "mateo" {
  user = aws_iam_user.mateo.name
}

resource "aws_iam_group" "auditors" {
  name = "auditors-terraform"
}

resource "aws_iam_user_group_membership" "mateo" {
  user   = aws_iam_user.mateo.name
  groups = [aws_iam_group.auditors.name]
}

data "aws_iam_policy_document" "read" {
  statement {
    actions   = ["cloudtrail:LookupEvents", "cloudtrail:DescribeTrails"]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "read" {
  name        = "read-terraform"
  description = "Reads the trail"
  policy      = data.aws_iam_policy_document.read.json
  tags        = { Team = var.team }
}

resource "aws_iam_user_policy" "mateo" {
  name   = "inline"
  user   = aws_iam_user.mateo.name
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_user_policy_attachment" "mateo" {
  user       = aws_iam_user.mateo.name
  policy_arn = aws_iam_policy.read.arn
}

resource "aws_iam_group_policy_attachment" "auditors" {
  group      = aws_iam_group.auditors.name
  policy_arn = "arn:aws:iam::aws:policy/SecurityAudit"
}

resource "aws_iam_role" "worker" {
  name                 = "worker-terraform"
  path                 = "/work/"
  max_session_duration = 7200
  permissions_boundary = aws_iam_policy.read.arn
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
  tags = { Team = var.team }
}

resource "aws_iam_role_policy" "worker" {
  name   = "inline"
  role   = aws_iam_role.worker.name
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_role_policy_attachment" "worker" {
  role       = aws_iam_role.worker.name
  policy_arn = aws_iam_policy.read.arn
}

resource "aws_iam_instance_profile" "worker" {
  name = "worker-terraform"
  path = "/work/"
  role = aws_iam_role.worker.name
}

resource "aws_iam_account_password_policy" "strict" {
  minimum_password_length        = 14
  require_symbols                = true
  allow_users_to_change_password = true
}

output "key" {
  value = aws_iam_access_key.mateo.id
}
