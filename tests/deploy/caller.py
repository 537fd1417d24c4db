"""An organization with a key, which the operator created, and the requests of its caller."""

from expect import eventually, expect

# Many times the length of a render of one second and a few looks at it. A job that takes longer is
# stuck.
PATIENCE_S = 120


class Caller:
    def __init__(self, stack, org, key):
        self.stack, self.org, self.key = stack, org, key

    @classmethod
    def new(cls, stack):
        org = stack.admin("org", "create")["org"]
        return cls(stack, org, stack.admin("key", "create", "--org", org, "--name", "rehearsal")["key"])

    def get(self, path):
        return self.stack.call("GET", path, self.key)

    def submit(self, prompt, model="fal/kling-2", duration=5):
        body = {"model": model, "prompt": prompt, "duration": duration}
        return self.stack.call("POST", "/videos/generations", self.key, body)

    def accepted(self, prompt, **order):
        """Submits and returns the job's id."""
        status, _, body = self.submit(prompt, **order)
        expect(f"submit of {body.get('model')}", (status, body.get("status") or body), (200, "processing"))
        return body["id"]

    def finished(self, job):
        """Polls until the job is over. Returns its body, and the balance in the header."""

        def look():
            status, headers, body = self.get(f"/videos/{job}")
            if status != 200 or body["status"] in ("completed", "failed"):
                return status, headers["x-geekhub-balance-mxn"], body

        status, balance, body = eventually(f"job {job} is over", look, PATIENCE_S)
        expect(f"job {job} is over", (status, body.get("status") or body), lambda seen: seen[0] == 200)
        return body, balance

    def account(self):
        """The balance, the held amount and the open jobs, as the operator sees them."""
        shown = self.stack.admin("balance", "show", "--org", self.org)
        return shown["balance_mxn"], shown["held_mxn"], shown["open_jobs"]
