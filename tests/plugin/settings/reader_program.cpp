// What read_settings_apart() starts in tests.
#include "plugin/settings/reading_process.h"

int main(int argc, char** argv)
{
    constexpr int kUsage = 2;
    return usher::serve_reading(argc, argv).value_or(kUsage);
}
