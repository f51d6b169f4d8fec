#include "plugin/text/archive_words.h"

namespace usher
{

namespace
{

std::string_view stored(Archiving preference)
{
    switch (preference) {
        case Archiving::always:
            return "all of the users' messages";
        case Archiving::roster:
            return "the users' messages with people in their contact lists, and no others";
        case Archiving::never:
            break;
    }
    return "none of the users' messages";
}

}  // namespace

std::string in_words(const ArchiveCounts& counts)
{
    std::string out;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (i == 0 || counts[i] != 0) {
            out += (out.empty() ? "" : ", ") + std::to_string(counts[i]) + " " +
                   std::string(kArchiveStateWords[i].words);
        }
    }
    return out;
}

std::string in_words(const ArchiveWish& wish)
{
    if (!wish.preference) {
        return "Usher sets nothing: the server's default and the users' own preferences apply";
    }
    return "the server is to store " + std::string(stored(*wish.preference)) +
           (wish.lock ? ", and users cannot change this" : ", and users can change this for themselves");
}

}  // namespace usher
