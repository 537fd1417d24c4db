"""What an operator makes in the account before the first deployment: a bucket for the code, the three secrets, and a domain's certificate.

It leaves the certificate's ARN in SCRATCH/certificate.
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
certificate = boto3.client("acm").request_certificate(DomainName="api.example.com", ValidationMethod="DNS")["CertificateArn"]
with open(os.path.join(os.environ["SCRATCH"], "certificate"), "w") as file:
    file.write(certificate)
print(f"  {certificate}")
