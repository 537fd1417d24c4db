"""Prepares the account as an operator does before the first deployment.

It creates a bucket for the code, the three secrets, the boundary of the roles, and the certificate
of a domain.

The ARNs of the boundary and of the certificate are written to SCRATCH.
"""

import os

import boto3

boto3.client("s3").create_bucket(Bucket="rehearsal-code")
secrets = boto3.client("secretsmanager")
for name, variable in [
    ("ghub/fal-key", "FAL_KEY"),
    ("ghub/google-service-account", "GOOGLE_SERVICE_ACCOUNT"),
    ("ghub/supabase-secret-key", "SUPABASE_SECRET_KEY"),
]:
    print("  " + secrets.create_secret(Name=name, SecretString=os.environ[variable])["ARN"])
cloudformation, bootstrap = boto3.client("cloudformation"), f"bootstrap-{os.environ['STACK']}"
with open("infra/bootstrap.yaml") as file:
    cloudformation.create_stack(
        StackName=bootstrap,
        TemplateBody=file.read(),
        Parameters=[{"ParameterKey": "Stack", "ParameterValue": os.environ["STACK"]}],
        Capabilities=["CAPABILITY_IAM"],
    )
cloudformation.get_waiter("stack_create_complete").wait(StackName=bootstrap)
(boundary,) = cloudformation.describe_stacks(StackName=bootstrap)["Stacks"][0]["Outputs"]
certificate = boto3.client("acm").request_certificate(DomainName="api.example.com", ValidationMethod="DNS")["CertificateArn"]
for name, arn in [("boundary", boundary["OutputValue"]), ("certificate", certificate)]:
    with open(os.path.join(os.environ["SCRATCH"], name), "w") as file:
        file.write(arn)
    print(f"  {arn}")
