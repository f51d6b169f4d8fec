// Data forms (XEP-0004): what a user is asked, what they entered, what they are shown.
//
// Not here: what a form is about. Texts must be such as xml.h can send.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "integration/xmpp/stanza.h"

namespace usher
{

struct FormField {
    enum class Type { boolean, fixed, jid_single, list_multi, list_single, text_multi, text_single };

    struct Choice {
        std::string value;
        std::string label;
    };

    Type type = Type::text_single;
    std::string var;    ///< may be empty with `fixed` only
    std::string label;  ///< for people
    std::string desc;   ///< more words for people; may be empty
    bool required = false;
    bool account =
        false;  ///< of a jid_single: an account's address, where otherwise a domain alone will do, too
    std::vector<std::string> values = {};  ///< the present ones; for a boolean `0` or `1`
    std::vector<Choice> choices = {};      ///< of a list
};

/// A form to be filled in, or filled-in fields to be read.
struct DataForm {
    std::string form_type;  ///< XEP-0068
    std::string title;
    std::vector<std::string> instructions;
    std::vector<FormField> fields;
};

/// `<x type='form'/>`: to be filled in.
[[nodiscard]] std::string form_to_fill(const DataForm& form);
/// `<x type='result'/>`.
[[nodiscard]] std::string form_to_read(const DataForm& form);

/// What was entered, by field. Only what the form allows: a choice is one of the field's, a boolean is one.
class FormValues
{
  public:
    /// False if the field has no value (XEP-0004 section 3.3: a boolean's default).
    [[nodiscard]] bool flag(std::string_view var) const;
    /// Empty if nothing was entered.
    [[nodiscard]] const std::string& one(std::string_view var) const;
    [[nodiscard]] const std::vector<std::string>& all(std::string_view var) const;

    void set(std::string var, std::vector<std::string> values)
    {
        values_.insert_or_assign(std::move(var), std::move(values));
    }
    [[nodiscard]] bool has(std::string_view var) const { return values_.contains(var); }

  private:
    std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

struct Submission {
    FormValues values;
    /// What the user has to correct, a sentence for each field: a required one left empty, or text that is no
    /// address. `values` is without those fields.
    std::vector<std::string> wrong;
};

/// The most fields of a submission, values of a field, bytes of a value.
inline constexpr std::size_t kMaxFields = 100;
inline constexpr std::size_t kMaxValues = 1000;
inline constexpr std::size_t kMaxValueBytes = 4096;

/// What a submission has in each of its fields, before it is compared with the form.
using EnteredFields = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Reads `<x type='submit'/>`. An error, for the client's author, means what no user can have entered: not a submission, a
/// field twice, more than the bounds allow.
[[nodiscard]] tl::expected<EnteredFields, std::string> read_submission(const Stanza& x);

/// Compares what was entered with the form. A field that is not required and was not sent keeps the value that the form
/// has: a client may leave out what its user did not touch. Fields that the form does not have are ignored, as XEP-0004
/// section 3.1 has it. An error, for the client's author: another form was submitted.
[[nodiscard]] tl::expected<Submission, std::string> check_submission(const EnteredFields& entered,
                                                                     const DataForm& form);

/// The form as it was filled in.
[[nodiscard]] DataForm filled_in(DataForm form, const FormValues& values);

}  // namespace usher
