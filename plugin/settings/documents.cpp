#include "plugin/settings/documents.h"

#include <cctype>
#include <string_view>

#include "plugin/settings/settings_table.h"
#include "plugin/settings/toml_value.h"
#include "plugin/text/terminal.h"

namespace usher
{

namespace
{

/// `text` as comment lines.
std::string comment(std::string_view text)
{
    constexpr std::size_t kWidth = 98;  // and the prefix
    return "# " + wrapped(text, kWidth, "# ") + "\n";
}

/// What a setting may be, and when a change counts.
template <typename Owner>
std::string range(const Section<Owner>& section, const Setting<Owner>& setting)
{
    std::string text = "Accepted: " + setting.kind.accepted + ".";
    if (setting.presence == Presence::defaulted) {
        text += " Default: " + to_toml(setting.kind.value(section.initial)) + ".";
    }
    if (setting.presence == Presence::required) {
        text += " Required.";
    }
    if (setting.change == Change::on_restart) {
        text += " Takes effect on restart.";
    }
    return text;
}

template <typename Owner>
void sample_section(std::string& out, const Section<Owner>& section)
{
    out += "\n" + comment(section.help) + (section.commented_out ? "#" : "") + header(section) + "\n";
    for (const Setting<Owner>& setting : section.settings) {
        const std::string initial = to_toml(setting.kind.value(section.initial));
        const std::string value = setting.example.empty() ? initial : std::string(setting.example);
        out += "\n" + comment(setting.help);
        out += comment(range(section, setting));
        const bool commented_out =
            section.commented_out || (setting.presence == Presence::optional && !setting.in_sample);
        out += (commented_out ? "#" : "") + std::string(setting.key) + " = " + value + "\n";
    }
}

/// As lines of mdoc(7) text, a sentence each.
std::string manual_text(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool next_sentence = text[i] == ' ' && i > 0 && text[i - 1] == '.' && i + 1 < text.size() &&
                                   std::isupper(static_cast<unsigned char>(text[i + 1])) != 0;
        if (next_sentence) {
            out += '\n';
        } else if (text[i] == '\\') {
            out += "\\e";
        } else if (text[i] == '-') {
            out += "\\-";  // not a typographic hyphen: it may be copied to a command line
        } else {
            out += text[i];
        }
    }
    return out + "\n";
}

template <typename Owner>
void manual_section(std::string& out, const Section<Owner>& section)
{
    out += ".Ss " + header(section) + "\n" + manual_text(section.help) + ".Bl -tag -width Ds\n";
    for (const Setting<Owner>& setting : section.settings) {
        out += ".It Ic " + std::string(setting.key) + "\n" + manual_text(setting.help) + ".Pp\n" +
               manual_text(range(section, setting));
    }
    out += ".El\n";
}

}  // namespace

std::string sample_settings()
{
    std::string out = comment(
        "Usher's settings (TOML). A line that starts with # is a comment; settings that are not given have "
        "their default. `usherd --check` says whether a file is valid and what is in force; after a change, "
        "`usherctl reload` or SIGHUP makes usherd read the file again.");
    settings_table().each([&out](const auto& section) { sample_section(out, section); });
    return out;
}

std::string settings_manual()
{
    std::string out;
    settings_table().each([&out](const auto& section) { manual_section(out, section); });
    return out;
}

}  // namespace usher
