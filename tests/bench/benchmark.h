// The frame of every benchmark's main().
#pragma once

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>

namespace usher::test
{

/// The number of blocks to measure: the first argument, or the benchmark's default.
inline int blocks(int argc, char** argv, int by_default)
{
    return argc > 1 ? std::max(1, std::atoi(argv[1])) : by_default;
}

/// Returns the exit status; an exception of `benchmark()` is printed to standard error.
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
