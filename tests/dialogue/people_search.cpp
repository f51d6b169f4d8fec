#include "people_search.h"

#include <boost/test/unit_test.hpp>

namespace usher::test
{

std::vector<std::map<std::string, std::string>> rows_found(WireClient& client, const std::string& entity,
                                                           const std::string& words)
{
    const Element reply = client.request(
        "set", entity,
        "<query xmlns='jabber:iq:search'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
        "<value>jabber:iq:search</value></field><field var='search'><value>" +
            words + "</value></field></x></query>");
    BOOST_TEST_REQUIRE(reply.attribute("type") == "result", reply.str());
    std::vector<std::map<std::string, std::string>> rows;
    for (const Element& item : reply.child("query")->child("x")->children) {
        if (item.name != "item") {
            continue;
        }
        std::map<std::string, std::string>& row = rows.emplace_back();
        for (const Element& field : item.children) {
            row[field.attribute("var")] = field.child("value")->text;
        }
    }
    return rows;
}

}  // namespace usher::test
