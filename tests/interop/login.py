"""Shares a login to the SSO portal between iamkeys and programs of AWS.

    login.py IAMKEYS HOME AWS [LOGIN]

A login that iamkeys makes is used by boto3 and by AWS, an aws command; one that
LOGIN makes, an aws command that can, is used by iamkeys. Where to, is in
AWS_ENDPOINT_URL. HOME is an empty directory. Ends with an error at the first
thing that is not shared.
"""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
import urllib.parse
import urllib.request

START = "https://acme.awsapps.com/start"
CONFIG = f"""[sso-session acme]
sso_start_url = {START}
sso_region = us-east-1
sso_registration_scopes = sso:account:access
[profile data]
sso_session = acme
sso_account_id = 444455556666
sso_role_name = ViewOnlyAccess
region = us-east-1
"""
ROWS, COLUMNS = 24, 80
PATIENCE = 60
SEQUENCE = re.compile(
    rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[PX^_].*?\x1b\\|[ -/]*[0-~])", re.S
)


class Terminal:
    """The program on a terminal, of which the text is known."""

    def __init__(self, command, env):
        self.screen = [[" "] * COLUMNS for _ in range(ROWS)]
        self.at = (0, 0)
        self.raw = b""
        self.child, self.file = pty.fork()
        if self.child == 0:
            os.execve(command[0], command, env)
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def text(self):
        return "\n".join("".join(row) for row in self.screen)

    def read(self):
        """Takes in what has come; says whether there may be more."""
        try:
            came = os.read(self.file, 65536)
        except OSError:
            return False
        self.raw += came
        while self.raw:
            if self.raw[:1] == b"\x1b":
                found = SEQUENCE.match(self.raw)
                if not found:
                    break
                self.obey(found[0])
                self.raw = self.raw[found.end() :]
                continue
            length = next((n for n in range(1, 5) if self.whole(self.raw[:n])), 0)
            if length == 0:
                break
            self.write(self.raw[:length].decode())
            self.raw = self.raw[length:]
        return bool(came)

    @staticmethod
    def whole(piece):
        try:
            return bool(piece.decode())
        except UnicodeDecodeError:
            return False

    def obey(self, sequence):
        if sequence.startswith(b"\x1b[") and sequence.endswith(b"H"):
            numbers = [int(number or 1) for number in sequence[2:-1].split(b";")]
            row, column = (numbers + [1, 1])[:2]
            self.at = (row - 1, column - 1)
        elif sequence == b"\x1b[2J":
            self.screen = [[" "] * COLUMNS for _ in range(ROWS)]
        elif sequence == b"\x1b[6n":
            os.write(self.file, b"\x1b[1;1R")
        elif sequence == b"\x1b[c":
            os.write(self.file, b"\x1b[?62c")

    def write(self, character):
        row, column = self.at
        if character == "\r":
            self.at = (row, 0)
        elif character == "\n":
            self.at = (row + 1, column)
        elif character >= " ":
            if row < ROWS and column < COLUMNS:
                self.screen[row][column] = character
            self.at = (row, column + 1)

    def wait(self, pattern):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = re.search(pattern, self.text())
            if found:
                return found
            if select.select([self.file], [], [], 1)[0] and not self.read():
                break
        raise SystemExit(f"iamkeys never showed {pattern!r}:\n{self.text()}")

    def press(self, keys):
        os.write(self.file, keys.encode())

    def quit(self):
        self.press("q")
        while self.read():
            pass
        _, status = os.waitpid(self.child, 0)
        if status != 0:
            raise SystemExit(f"iamkeys ended with {status}:\n{self.text()}")


def decide(user_code):
    """What a person does on the page."""
    page = os.environ["AWS_ENDPOINT_URL"] + "/device"
    form = urllib.parse.urlencode({"user_code": user_code, "decision": "approve"})
    with urllib.request.urlopen(page, form.encode()) as answer:
        if answer.status != 200:
            raise SystemExit(f"the page: {answer.status}")


def environment(home):
    os.makedirs(f"{home}/.aws", exist_ok=True)
    with open(f"{home}/.aws/config", "w") as file:
        file.write(CONFIG)
    kept = ("PATH", "NO_PROXY", "AWS_ENDPOINT_URL", "AWS_EC2_METADATA_DISABLED")
    env = {name: os.environ[name] for name in kept if name in os.environ}
    return {**env, "HOME": home, "TERM": "xterm-256color", "LANG": "C.UTF-8", "AWS_PAGER": ""}


def iamkeys(program, env):
    url = os.environ["AWS_ENDPOINT_URL"]
    options = ["--profile", "data", "--endpoint-url", url, "--sso-device-code", "--no-journal"]
    return Terminal([program, *options], env)


def caller(command, env):
    """Whom a program is signed in as, by the profile."""
    ran = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True, text=True)
    arn = json.loads(ran.stdout)["Arn"]
    if not arn.startswith("arn:aws:sts::444455556666:assumed-role/AWSReservedSSO_ViewOnlyAccess_"):
        raise SystemExit(f"{command[0]} is signed in as {arn}")


BOTO3 = """
import boto3, json
sts = boto3.Session(profile_name="data").client("sts")
print(json.dumps({"Arn": sts.get_caller_identity()["Arn"]}))
"""

def ours_is_theirs(program, home, commands):
    env = environment(home)
    terminal = iamkeys(program, env)
    terminal.wait("Log in to IAM Identity Center")
    terminal.press("l")
    terminal.wait("check that it shows this code")
    decide(terminal.wait(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b")[0])
    terminal.wait(r"Users 9\b")
    terminal.quit()
    caller([sys.executable, "-c", BOTO3], env)
    for aws in commands:
        words = ["sts", "get-caller-identity", "--profile", "data", "--output", "json"]
        caller([aws, *words], env)


def theirs_is_ours(program, home, aws):
    env = environment(home)
    login = [aws, "sso", "login", "--profile", "data", "--use-device-code", "--no-browser"]
    login = subprocess.Popen(login, env=env, stdout=subprocess.PIPE, text=True)
    for line in login.stdout:
        if "user_code=" in line:
            decide(line.strip().rsplit("=", 1)[1])
    if login.wait() != 0:
        raise SystemExit("aws sso login has failed")
    terminal = iamkeys(program, env)
    terminal.wait(r"Users 9\b")
    terminal.quit()


def main():
    program, home, aws, *login = sys.argv[1:]
    program = os.path.abspath(program)
    ours_is_theirs(program, f"{home}/ours", [aws, *login])
    if login:
        theirs_is_ours(program, f"{home}/theirs", login[0])


main()
