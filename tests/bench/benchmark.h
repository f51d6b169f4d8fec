// What main() has around every benchmark.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>

namespace usher::test
{

/// How many blocks are measured: the first argument, or what the benchmark has by default.
inline int blocks(int argc, char** argv, int by_default)
{
    return argc > 1 ? std::max(1, std::atoi(argv[1])) : by_default;
}

/// The exit status; what `benchmark()` throws goes to standard error.
template <typename Benchmark>
int run_benchmark(Benchmark benchmark)
{
    try {
        benchmark();
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::cerr << error.what() << "\n";
        return EXIT_FAILURE;
    }
}

}  // namespace usher::test
