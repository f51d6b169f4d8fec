// Measures how many requests a second are answered over a socket, and the CPU time of each: by usherd, by
// usherd without the journal, by a component on slixmpp that gives the same answers, and by a loop around
// expat that does not decide.
//
// All run side by side and get the same requests in alternating blocks. A ratio is the median over pairs of
// adjacent blocks.
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>

#include "benchmark.h"
#include "played_server.h"
#include "process.h"
#include "row.h"
#include "usherd.h"

namespace usher::test
{

namespace
{

constexpr int kRounds = 9;  // unless the command line says otherwise

struct Shape {
    const char* name;
    Window window;
};

constexpr Shape kShapes[] = {
    {"one ask at a time, of 64 requests", {1, 64}},
    {"64 asks at a time, of one request", {64, 1}},
};

struct Block {
    double per_second;
    double microseconds;  // of CPU time, for each decision
};

/// A program that answers requests.
class Peer
{
  public:
    static std::unique_ptr<Peer> usherd(const std::string& program)
    {
        auto peer = std::make_unique<Peer>();
        peer->usherd_.emplace(UsherdConnection{peer->server_.port(), kPlayedEntity, {}}, played_options());
        if (!program.empty()) {
            peer->usherd_->run_program(program);
        }
        peer->usherd_->start(kEnvironment);
        peer->server_.accept(true);
        peer->usherd_->wait_until_answering();
        peer->process_ = peer->usherd_->id();
        return peer;
    }

    static std::unique_ptr<Peer> program(const std::string& path, bool decides)
    {
        auto peer = std::make_unique<Peer>();
        peer->program_.emplace(Child::Program{
            {path, std::to_string(peer->server_.port())}, {}, peer->directory_.path() / "log", false});
        peer->server_.accept(false);
        peer->process_ = peer->program_->id();
        peer->server_.expect(decides);
        return peer;
    }

    Block measure(const Window& window, std::size_t count)
    {
        const double before = cpu_time(process_);
        const double taken = server_.put(window, count).count();
        const auto all = static_cast<double>(count);
        return {all / taken, (cpu_time(process_) - before) / all * 1e6};
    }

  private:
    TemporaryDirectory directory_;
    PlayedServer server_;
    std::optional<Usherd> usherd_;
    std::optional<Child> program_;
    pid_t process_ = 0;
};

struct Measured {
    const char* name;
    std::unique_ptr<Peer> peer;
    std::size_t block;  // requests
    std::vector<Block> blocks = {};

    [[nodiscard]] double median_of(double Block::* figure) const { return ratio(figure, nullptr); }

    /// Relative to another program's block of the same round.
    [[nodiscard]] double ratio(double Block::* figure, const Measured* other) const
    {
        std::vector<double> values;
        for (std::size_t round = 0; round < blocks.size(); ++round) {
            values.push_back(blocks[round].*figure / (other == nullptr ? 1 : other->blocks[round].*figure));
        }
        return median(std::move(values));
    }
};

void measure(const Shape& shape, std::vector<Measured>& all, int rounds)
{
    for (Measured& one : all) {
        one.blocks.clear();
        one.peer->measure(shape.window, one.block / 4);
    }
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < all.size(); ++i) {  // each is first in its turn
            Measured& one = all[(i + static_cast<std::size_t>(round)) % all.size()];
            one.blocks.push_back(one.peer->measure(shape.window, one.block));
        }
    }
}

void report(const Shape& shape, const std::vector<Measured>& all)
{
    const auto& [usherd, without_journal, slixmpp, expat] = std::tie(all[0], all[1], all[2], all[3]);
    const std::string how = std::string(shape.name) + ": ";
    const auto row = [&](const std::string& what, double Block::* figure, const Measured& other, double bound,
                         bool at_least) {
        const bool rate = figure == &Block::per_second;
        const auto text = [&](const Measured& one) {
            return std::string(one.name) + " " +
                   (rate ? fixed(one.median_of(figure), 0) + "/s" : fixed(one.median_of(figure), 2) + " µs");
        };
        const double ratio = usherd.ratio(figure, &other);
        std::cout << Row{
            "answering",
            how + what,
            text(usherd) + ", " + text(other),
            ratio,
            at_least ? "at least " + fixed(bound, 0) + " ×" : "at most " + fixed(bound, 1) + " ×",
            at_least ? ratio >= bound : ratio <= bound,
            {}};
    };
    row("decisions per second", &Block::per_second, slixmpp, 8, true);
    row("CPU time of a decision", &Block::microseconds, expat, 3, false);
    row("CPU time of a decision with the journal, and without", &Block::microseconds, without_journal, 1.3,
        false);
}

}  // namespace

}  // namespace usher::test

int main(int argc, char** argv)
{
    using namespace usher::test;
    const int rounds = blocks(argc, argv, kRounds);
    return run_benchmark([&] {
        std::vector<Measured> all;
        all.push_back({"usherd", Peer::usherd(""), 32'000});
        all.push_back({"without journal", Peer::usherd(USHERD_WITHOUT_JOURNAL), 32'000});
        all.push_back({"slixmpp", Peer::program(SLIXMPP_COMPONENT, true), 6'400});
        all.push_back({"expat", Peer::program(EXPAT_LOOP, false), 64'000});
        for (const Shape& shape : kShapes) {
            measure(shape, all, rounds);
            report(shape, all);
        }
    });
}
