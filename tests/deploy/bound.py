"""Puts the boundary on every role of the stack, as the template does.

ministack's CloudFormation ignores the boundary in the template, but ministack's evaluation of
policies respects it. So everything after this script runs within the boundary.
"""

import os

import boto3
from expect import expect
from stack import SCRATCH, Stack

with open(os.path.join(SCRATCH, "boundary")) as file:
    boundary = file.read()
iam, stack = boto3.client("iam"), Stack()
expect("the boundary that the stack was told of", stack.parameters["PermissionsBoundary"], boundary)
roles = stack.resources("AWS::IAM::Role").values()
for role in roles:
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=boundary)
bounded = [iam.get_role(RoleName=role)["Role"].get("PermissionsBoundary", {}).get("PermissionsBoundaryArn") for role in roles]
expect(f"boundaries of the {len(bounded)} roles", set(bounded), {boundary})
