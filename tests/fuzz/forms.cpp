// Forms of ad-hoc commands as submitted by clients.
#include <stdexcept>

#include "input.h"
#include "integration/xmpp/data_form.h"
#include "literal.h"

using namespace usher;

namespace
{

DataForm form()
{
    using Type = FormField::Type;
    const auto field = [](Type type, const char* var, bool required) {
        FormField made;
        made.type = type;
        made.var = var;
        made.label = var;
        made.required = required;
        if (type == Type::list_single || type == Type::list_multi) {
            made.choices = {{"all", "All"}, {"prompt", "Prompt"}};
        }
        return made;
    };
    DataForm made;
    made.form_type = "urn:example";
    made.title = "Options";
    made.fields = {field(Type::boolean, "boolean", false),  field(Type::list_single, "one", true),
                   field(Type::list_multi, "some", false),  field(Type::text_single, "text", false),
                   field(Type::text_multi, "lines", false), field(Type::jid_single, "contact", true)};
    return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const DataForm asked = form();
    try {
        const test::Literal literal(test::text_of(data, size));
        const auto entered = read_submission(literal.stanza());
        if (!entered) {
            test::require(!entered.error().empty(), "a refusal has a reason");
            return 0;
        }
        const auto submission = check_submission(*entered, asked);
        if (!submission) {
            test::require(!submission.error().empty(), "a refusal has a reason");
            return 0;
        }
        const std::string& chosen = submission->values.one("one");
        test::require(chosen.empty() || chosen == "all" || chosen == "prompt",
                      "a choice is one of the form's");
        // The form is shown again with the submitted values.
        const test::Literal again(form_to_fill(filled_in(asked, submission->values)));
        test::require(again.stanza().attribute("type") == "form", "a form that is filled in is one");
    } catch (const std::invalid_argument&) {  // not an element
    }
    return 0;
}
