// Reading what statements gave.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "plugin/store/database.h"

namespace usher
{

// These throw if the value is none of the kind: what the store has then is not what usherd has written.

[[nodiscard]] inline std::int64_t number(const StoredValue& value)
{
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        return *number;
    }
    throw std::runtime_error("the store has something else where a number belongs");
}

[[nodiscard]] inline const std::string& text(const StoredValue& value)
{
    if (const auto* text = std::get_if<std::string>(&value)) {
        return *text;
    }
    throw std::runtime_error("the store has something else where a text belongs");
}

[[nodiscard]] inline bool is_null(const StoredValue& value)
{
    return std::holds_alternative<std::monostate>(value);
}

/// Has `then` called with what `convert` makes of the rows. What `convert` throws becomes the error.
template <typename Value, typename Convert>
[[nodiscard]] StoreCallback<StepRows> converted(StoreCallback<Value> then, Convert convert)
{
    return [then = std::move(then), convert = std::move(convert)](tl::expected<StepRows, std::string> given) {
        tl::expected<Value, std::string> value;
        if (!given) {
            value = tl::unexpected(std::move(given.error()));
        } else {
            try {
                if constexpr (std::is_void_v<Value>) {
                    convert(*given);
                } else {
                    value = convert(*given);
                }
            } catch (const std::exception& error) {
                value = tl::unexpected<std::string>(error.what());
            }
        }
        then(std::move(value));
    };
}

}  // namespace usher
