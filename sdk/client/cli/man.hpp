#pragma once

#include <string>

namespace CLI {
class App;
}

namespace evenkeel::cli {

// The manual page ek(1) in roff, made from the commands and options that `app` reads.
std::string man_page(const CLI::App& app);

}  // namespace evenkeel::cli
