// XEP-0004: reading and writing by a form-processing entity.
#include "integration/xmpp/data_form.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <string>

#include "literal.h"

namespace bdata = boost::unit_test::data;
using usher::DataForm;
using usher::FormField;
using usher::Stanza;
using usher::Submission;
using usher::test::Literal;
using Strings = std::vector<std::string>;

namespace
{

DataForm form()
{
    DataForm form;
    form.form_type = "urn:example:play";
    form.title = "Play & <party>";
    form.instructions = {"One.", "Two."};
    form.fields = {
        {.type = FormField::Type::fixed, .var = {}, .label = {}, .desc = {}, .values = {"Read this."}},
        {.type = FormField::Type::list_single,
         .var = "act",
         .label = "Act",
         .desc = "Which one",
         .required = true,
         .values = {"1"},
         .choices = {{"1", "First"}, {"2", "Second"}}},
        {.type = FormField::Type::list_multi,
         .var = "scenes",
         .label = "Scenes",
         .desc = {},
         .choices = {{"a", "A"}, {"b", "B"}}},
        {.type = FormField::Type::boolean, .var = "masks", .label = "Masks", .desc = {}},
        {.type = FormField::Type::jid_single, .var = "who", .label = "Who", .desc = {}},
        {.type = FormField::Type::jid_single, .var = "user", .label = "User", .desc = {}, .account = true},
        {.type = FormField::Type::text_single, .var = "word", .label = {}, .desc = {}},
        {.type = FormField::Type::text_multi, .var = "lines", .label = "Lines", .desc = {}},
    };
    return form;
}

std::string field(const std::string& var, const Strings& values)
{
    std::string xml = "<field var='" + var + "'>";
    for (const std::string& value : values) {
        xml += "<value>" + value + "</value>";
    }
    return xml + "</field>";
}

tl::expected<Submission, std::string> read(const Stanza& x)
{
    const auto entered = usher::read_submission(x);
    return entered ? usher::check_submission(*entered, form()) : tl::unexpected(entered.error());
}

tl::expected<Submission, std::string> read(const std::string& fields, const std::string& type = "submit")
{
    const Literal literal("<x xmlns='jabber:x:data' type='" + type + "'>" + fields + "</x>");
    return read(literal.stanza());
}

/// The errors of a submission whose `act` is valid.
Strings wrong(const std::string& fields)
{
    const auto submission = read(field("act", {"2"}) + fields);
    BOOST_TEST_REQUIRE(submission.has_value());
    return submission->wrong;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(data_form)

BOOST_AUTO_TEST_CASE(form_is_written_with_everything_that_belongs_to_a_field)
{
    DataForm small = form();
    small.fields.resize(2);
    BOOST_TEST(usher::form_to_fill(small) ==
               "<x xmlns='jabber:x:data' type='form'><title>Play &amp; &lt;party&gt;</title>"
               "<field var='FORM_TYPE' type='hidden'><value>urn:example:play</value></field>"
               "<instructions>One.</instructions><instructions>Two.</instructions>"
               "<field type='fixed'><value>Read this.</value></field>"
               "<field var='act' type='list-single' label='Act'><desc>Which one</desc><required/>"
               "<value>1</value><option label='First'><value>1</value></option>"
               "<option label='Second'><value>2</value></option></field></x>");
}

BOOST_AUTO_TEST_CASE(result_is_not_required_to_be_filled_in)
{
    DataForm result;
    result.fields = {{.type = FormField::Type::text_single,
                      .var = "word",
                      .label = {},
                      .desc = {},
                      .required = true,
                      .values = {"peace"}}};
    BOOST_TEST(usher::form_to_read(result) ==
               "<x xmlns='jabber:x:data' type='result'><field var='word' type='text-single'>"
               "<value>peace</value></field></x>");
}

BOOST_AUTO_TEST_CASE(what_was_entered_is_read_by_name)
{
    const auto submission =
        read(field("FORM_TYPE", {"urn:example:play"}) + field("act", {"2"}) + field("scenes", {"a", "b"}) +
             field("masks", {"true"}) + field("who", {" juliet@capulet.lit\n"}) +
             field("word", {"a &lt; b"}) + field("lines", {"", "second"}));
    BOOST_TEST_REQUIRE(submission.has_value());
    BOOST_TEST(submission->wrong == Strings());
    BOOST_TEST(submission->values.one("act") == "2");
    BOOST_TEST(submission->values.all("scenes") == (Strings{"a", "b"}));
    BOOST_TEST(submission->values.flag("masks"));
    BOOST_TEST(submission->values.one("who") == "juliet@capulet.lit");
    BOOST_TEST(submission->values.one("word") == "a < b");
    BOOST_TEST(submission->values.all("lines") == (Strings{"", "second"}));
}

BOOST_AUTO_TEST_CASE(what_was_not_entered_is_empty_and_a_boolean_false)
{
    const auto submission = read(field("act", {"2"}) + field("who", {""}));
    BOOST_TEST_REQUIRE(submission.has_value());
    BOOST_TEST(submission->wrong == Strings());
    BOOST_TEST(submission->values.all("scenes") == Strings());
    BOOST_TEST(!submission->values.flag("masks"));
    BOOST_TEST(submission->values.one("who") == "");
    BOOST_TEST(submission->values.one("no such field") == "");
}

// A client may send only what its user has changed.
BOOST_AUTO_TEST_CASE(a_field_that_was_not_sent_keeps_the_value_that_was_shown)
{
    usher::DataForm form;
    form.fields = {{.type = FormField::Type::boolean,
                    .var = "masks",
                    .label = {},
                    .desc = {},
                    .required = false,
                    .values = {"1"}},
                   {.type = FormField::Type::text_multi,
                    .var = "lines",
                    .label = {},
                    .desc = {},
                    .required = false,
                    .values = {"a", "b"}}};
    const auto read_from = [&form](const std::string& fields) {
        const Literal literal("<x xmlns='jabber:x:data' type='submit'>" + fields + "</x>");
        return usher::check_submission(usher::read_submission(literal.stanza()).value(), form).value();
    };
    const auto unchanged = read_from("");
    BOOST_TEST(unchanged.wrong == Strings());
    BOOST_TEST(unchanged.values.flag("masks"));
    BOOST_TEST(unchanged.values.all("lines") == (Strings{"a", "b"}));
    const auto emptied = read_from(field("masks", {}) + field("lines", {}));  // sent, without a value
    BOOST_TEST(!emptied.values.flag("masks"));
    BOOST_TEST(emptied.values.all("lines") == Strings());
}

// XEP-0004 section 3.1: "MUST ignore any fields that it does not understand".
BOOST_AUTO_TEST_CASE(fields_that_the_form_does_not_have_are_ignored)
{
    const auto submission = read(field("act", {"2"}) + field("encore", {"1"}) +
                                 "<field type='fixed'><value>Read this.</value></field>"
                                 "<field><value>nameless</value></field><other xmlns='urn:example:x'/>");
    BOOST_TEST_REQUIRE(submission.has_value());
    BOOST_TEST(submission->wrong == Strings());
    BOOST_TEST(!submission->values.has("encore"));
}

BOOST_AUTO_TEST_CASE(a_required_field_must_be_filled_in)
{
    for (const std::string& act : {std::string(), field("act", {}), field("act", {""})}) {
        const auto submission = read(act);
        BOOST_TEST_REQUIRE(submission.has_value());
        BOOST_TEST(submission->wrong == Strings{"Act: please fill this in."});
        BOOST_TEST(!submission->values.has("act"));
    }
}

BOOST_AUTO_TEST_CASE(errors_of_the_user_are_reported_per_field)
{
    BOOST_TEST(read(field("act", {"3"}))->wrong == Strings{"Act: please choose from the list."});
    BOOST_TEST(read(field("act", {"1", "2"}))->wrong == Strings{"Act: only one value, please."});
    BOOST_TEST(wrong(field("scenes", {"a", "z"})) == Strings{"Scenes: please choose from the list."});
    BOOST_TEST(wrong(field("masks", {"perhaps"})) == Strings{"Masks: yes or no, please."});
    BOOST_TEST(wrong(field("who", {"capulet.lit"})) == Strings());  // a gateway, for example
    BOOST_TEST(wrong(field("who", {"capulet lit"})) ==
               Strings{"Who: this is not an address, such as name@example.org."});
    BOOST_TEST(wrong(field("user", {"capulet.lit"})) ==
               Strings{"User: this is not an address, such as name@example.org."});
    BOOST_TEST(wrong(field("word", {"two\nlines"})) == Strings{"word: one line only, please."});
    BOOST_TEST(wrong(field("masks", {"2"}) + field("who", {"@"})).size() == 2U);
}

struct Malformed {
    std::string what;
    std::string xml;
    friend std::ostream& operator<<(std::ostream& out, const Malformed& c) { return out << c.what; }
};

std::string many(std::size_t count, const std::string& element)
{
    std::string all;
    for (std::size_t i = 0; i < count; ++i) {
        all += element;
    }
    return all;
}

std::string many_fields()
{
    std::string all;
    for (std::size_t i = 0; i <= usher::kMaxFields; ++i) {
        all += field("v" + std::to_string(i), {});
    }
    return all;
}

const std::string kX = "<x xmlns='jabber:x:data' type='submit'>";
const Malformed kMalformed[] = {
    {"a form to fill in", "<x xmlns='jabber:x:data' type='form'/>"},
    {"no type", "<x xmlns='jabber:x:data'/>"},
    {"another namespace", "<x xmlns='jabber:x:dater' type='submit'/>"},
    {"another form", kX + field("FORM_TYPE", {"urn:example:dance"}) + "</x>"},
    {"two FORM_TYPEs", kX + field("FORM_TYPE", {"urn:example:play", "urn:example:play"}) + "</x>"},
    {"a field twice", kX + field("act", {"1"}) + field("act", {"1"}) + "</x>"},
    {"an unknown field twice", kX + field("encore", {"1"}) + field("encore", {"1"}) + "</x>"},
    {"too many fields", kX + many_fields() + "</x>"},
    {"too many values",
     kX + "<field var='lines'>" + many(usher::kMaxValues + 1, "<value/>") + "</field></x>"},
    {"too long a value", kX + field("word", {std::string(usher::kMaxValueBytes + 1, 'x')}) + "</x>"},
};

BOOST_DATA_TEST_CASE(what_no_user_can_have_entered_is_refused, bdata::make(kMalformed), c)
{
    const Literal literal(c.xml);
    BOOST_TEST(!read(literal.stanza()).has_value());
}

BOOST_AUTO_TEST_CASE(as_much_as_the_bounds_allow_is_read)
{
    const auto submission =
        read(field("act", {"1"}) + field("word", {std::string(usher::kMaxValueBytes, 'x')}) +
             "<field var='lines'>" + many(usher::kMaxValues, "<value/>") + "</field>");
    BOOST_TEST_REQUIRE(submission.has_value());
    BOOST_TEST(submission->wrong == Strings());
    BOOST_TEST(submission->values.all("lines").size() == usher::kMaxValues);
}

// XEP-0050 section 3.5.1.
BOOST_AUTO_TEST_CASE(a_cancelled_form_is_read_as_a_submitted_one)
{
    BOOST_TEST(read(field("act", {"1"}), "cancel")->values.one("act") == "1");
}

BOOST_AUTO_TEST_CASE(a_form_can_be_shown_again_as_it_was_filled_in)
{
    const auto submission = read(field("act", {"3"}) + field("masks", {"1"}));
    const DataForm again = usher::filled_in(form(), submission->values);
    BOOST_TEST(again.fields[0].values == Strings{"Read this."});
    BOOST_TEST(again.fields[1].values == Strings{"1"}, "a wrong value is not repeated");
    BOOST_TEST(again.fields[3].values == Strings{"1"});
}

BOOST_AUTO_TEST_SUITE_END()
