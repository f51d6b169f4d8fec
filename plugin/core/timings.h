// How long things took since the start.
#pragma once

#include <prometheus/histogram.h>

namespace usher
{

/// In seconds. From 100 us, which is quick for a commit, to where servers no longer wait for an answer.
struct Timings {
    static prometheus::Histogram::BucketBoundaries bounds()
    {
        return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};
    }

    prometheus::Histogram answering{bounds()};  ///< requests that came together: deciding and recording them
    prometheus::Histogram storing{bounds()};    ///< of it, the journal's transaction
};

}  // namespace usher
