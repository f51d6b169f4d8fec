// A kind of values: how they are read from TOML and written as TOML.
#pragma once

#include <functional>
#include <string>

#include <toml.hpp>

namespace usher
{

/// Called with a value, or with one element of it, that cannot stand there, and what may.
using Refuse = std::function<void(const toml::value& at, std::string accepted)>;

/// How values of one kind are read into their member and written again.
template <typename Owner>
struct Kind {
    std::string accepted;
    std::function<void(Owner&, const toml::value&, const Refuse&)> read;
    std::function<std::string(const Owner&)> write;  ///< as TOML; empty where the setting is not set
};

}  // namespace usher
