// Callbacks do nothing when nobody waits for them any longer.
#include "integration/base/callback_scope.h"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

using usher::CallbackScope;

namespace
{

struct Waiting {
    std::function<void(std::string)> bound()
    {
        return scope->bind([this](const std::string& text) { heard += text; });
    }

    std::optional<CallbackScope> scope{std::in_place};
    std::string heard;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(callback_scope, Waiting)

BOOST_AUTO_TEST_CASE(what_is_wanted_is_called_with_what_it_is_given)
{
    const auto callback = bound();
    callback("a");
    callback("b");
    BOOST_TEST(heard == "ab");
}

BOOST_AUTO_TEST_CASE(what_is_forgotten_is_not_called_and_what_is_bound_afterwards_is)
{
    const auto before = bound();
    scope->forget();
    const auto after = bound();
    before("a");
    after("b");
    BOOST_TEST(heard == "b");
}

BOOST_AUTO_TEST_CASE(when_the_scope_is_gone_nothing_is_called)
{
    const auto callback = bound();
    scope.reset();
    callback("a");
    BOOST_TEST(heard.empty());
}

BOOST_AUTO_TEST_CASE(a_callback_may_destroy_the_scope)
{
    const std::function<void()> callback = scope->bind([this, text = std::make_shared<std::string>("a")] {
        scope.reset();
        heard += *text;  // what it holds stays until it returns
    });
    callback();
    callback();
    BOOST_TEST(heard == "a");
}

BOOST_AUTO_TEST_CASE(what_is_passed_on_may_be_moved)
{
    std::unique_ptr<int> taken;
    const auto take = scope->bind([&taken](std::unique_ptr<int> given) { taken = std::move(given); });
    auto callback = take;
    callback(std::make_unique<int>(7));
    BOOST_TEST(*taken == 7);
}

BOOST_AUTO_TEST_SUITE_END()
