// Times of single requests, and how the two ways of answering them compare.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace usher::test
{

/// What was measured without a pause in between, one after the other.
struct Block {
    std::vector<double> milliseconds;  ///< one per request
    double seconds = 0;                ///< from the first request to the last answer
};

/// Two blocks of the same requests, one after the other on the same machine.
struct Pair {
    Block in_server;
    Block usher;
};

struct Row {
    std::string login;    ///< how Usher logs in
    std::string contact;  ///< who asks
    std::string user;
    bool local = false;
    std::vector<Pair> pairs;
};

/// A table in Markdown. Times and rates are of all requests of a row; a ratio is the median of its pairs'
/// ratios, so that a neighbour's noise in one block is not taken for a difference.
void print(std::ostream& out, const std::vector<Row>& rows);

}  // namespace usher::test
