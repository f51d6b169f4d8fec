"""Logs in as an entity on the server of this machine, and returns when the connector's grant has been advertised.

Run as: entity.py COMPONENT SECRET | entity.py ACCOUNT PASSWORD
"""
import base64
import hashlib
import re
import socket
import ssl
import sys

address, secret = sys.argv[1:]
user, _, domain = address.rpartition("@")
connection = socket.create_connection(("127.0.0.1", 5222 if user else 5347), timeout=60)
received = ""


def expect(pattern):
    global received
    while not (found := re.search(pattern, received)):
        got = connection.recv(65536).decode()
        if not got:
            sys.exit(f"the server has ended the stream after: {received}")
        received += got
    received = received[found.end():]
    return found


def send(text):
    connection.sendall(text.encode())


def open_stream(namespace):
    send(f"<stream:stream xmlns='{namespace}' xmlns:stream='http://etherx.jabber.org/streams' to='{domain}' version='1.0'>")


if user:
    open_stream("jabber:client")
    expect("</stream:features>")
    send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    expect("<proceed")
    context = ssl.create_default_context()
    context.check_hostname = False  # the server has signed its certificate itself
    context.verify_mode = ssl.CERT_NONE
    connection = context.wrap_socket(connection)
    open_stream("jabber:client")
    expect("</stream:features>")
    plain = base64.b64encode(f"\0{user}\0{secret}".encode()).decode()
    send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>")
    expect("<success")
    open_stream("jabber:client")
    expect("</stream:features>")
    send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
    expect("<iq[^>]* id='bind'")
    send("<presence/>")
else:
    open_stream("jabber:component:accept")
    stream_id = expect("<stream:stream[^>]* id='([^']*)'")[1]
    send(f"<handshake>{hashlib.sha1((stream_id + secret).encode()).hexdigest()}</handshake>")
    expect("<handshake")
expect("<namespace [^>]*'urn:xmpp:subscription-requests:0'")
