#!/usr/bin/python3
"""The same answers from a component on slixmpp, written in the style of its documentation.

slixmpp_component.py PORT
"""
import asyncio
import sys
from xml.etree import ElementTree

import slixmpp
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

REQUESTS = "urn:xmpp:subscription-requests:0"
PRESENCE = "{urn:xmpp:forward:0}forwarded/{jabber:client}presence"
ANSWERS = {"capulet.lit": "subscribed", "spam.example": "unsubscribed"}


class Component(slixmpp.ComponentXMPP):
    def __init__(self, port):
        super().__init__("usher.capulet.lit", "wherefore", "127.0.0.1", port)
        self.register_handler(Callback(
            "requests", MatchXPath("{%s}iq/{%s}requests" % (self.default_ns, REQUESTS)), self.answer))

    def answer(self, iq):
        answers = ElementTree.Element("{%s}answers" % REQUESTS)
        for request in iq.xml.iterfind("{%s}requests/{%s}request" % (REQUESTS, REQUESTS)):
            contact = slixmpp.JID(request.find(PRESENCE).get("from"))
            ElementTree.SubElement(answers, "{%s}answer" % REQUESTS, {
                "id": request.get("id"), "type": ANSWERS.get(contact.domain, "none")})
        reply = iq.reply()
        reply.append(answers)
        reply.send()


async def main():
    component = Component(int(sys.argv[1]))
    component.connect()
    await asyncio.Event().wait()


asyncio.run(main())
