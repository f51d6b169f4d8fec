// PROTOCOL.md, rules S92 to S97: what everybody may read of a person, and the hint that it has changed.
#include "protocol_people.h"

namespace usher::test
{

namespace
{

const std::string kPubsub = "http://jabber.org/protocol/pubsub";

/// The fields of that person, read again: "fn=Juliet Capulet, nick=Jule".
std::string fields_of(WireStream& asker, const std::string& address)
{
    const Element reply = ask_for_people(asker, persons_xml({address}));
    BOOST_REQUIRE_MESSAGE(persons_on(reply) == std::vector<std::string>{address}, reply.str());
    const Element& person = reply.child("people")->children.front();
    BOOST_TEST(person.attributes.size() == 1U, person.str());
    std::string fields;
    for (const Element& field : person.children) {
        BOOST_TEST(field.attributes.empty(), field.str());
        BOOST_TEST(field.children.empty(), field.str());
        fields += (fields.empty() ? "" : ", ") + field.name + "=" + field.text;
    }
    return fields;
}

void set_vcard(WireClient& user, const std::string& content)
{
    const Element reply = user.request("set", {}, "<vCard xmlns='vcard-temp'>" + content + "</vCard>");
    BOOST_TEST_REQUIRE(reply.attribute("type") == "result", reply.str());
}

std::string form_xml(const std::string& kind, const std::string& access_model)
{
    return "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>" + kPubsub +
           "#" + kind + "</value></field><field var='pubsub#access_model'><value>" + access_model +
           "</value></field></x>";
}

/// Publishes a vCard4 (XEP-0292) with that access model, or with that of the server if there is none.
void publish_vcard4(WireClient& user, const std::string& content, const std::string& access_model = {})
{
    const std::string options =
        access_model.empty()
            ? ""
            : "<publish-options>" + form_xml("publish-options", access_model) + "</publish-options>";
    const Element reply = user.request("set", {},
                                       "<pubsub xmlns='" + kPubsub +
                                           "'><publish node='urn:xmpp:vcard4'><item id='current'><vcard "
                                           "xmlns='urn:ietf:params:xml:ns:vcard-4.0'>" +
                                           content + "</vcard></item></publish>" + options + "</pubsub>");
    BOOST_TEST_REQUIRE(reply.attribute("type") == "result", reply.str());
}

void configure_vcard4(WireClient& user, const std::string& access_model)
{
    const Element reply =
        user.request("set", user.address(),
                     "<pubsub xmlns='" + kPubsub + "#owner'><configure node='urn:xmpp:vcard4'>" +
                         form_xml("node_config", access_model) + "</configure></pubsub>");
    BOOST_TEST_REQUIRE(reply.attribute("type") == "result", reply.str());
}

std::string repeated(const std::string& text, int times)
{
    std::string all;
    for (int i = 0; i < times; ++i) {
        all += text;
    }
    return all;
}

const Element* changed_in(const Element& stanza)
{
    return stanza.name == "message" && stanza.attribute("from") == "capulet.lit"
               ? stanza.child("changed", kPeopleNs)
               : nullptr;
}

const Matcher kChanged = {"a hint that people have changed",
                          [](const Element& stanza) { return changed_in(stanza) != nullptr; }};

/// The next hint: whom it names.
std::vector<std::string> next_changed(WireStream& entity)
{
    return persons_in(*changed_in(entity.expect(kChanged)));
}

/// Two who have changed one after the other: in one hint or, if the gap has ended between them, in two.
std::vector<std::string> next_two_changed(WireStream& entity)
{
    std::vector<std::string> changed = next_changed(entity);
    while (changed.size() < 2U) {
        changed.push_back(next_changed(entity).at(0));
    }
    return changed;
}

/// Somebody without an account who registers one (XEP-0077).
class NewAccount : public WireStream
{
  public:
    NewAccount(std::uint16_t port, const std::string& address) : WireStream(port, address, address) {}

    void connect() override
    {
        connect_socket();
        (void)open_stream("jabber:client", "capulet.lit");
        (void)next_element();  // features
        send("<iq type='set' id='register'><query xmlns='jabber:iq:register'><username>" +
             address().substr(0, address().find('@')) + "</username><password>" + kPassword +
             "</password></query></iq>");
        const Element reply = next_element();
        BOOST_TEST_REQUIRE(reply.attribute("type") == "result", reply.str());
        end_negotiation();
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(protocol_people_fields)

BOOST_AUTO_TEST_CASE(S92_S93_fields_are_those_of_the_vcard_that_everybody_may_read)
{
    ScriptedStage stage(people_options(Login::component));
    stage.admit_entity();
    WireStream& asker = stage.entity().stream();
    WireClient& juliet = stage.enter(kJuliet);
    BOOST_TEST(fields_of(asker, kJuliet).empty());
    set_vcard(juliet,
              "<FN>Juliet Capulet</FN><N><FAMILY>Capulet</FAMILY><GIVEN>Juliet</GIVEN></N>"
              "<NICKNAME>Jule</NICKNAME><BDAY>1582-07-31</BDAY><TEL><HOME/><NUMBER>1</NUMBER></TEL>"
              "<EMAIL><INTERNET/><USERID>juliet@capulet.lit</USERID></EMAIL>"
              "<EMAIL><INTERNET/><USERID>other@capulet.lit</USERID></EMAIL>");
    const std::string whole =
        "fn=Juliet Capulet, given=Juliet, family=Capulet, nick=Jule, email=juliet@capulet.lit";
    BOOST_TEST(fields_of(asker, kJuliet) == whole);
    // The list has the same.
    const Element page = ask_for_people(asker, {});
    BOOST_TEST(page.child("people")->children.front().str() ==
               ask_for_people(asker, persons_xml({kJuliet})).child("people")->children.front().str());

    struct Text {
        std::string written;
        std::string sent;
    };
    const std::string e = "\xC3\xA9";
    for (const Text& text :
         std::vector<Text>{{"R &amp; J &lt;3 &apos;&quot;", "fn=R & J <3 '\""},
                           {"  one\n\t two\xC2\x85three &#x7F; ", "fn=one two three"},
                           {repeated("x", 300), "fn=" + repeated("x", 256)},
                           {repeated(e, 200), "fn=" + repeated(e, 128)},
                           {"x" + repeated(e, 200), "fn=x" + repeated(e, 127)},
                           {repeated("\xF0\x9F\x8C\xB9", 70), "fn=" + repeated("\xF0\x9F\x8C\xB9", 64)},
                           {" \n ", ""},
                           {"", ""}}) {
        set_vcard(juliet, "<FN>" + text.written + "</FN>");
        BOOST_TEST(fields_of(asker, kJuliet) == text.sent);
    }
}

BOOST_AUTO_TEST_CASE(S92_node_for_contacts_only_is_not_for_the_entity)
{
    ScriptedStage stage(people_options(Login::component));
    stage.admit_entity();
    WireStream& asker = stage.entity().stream();
    WireClient& juliet = stage.enter(kJuliet);
    WireClient& nurse = stage.enter(kNurse);
    const std::string vcard4 =
        "<fn><text>Angelica</text></fn><n><surname>Nurse</surname><given>Ann</given></n><nickname><text>"
        "Nan</text></nickname><email><text/></email><email><text>nurse@capulet.lit</text></email>";
    const std::string shown = "fn=Angelica, given=Ann, family=Nurse, nick=Nan, email=nurse@capulet.lit";
    publish_vcard4(juliet, vcard4);
    BOOST_TEST(fields_of(asker, kJuliet).empty());
    publish_vcard4(nurse, vcard4, "open");
    BOOST_TEST(fields_of(asker, kNurse) == shown);
    for (const std::string model : {"presence", "open", "whitelist"}) {
        configure_vcard4(nurse, model);
        BOOST_TEST(fields_of(asker, kNurse) == (model == "open" ? shown : ""), model);
    }
}

BOOST_AUTO_TEST_CASE(S92_vcard4_comes_before_vcard_temp)
{
    ScriptedStage stage(people_options(Login::component));
    stage.admit_entity();
    WireClient& juliet = stage.enter(kJuliet);
    set_vcard(juliet, "<FN>Juliet Capulet</FN>");
    publish_vcard4(juliet, "<fn><text>Juliet Montague</text></fn>", "open");
    BOOST_TEST(fields_of(stage.entity().stream(), kJuliet) == "fn=Juliet Montague");
}

BOOST_AUTO_TEST_CASE(S95_S97_entities_are_told_what_has_changed)
{
    ServerOptions options = people_options(Login::account);
    options.registration = true;
    options.entities.emplace_back("other.capulet.lit");          // granted the first part only
    options.people_entities.emplace_back("finder.capulet.lit");  // and the second only
    ScriptedStage stage(options);
    WireClient& nurse = stage.enter(kNurse);  // before anybody is there to be told of the account
    stage.admit_entity();
    WireStream& entity = stage.entity().stream();
    ScriptedEntity other(stage.server(), "other.capulet.lit");
    WireComponent finder(stage.server().component_port(), "finder.capulet.lit");
    finder.connect();
    stage.server().reload_connector();
    BOOST_TEST(next_changed(entity).empty());

    // Each of these hints comes 5 s after the one before (S96).
    NewAccount juliet(stage.server().client_port(), kJuliet);
    juliet.connect();
    set_vcard(nurse, "<FN>Angelica</FN>");
    BOOST_TEST(next_two_changed(entity) == (std::vector<std::string>{kJuliet, kNurse}),
               boost::test_tools::per_element());
    BOOST_TEST(fields_of(entity, kJuliet).empty());
    BOOST_TEST(fields_of(entity, kNurse) == "fn=Angelica");

    publish_vcard4(nurse, "<fn><text>Nurse</text></fn>", "open");
    BOOST_TEST(next_changed(entity) == std::vector<std::string>{kNurse}, boost::test_tools::per_element());
    BOOST_TEST(fields_of(entity, kNurse) == "fn=Nurse");

    configure_vcard4(nurse, "whitelist");
    WireClient& last = stage.client(kJuliet, "last");
    last.connect();
    last.send("<iq type='set' id='remove'><query xmlns='jabber:iq:register'><remove/></query></iq>");
    last.expect_end();
    BOOST_TEST(next_two_changed(entity) == (std::vector<std::string>{kNurse, kJuliet}),
               boost::test_tools::per_element());
    BOOST_TEST(persons_on(ask_for_people(entity, persons_xml({kJuliet}))).empty());

    finder.expect(kChanged);
    round_trip({&entity, &other.stream(), &nurse});
    BOOST_TEST(!other.stream().has_received(kChanged));
    BOOST_TEST(!nurse.has_received(kChanged));
}

BOOST_AUTO_TEST_CASE(S96_many_changes_are_one_hint)
{
    ScriptedStage stage(people_options(Login::component));
    std::vector<WireClient*> people;
    for (int i = 0; i < 101; ++i) {
        people.push_back(&stage.person("p" + std::to_string(i) + "@capulet.lit"));
        people.back()->connect();
    }
    stage.admit_entity();  // now, so that it is not told of these accounts
    WireStream& entity = stage.entity().stream();
    stage.server().reload_connector();
    BOOST_TEST(next_changed(entity).empty());
    // Once each, however often it was.
    for (int i = 0; i < 3; ++i) {
        set_vcard(*people[0], "<FN>" + std::to_string(i) + "</FN>");
        set_vcard(*people[1], "<FN>" + std::to_string(i) + "</FN>");
    }
    BOOST_TEST(
        next_two_changed(entity) == (std::vector<std::string>{people[0]->address(), people[1]->address()}),
        boost::test_tools::per_element());
    // More than a hundred are nobody. A gap may end among them, and then they are in two hints.
    std::vector<std::string> named;
    for (int time = 0; time < 5; ++time) {
        for (WireClient* person : people) {
            person->send(
                "<iq type='set' id='vcard'><vCard xmlns='vcard-temp'><FN>Everybody</FN></vCard></iq>");
        }
        named = next_changed(entity);
        BOOST_TEST(named.size() <= 100U);
        if (named.empty()) {
            break;
        }
    }
    BOOST_TEST(named.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
