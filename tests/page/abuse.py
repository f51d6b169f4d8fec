"""What anybody can do to the administration page who can connect to it. After each attack the same usherd must still be there,
log in whoever has a link, and have approved a colleague's request; and its memory must be bounded. Prints a table.

Usage: abuse.py USHERD [N]     N: how many of each; 1,000. The figures in tests/dialogue/ABUSE.md are for 10,000.
"""
import http.client
import os
import resource
import socket
import sys
import threading
import time

from scene import JULIET, NURSE, Scene

# kB: 64 connections with 400 kB each, and what usherd has without them. The sanitizers keep what is freed for a while.
MOST_MEMORY = 64 * 1024


class ControlSocket(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("usher", timeout=60)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


class LoopWatch:
    """Asks at another door without pause: as long as an answer takes, so long the loop was held."""

    def __init__(self, scene):
        self.path, self.times, self.over = scene.stage.directory / "control.sock", [], False
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        connection = ControlSocket(self.path)
        while not self.over:
            began = time.perf_counter()
            connection.request("GET", "/v1/web/sessions")
            connection.getresponse().read()
            self.times.append((time.perf_counter() - began) * 1000)
            time.sleep(0.001)  # leaves the loop to others
        connection.close()

    def end(self):
        """Milliseconds, one for each answer."""
        self.over = True
        self.thread.join()
        return self.times


class Siege:
    def __init__(self, usherd, count):
        self.scene, self.count = Scene(usherd), count
        self.usherd = self.scene.stage.running[-1][1]
        self.port = self.scene.stage.web_port
        self.host = f"Host: 127.0.0.1:{self.port}\r\n"

    def memory(self, what):
        with open(f"/proc/{self.usherd.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(what + ":"))

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def talk(self, pieces):
        """Sends until usherd has had enough. Returns the first line of what it says."""
        with self.connect() as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has ended the connection
            try:
                return connection.recv(4096).split(b"\r\n")[0].decode()
            except OSError:
                return ""

    def post(self, body, headers=""):
        request = (f"POST /v1/session HTTP/1.1\r\n{self.host}Origin: {self.scene.origin}\r\n{headers}"
                   f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n")
        return self.talk([request.encode() + body])

    # --- The attacks. Each returns what usherd answered, in words.

    def connections_that_say_nothing(self):
        silent = []
        for _ in range(self.count):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", self.port))
            silent.append(one)
        answered = self.lives()
        for one in silent:
            one.close()
        return answered

    def requests_byte_by_byte(self):
        slow = [self.connect() for _ in range(64)]
        for byte in f"GET / HTTP/1.1\r\n{self.host}X: ".encode():
            for one in slow:
                try:
                    one.send(bytes([byte]))
                except OSError:
                    pass  # others had to get in
        answered = self.lives()
        for one in slow:
            one.close()
        return answered

    def answers_taken_slowly_on_all_connections(self):
        """As much at a time as keeps the connection, and no more."""
        slow, over = [], threading.Event()
        for _ in range(64):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.connect(("127.0.0.1", self.port))
            one.sendall(f"GET /files/chart.js HTTP/1.1\r\n{self.host}\r\n".encode() * 50)
            slow.append(one)
            time.sleep(0.05)  # the system's buffers are full then: who is being answered is not idle

        def take():
            while not over.wait(0.25):
                for one in slow:
                    try:
                        one.recv(65536, socket.MSG_DONTWAIT)
                    except OSError:
                        pass  # nothing is there, or others had to get in

        taking = threading.Thread(target=take)
        taking.start()
        try:
            return self.lives()
        finally:
            over.set()
            taking.join()
            for one in slow:
                one.close()

    def bodies_without_end(self):
        head = f"POST /v1/session HTTP/1.1\r\n{self.host}Transfer-Encoding: chunked\r\n\r\n".encode()
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        return self.talk([head] + [chunk] * 1000) or "cut off"

    def a_body_of_a_terabyte(self):
        head = f"POST /v1/session HTTP/1.1\r\n{self.host}Content-Length: 1000000000000\r\n\r\n".encode()
        return self.talk([head] + [b"x" * 65536] * 1000) or "cut off"

    def headers_without_end(self):
        return self.talk([f"GET / HTTP/1.1\r\n{self.host}".encode()] + [b"X: " + b"x" * 8000 + b"\r\n"] * 1000) or "cut off"

    def bodies_as_large_as_may_be_on_all_connections(self):
        head = f"POST /v1/session HTTP/1.1\r\n{self.host}Content-Length: 131072\r\n\r\n".encode()
        full = [self.connect() for _ in range(63)]
        for one in full:
            try:
                one.sendall(head + b"x" * 131071)
            except OSError:
                pass
        answered = self.lives()
        for one in full:
            one.close()
        return answered

    def json_nested_deeply(self):
        return self.post(b"[" * 65536 + b"]" * 65536)

    def guessed_links(self):
        return self.many(lambda: self.scene.ask("POST", "/v1/session", body={"link": "0" * 64}).status)

    def logins_as_others(self):
        return self.many(lambda: self.scene.ask("POST", "/v1/session", body={"address": f"a{time.monotonic_ns()}@b.example"}).status)

    def requests_for_another_host(self):
        return self.many(lambda: self.scene.ask("GET", "/", headers={"Host": "evil.example"}).status)

    def files_and_paths(self):
        paths = ("/files/..%2f..%2fetc%2fpasswd", "/" + "a/" * 4000, "/?" + "&".join(f"a{i}=" for i in range(2000)), "/%00")
        return ", ".join(str(self.scene.ask("GET", path).status) for path in paths)

    def many(self, ask):
        statuses = {}
        for _ in range(self.count):
            status = ask()
            statuses[status] = statuses.get(status, 0) + 1
        return ", ".join(f"{count} times {status}" for status, count in sorted(statuses.items()))

    # --- After each

    def lives(self):
        """A link logs in, and what it opens works, whoever else is connected."""
        cookie = self.scene.log_in(self.scene.link())
        session = self.scene.ask("GET", "/v1/session", cookie)
        assert session.status == 200, session.body
        ended = self.scene.ask("DELETE", "/v1/session", cookie, headers={"X-CSRF-Token": session.json()["csrf"]})
        assert ended.status == 204, ended.body
        return "others get in"

    def answers_requests(self):
        """Of a colleague, who then is not in the list any more."""
        nurse = self.scene[NURSE]
        nurse.heard.clear()
        self.scene.run(nurse.request(JULIET))
        self.scene.run(nurse.hears("subscribed", JULIET))
        nurse.send_presence(pto=JULIET, ptype="unsubscribe")
        self.scene.run(nurse.all_delivered())

    def sustain(self, attack):
        before = self.memory("VmRSS")
        watch = LoopWatch(self.scene)
        try:
            became = attack()
        finally:
            held = max(watch.end())
        self.lives()
        self.answers_requests()
        after = self.memory("VmRSS")
        name = attack.__name__.replace("_", " ")
        print(f"| {name} | {became} | {held:.0f} | {before / 1024:.1f} → {after / 1024:.1f} |", flush=True)
        assert self.usherd.poll() is None, "usherd has ended"

    def run(self):
        print(f"| N = {self.count} | what becomes of it | held, ms | memory, MB |\n|---|---|---|---|")
        for attack in (self.connections_that_say_nothing, self.requests_byte_by_byte,
                       self.answers_taken_slowly_on_all_connections, self.bodies_without_end,
                       self.a_body_of_a_terabyte, self.headers_without_end, self.bodies_as_large_as_may_be_on_all_connections,
                       self.json_nested_deeply, self.guessed_links, self.logins_as_others, self.requests_for_another_host,
                       self.files_and_paths):
            self.sustain(attack)
        most = self.memory("VmHWM")
        print(f"\nmost memory: {most / 1024:.1f} MB")
        assert most < MOST_MEMORY or "USHER_SANITIZED_PROGRAMS" in os.environ, f"{most} kB, at most {MOST_MEMORY} wanted"
        statuses = [line for line in (self.scene.stage.directory / "usherd.out").read_text().splitlines() if " error: " in line]
        assert not statuses, statuses


def main(usherd, count):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, count + 1000), most))
    siege = Siege(usherd, count)
    try:
        siege.run()
    except BaseException:
        print(siege.scene.outputs(), file=sys.stderr)
        raise
    finally:
        siege.scene.stop()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000)
